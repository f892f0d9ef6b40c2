"""Sentences for warnings before issuing, and for what is on no draft."""

from collections.abc import Callable, Mapping
from datetime import date

from flask_babel import gettext, ngettext

from billing.sentences.figures import Params, block, capital, day, days, minutes, money, percent, size, words
from msp.words import formats


def _used(p: Params) -> str:
    return gettext(
        "%(block)s is %(percent)s used: %(left)s left",
        block=capital(block(p["block"], p["unit"])),
        percent=percent(p["percent"]),
        left=size(p["unit"], p["left"]),
    )


def _exhausted(p: Params) -> str:
    extra = p["overage_minutes"]
    if p["on"] is None:
        text = gettext("%(block)s was already used up", block=capital(block(p["block"], p["unit"])))
    elif p["unit"] == "money":
        text = gettext("Retainer used up on %(day)s", day=day(p["on"]))
    else:
        text = gettext("Block used up on %(day)s", day=day(p["on"]))
    return f"{text} · " + gettext("%(minutes)s overage", minutes=minutes(extra)) if extra else text


def _expired(p: Params) -> str:
    return gettext(
        "%(block)s ended on %(day)s with %(left)s unused",
        block=capital(block(p["block"], p["unit"])),
        day=day(p["on"]),
        left=size(p["unit"], p["left"]),
    )


def _po_near(p: Params) -> str:
    return gettext(
        "PO %(po)s is %(percent)s used: %(left)s left",
        po=p["po"],
        percent=percent(p["percent"]),
        left=money(p["left"], p["currency"]),
    )


def _po_held(p: Params) -> str:
    return ngettext(
        "%(num)d time entry (%(net)s) exceeds PO %(po)s and is held",
        "%(num)d time entries (%(net)s) exceed PO %(po)s and are held",
        len(p["entries"]),
        net=money(p["net"], p["currency"]),
        po=p["po"],
    )


def _late(p: Params) -> str:
    oldest = formats.day(date.fromisoformat(p["oldest"]), year=True)
    return gettext("%(minutes)s of earlier work, from %(day)s on", minutes=minutes(p["minutes"]), day=oldest)


def _no_rate(p: Params) -> str:
    return ngettext(
        "%(num)d time entry has no price: add %(work)s to the rate card",
        "%(num)d time entries have no price: add %(work)s to the rate card",
        len(p["entries"]),
        work=words(p["work_types"], "work"),
    )


def _carried(p: Params) -> str:
    return gettext(
        "%(net)s is below the minimum of %(minimum)s: carried over, to be invoiced by %(day)s",
        net=money(p["net"], p["currency"]),
        minimum=money(p["minimum"], p["currency"]),
        day=day(p["issue_by"]),
    )


def _outside(p: Params) -> str:
    if p["last"]:
        return gettext("Outside the contract (%(days)s)", days=days(p["first"], p["last"]))
    return gettext("Before the contract, which starts on %(day)s", day=day(p["first"]))


SAID: Mapping[str, Callable[[Params], str]] = {
    "warning.block_used": _used,
    "warning.block_exhausted": _exhausted,
    "warning.block_expired": _expired,
    "warning.po_near": _po_near,
    "warning.po_exceeded": lambda p: gettext(
        "PO %(po)s is exceeded by %(over)s", po=p["po"], over=money(p["over"], p["currency"])
    ),
    "warning.po_held": _po_held,
    "warning.seats_changed": lambda p: gettext(
        "%(after)d seats instead of %(before)d", after=p["after"], before=p["before"]
    ),
    "warning.without_ticket": lambda p: gettext("%(minutes)s without a ticket", minutes=minutes(p["minutes"])),
    "warning.late_entries": _late,
    "warning.write_down_clipped": lambda p: gettext(
        "%(minutes)s more written down than was billable", minutes=minutes(p["minutes"])
    ),
    "warning.no_rate": _no_rate,
    "draft.without_contract": lambda p: gettext(
        "%(minutes)s not covered by any contract", minutes=minutes(p["minutes"])
    ),
    "draft.twice_before": lambda p: gettext(
        "At least double the period before (%(before)s)", before=money(p["before"], p["currency"])
    ),
    "draft.period_open": lambda p: gettext("The period is not over until %(day)s", day=day(p["last"])),
    "draft.fees_caught_up": lambda p: gettext(
        "“%(contract)s”: includes unbilled fees of %(days)s",
        contract=p["contract"],
        days=days(p["first"], p["last"]),
    ),
    "draft.fees_adjusted": lambda p: gettext(
        "“%(contract)s”: amounts billed for %(days)s have changed since (%(net)s)",
        contract=p["contract"],
        days=days(p["first"], p["last"]),
        net=money(p["net"], p["currency"]),
    ),
    "draft.fees_before": lambda p: gettext(
        "“%(contract)s”: fees of %(days)s were not billed here. Bill those months too, "
        "unless they were billed elsewhere",
        contract=p["contract"],
        days=days(p["first"], p["last"]),
    ),
    "draft.fee_changes": lambda p: gettext(
        "“%(contract)s”: the fee changes on %(day)s. The month is billed at the fee of its first day",
        contract=p["contract"],
        day=day(p["on"]),
    ),
    "draft.milestone_billed": lambda p: gettext(
        "“%(contract)s”: “%(name)s” of %(day)s was billed as due on %(billed)s and is not billed again",
        contract=p["contract"],
        name=p["name"],
        day=day(p["due_on"]),
        billed=day(p["billed_on"]),
    ),
    "draft.client_inactive": lambda p: gettext("The client is inactive: end its contracts, or their fees continue"),
    "left_out.unapproved": lambda p: gettext("Not approved yet"),
    "left_out.non_billable": lambda p: gettext("Not charged (%(minutes)s)", minutes=minutes(p["minutes"])),
    "left_out.held_by_po": lambda p: gettext("Held: PO %(po)s", po=p["po"]),
    "left_out.after_period": lambda p: gettext("Worked after %(day)s", day=day(p["last"])),
    "left_out.outside_contract": _outside,
    "left_out.no_rate": lambda p: gettext(
        "The rate card has no price for %(work)s", work=words([p["work_type"]], "work")
    ),
    "left_out.without_contract": lambda p: gettext("No contract on %(day)s", day=day(p["on"])),
    "left_out.on_other_draft": lambda p: gettext("On the draft starting on %(day)s", day=day(p["first"])),
    "left_out.already_issued": lambda p: gettext("Invoice %(number)s covers this period", number=p["number"]),
    "left_out.overlaps_draft": lambda p: gettext(
        "The draft for %(days)s covers these days", days=days(p["first"], p["last"])
    ),
    "left_out.carried": _carried,
    "left_out.negative": lambda p: gettext(
        "Credits exceed charges (%(net)s): issue a credit note for the earlier invoice",
        net=money(p["net"], p["currency"]),
    ),
}
