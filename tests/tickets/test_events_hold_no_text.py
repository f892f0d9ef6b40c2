"""Events, notifications and deliveries contain ids, codes and counts; people's texts are stored on the ticket only."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.events import Delivery, StoredEvent
from msp.notify.models import Notification, QueuedNotification
from msp.tickets import actions, message_changes, opening
from msp.tickets.escalation import take_due_steps
from msp.tickets.models import Message, Ticket
from msp.worklog.actions import edit_time, entries_of
from simulators.slack.server import SlackServer
from tests.slack.conftest import MARTA, slack_server
from tests.web.api.conftest import Programs, program
from tests.world import SLACK_TEAM, World, sign_in

__all__ = ["program", "slack_server"]

Drain = Callable[[], int]
MARKER = "Ornitorrinco"
HAPPENED = {
    "attachment.offered",
    "attachment.removed",
    "notification.made",
    "sla.breached",
    "sla.met",
    "sla.warned",
    "ticket.assigned",
    "ticket.attachment_stored",
    "ticket.edited",
    "ticket.message_deleted",
    "ticket.message_edited",
    "ticket.message_restored",
    "ticket.message_sent",
    "ticket.noted",
    "ticket.opened",
    "ticket.person_asked",
    "ticket.priority_changed",
    "ticket.received",
    "ticket.replied",
    "ticket.status_changed",
    "ticket.tier_changed",
    "time.deleted",
    "time.edited",
    "time.logged",
}


def words(text: str) -> str:
    return f"{text} {MARKER}"


def rows() -> dict[str, list[str]]:
    """Every row that is stored besides the tickets, as text."""
    with work(Scope.system()) as session:
        return {
            model.__tablename__: [
                json.dumps({column.key: getattr(row, column.key) for column in model.__table__.columns}, default=str)
                for row in session.scalars(select(model))
            ]
            for model in (StoredEvent, Delivery, Notification, QueuedNotification)
        }


def message_with(text: str) -> Message:
    with work(Scope.system()) as session:
        return session.scalars(select(Message).where(Message.body.contains(text))).one()


def on(ticket: Ticket, scope: Scope, verb: Callable[[Ticket], Any]) -> Any:
    with work(scope) as session:
        return verb(session.get_one(Ticket, ticket.id))


def talk(slack: SlackServer, drain: Drain) -> Ticket:
    """A ticket from Slack with an edit, a file, a deletion and an answer to be delivered."""
    said = slack.say(SLACK_TEAM, MARTA, "im", words("El TPV no cobra"))
    drain()
    files = [{"name": f"{MARKER}.png", "content": b"x" * 100, "mimetype": "image/png"}]
    more = slack.say(SLACK_TEAM, MARTA, "im", words("Pone error 41"), thread_ts=said.ts, files=files)
    drain()
    slack.edit(SLACK_TEAM, MARTA, said.channel, said.ts, words("El TPV de Getafe no cobra"))
    slack.delete(SLACK_TEAM, MARTA, said.channel, more.ts)
    drain()
    with work(Scope.staff()) as session:
        return session.scalars(select(Ticket)).one()


def restore(ticket: Ticket, world: World) -> None:
    with work(Scope.client(world.lozano.id)) as session:
        gone = session.scalars(select(Message).where(Message.deleted_at.is_not(None))).one()
        mine = session.get_one(Ticket, ticket.id)
        message_changes.undelete_message(mine, gone, body=words("Pone error 14"), content=None, at=clock.now())


def work_on(ticket: Ticket, world: World, web: FlaskClient, program: Programs) -> None:
    """Technicians' work: in the console, by the API, and as time entries."""
    sign_in(web, world.tomas)
    for verb, data in (
        ("take", {}),
        ("reply", {"body": words("¿Qué pone?"), "visibility": "public"}),
        ("reply", {"body": words("Datáfono viejo"), "visibility": "internal"}),
        ("log-time", {"minutes": "25", "note": words("Revisado"), "billable": "1"}),
        ("log-time", {"minutes": "5", "note": words("Otra vez"), "billable": "1"}),
    ):
        assert web.post(f"/desk/tickets/LOZ-1/{verb}", data=data).status_code in (200, 204, 303), verb
    desk = program(world.irene)
    changes = {"subject": words("TPV de Getafe"), "tags": [MARKER], "priority": "urgent"}
    assert desk.patch(f"/tickets/{ticket.id}", changes).status_code == 200
    desk.post(f"/tickets/{ticket.id}/messages", {"body": words("Por la API")})
    with work(Scope.staff(actor_id=world.tomas.id)):
        first, _ = entries_of(ticket.id)
        edit_time(first, minutes=30, work_type="remote", note=words("Corregido"), billable=True, at=clock.now())
    with work(Scope.staff()):
        second = entries_of(ticket.id)[1]
    assert web.post(f"/desk/time/{second.id}/delete").status_code in (200, 204, 303)


def test_no_event_notification_or_delivery_holds_what_people_wrote(
    world: World, web: FlaskClient, drain: Drain, slack_server: SlackServer, program: Programs
) -> None:
    ticket = talk(slack_server, drain)
    restore(ticket, world)
    work_on(ticket, world, web, program)
    drain()
    web = sign_in(web, world.marta)
    web.post("/portal/tickets/LOZ-1/reply", data={"body": words("¿Y bien?")})
    web.post("/portal/tickets/LOZ-1/actions/ask_for_person")
    clock.advance(timedelta(hours=30))
    take_due_steps()
    drain()
    on(ticket, Scope.staff(actor_id=world.tomas.id), lambda it: actions.change_status(it, "resolved", at=clock.now()))
    drain()
    kept = rows()
    with work(Scope.system()) as session:
        missing = HAPPENED - set(session.scalars(select(StoredEvent.kind)))
    assert not missing
    assert kept["notification"] and kept["delivery"]
    for table, texts in kept.items():
        assert [text for text in texts if MARKER.lower() in text.lower()] == [], table


def test_notifications_show_the_subject_as_it_is_now(world: World, web: FlaskClient, drain: Drain) -> None:
    with work(Scope.client(world.lozano.id)):
        request = opening.Request(subject=words("No va"), body=words("No va"), source="slack", priority="urgent")
        ticket, first = opening.open_ticket(world.lozano, requester=world.marta, request=request, at=clock.now())
    on(ticket, Scope.staff(), lambda it: actions.assign(it, world.tomas, at=clock.now()))
    drain()
    page = sign_in(web, world.tomas).get("/desk/notifications").text
    assert f"LOZ-1 · {words('No va')} · Ferretería Lozano" in page
    with work(Scope.client(world.lozano.id)) as session:
        mine, said = session.get_one(Ticket, ticket.id), session.get_one(Message, first.id)
        message_changes.delete_message(mine, said, at=clock.now(), placeholder_subject="Mensaje eliminado")
    page = web.get("/desk/notifications").text
    assert MARKER not in page and "LOZ-1 · Mensaje eliminado · Ferretería Lozano" in page
