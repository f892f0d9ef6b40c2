"""Lists by filter, and saved views: the filter form, chips, pages, and the forms that save a view."""

import json
from collections.abc import Sequence
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from sqlalchemy import Uuid, bindparam, null
from werkzeug.wrappers import Response

from msp.kernel import clock
from msp.kernel.batch_read import BatchQuery
from msp.kernel.errors import Invalid, NotFound
from msp.notify.inbox import unread_read
from msp.people.access import may
from msp.tickets import queries
from msp.tickets.ticket_rows import TicketRow
from msp.tickets.views import actions
from msp.tickets.views.actions import ListedView
from msp.tickets.views.definition import Definition, read_address
from msp.tickets.views.models import TicketView
from msp.tickets.views.selecting import MOST_COUNTED, Key, count_view, count_views, view_page
from msp.web.api.pages import read_cursor, write_cursor
from msp.web.confirm import confirmation, needs_confirmation
from msp.web.desk.bulk import bulk_menus, bulk_result
from msp.web.desk.due_groups import group_of, group_titles
from msp.web.desk.people import assignable, assignees
from msp.web.desk.queue import lefts_of, row
from msp.web.desk.view_addresses import address_of
from msp.web.desk.view_words import Chip, chips, choices
from msp.web.guards import Answer, needs
from msp.web.request_scope import current_person
from msp.web.shell import end_of_day, shell
from msp.words.formats import number

PAGE = 60
_UNREAD = unread_read(bindparam("person_id", type_=Uuid), null())
_NEWS = BatchQuery(queries.NEWEST, _UNREAD)


def add_routes(blueprint: Blueprint) -> None:
    """The routes of these pages and forms."""
    desk = needs("desk")
    blueprint.add_url_rule("/filter", "filter", desk(filtered))
    blueprint.add_url_rule("/views/<uuid:view_id>", "view", desk(view))
    blueprint.add_url_rule("/views", "save_view", desk(save_view), methods=["POST"])
    blueprint.add_url_rule("/views/<uuid:view_id>/delete", "delete_view", desk(delete_view), methods=["POST"])


def filtered() -> str:
    """The tickets of the filter in the URL; `from` is the saved view that it began with."""
    begun = request.args.get("from", "")
    saved = _listed(_view_id(begun)) if begun else None
    return _page(read_address(request.args.to_dict(flat=False)), saved, is_changed=True)


def view(view_id: UUID) -> str:
    """The tickets of a saved view."""
    saved = _listed(view_id)
    return _page(saved.definition, saved, is_changed=False)


def save_view() -> Response:
    """Save a filter as a new view, or over the view that it began with."""
    person, at, form = current_person(), clock.now(), request.form
    definition = read_address(_addressed(form.get("definition", "")))
    saved: TicketView
    if form.get("save") == "over":
        saved = actions.access_view(_view_id(form.get("from", "")), person)
        actions.edit_view(saved, person=person, at=at, name=form.get("name", ""), definition=definition)
    else:
        is_shared = bool(form.get("is_shared"))
        saved = actions.add_view(form.get("name", ""), definition, person=person, is_shared=is_shared, at=at)
    flash(gettext("View saved: %(name)s", name=saved.name), "green")
    return redirect(url_for("desk.view", view_id=saved.id), 303)


def delete_view(view_id: UUID) -> Answer:
    """Delete a view, after a confirmation."""
    saved = actions.access_view(view_id, current_person())
    if needs_confirmation():
        return confirmation(
            gettext("Delete %(name)s", name=saved.name),
            gettext("The view is deleted for everyone who sees it. Its tickets stay."),
            button=gettext("Delete view"),
            back_url=url_for("desk.view", view_id=saved.id),
        )
    actions.remove_view(saved, person=current_person())
    flash(gettext("View deleted: %(name)s", name=saved.name), "green")
    return redirect(url_for("desk.queue", view="team"), 303)


def _page(definition: Definition, saved: ListedView | None, *, is_changed: bool) -> str:
    person, at = current_person(), clock.now()
    found = view_page(definition, person=person, at=at, after=_after(), limit=PAGE)
    total = _count(definition, saved)
    people, is_working = assignable(at=at, person=person), may(person, "work_tickets")
    title = saved.name if saved and not is_changed else gettext("Filter")
    news = _NEWS.read(person_id=person.id)
    unread = news.first(_UNREAD)
    return render_template(
        "desk/queue.html",
        shell=shell(
            current=f"view:{saved.id}" if saved else "",
            live_url=url_for("desk.live"),
            live_version=queries.version_of(news.all(queries.NEWEST)),
            unread=unread.of_all if unread else None,
        ),
        title=title,
        subtitle=_counted(total),
        groups=_groups(found.rows, definition, title, is_whole=len(found.rows) == total),
        pages={"newer_url": None, "older_url": _next_url(found.next_key)},
        lefts=lefts_of([each for each in found.rows if each.paused_at], at=at),
        row=row,
        filters=[],
        sort=None,
        filter_url=None,
        editor=_editor(definition, saved, is_changed=is_changed),
        new_ticket_url=url_for("desk.new_ticket") if is_working else None,
        bulk_menus=bulk_menus(people, me=person.id) if is_working else None,
        bulk_result=bulk_result() if is_working else None,
        assignable=people,
        assignees=assignees,
    )


def _editor(definition: Definition, saved: ListedView | None, *, is_changed: bool) -> dict[str, object]:
    """What desk/_view_editor.html draws."""
    person = current_person()
    clients, people = queries.client_names(), assignable(at=clock.now(), person=person)
    drawn: Sequence[Chip] = chips(definition, saved, clients=clients, people=people)
    return {
        "chips": drawn,
        "choices": choices(clients=clients, people=people),
        "definition": definition,
        "json": json.dumps(definition.as_json()),
        "saved": saved,
        "is_changed": is_changed,
        "may_share": actions.may_share(person),
        "may_change": saved is not None and actions.may_change(saved, person),
        "clear_url": address_of(Definition()),
    }


def _groups(
    rows: Sequence[TicketRow], definition: Definition, title: str, *, is_whole: bool
) -> list[dict[str, object]]:
    """The rows by due date if they are sorted so, else as one group; groups of a page have no total."""
    at, groups = clock.now(), dict[str, list[TicketRow]]()
    close, titles = end_of_day(current_person(), at), group_titles() | {"all": title}
    for each in rows:
        groups.setdefault(group_of(each, at, close) if definition.order == "due" else "all", []).append(each)
    return [
        {
            "key": key,
            "title": titles[key],
            "count": len(groups[key]) if is_whole else None,
            "tickets": groups[key],
            "more_url": None,
        }
        for key in titles
        if key in groups
    ]


def _count(definition: Definition, saved: ListedView | None) -> int:
    """The number of tickets; that of a saved view is read with those of the navigation."""
    person, at = current_person(), clock.now()
    if saved is not None and saved.definition == definition:
        views = actions.listed_views(person)
        counts = count_views({each.id: each.definition for each in views}, person=person, at=at)
        if saved.id in counts:
            return counts[saved.id]
    return count_view(definition, person=person, at=at)


def _counted(total: int) -> str:
    if total > MOST_COUNTED:
        return gettext("%(number)s+ tickets", number=number(MOST_COUNTED))
    return ngettext("%(num)d ticket", "%(num)d tickets", total)


def _after() -> Key | None:
    try:
        key: Key | None = read_cursor(request.args.get("after") or None)
    except Invalid as wrong:
        raise NotFound("page") from wrong
    return key


def _next_url(key: Key | None) -> str | None:
    if key is None:
        return None
    args = request.args.to_dict(flat=False) | (request.view_args or {}) | {"after": write_cursor(key)}
    return url_for(request.endpoint or "", **args)


def _listed(view_id: UUID) -> ListedView:
    found = next((each for each in actions.listed_views(current_person()) if each.id == view_id), None)
    if found is None:
        raise NotFound("view")
    return found


def _view_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as wrong:
        raise NotFound("view") from wrong


def _addressed(text: str) -> dict[str, list[str]]:
    """The definition of the hidden field as parameters, which are checked like those of a URL."""
    try:
        given = json.loads(text)
        pairs = given.items()
    except (ValueError, AttributeError, RecursionError) as wrong:
        raise Invalid(fields={"definition": ["invalid"]}) from wrong
    return {name: list(map(str, value)) if isinstance(value, list) else [str(value)] for name, value in pairs}
