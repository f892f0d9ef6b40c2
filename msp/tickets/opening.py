"""Opens a ticket: its first message, its SLA clocks, `ticket.opened`."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm.attributes import set_committed_value

from msp.clients.models import Client
from msp.contracts.queries import sla_of
from msp.kernel.bulk_insert import insert_pending
from msp.kernel.db import db
from msp.kernel.errors import Conflict, Invalid
from msp.kernel.ids import new_id
from msp.people.models import Person
from msp.sla import clocks as sla
from msp.tickets import sla_targets
from msp.tickets.actions import wrong_tags
from msp.tickets.events import TicketOpened, emit_ticket_event
from msp.tickets.messages import MAX_BODY, is_channel
from msp.tickets.models import EDITABLE, Message, Request, Ticket
from msp.tickets.numbers import number_and_contract
from msp.tickets.states import PRIORITIES

__all__ = ["MAX_SUBJECT", "Request", "open_ticket"]
MAX_SUBJECT = 200


def open_ticket(client: Client, *, requester: Person, request: Request, at: datetime) -> tuple[Ticket, Message]:
    """Create a ticket with its first message, start its clocks, emit `ticket.opened`.

    Refuses empty or too long text, and raises Conflict (`client_not_active`) for an inactive client.
    """
    ticket = _new_ticket(client, requester=requester, request=request, at=at)
    message = Message(
        id=new_id(),
        client_id=client.id,
        ticket_id=ticket.id,
        author_id=requester.id,
        visibility="public",
        channel=request.source,
        body=request.body,
        at=at,
        external_id=request.external_id,
        content=request.content,
    )
    db.session.add(message)
    event = TicketOpened(message_id=message.id, source=ticket.source)
    emit_ticket_event(ticket, event, at=at, actor_id=requester.id)
    insert_pending()
    return ticket, message


def open_with_message(client: Client, *, requester: Person, request: Request, message_id: UUID, at: datetime) -> Ticket:
    """Create a ticket for a message that exists, and is moved to it next; otherwise as `open_ticket`."""
    ticket = _new_ticket(client, requester=requester, request=request, at=at)
    emit_ticket_event(ticket, TicketOpened(message_id=message_id, source=ticket.source), at=at)
    insert_pending()
    return ticket


def _new_ticket(client: Client, *, requester: Person, request: Request, at: datetime) -> Ticket:
    _check(request)
    if not client.active:
        raise Conflict("client_not_active")
    number, held = number_and_contract(client, at=at)
    contract_sla = sla_of(held, priority=request.priority, type=request.type) if held else None
    ticket = Ticket(
        id=new_id(),
        client_id=client.id,
        number=number,
        requester_id=requester.id,
        subject=request.subject.strip(),
        body=request.body,
        status="new",
        priority=request.priority,
        **{name: getattr(request, name) for name, values in EDITABLE.items() if values},
        tier=1,
        contract_id=contract_sla.contract_id if contract_sla else None,
        source=request.source,
        tags=list(request.tags),
        created_at=at,
        updated_at=at,
    )
    clocks = sla.start(client.id, ticket.id, contract_sla, at=at) if contract_sla else []
    sla_targets.copy_next_due(ticket, clocks)
    db.session.add_all([ticket, *clocks])
    for name, known in (("client", client), ("requester", requester), ("clocks", clocks)):
        set_committed_value(ticket, name, known)
    return ticket


def _check(request: Request) -> None:
    fields: dict[str, list[str]] = {}
    if wrong := wrong_tags(request.tags):
        fields["tags"] = wrong
    if not request.subject.strip():
        fields["subject"] = ["required"]
    elif len(request.subject) > MAX_SUBJECT:
        fields["subject"] = ["too_long"]
    if len(request.body) > MAX_BODY:
        fields["body"] = ["too_long"]
    if request.priority not in PRIORITIES:
        fields["priority"] = ["unknown"]
    if not is_channel(request.source):
        fields["source"] = ["unknown"]
    fields |= {
        name: ["unknown"] for name, values in EDITABLE.items() if values and getattr(request, name) not in values
    }
    if fields:
        raise Invalid(fields=fields)
