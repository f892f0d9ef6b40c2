"""The view of finished tickets, paginated by resolution time, with the total."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import request, url_for
from flask_babel import gettext, ngettext

from msp.tickets.finished import Key, count_finished, finished_page, key_of
from msp.tickets.ticket_rows import Filter, TicketRow

PAGE = 60


@dataclass(frozen=True, slots=True)
class Pages:
    """What desk/queue.html shows of it."""

    rows: list[TicketRow]
    total: int
    newer_url: str | None
    older_url: str | None

    @property
    def subtitle(self) -> str:
        """The total and the sort order."""
        number = ngettext("%(num)d resolved", "%(num)d resolved", self.total)
        return f"{number} · " + gettext("last resolved")

    def groups(self, title: str) -> Sequence[dict[str, object]]:
        """All rows as one group."""
        if not self.rows:
            return []
        return [{"key": "all", "title": title, "count": self.total, "tickets": self.rows, "more_url": None}]


def read(wanted: Filter) -> Pages:
    """The requested page; raises NotFound for an invalid position."""
    before, after = _key("before"), _key("after")
    found = finished_page(wanted, before=before, after=after, limit=PAGE)
    if after and not found.newer and len(found.rows) < PAGE:
        found = finished_page(wanted, limit=PAGE)  # rows were added or removed meanwhile: show the full first page
    return Pages(
        list(found.rows),
        count_finished(wanted),
        _url(after=found.newer) if found.newer else None,
        _url(before=found.older) if found.older else None,
    )


def _key(name: str) -> Key | None:
    text = request.args.get(name, "")
    return key_of(text) if text else None


def _url(**place: Key) -> str:
    filters = {name: request.args.getlist(name) for name in ("tier", "status", "client") if request.args.get(name)}
    return url_for("desk.queue", view="solved", **filters, **{name: str(key) for name, key in place.items()})  # type: ignore[arg-type]
