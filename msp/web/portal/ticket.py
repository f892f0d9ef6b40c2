"""The page of one ticket in the portal."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext

from msp.contracts.models import Contract
from msp.kernel import clock
from msp.kernel.db import db
from msp.kernel.errors import Invalid, NotFound
from msp.people.queries import access_person
from msp.sla.clocks import ANSWERS, clocks_of, next_due
from msp.sla.explanation import explain_clock
from msp.sla.models import Clock
from msp.tickets import by_requester, queries
from msp.tickets.attached_files import access_file, access_thumbnail
from msp.tickets.attaching import attach_files
from msp.tickets.by_requester import may_be_more_urgent
from msp.tickets.detail import EventRow
from msp.tickets.events import (
    FollowerAdded,
    FollowerRemoved,
    MessageDeleted,
    MessageRestored,
    TicketAbsorbed,
    TicketAssigned,
    TicketMerged,
    TicketStatusChanged,
    TicketUnmerged,
)
from msp.tickets.follow_ups import check_may_reopen, may_reopen, write_on
from msp.tickets.following import followers_of, may_see
from msp.tickets.models import Ticket
from msp.tickets.reading import mark_ticket_read
from msp.tickets.spam import check_not_blocked
from msp.tickets.states import FINISHED
from msp.tickets.survivors import access_surviving, surviving_id
from msp.tickets.upload_quota import bytes_left_now
from msp.web import downloads
from msp.web.desk.timeline import timeline
from msp.web.guards import Answer, is_first_time, list_before, needs
from msp.web.parts.folding import shown_newest
from msp.web.portal.frame import frame, portal_news
from msp.web.portal.rating import rating_of_page
from msp.web.request_scope import current_person
from msp.web.uploads import sent_files
from msp.words.deadline_explanations import sentences
from msp.words.refusals import field_messages

_SHOWN = (TicketStatusChanged, TicketAssigned, MessageDeleted, MessageRestored, FollowerAdded, FollowerRemoved)
_MERGES = (TicketMerged, TicketAbsorbed, TicketUnmerged)
SHOWN_EVENTS = {each.kind for each in (*_SHOWN, *_MERGES)}


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this page."""
    guard = needs("portal")
    blueprint.add_url_rule("/tickets/<label>", "ticket", guard(ticket))
    blueprint.add_url_rule("/tickets/<label>/reply", "reply", guard(reply), methods=["POST"])
    blueprint.add_url_rule("/tickets/<label>/actions/<action>", "act", guard(act), methods=["POST"])
    blueprint.add_url_rule("/attachments/<uuid:attachment_id>", "attachment", guard(attachment))
    blueprint.add_url_rule("/attachments/<uuid:attachment_id>/thumbnail", "thumbnail", guard(thumbnail))


def ticket(label: str) -> str:
    """Status, assignee, due date with its reason, and the conversation."""
    return _page(label)


def _page(label: str, *, body: str = "", errors: Mapping[str, Sequence[str]] | None = None) -> str:
    version = portal_news("").version
    found = _own(label)
    mark_ticket_read(found, current_person(), at=clock.now())
    due = next_due(clocks_of(found.id))
    events = [
        EventRow(event.id, event.kind, event.at, event.data, who)
        for event, who in queries.events_of(found.id)
        if event.kind in SHOWN_EVENTS
    ]
    return render_template(
        "portal/ticket.html",
        portal=frame(current="portal.ticket", live_url=url_for("portal.live"), live_version=version),
        ticket=found,
        state=found.status,
        who=found.assignee,
        by=due.due_at if due else None,
        by_what=_by_what(due),
        why=_why(found, due),
        timeline=timeline(queries.messages_of(found.id), events, states="portal_status", newest=shown_newest()),
        whole=request.args.getlist("whole"),
        me=current_person(),
        back_url=list_before() or url_for("portal.tickets"),
        actions=_actions(found),
        in_copy=[each.name for each in followers_of(found.id) if not each.is_staff],
        continued=_next(found),
        opens_follow_up=found.closed_as != "merged" and not may_reopen(found, at=clock.now()),
        may_write=found.closed_as != "merged",
        **rating_of_page(found),
        bytes_left=bytes_left_now(found.client_id, current_person().id, at=clock.now()),
        body=body,
        errors=field_messages(errors or {}),
    )


def reply(label: str) -> Answer:
    """Add a reply; the page is shown again with the text if it or its files are refused."""
    found = _continuing(label)
    label, body = found.label, request.form.get("body", "")
    try:
        if is_first_time():
            at, person = clock.now(), access_person(current_person().id)
            check_not_blocked(person, at=at)
            found, message = write_on(found, author=person, body=body, channel="portal", at=at)
            attach_files(message, sent_files(), at=at)
    except Invalid as refused:
        db.session.rollback()
        g.page_path = url_for("portal.ticket", label=label)
        return _page(label, body=body, errors=refused.fields), 422
    return redirect(url_for("portal.ticket", label=found.label), 303)


def act(label: str, action: str) -> Answer:
    """Confirm the solution, reopen, ask for a person, or raise the urgency."""
    found = _continuing(label)
    if action not in by_requester.ACTIONS:
        raise NotFound("page")
    if action == "reopen":
        check_may_reopen(found, at=clock.now())
    is_done = by_requester.ACTIONS[action](found, access_person(current_person().id), at=clock.now())
    if action == "ask_for_person":
        flash(_person_asked() if is_done else _person_asked_already(), "green")
    return redirect(url_for("portal.ticket", label=found.label), 303)


def attachment(attachment_id: UUID) -> Response:
    """Download of a file from the company's conversations."""
    found = access_file(attachment_id)
    _check_own(queries.access_ticket(found.ticket_id))
    return downloads.download(found.attachment)


def thumbnail(attachment_id: UUID) -> Response:
    """The thumbnail of an image from the company's conversations."""
    found = access_thumbnail(attachment_id)
    _check_own(queries.access_ticket(found.ticket_id))
    return downloads.thumbnail(found.attachment)


def _own(label: str) -> Ticket:
    found = queries.access_by_label(label)
    _check_own(found)
    return found


def _continuing(label: str) -> Ticket:
    """The ticket that continues one that may have been merged, locked."""
    found = access_surviving(_own(label).id)
    _check_own(found)
    return found


def _next(found: Ticket) -> Ticket | None:
    """The visible ticket that a merged one continues in."""
    if found.closed_as != "merged":
        return None
    other = queries.access_ticket(surviving_id(found.id))
    return other if may_see(other, current_person()) else None


def _check_own(found: Ticket) -> None:
    """Refuse tickets that are not visible: employees see their own and those in CC, managers those of the company."""
    if not may_see(found, current_person()):
        raise NotFound("ticket")


def _by_what(due: Clock | None) -> str:
    if due is not None and due.kind in ANSWERS:
        return gettext("Response due")
    return gettext("Fulfilment due") if due is not None and due.kind == "fulfilment" else gettext("Resolution due")


def _why(found: Ticket, due: Clock | None) -> str:
    if due is None:
        return ""
    contract = db.session.get(Contract, found.contract_id) if found.contract_id else None
    return " · ".join(sentences(found, contract, explain_clock(due))[:2])


def _actions(found: Ticket) -> list[dict[str, object]]:
    def post(action: str, label: str, *, primary: bool = False) -> dict[str, object]:
        url = url_for("portal.act", label=found.label, action=action)
        return {"url": url, "label": label, "primary": primary, "kind": "post"}

    if found.closed_as == "merged":
        return []
    if found.status == "resolved":
        return [
            post("confirm_solved", gettext("Yes, resolved"), primary=True),
            post("reopen", gettext("Not yet")),
        ]
    if not may_reopen(found, at=clock.now()):
        return []
    if found.status in FINISHED:
        return [post("reopen", gettext("Reopen"))]
    more_urgent = [post("make_more_urgent", gettext("It’s more urgent"))] if may_be_more_urgent(found) else []
    return [post("ask_for_person", gettext("Talk to a person")), *more_urgent]


def _person_asked() -> str:
    return gettext("The team has been notified: a person will write to you here.")


def _person_asked_already() -> str:
    return gettext("The team was notified a moment ago: a person will write to you here.")
