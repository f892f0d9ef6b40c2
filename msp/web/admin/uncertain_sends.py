"""Page of uncertain sends: messages that may have been delivered twice."""

from uuid import UUID

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext, ngettext
from sqlalchemy import func, select

from msp.kernel import clock
from msp.kernel.db import Scope, db, work
from msp.kernel.events import StoredEvent
from msp.notify.models import Notification
from msp.operations.uncertain_sends import UncertainSend, uncertain_sends_of
from msp.people.models import Person
from msp.web.admin import deliveries, list_queries
from msp.web.admin.pager import PAGE, Pager
from msp.web.admin.queue_rows import RowFilter
from msp.web.guards import needs
from msp.web.sharing import refuse_restricted
from msp.web.shell import shell


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this page."""
    blueprint.add_url_rule("/deliveries/in-doubt", "in_doubt", needs("administer")(in_doubt))


def in_doubt() -> str:
    """Uncertain sends of one channel (default: mail), with recipient and event."""
    refuse_restricted()
    pager, found, total = Pager.of_request(), list[UncertainSend](), 0
    ledger = uncertain_sends_of(request.args.get("what", "mail"))
    if ledger is not None:
        with work(Scope.system()):
            found, total = ledger.page(clock.now(), pager.offset, PAGE)
    names = _names({each.person_id for each in found})
    subjects = _tickets({each.event_id for each in found if each.event_id})
    labels = list_queries.labels_of_tickets(subjects.values())
    tickets = {event_id: labels[subject] for event_id, subject in subjects.items() if subject in labels}
    return render_template(
        "admin/in_doubt.html",
        shell=shell(current="admin.deliveries"),
        tabs=deliveries.tabs("doubt", RowFilter()),
        waiting=deliveries.count_waiting(),
        rows=[_row(each, names, tickets) for each in found],
        **pager.context(total),
    )


def _row(doubt: UncertainSend, names: dict[UUID, str], tickets: dict[UUID, str]) -> dict[str, object]:
    label = tickets.get(doubt.event_id) if doubt.event_id else None
    name = names.get(doubt.person_id, gettext("someone"))
    about = gettext("Email to %(name)s about %(ticket)s", name=name, ticket=label)
    return {
        "text": about if label else gettext("Email to %(name)s", name=name),
        "url": url_for("desk.ticket", label=label) if label else None,
        "outcome": _outcome(doubt),
        "is_sent": doubt.is_sent,
        "reference": doubt.reference,
        "tries": doubt.tries,
        "at": doubt.at,
    }


def _outcome(doubt: UncertainSend) -> str:
    if not doubt.is_sent:
        return gettext("Not confirmed by the mail server: it may have been delivered")
    return ngettext(
        "Accepted; it may have been delivered once more",
        "Accepted; it may have been delivered %(num)d times more",
        doubt.more,
    )


def _names(person_ids: set[UUID]) -> dict[UUID, str]:
    rows = db.session.execute(select(Person.id, Person.name).where(Person.id.in_(person_ids)))
    return {row.id: row.name for row in rows}


def _tickets(event_ids: set[UUID]) -> dict[UUID, UUID]:
    """The ticket of each event: its own, or that of the notification it delivered."""
    query = select(StoredEvent.id, func.coalesce(Notification.ticket_id, StoredEvent.subject_id).label("ticket_id"))
    query = query.outerjoin(Notification, Notification.id == StoredEvent.subject_id).where(
        StoredEvent.id.in_(event_ids)
    )
    with work(Scope.system()) as session:
        return {row.id: row.ticket_id for row in session.execute(query)}
