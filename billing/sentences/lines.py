"""Titles of invoice lines."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal

from flask_babel import gettext, ngettext

from billing.sentences.figures import Params, day, days, month, percent, size, words
from msp.contracts.kinds import KINDS
from msp.words import formats
from msp.words.vocabulary import word


def _labour(p: Params) -> str:
    named = {
        "remote": gettext("Remote support"),
        "onsite": gettext("On-site support"),
        "project": gettext("Project work"),
        "travel": gettext("Travel time"),
    }
    text = str(named.get(p["work_type"], p["work_type"]))
    if p.get("tier"):
        text = f"{text} {word(p['tier'], 'tier')}"
    bands = [band for band in p["bands"] if band != "business"]
    return f"{text}, {words(bands, 'band')}" if bands else text


def _covered_block(p: Params) -> str:
    name = p["block"].rpartition("/")[2]
    if name == "once":
        return gettext("%(work)s, from the prepaid block", work=_labour(p))
    return gettext("%(work)s, from the block of %(month)s", work=_labour(p), month=month(name))


def _fee(p: Params) -> str:
    text = {
        "month": gettext("Monthly fee"),
        "quarter": gettext("Quarterly fee"),
        "year": gettext("Yearly fee"),
    }[p["period"]]
    if KINDS[p["kind"]].block_unit == "minutes":
        text = gettext("Block of hours")
    return f"{text}, {days(p['first'], p['last'])}"


def _seats(p: Params) -> str:
    text = ngettext("Monthly fee, %(num)d seat", "Monthly fee, %(num)d seats", p["seats"])
    return f"{text}, {days(p['first'], p['last'])}"


def _seats_added(p: Params) -> str:
    return ngettext(
        "%(num)d seat added, %(days)s", "%(num)d seats added, %(days)s", p["seats"], days=days(p["on"], p["last"])
    )


def _seats_removed(p: Params) -> str:
    return ngettext(
        "%(num)d seat removed, %(days)s", "%(num)d seats removed, %(days)s", p["seats"], days=days(p["on"], p["last"])
    )


def _milestone(p: Params) -> str:
    return str(p["name"]) if p["name"] else gettext("Fixed price")


def _sale(p: Params) -> str:
    named = size(p["unit"], p["granted"])
    if p["last"]:
        last = formats.day(date.fromisoformat(p["last"]), year=True)
        if p["unit"] == "money":
            return gettext("Retainer of %(size)s, valid until %(day)s", size=named, day=last)
        return gettext("Block of %(size)s, valid until %(day)s", size=named, day=last)
    if p["unit"] == "money":
        return gettext("Retainer of %(size)s, from %(day)s", size=named, day=day(p["first"]))
    return gettext("Block of %(size)s, from %(day)s", size=named, day=day(p["first"]))


SAID: Mapping[str, Callable[[Params], str]] = {
    "line.labour": _labour,
    "line.covered_block": _covered_block,
    "line.covered_fee": lambda p: gettext("%(work)s, included in the fee", work=_labour(p)),
    "line.overage": lambda p: gettext("%(work)s, block overage", work=_labour(p)),
    "line.excluded": lambda p: gettext("%(work)s, not included in the fee", work=_labour(p)),
    "line.non_billable": lambda p: gettext("%(work)s, free of charge", work=_labour(p)),
    "line.km": lambda p: gettext("Kilometres"),
    "line.discount": lambda p: gettext("Discount of %(percent)s on labour", percent=percent(Decimal(p["percent"]))),
    "line.fee": _fee,
    "line.fee_adjusted": lambda p: gettext("Adjustment of the fee, %(days)s", days=days(p["first"], p["last"])),
    "line.seats": _seats,
    "line.seats_added": _seats_added,
    "line.seats_removed": _seats_removed,
    "line.milestone": _milestone,
    "line.block_sale": _sale,
}
