"""Messages edited, deleted and restored on their platform: subject, body, search and files follow."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from msp.kernel import clock, files
from msp.kernel.db import Scope, work
from msp.kernel.events import StoredEvent, emit
from msp.kernel.ids import new_id
from msp.tickets import actions, by_requester, message_changes, messages, opening, queries
from msp.tickets.events import AttachmentStored
from msp.tickets.models import Attachment, Message, Ticket
from msp.tickets.search import search
from msp.tickets.subject import subject_of
from tests.world import World, sign_in

Drain = Callable[[], int]
OPENING = "Hola. La clave del router es Secreta99. No tenemos internet"
LATER = "El wifi de invitados tampoco va"


class Desk:
    """One ticket of Marta, and the actions on it."""

    def __init__(self, world: World, *bodies: str, subject: str = "") -> None:
        self.world = world
        request = opening.Request(subject=subject or subject_of(bodies[0]), body=bodies[0], source="slack")
        with work(Scope.client(world.lozano.id)):
            ticket, message = opening.open_ticket(world.lozano, requester=world.marta, request=request, at=clock.now())
        self.id, self.messages = ticket.id, [message.id]
        for body in bodies[1:]:
            clock.advance(timedelta(seconds=10))
            self.messages.append(self._receive(body).id)

    def _receive(self, body: str) -> Message:
        with work(Scope.client(self.world.lozano.id)) as session:
            mine = session.get_one(Ticket, self.id)
            return by_requester.add_detail(mine, author=self.world.marta, body=body, channel="slack", at=clock.now())

    def staff(self, verb: Callable[[Ticket], Any]) -> Any:
        with work(Scope.staff(actor_id=self.world.tomas.id)) as session:
            return verb(session.get_one(Ticket, self.id))

    def edit(self, number: int, body: str, content: Any = None) -> None:
        at = clock.now()
        self._change(number, lambda it, said: message_changes.edit_message(it, said, body=body, content=content, at=at))

    def delete(self, number: int, **more: Any) -> None:
        self._change(number, lambda it, said: message_changes.delete_message(it, said, at=clock.now(), **more))

    def restore(self, number: int, body: str, content: Any = None) -> None:
        self._change(
            number,
            lambda it, said: message_changes.undelete_message(it, said, body=body, content=content, at=clock.now()),
        )

    def _change(self, number: int, verb: Callable[[Ticket, Message], None]) -> None:
        with work(Scope.client(self.world.lozano.id)) as session:
            verb(session.get_one(Ticket, self.id), session.get_one(Message, self.messages[number]))

    @property
    def ticket(self) -> Ticket:
        with work(Scope.staff()) as session:
            return session.get_one(Ticket, self.id)

    def message(self, number: int) -> Message:
        with work(Scope.staff()) as session:
            return session.get_one(Message, self.messages[number])

    def kinds(self) -> list[str]:
        with work(Scope.staff()):
            return [event.kind for event, _ in queries.events_of(self.id) if event.kind.startswith("ticket.message_")]

    def found(self, words: str) -> list[UUID]:
        with work(Scope.staff()):
            return [hit.row.id for hit in search(words).tickets]


def test_a_deleted_opening_message_is_gone_from_subject_body_and_search(world: World) -> None:
    desk = Desk(world, OPENING, LATER)
    assert desk.ticket.subject == "La clave del router es Secreta99" and desk.found("Secreta99") == [desk.id]
    desk.delete(0)
    ticket, message = desk.ticket, desk.message(0)
    assert (ticket.subject, ticket.body) == (LATER, "")
    assert (message.body, message.content, message.deleted_at) == ("", None, clock.now())
    assert desk.found("Secreta99") == [] and desk.found("invitados") == [desk.id]
    assert desk.kinds() == ["ticket.message_deleted"]


def test_without_another_message_the_subject_is_the_placeholder(world: World) -> None:
    desk = Desk(world, OPENING)
    desk.staff(lambda it: messages.reply(it, author=world.tomas, body="Cámbiala.", at=clock.now()))
    desk.delete(0, placeholder_subject="Mensaje eliminado")
    assert (desk.ticket.subject, desk.ticket.body) == ("Mensaje eliminado", "")


def test_a_subject_that_somebody_else_typed_goes_with_the_opening_message(world: World) -> None:
    desk = Desk(world, OPENING, LATER, subject="Clave Secreta99")
    desk.delete(0)
    assert desk.ticket.subject == LATER


def test_a_subject_written_by_staff_stays(world: World) -> None:
    desk = Desk(world, OPENING, LATER)
    desk.staff(lambda it: actions.edit(it, at=clock.now(), actor_id=world.tomas.id, subject="Sin internet en Getafe"))
    desk.delete(0)
    assert (desk.ticket.subject, desk.ticket.body) == ("Sin internet en Getafe", "")


def test_a_deleted_later_message_leaves_the_subject_unless_it_came_from_there(world: World) -> None:
    desk = Desk(world, OPENING, LATER)
    desk.delete(1)
    assert (desk.ticket.subject, desk.ticket.body) == ("La clave del router es Secreta99", OPENING)
    greeted = Desk(world, "Hola", "la clave es Secreta99", "no va el wifi", subject="La clave es Secreta99")
    greeted.delete(1)
    assert greeted.ticket.subject == "No va el wifi"


def test_deleting_twice_is_deleting_once(world: World) -> None:
    desk = Desk(world, OPENING, LATER)
    for _ in range(2):
        desk.delete(0)
    assert desk.kinds() == ["ticket.message_deleted"]


def test_a_restored_message_is_there_again(world: World) -> None:
    desk = Desk(world, OPENING)
    desk.delete(0, placeholder_subject="Mensaje eliminado")
    desk.restore(0, "No tenemos internet", {"blocks": []})
    ticket, message = desk.ticket, desk.message(0)
    assert (ticket.subject, ticket.body) == ("No tenemos internet", "No tenemos internet")
    assert (message.body, message.content, message.deleted_at) == ("No tenemos internet", {"blocks": []}, None)
    assert desk.found("internet") == [desk.id]
    assert desk.kinds() == ["ticket.message_deleted", "ticket.message_restored"]
    desk.restore(0, "Otra cosa")
    assert desk.ticket.body == "No tenemos internet"


def test_the_subject_follows_an_edit_of_the_message_it_came_from(world: World) -> None:
    desk = Desk(world, OPENING, LATER)
    desk.edit(0, "No tenemos internet", {"blocks": [1]})
    assert (desk.ticket.subject, desk.ticket.body) == ("No tenemos internet", "No tenemos internet")
    assert desk.message(0).content == {"blocks": [1]} and desk.message(0).edited_at == clock.now()
    desk.edit(1, "El wifi va lento")
    assert (desk.ticket.subject, desk.ticket.body) == ("No tenemos internet", "No tenemos internet")


def test_a_greeting_in_front_does_not_keep_the_subject_from_following(world: World) -> None:
    desk = Desk(world, "Hola", "no me va el correo", subject="No me va el correo")
    desk.edit(1, "no me va el correo de Ana")
    assert (desk.ticket.subject, desk.ticket.body) == ("No me va el correo de Ana", "Hola")


def test_a_subject_of_its_own_does_not_follow(world: World) -> None:
    desk = Desk(world, OPENING, subject="Internet")
    desk.edit(0, "No tenemos internet")
    assert (desk.ticket.subject, desk.ticket.body) == ("Internet", "No tenemos internet")


@pytest.mark.parametrize(
    ("body", "content", "edits"),
    [(OPENING, None, 0), (OPENING, {"blocks": []}, 0), ("  ", None, 0), (OPENING + "!", None, 1)],
)
def test_the_same_words_are_no_edit(world: World, body: str, content: Any, edits: int) -> None:
    desk = Desk(world, OPENING)
    desk.edit(0, body, content)
    assert desk.kinds() == ["ticket.message_edited"] * edits
    assert bool(desk.message(0).edited_at) == bool(edits)


def test_other_formatting_of_the_same_words_is_an_edit(world: World) -> None:
    desk = Desk(world, OPENING)
    desk.edit(0, OPENING, {"blocks": [1]})
    desk.edit(0, OPENING, {"blocks": [2]})
    assert desk.kinds() == ["ticket.message_edited"] and desk.message(0).content == {"blocks": [2]}


def test_a_deleted_message_is_not_edited(world: World) -> None:
    desk = Desk(world, OPENING)
    desk.delete(0)
    desk.edit(0, "Vuelvo")
    assert (desk.message(0).body, desk.ticket.body) == ("", "")


def test_changes_of_internal_notes_are_not_told_to_the_client(world: World) -> None:
    desk = Desk(world, OPENING)
    note = desk.staff(lambda it: messages.note(it, author=world.tomas, body="Cliente moroso", at=clock.now()))
    with work(Scope.staff()) as session:
        message_changes.delete_message(
            session.get_one(Ticket, desk.id), session.get_one(Message, note.id), at=clock.now()
        )
    with work(Scope.staff()) as session:
        gone = session.query(StoredEvent).filter(StoredEvent.kind == "ticket.message_deleted").one()
        assert gone.visibility == "internal" and session.get_one(Message, note.id).body == ""


def test_the_timeline_says_that_something_was_deleted_and_restored(world: World, web: FlaskClient) -> None:
    desk = Desk(world, OPENING, LATER)
    desk.delete(0)
    ticket = f"/desk/tickets/LOZ-{desk.ticket.number}"
    for person, path in ((world.tomas, ticket), (world.marta, ticket.replace("/desk", "/portal"))):
        page = sign_in(web, person).get(path).text
        assert "Secreta99" not in page and "Mensaje eliminado" in page and LATER in page
    desk.restore(0, "No tenemos internet")
    for person, path in ((world.tomas, ticket), (world.marta, ticket.replace("/desk", "/portal"))):
        page = sign_in(web, person).get(path).text
        assert "Mensaje restaurado" in page and "No tenemos internet" in page


# -------------------------------------------------------------------------- files


def attach(message_id: UUID, world: World, content: bytes, *, name: str = "nóminas.xlsx") -> tuple[UUID, str]:
    kept = files.keep([content])
    with work(Scope.client(world.lozano.id)) as session:
        row = Attachment(
            id=new_id(),
            client_id=world.lozano.id,
            message_id=message_id,
            name=name,
            content_type="application/vnd.ms-excel",
            size=kept.size,
            state="stored",
            remote={"url": "https://files.example/nominas.xlsx"},
            storage_key=kept.key,
            created_at=clock.now(),
        )
        session.add(row)
    return row.id, kept.key


def attachment(attachment_id: UUID) -> Attachment:
    with work(Scope.staff()) as session:
        return session.get_one(Attachment, attachment_id)


def test_the_files_of_a_deleted_message_are_removed(world: World, drain: Drain, web: FlaskClient) -> None:
    desk = Desk(world, OPENING, LATER)
    file_id, key = attach(desk.messages[0], world, b"nominas")
    desk.delete(0)
    row = attachment(file_id)
    assert (row.name, row.storage_key, row.remote, row.size, row.state) == ("", None, {}, 0, "refused")
    assert "nóminas" not in sign_in(web, world.tomas).get("/desk/tickets/LOZ-1").text
    assert web.get(f"/desk/attachments/{file_id}").status_code == 404
    drain()
    assert files.stored_at(key) is not None
    clock.advance(timedelta(minutes=6))
    drain()
    assert files.stored_at(key) is None


def test_bytes_that_another_message_has_stay(world: World, drain: Drain) -> None:
    desk = Desk(world, OPENING, LATER)
    _, key = attach(desk.messages[0], world, b"the same")
    other, same = attach(desk.messages[1], world, b"the same")
    assert key == same
    desk.delete(0)
    clock.advance(timedelta(minutes=6))
    drain()
    assert files.stored_at(key) is not None and attachment(other).state == "stored"


def test_bytes_that_were_stored_again_meanwhile_stay_until_it_is_known_for_whom(world: World, drain: Drain) -> None:
    desk = Desk(world, OPENING, LATER)
    _, key = attach(desk.messages[0], world, b"again")
    desk.delete(0)
    clock.advance(timedelta(minutes=4))
    files.keep([b"again"])  # an upload whose row is not committed yet
    clock.advance(timedelta(minutes=2))
    drain()
    assert files.stored_at(key) is not None
    clock.advance(timedelta(minutes=6))
    drain()
    assert files.stored_at(key) is None


def test_a_file_that_arrives_after_its_message_was_deleted_is_removed(world: World, drain: Drain) -> None:
    desk = Desk(world, OPENING, LATER)
    desk.delete(0)
    file_id, key = attach(desk.messages[0], world, b"late")
    with work(Scope.client(world.lozano.id)):
        emit(AttachmentStored(attachment_id=file_id), desk.id, client_id=world.lozano.id)
    drain()
    assert attachment(file_id).storage_key is None and attachment(file_id).name == ""
    clock.advance(timedelta(minutes=6))
    drain()
    assert files.stored_at(key) is None
