"""The queue: open tickets grouped by due date."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext, pgettext
from markupsafe import Markup
from sqlalchemy import Uuid, bindparam, null
from werkzeug.wrappers import Response

from msp.kernel import clock
from msp.kernel.batch_read import BatchQuery
from msp.kernel.errors import NotFound
from msp.kernel.i18n import current_reader
from msp.kernel.ttl_cache import cached
from msp.notify.inbox import unread_read
from msp.people.access import may
from msp.people.models import Person
from msp.sla.clocks import left_in_pause
from msp.tickets import queries
from msp.tickets.states import FINISHED, STATUSES, UNFINISHED
from msp.tickets.ticket_rows import ClientName, Filter, TicketRow
from msp.web.desk import solved
from msp.web.desk.bulk import bulk_menus, bulk_result
from msp.web.desk.due_groups import group_of, group_titles
from msp.web.desk.people import assignable, assignees
from msp.web.desk.view_addresses import filter_url
from msp.web.guards import needs
from msp.web.parts.draw import deadline, stamp
from msp.web.request_scope import current_person
from msp.web.shell import end_of_day, shell
from msp.words.formats import time_of_day
from msp.words.per_locale import cached_per_locale
from msp.words.vocabulary import word

PAGE = 60
MORE = 500
MOST = 10_000
STILL = 15
_ANY_CLIENT = str(UUID(int=0))
ROWS_KEPT = 8192
_rows: dict[tuple[object, ...], Markup] = {}
_left: dict[tuple[UUID, int, int], int | None] = {}
_UNREAD = unread_read(bindparam("person_id", type_=Uuid), null())
_NEWS = BatchQuery(queries.NEWEST, _UNREAD)


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this page."""
    blueprint.add_url_rule("/", "home", needs("desk")(home))
    blueprint.add_url_rule("/<any(mine, team, unassigned, soon, solved):view>", "queue", needs("desk")(queue))


def home() -> Response:
    """The first view of a working day: own tickets, or the team's for people without any."""
    person = current_person()
    has_own = may(person, "work_tickets") and queries.rows(Filter(assignee_id=person.id), limit=1)
    view = "mine" if has_own else "team"
    return redirect(url_for("desk.queue", view=view))


def queue(view: str) -> str:
    """One view of the queue with the filters of the URL."""
    person, at = current_person(), clock.now()
    wanted, order, limit = _wanted(view, person, at), _order(), _limit()
    news = _NEWS.read(person_id=person.id)
    pages = solved.read(wanted) if view == "solved" else None
    if pages:
        tickets = pages.rows
    elif order == "due":
        tickets = queries.due_rows(wanted, running=limit, still=limit if limit > PAGE else STILL)
    else:
        tickets = queries.rows(wanted, order=order, limit=limit)
    close = end_of_day(person, at)
    counts = {} if pages else _counts(wanted, view, person, at, close)
    unread = news.first(_UNREAD)
    frame = shell(
        current=view,
        live_url=url_for("desk.live"),
        live_version=queries.version_of(news.all(queries.NEWEST)),
        unread=unread.of_all if unread else None,
    )
    people = assignable(at=at, person=person)
    is_working = may(person, "work_tickets")
    return render_template(
        "desk/queue.html",
        shell=frame,
        title=_title(view),
        subtitle=pages.subtitle if pages else _subtitle(sum(counts.values()), tickets, at, close),
        groups=pages.groups(_title(view))
        if pages
        else _groups(tickets, counts, at=at, close=close, is_due=order == "due", view=view),
        pages=pages,
        lefts=lefts_of([each for each in tickets if each.paused_at], at=at),
        row=row,
        filters=_filters(view, replace(wanted, due_before=None)),
        sort=None if pages else _sort(view, order),
        filter_url=filter_url(view),
        editor=None,
        new_ticket_url=url_for("desk.new_ticket") if is_working else None,
        bulk_menus=bulk_menus(people, me=person.id) if is_working else None,
        bulk_result=bulk_result() if is_working else None,
        assignable=people,
        assignees=assignees,
    )


def lefts_of(paused: list[TicketRow], *, at: datetime) -> dict[UUID, int]:
    """Business minutes left of paused tickets, constant while they are paused; cached for a minute."""
    minute = int(at.timestamp() // 60)
    keys = {each.id: (each.id, each.version, minute) for each in paused}
    unknown = [ticket_id for ticket_id, key in keys.items() if key not in _left]
    if unknown:
        if len(_left) >= ROWS_KEPT:
            _left.clear()
        found = left_in_pause(unknown, at=at)
        _left.update({keys[ticket_id]: found.get(ticket_id) for ticket_id in unknown})
    return {ticket_id: left for ticket_id, key in keys.items() if (left := _left[key]) is not None}


def _wanted(view: str, person: Person, at: datetime) -> Filter:
    base = {
        "mine": Filter(assignee_id=person.id),
        "team": Filter(),
        "unassigned": Filter(is_unassigned=True),
        "soon": Filter(due_before=at + timedelta(hours=1)),
        "solved": Filter(is_finished=True),
    }[view]
    tiers = tuple(int(each) for each in _chosen("tier", ("1", "2", "3")))
    statuses = _chosen("status", STATUSES)
    client = request.args.get("client")
    try:
        client_id = UUID(client) if client else None
    except ValueError as wrong:
        raise NotFound("client") from wrong
    return replace(base, tiers=tiers, statuses=statuses, client_id=client_id)


def _chosen(name: str, known: Collection[str]) -> tuple[str, ...]:
    """The values of a filter in the URL; raises NotFound for unknown ones."""
    chosen = tuple(each for each in request.args.getlist(name) if each)
    if not set(chosen) <= set(known):
        raise NotFound(name)
    return chosen


def _order() -> str:
    order = request.args.get("order") or "due"
    if order not in queries.ORDERS:
        raise NotFound("order")
    return order


def _limit() -> int:
    """The number of rows in the URL: one page, or as many as `all` says, in steps."""
    wanted = request.args.get("all", "")
    if not wanted:
        return PAGE
    steps = int(wanted) // MORE if wanted.isascii() and wanted.isdigit() and len(wanted) < 7 else 1
    return MORE * min(max(steps, 1), MOST // MORE)


def _next_limit() -> int:
    return _limit() + MORE if request.args.get("all") else MORE


def _title(view: str) -> str:
    return {
        "mine": gettext("My tickets"),
        "team": gettext("My team"),
        "unassigned": gettext("Unassigned"),
        "soon": gettext("Due soon"),
        "solved": gettext("Resolved"),
    }[view]


def _subtitle(count: int, tickets: list[TicketRow], at: datetime, close: datetime) -> str:
    text = ngettext("%(num)d open", "%(num)d open", max(count, len(tickets)))
    by = min((at + timedelta(hours=2)).replace(minute=0, second=0), close)
    due = sum(1 for each in tickets if each.due_at and each.due_at <= by)
    if not due:
        return text
    if by == close:
        return f"{text} · " + ngettext("%(num)d due today", "%(num)d due today", due)
    return f"{text} · " + ngettext("%(num)d due by %(time)s", "%(num)d due by %(time)s", due, time=time_of_day(by))


def _groups(
    tickets: list[TicketRow], counts: dict[str, int], *, at: datetime, close: datetime, is_due: bool, view: str
) -> list[dict[str, object]]:
    """The tickets by group, each with its total and a URL for the rest, if the list is cut."""
    titles = group_titles() | {"all": _title(view)}
    sorted_in: dict[str, list[TicketRow]] = {}
    for ticket in tickets:
        sorted_in.setdefault(group_of(ticket, at, close) if is_due else "all", []).append(ticket)
    if not is_due:
        counts = {"all": sum(counts.values())}
    keys = [key for key in (*queries.GROUPS, "all") if key in sorted_in]
    ends = _ends(keys, {key: counts.get(key, 0) - len(found) for key, found in sorted_in.items()}, counts)
    return [
        {
            "key": key,
            "title": titles[key],
            "count": max(counts.get(key, 0), len(sorted_in[key])),
            "tickets": sorted_in[key],
            "left_out": ends.get(key, 0),
            "more_url": _url(view, all=str(_next_limit())) if ends.get(key) else None,
        }
        for key in keys
    ]


def _ends(keys: list[str], missing: dict[str, int], counts: dict[str, int]) -> dict[str, int]:
    """How many tickets are left out, by the last shown group of running and of paused tickets."""
    ends = {}
    for kinds in (("late", "next_hour", "today", "later", "all"), ("paused", "none")):
        shown = [key for key in keys if key in kinds]
        hidden = sum(counts.get(key, 0) for key in kinds if key not in keys)
        if shown:
            ends[shown[-1]] = max(0, sum(missing[key] for key in shown) + hidden)
    return ends


def row(ticket: TicketRow, left_minutes: int | None) -> Markup:
    """One row of the queue, cached for all readers of a language and zone until the ticket changes."""
    if ticket.status in FINISHED:
        due = stamp(ticket.resolved_at or ticket.updated_at, how="ago")
    else:
        due = deadline(ticket, left_minutes=left_minutes)
    return _row(ticket, due)


def _row(ticket: TicketRow, due: Markup) -> Markup:
    who = (ticket.client_name, ticket.requester_name, ticket.requester_is_vip, ticket.assignee_name)
    key = (request.root_path, current_reader(), ticket.id, ticket.version, who, due)
    row = _rows.get(key)
    if row is None:
        if len(_rows) >= ROWS_KEPT:
            _rows.clear()
        drawn = render_template("desk/_ticket_row.html", t=ticket, due=due)
        row = _rows[key] = Markup(drawn)  # noqa: S704 (a template of ours)
    return row


def _counts(wanted: Filter, view: str, person: Person, at: datetime, close: datetime) -> dict[str, int]:
    """Total of each group in the list."""
    if wanted.tiers or wanted.client_id or wanted.statuses or wanted.due_before:
        return queries.group_counts(wanted, at=at, end_of_day=close)
    return _totals(view, person, at, close)


def _totals(view: str, person: Person, at: datetime, close: datetime) -> dict[str, int]:
    of = (view, person.id, close)
    return cached(lambda: _add_up(view, person, at, close), name="groups of a view", of=of)


def _add_up(view: str, person: Person, at: datetime, close: datetime) -> dict[str, int]:
    totals: dict[str, int] = {}
    for (assignee_id, _tier, group), number in queries.open_counts(at=at, end_of_day=close).items():
        if {"mine": assignee_id == person.id, "unassigned": assignee_id is None}.get(view, True):
            totals[group] = totals.get(group, 0) + number
    return totals


def _url(view: str, **changes: str | list[str] | None) -> str:
    args: dict[str, Any] = {**request.args.to_dict(flat=False), **changes}
    return url_for("desk.queue", view=view, **{name: value for name, value in args.items() if value})


@cached_per_locale
def _menu(clients: tuple[ClientName, ...], before: str, after: str, chosen: UUID | None) -> Markup:
    options = [(f"{before}{each.id}{after}", each.name, each.id == chosen) for each in clients]
    return Markup(render_template("desk/_menu.html", options=options))  # noqa: S704 (a template of ours)


def _filters(view: str, wanted: Filter) -> list[dict[str, object]]:
    return _drawn_filters(view, wanted, request.root_path, request.query_string, queries.client_names())


@cached_per_locale
def _drawn_filters(
    view: str, wanted: Filter, _root: str, _query: bytes, clients: tuple[ClientName, ...]
) -> list[dict[str, object]]:
    named = next((client.name for client in clients if client.id == wanted.client_id), gettext("all"))
    # One URL with a placeholder for the id: building a URL costs more than drawing the row.
    before, _, after = _url(view, client=_ANY_CLIENT).partition(_ANY_CLIENT)
    statuses: Iterable[str] = STATUSES[len(UNFINISHED) :] if view == "solved" else UNFINISHED
    return [
        _filter(
            view,
            "tier",
            gettext("Queue"),
            [(str(tier), word(tier, "tier")) for tier in (1, 2, 3)],
            [str(tier) for tier in wanted.tiers],
            none=pgettext("queues", "all"),
        ),
        _filter(
            view,
            "status",
            gettext("Status"),
            [(s, word(s, "status")) for s in statuses],
            list(wanted.statuses),
            none=gettext("all"),
            more=[]
            if view == "solved"
            else [{"label": gettext("resolved"), "url": url_for("desk.queue", view="solved")}],
        ),
        {
            "label": gettext("Client"),
            "value": named,
            "is_set": wanted.client_id is not None,
            "clear_url": _url(view, client=None),
            "menu": _menu(clients, before, after, wanted.client_id),
        },
    ]


def _filter(
    view: str,
    name: str,
    label: str,
    options: list[tuple[str, str]],
    chosen: list[str],
    *,
    none: str,
    more: Iterable[dict[str, object]] = (),
) -> dict[str, object]:
    """A filter with several values; choosing a selected value removes it."""
    return {
        "label": label,
        "value": ", ".join(text for code, text in options if code in chosen) or none,
        "is_set": bool(chosen),
        "clear_url": _url(view, **{name: None}),
        "options": [
            {
                "label": text,
                "url": _url(view, **{name: sorted(set(chosen) ^ {code})}),
                "current": code in chosen,
            }
            for code, text in options
        ]
        + list(more),
    }


def _sort(view: str, order: str) -> dict[str, object]:
    return _drawn_sort(view, order, request.root_path, request.query_string)


@cached_per_locale
def _drawn_sort(view: str, order: str, _root: str, _query: bytes) -> dict[str, object]:
    orders = {"due": gettext("due date"), "newest": gettext("newest first"), "priority": gettext("priority")}
    return {
        "value": orders.get(order, orders["due"]),
        "options": [
            {"label": text, "url": _url(view, order=code), "current": code == order} for code, text in orders.items()
        ],
    }
