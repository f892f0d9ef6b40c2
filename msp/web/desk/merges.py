"""Merge a ticket into another one, undo it, and move messages: to a new ticket, or back after an undone merge."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.wrappers import Response

from msp.kernel import clock
from msp.kernel.db import db
from msp.kernel.errors import Invalid, NotFound
from msp.tickets import merging, queries, splitting
from msp.tickets.link_targets import target_named
from msp.tickets.merge_models import TicketMerge
from msp.tickets.models import Message, Ticket
from msp.tickets.queries import access_by_label
from msp.web.guards import Answer, is_first_time, needs
from msp.web.request_scope import current_person
from msp.web.shell import shell
from msp.words.refusals import field_messages
from msp.worklog.actions import entries_of

EXCERPT = 300  # characters of a message in the lists of these pages


def add_routes(blueprint: Blueprint) -> None:
    """The routes of these pages."""
    guard = needs("work_tickets")
    blueprint.add_url_rule("/tickets/<label>/merge", "merge", guard(preview))
    blueprint.add_url_rule("/tickets/<label>/merge", "merge_now", guard(merge), methods=["POST"])
    blueprint.add_url_rule("/tickets/<label>/unmerge", "unmerge", guard(unmerge), methods=["POST"])
    blueprint.add_url_rule("/tickets/<label>/split", "split", guard(split_page))
    blueprint.add_url_rule("/tickets/<label>/split", "split_now", guard(split), methods=["POST"])
    blueprint.add_url_rule("/tickets/<label>/received", "received", guard(received))
    blueprint.add_url_rule("/tickets/<label>/received", "take_received", guard(take_received), methods=["POST"])


def preview(label: str) -> str:
    """Both tickets side by side, before the merge."""
    source = access_by_label(label)
    target = target_named(source, request.args.get("ticket") or request.args.get("typed", ""))
    return render_template(
        "desk/merge.html",
        shell=shell(current=""),
        source=source,
        target=target,
        sides=[_side(source), _side(target)],
    )


def merge(label: str) -> Response:
    """Merge the ticket into the one that the form names."""
    source = access_by_label(label)
    target = target_named(source, request.form.get("ticket", ""))
    if is_first_time():
        merging.merge(source.id, target.id, at=clock.now(), actor_id=current_person().id)
        flash(gettext("%(source)s was merged into this ticket.", source=source.label), "green")
    return _to(target.label)


def unmerge(label: str) -> Response:
    """Undo the merge of the ticket."""
    source = access_by_label(label)
    merging.undo_merge(source.id, at=clock.now(), actor_id=current_person().id)
    flash(gettext("The merge was undone: this ticket has its messages and time again."), "green")
    return _to(label)


def split_page(label: str) -> str:
    """The form that chooses the messages of a new ticket."""
    return _split_form(access_by_label(label), {})


def split(label: str) -> Answer:
    """Split the chosen messages into a new ticket; redisplays the form with errors."""
    ticket = access_by_label(label)
    try:
        if not is_first_time():
            return _to(label)
        new = splitting.split(
            ticket.id,
            _message_ids(),
            subject=request.form.get("subject", ""),
            at=clock.now(),
            actor_id=current_person().id,
        )
    except Invalid as wrong:
        db.session.rollback()
        return _split_form(access_by_label(label), wrong.fields), 422
    return _to(new.label)


def received(label: str) -> str:
    """Messages that arrived on the other ticket while this one was merged, to be moved here."""
    ticket = access_by_label(label)
    undone = _undone(ticket)
    return render_template(
        "desk/received.html",
        shell=shell(current=""),
        ticket=ticket,
        other=queries.access_ticket(undone.target_id),
        messages=_shown(splitting.received_while_merged(undone)),
    )


def take_received(label: str) -> Response:
    """Move the chosen messages to this ticket."""
    ticket = access_by_label(label)
    undone, at = _undone(ticket), clock.now()
    splitting.move_messages(undone.target_id, ticket.id, _message_ids(), at=at, actor_id=current_person().id)
    return _to(label)


def _split_form(ticket: Ticket, errors: Mapping[str, Sequence[str]]) -> str:
    return render_template(
        "desk/split.html",
        shell=shell(current=""),
        ticket=ticket,
        messages=_shown(each for each in queries.messages_of(ticket.id) if each.deleted_at is None),
        chosen=request.form.getlist("message_ids"),
        subject=request.form.get("subject", ""),
        errors=field_messages(errors),
    )


def _undone(ticket: Ticket) -> TicketMerge:
    query = select(TicketMerge).where(TicketMerge.source_id == ticket.id, TicketMerge.undone_at.is_not(None))
    found = db.session.scalars(query.order_by(TicketMerge.undone_at.desc()).limit(1)).one_or_none()
    if found is None:
        raise NotFound("merge")
    return found


def _side(ticket: Ticket) -> dict[str, object]:
    said = [each for each in queries.messages_of(ticket.id) if each.deleted_at is None]
    entries = entries_of(ticket.id)
    return {
        "ticket": ticket,
        "count": len(said),
        "minutes": sum(each.minutes for each in entries if each.state != "billed"),
        "billed_minutes": sum(each.minutes for each in entries if each.state == "billed"),
        "messages": _shown(said[-3:]),
    }


def _shown(messages: Iterable[Message]) -> list[dict[str, object]]:

    return [
        {
            "id": each.id,
            "author": each.author.name if each.author else "Guardia",
            "at": each.at,
            "is_internal": each.visibility == "internal",
            "text": each.body if len(each.body) <= EXCERPT else each.body[:EXCERPT] + "…",
        }
        for each in messages
    ]


def _message_ids() -> list[UUID]:
    try:
        return [UUID(each) for each in request.form.getlist("message_ids")]
    except ValueError as wrong:
        raise Invalid(fields={"message_ids": ["invalid"]}) from wrong


def _to(label: str) -> Response:
    return redirect(url_for("desk.ticket", label=label), 303)
