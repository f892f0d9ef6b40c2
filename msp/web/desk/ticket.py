"""One ticket: conversation, composer, and what stands beside it."""

from datetime import datetime, timedelta
from uuid import UUID

from flask import Blueprint, Response, render_template, request, send_file, url_for
from flask_babel import gettext
from sqlalchemy import select

from msp.contracts.models import WORK_TYPES, Contract
from msp.kernel import clock, files
from msp.kernel.db import db
from msp.kernel.errors import NotFound
from msp.notify.rules import mark_read
from msp.people.access import may
from msp.people.models import Person
from msp.sla.clocks import clocks_of, latest_of_each_kind, left_of, next_due, pauses_of
from msp.sla.explanation import explain_clock
from msp.sla.models import Clock, Pause
from msp.tickets import queries
from msp.tickets.actions import MAX_TIER
from msp.tickets.models import Attachment, Conversation, Ticket
from msp.tickets.queries import Filter
from msp.tickets.states import MOVES, STATUSES
from msp.web.desk.live import looking, with_viewers
from msp.web.desk.people import assignable, assignees
from msp.web.desk.timeline import reply_channel, timeline
from msp.web.explain import sentences
from msp.web.guards import local_path, needs
from msp.web.parts import formats
from msp.web.request_scope import current_person
from msp.web.shell import shell
from msp.worklog.actions import entries_of, timer_of


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this page."""
    blueprint.add_url_rule("/tickets/<label>", "ticket", needs("desk")(ticket))
    blueprint.add_url_rule("/attachments/<uuid:attachment_id>", "attachment", needs("desk")(attachment))


def ticket(label: str) -> str:
    """The page of one ticket; opening it marks its notifications read."""
    at, person = clock.now(), current_person()
    version = queries.news("").version
    found = queries.access_by_label(label)
    messages, events = queries.messages_of(found.id), queries.events_of(found.id)
    clocks, pauses = clocks_of(found.id), pauses_of(found.id)
    contract = db.session.get(Contract, found.contract_id) if found.contract_id else None
    viewers = looking(found.id)
    mark_read(person.id, at=at, ticket_id=found.id)
    may_act = may(person, "work_tickets")
    return render_template(
        "desk/ticket.html",
        shell=shell(
            current="ticket",
            live_url=url_for("desk.live_ticket", ticket_id=found.id),
            live_version=with_viewers(version, viewers),
        ),
        ticket=found,
        timeline=timeline(messages, events),
        viewers=_people(viewers),
        escalate_to=found.tier + 1 if found.tier < MAX_TIER else None,
        moves=[status for status in STATUSES if status in MOVES[found.status]],
        may_act=may_act,
        may_log=may_act,
        deadlines=[_deadline(each, pauses, at) for each in latest_of_each_kind(clocks)],
        reason=_reason(found, contract, clocks),
        panel=_panel(found, contract),
        composer=_composer(found, person),
        work=_work(found),
        work_types=WORK_TYPES,
        today=formats.here(at).date(),
        assignable=assignable(at=at, person=person),
        assignees=assignees,
        targets={target.priority: target for target in contract.targets} if contract else {},
        back_url=local_path(request.args.get("back", "")) or url_for("desk.queue", view="mine"),
        next_urgent_url=_next_urgent(found, person),
    )


def attachment(attachment_id: UUID) -> Response:
    """A file, always as a download and never drawn on our origin."""
    row = db.session.get(Attachment, attachment_id)
    if row is None or row.state != "stored" or row.storage_key is None:
        raise NotFound("attachment")
    content = files.open_kept(row.storage_key)
    answer = send_file(content, mimetype="application/octet-stream", as_attachment=True, download_name=row.name)
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer


def _people(ids: tuple[UUID, ...]) -> list[Person]:
    return list(db.session.scalars(select(Person).where(Person.id.in_(ids)))) if ids else []


def _deadline(each: Clock, pauses: list[Pause], at: datetime) -> dict[str, object]:
    minute = timedelta(minutes=1)
    left = left_of(each, pauses, at=at)
    budget = timedelta(seconds=each.budget_seconds)
    return {
        "clock": each,
        "took_minutes": (budget - left) // minute if each.state == "met" else None,
        "left_minutes": left // minute if each.state == "paused" else None,
    }


def _reason(found: Ticket, contract: Contract | None, clocks: list[Clock]) -> list[str]:
    due = next_due(clocks)
    return sentences(found, contract, explain_clock(due)) if due else []


def _panel(found: Ticket, contract: Contract | None) -> dict[str, object]:
    requester = found.requester
    known = (requester.title, requester.phone)
    return {
        "url": url_for("admin.client", client_id=found.client_id) if may(current_person(), "see_contracts") else None,
        "contract": contract,
        "balance": None,
        "requester_line": " · ".join(each for each in known if each) or requester.locale,
        "facts": [],
        "others": queries.open_of_requester(found.requester_id, besides=found.id),
        "similar": [
            {
                "label": line.label,
                "subject": line.subject,
                "url": url_for("desk.ticket", label=line.label),
                "how": line.client.name,
            }
            for line in queries.resolved_alike(found)
        ],
    }


def _composer(found: Ticket, person: Person) -> dict[str, object]:
    query = select(Conversation.platform, Conversation.unreachable_reason).where(Conversation.ticket_id == found.id)
    threads = db.session.execute(query).all()
    broken = next((row.unreachable_reason for row in threads if row.unreachable_reason), None)
    return {
        "channel": reply_channel(found, [row.platform for row in threads]),
        "reason": gettext("The thread cannot be reached: %(reason)s", reason=broken) if broken else None,
        "attach": False,
        "timer": _timer(found, person),
    }


def _timer(found: Ticket, person: Person) -> dict[str, object] | None:
    timer = timer_of(person.id)
    if timer is None:
        return None
    if timer.ticket_id == found.id:
        return {"started_at": timer.started_at}
    other = db.session.get(Ticket, timer.ticket_id)
    if other is None:
        return None
    return {
        "ticket_label": other.label,
        "ticket_url": url_for("desk.ticket", label=other.label),
        "started_at": timer.started_at,
    }


def _work(found: Ticket) -> dict[str, object]:
    entries = entries_of(found.id)
    return {"entries": entries, "total_minutes": sum(each.minutes for each in entries), "charge": None}


def _next_urgent(found: Ticket, person: Person) -> str | None:
    """The ticket of this person that is due next, after this one."""
    lines = queries.lines(Filter(assignee_id=person.id), is_running=True, limit=2)
    other = next((line for line in lines if line.id != found.id), None)
    return url_for("desk.ticket", label=other.label) if other else None
