"""Rows that refer to each other are inserted in order, although no relationship connects their models."""

from msp.kernel import clock
from msp.kernel.db import Model, Scope, work
from msp.kernel.ids import new_id
from msp.tickets.by_requester import add_detail
from msp.tickets.models import Attachment, Conversation
from msp.tickets.opening import Request, open_ticket
from msp.tickets.queries import access_ticket
from tests.world import World


def test_an_attachment_added_with_its_message_is_inserted_after_it(world: World) -> None:
    request = Request("El TPV no cobra", "El TPV no cobra", "slack")
    with work(Scope.client(world.lozano.id)):
        ticket, _ = open_ticket(world.lozano, requester=world.marta, request=request, at=clock.now())
    with work(Scope.client(world.lozano.id)) as session:
        message = add_detail(
            access_ticket(ticket.id), author=world.marta, body="La foto", channel="slack", at=clock.now()
        )
        session.add(attachment(message.client_id, message.id))
    with work(Scope.client(world.lozano.id)) as session:
        assert session.query(Attachment).one().message_id == message.id


def test_a_conversation_added_with_its_ticket_is_inserted_after_it(world: World) -> None:
    request = Request("El TPV no cobra", "El TPV no cobra", "slack")
    with work(Scope.client(world.lozano.id)) as session:
        ticket, message = open_ticket(world.lozano, requester=world.marta, request=request, at=clock.now())
        session.add(attachment(message.client_id, message.id))
        session.add(
            Conversation(
                id=new_id(),
                client_id=ticket.client_id,
                ticket_id=ticket.id,
                platform="slack",
                workspace="T1",
                channel="C1",
                thread="1",
                is_personal=False,
                reference={},
                created_at=clock.now(),
            )
        )


def test_the_foreign_keys_of_the_models_have_no_cycle() -> None:
    """With a cycle, a valid order of inserts might not exist."""
    assert Model.metadata.sorted_tables


def attachment(client_id: object, message_id: object) -> Attachment:
    return Attachment(
        id=new_id(),
        client_id=client_id,
        message_id=message_id,
        name="foto.png",
        content_type="image/png",
        size=1,
        state="remote",
        remote={},
        created_at=clock.now(),
    )
