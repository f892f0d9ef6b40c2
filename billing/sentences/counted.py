"""Sentences of what is billed by the piece: the title of its line (`line.…`) and its price (`fee.…`)."""

from collections.abc import Callable, Mapping

from flask_babel import gettext, ngettext

from billing.sentences.figures import Params, days, money, with_clause


def _tickets(p: Params) -> str:
    return ngettext(
        "%(num)d ticket completed, %(days)s",
        "%(num)d tickets completed, %(days)s",
        len(p["tickets"]),
        days=days(p["first"], p["last"]),
    )


def _per_ticket(p: Params) -> str:
    return with_clause(gettext("%(price)s per completed ticket", price=money(p["price"], p["currency"])), p)


SAID: Mapping[str, Callable[[Params], str]] = {"line.tickets": _tickets, "fee.tickets": _per_ticket}
