"""Sentences for the reasons of a line's price."""

from collections.abc import Callable, Mapping

from flask_babel import gettext

from billing.sentences.figures import (
    Params,
    block,
    capital,
    day,
    days,
    factor,
    minutes,
    money,
    percent,
    size,
    time_of_day,
    with_clause,
    words,
)


def _rate(p: Params) -> str:
    price = money(p["rate"], p["currency"])
    if p["since"] and p["since"] > "0001-01-01":
        text = gettext("%(price)s per hour, from the rate card of %(day)s", price=price, day=day(p["since"]))
    else:
        text = gettext("%(price)s per hour, from the rate card", price=price)
    return with_clause(text, p)


def _excluded(p: Params) -> str:
    left = [*_each(p["work_types"], "work"), *_each(p["bands"], "band")]
    price = money(p["rate"], p["currency"])
    text = gettext("The contract does not include %(what)s: %(price)s per hour", what=", ".join(left), price=price)
    return with_clause(text, p)


def _each(codes: list[str], of: str) -> list[str]:
    return [words([code], of) for code in codes]


def _covered_fee(p: Params) -> str:
    return with_clause(gettext("Included in the contract's fee"), p)


def _covered_block(p: Params) -> str:
    text = gettext(
        "From %(block)s, %(size)s; %(left)s left",
        block=block(p["block"], p["unit"]),
        size=size(p["unit"], p["granted"]),
        left=size(p["unit"], p["left"]),
    )
    return with_clause(text, p)


def _discount(p: Params) -> str:
    base = money(p["base"], p["currency"])
    return with_clause(gettext("%(percent)s off %(base)s of labour", percent=percent(p["percent"]), base=base), p)


def _multiplier(p: Params) -> str:
    text = gettext("%(bands)s at %(factor)s", bands=capital(words(p["bands"], "band")), factor=factor(p["factor"]))
    return with_clause(text, p)


def _no_multiplier(p: Params) -> str:
    return with_clause(gettext("No surcharge for %(bands)s", bands=words(p["bands"], "band")), p)


def _work_multiplier(p: Params) -> str:
    work = capital(words([p["work_type"]], "work"))
    return with_clause(gettext("%(work)s at %(factor)s", work=work, factor=factor(p["factor"])), p)


def _drain(p: Params) -> str:
    bands = capital(words(p["bands"], "band"))
    text = gettext("%(bands)s uses %(factor)s of the time from the block", bands=bands, factor=factor(p["factor"]))
    return with_clause(text, p)


def _rounding(p: Params) -> str:
    scope = {
        "entry": gettext("each entry"),
        "ticket": gettext("each ticket"),
        "ticket_day": gettext("each ticket and day"),
        "invoice_line": gettext("each line"),
    }[p["scope"]]
    step = minutes(p["increment"])
    text = {
        "up": gettext("Time of %(scope)s rounded up to %(step)s", scope=scope, step=step),
        "nearest": gettext("Time of %(scope)s rounded to the nearest %(step)s", scope=scope, step=step),
        "down": gettext("Time of %(scope)s rounded down to %(step)s", scope=scope, step=step),
    }[p["mode"]]
    if p["minimum"]:
        text = gettext("%(text)s, minimum %(minimum)s", text=text, minimum=minutes(p["minimum"]))
    return with_clause(text, p)


def _write_down(p: Params) -> str:
    return gettext("%(minutes)s written down", minutes=minutes(p["minutes"]))


def _exhausted(p: Params) -> str:
    named = capital(block(p["block"], p["unit"]))
    whole = size(p["unit"], p["granted"])
    if p["on"] is None:
        return gettext("%(block)s, %(size)s, was already used up", block=named, size=whole)
    if p["at"] is None:
        return gettext("%(block)s, %(size)s, used up on %(day)s", block=named, size=whole, day=day(p["on"]))
    text = gettext(
        "%(block)s, %(size)s, used up on %(day)s at %(time)s",
        block=named,
        size=whole,
        day=day(p["on"]),
        time=time_of_day(p["at"]),
    )
    if p["inside"] and p["position"]:
        return gettext("%(text)s, part of entry %(num)d", text=text, num=p["position"])
    return text


def _prorated(p: Params) -> str:
    text = gettext(
        "%(first)s to %(last)s: %(days)d of %(of)d days",
        first=day(p["first"]),
        last=day(p["last"]),
        days=p["days"],
        of=p["of"],
    )
    return with_clause(text, p)


def _full(p: Params) -> str:
    return with_clause(gettext("Full fee for %(days)s", days=days(p["first"], p["last"])), p)


SAID: Mapping[str, Callable[[Params], str]] = {
    "price.rate": _rate,
    "price.override": lambda p: gettext(
        "%(price)s per hour, agreed for this entry", price=money(p["rate"], p["currency"])
    ),
    "price.overage": lambda p: with_clause(
        gettext("Block overage at %(price)s per hour", price=money(p["rate"], p["currency"])), p
    ),
    "price.excluded": _excluded,
    "price.covered_fee": _covered_fee,
    "price.covered_block": _covered_block,
    "price.non_billable": lambda p: gettext("Not charged"),
    "price.km": lambda p: with_clause(gettext("%(price)s per km", price=money(p["rate"], p["currency"])), p),
    "price.discount": _discount,
    "multiplier": _multiplier,
    "multiplier.none": _no_multiplier,
    "multiplier.work_type": _work_multiplier,
    "drain": _drain,
    "rounding": _rounding,
    "rounding.none": lambda p: with_clause(gettext("Time as worked, without rounding"), p),
    "write_down": _write_down,
    "block.exhausted": _exhausted,
    "block.none": lambda p: gettext("No block of hours on %(day)s", day=day(p["on"])),
    "fee.full": _full,
    "fee.prorated": _prorated,
    "fee.milestone": lambda p: with_clause(gettext("Due on %(day)s", day=day(p["due_on"])), p),
    "fee.block_sale": lambda p: with_clause(
        gettext("Sold on %(day)s; its hours are already invoiced", day=day(p["sold_on"])), p
    ),
    "fee.adjusted": lambda p: with_clause(
        gettext(
            "%(due)s due, %(billed)s billed",
            due=money(p["due"], p["currency"]),
            billed=money(p["billed"], p["currency"]),
        ),
        p,
    ),
}
