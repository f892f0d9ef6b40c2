"""Navigation and counts around each staff page.

Packages above add menu entries with `add_menu`; this module does not depend on billing.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import request, url_for
from flask_babel import gettext, lazy_gettext

from msp.kernel import clock
from msp.kernel.ttl_cache import cached, clear
from msp.notify.inbox import count_unread
from msp.oncall.queries import on_call
from msp.operations.lag import MOST, lag
from msp.people.access import may
from msp.people.models import Person
from msp.people.names import first_name
from msp.tickets import queries
from msp.tickets.views.actions import listed_views
from msp.tickets.views.selecting import MOST_COUNTED, count_views
from msp.web.request_scope import current_person
from msp.web.undo import UndoLine, undo_line
from msp.words.formats import left, moment, number, time_of_day
from msp.words.vocabulary import word

Count = Callable[[], int | None]


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """A menu entry, shown to people with the permission `needs` while `is_shown` returns true."""

    group: str
    label: object
    icon: str
    endpoint: str
    needs: str
    order: int = 100
    count: Count | None = None
    is_shown: Callable[[], bool] = lambda: True
    tone: str = "red"  # of the count


@dataclass(slots=True)
class Shell:
    """What templates/base.html reads."""

    nav: list[dict[str, object]]
    person: Person
    person_line: str
    theme: str
    unread: int | None
    live_url: str | None = None
    live_version: str | None = None
    notifications_url: str = ""
    search_url: str = ""
    sign_out_url: str = ""
    account_url: str = ""
    drafts_url: str = ""
    home_url: str = "/"
    on_call: str = ""
    on_call_url: str = ""
    behind: str = ""
    undo: UndoLine | None = None
    counts: dict[str, int] = field(default_factory=dict)


_entries: list[MenuEntry] = []
_titles = {"desk": lazy_gettext("Help desk"), "settings": lazy_gettext("Settings")}


def add_menu(entry: MenuEntry) -> None:
    """Add a menu entry; an existing one with the same endpoint is replaced."""
    _entries[:] = [each for each in _entries if each.endpoint != entry.endpoint]
    _entries.append(entry)
    _entries.sort(key=lambda each: (each.group, each.order))


def end_of_day(person: Person, at: datetime) -> datetime:
    """The end of the current day in the person's zone."""
    local = at.astimezone(ZoneInfo(person.timezone))
    return datetime.combine(local.date() + timedelta(days=1), time(), local.tzinfo)


def shell(
    *, current: str, live_url: str | None = None, live_version: str | None = None, unread: int | None = None
) -> Shell:
    """The navigation for the current person; `current` is the key of a view or an endpoint.

    `unread` is their number of unread notifications if the page has it already.
    """
    person = current_person()
    counts = _counts(person) if may(person, "desk") else {}
    return Shell(
        nav=_nav(person, current, counts),
        person=person,
        person_line=_line(person),
        theme=request.cookies.get("theme", "auto"),
        unread=unread if unread is not None or not may(person, "desk") else count_unread(person.id),
        live_url=live_url,
        live_version=live_version,
        notifications_url=url_for("desk.notifications"),
        search_url=url_for("desk.search"),
        sign_out_url=url_for("security.logout"),
        account_url=url_for("account"),
        drafts_url=url_for("desk.drafts") if may(person, "work_tickets") else "",
        home_url=url_for("home"),
        counts=counts,
        on_call=_on_call_line(),
        on_call_url=url_for("desk.oncall"),
        behind=_behind(),
        undo=undo_line(),
    )


def _counts(person: Person) -> dict[str, int]:
    return cached(lambda: _count(person), name="counts of a person", of=(person.id, person.timezone))


def _count(person: Person) -> dict[str, int]:
    at = clock.now()
    counts = {"mine": 0, "team": 0, "unassigned": 0, "soon": 0}
    for (assignee_id, _tier, group), found in queries.open_counts(at=at, end_of_day=end_of_day(person, at)).items():
        counts["team"] += found
        counts["mine"] += found if assignee_id == person.id else 0
        counts["unassigned"] += found if assignee_id is None else 0
        counts["soon"] += found if group in ("late", "next_hour") else 0
    return counts


def _nav(person: Person, current: str, counts: dict[str, int]) -> list[dict[str, object]]:
    groups: list[dict[str, object]] = []
    if may(person, "desk"):
        views = (
            ("mine", gettext("My tickets"), "inbox", ""),
            ("team", gettext("My team"), "users-round", ""),
            ("unassigned", gettext("Unassigned"), "circle-dashed", "red"),
            ("soon", gettext("Due soon"), "alarm-clock", "red"),
        )
        items = [
            {
                "label": label,
                "url": url_for("desk.queue", view=view),
                "icon": icon,
                "count": counts.get(view),
                "tone": tone if counts.get(view) else "",
                "current": current == view,
            }
            for view, label, icon, tone in views
        ]
        groups.append({"title": None, "items": items})
        if saved := _saved_views(person, current):
            groups.append({"title": gettext("Views"), "items": saved})
    for group, title in _titles.items():
        shown = [entry for entry in _entries if entry.group == group and may(person, entry.needs) and entry.is_shown()]
        items = [_item(entry, current) for entry in shown]
        if items:
            groups.append({"title": str(title), "items": items})
    return groups


def _saved_views(person: Person, current: str) -> list[dict[str, object]]:
    """The views that the person saved, then those of the team, with their counts."""
    views = listed_views(person)
    counts = count_views({each.id: each.definition for each in views}, person=person, at=clock.now())
    return [
        {
            "label": each.name,
            "url": url_for("desk.view", view_id=each.id),
            "icon": "users-round" if each.is_shared else "list-filter",
            "count": min(counts[each.id], MOST_COUNTED) if each.id in counts else None,
            "is_more": counts.get(each.id, 0) > MOST_COUNTED,
            "tone": "",
            "current": current == f"view:{each.id}",
        }
        for each in views
    ]


def _item(entry: MenuEntry, current: str) -> dict[str, object]:
    count = entry.count() if entry.count else None
    return {
        "label": str(entry.label),
        "url": url_for(entry.endpoint),
        "icon": entry.icon,
        "count": count or None,
        "tone": entry.tone if count else "",
        "current": current == entry.endpoint,
    }


def _line(person: Person) -> str:
    role = word(person.role, "role")
    line = f"{word(person.tier, 'tier')} · {role}" if person.tier else role.capitalize()
    mine = next((until for id, _name, until in _on_call() if id == person.id), None)
    if mine is None:
        return line
    on_call_until = gettext("on call until %(time)s", time=_until(mine))
    return f"{line} · {on_call_until}"


def _behind() -> str:
    """The workers' backlog as a sentence; empty while it is small."""
    found = lag()
    if found is None:
        return ""
    count = f"{number(found.waiting)}{'+' if found.waiting >= MOST else ''}"
    since = left(max(clock.now() - found.since, timedelta(minutes=1)))
    return gettext(
        "Processing is delayed: %(count)s messages and notifications pending, the oldest for "
        "%(time)s. Urgent ones are processed first.",
        count=count,
        time=since,
    )


def _on_call_line() -> str:
    """Who is called first, and until when; empty without a schedule or if nobody is on call."""
    found = _on_call()
    if not found:
        return ""
    _id, name, until = found[0]
    return gettext("On call: %(name)s until %(time)s", name=first_name(name) or name, time=_until(until))


def _on_call() -> list[tuple[UUID, str, datetime]]:
    """Who is on call by layer, cached for a few seconds."""
    at = clock.now()

    def read() -> list[tuple[UUID, str, datetime]]:
        return [(each.person.id, each.person.name, each.until) for each in on_call(at) if each.person and each.until]

    return cached(read, name="on_call", of=at.replace(second=0, microsecond=0), seconds=5.0)


def forget_on_call() -> None:
    """Clear the cache after the schedule was changed in this process."""
    clear()


def _until(at: datetime) -> str:
    return time_of_day(at) if at - clock.now() < timedelta(hours=20) else moment(at)
