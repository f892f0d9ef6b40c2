"""An action of the requester has the same effect in chat, in the portal and through the API."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.errors import Denied
from msp.kernel.events import StoredEvent
from msp.people.tokens import add_token
from msp.tickets.actions import change_status
from msp.tickets.by_requester import ACTIONS, REPEAT_AFTER
from msp.tickets.models import Ticket
from msp.tickets.queries import access_ticket
from msp.tickets.states import STATUSES
from simulators.slack.server import SlackServer
from tests.slack.conftest import MARTA
from tests.world import SLACK_TEAM, World, sign_in

Drain = Callable[[], int]
Effect = tuple[str, str, list[str]]  # resulting status and priority, and the events
BUTTONS = {
    "confirm_solved": "solved",
    "reopen": "reopen",
    "ask_for_person": "talk_to_person",
    "make_more_urgent": "more_urgent",
}
MOVED, RAISED = "ticket.status_changed", "ticket.priority_changed"
ASKED, RECEIVED = "ticket.person_asked", "ticket.received"


def effect_of(action: str, status: str) -> Effect:
    """The effect of an action on a ticket of normal priority."""
    is_finished = status in ("resolved", "closed")
    if action == "add_detail":
        wakes = is_finished or status == "waiting_client"
        return ("open", "normal", [RECEIVED, MOVED]) if wakes else (status, "normal", [RECEIVED])
    if action == "ask_for_person":
        return status, "normal", [ASKED]
    if action == "confirm_solved" and status == "resolved":
        return "closed", "normal", [MOVED]
    if action == "reopen" and is_finished:
        return "open", "normal", [MOVED]
    if action == "make_more_urgent" and not is_finished:
        return status, "high", [RAISED]
    return status, "normal", []


@dataclass(frozen=True, slots=True)
class Desk:
    """Marta's tickets, opened in Slack, and the three ways to act on them."""

    slack: SlackServer
    drain: Drain
    app: Flask
    world: World

    def opened(self, status: str) -> tuple[Ticket, str]:
        """A ticket in this status, and the timestamp of its message in Slack."""
        clock.advance(timedelta(hours=1))  # not grouped with an earlier message
        said = self.slack.say(SLACK_TEAM, MARTA, "im", f"La caja {status} no cobra")
        self.drain()
        with work(Scope.staff(actor_id=self.world.tomas.id)) as session:
            ticket = session.scalars(select(Ticket).order_by(Ticket.number.desc()).limit(1)).one()
            for each in {"new": (), "closed": ("resolved", "closed")}.get(status, (status,)):
                later = clock.now() + timedelta(days=1) if each == "scheduled" else None
                change_status(ticket, each, at=clock.now(), scheduled_for=later)
        self.drain()
        return ticket, said.ts

    def act(self, entry: str, action: str, ticket: Ticket, ts: str) -> None:
        """Act as Marta, the requester."""
        {"chat": self._in_chat, "portal": self._in_portal, "api": self._through_api}[entry](action, ticket, ts)
        self.drain()

    def _in_chat(self, action: str, ticket: Ticket, ts: str) -> None:
        if action == "add_detail":
            self.slack.say(SLACK_TEAM, MARTA, "im", "Pone error 41", thread_ts=ts)
            return
        [(channel, card)] = [
            (place.id, message)
            for place in self.slack.world.channels.values()
            for message in place.messages.values()
            if message.get("thread_ts") == ts and f"LOZ-{ticket.number} ·" in str(message.get("blocks"))
        ]
        card["blocks"][-1]["elements"][0]["action_id"] = BUTTONS[action]  # as on an old card
        self.slack.click(SLACK_TEAM, MARTA, channel, card["ts"], BUTTONS[action])

    def _in_portal(self, action: str, ticket: Ticket, ts: str) -> None:
        browser: FlaskClient = sign_in(self.app.test_client(), self.world.marta)
        path = f"/portal/tickets/LOZ-{ticket.number}"
        if action == "add_detail":
            assert browser.post(f"{path}/reply", data={"body": "Pone error 41"}).status_code == 303
        else:
            assert browser.post(f"{path}/actions/{action}").status_code == 303

    def _through_api(self, action: str, ticket: Ticket, ts: str) -> None:
        with work(Scope.system()):
            token = add_token(self.world.marta, role="client", name="test", at=clock.now())
        program, path = self.app.test_client(), f"/api/v1/tickets/{ticket.id}"
        sent = {"headers": {"Authorization": f"Bearer {token}"}}
        if action == "add_detail":
            assert program.post(f"{path}/messages", json={"body": "Pone error 41"}, **sent).status_code == 201
        else:
            answer = program.post(f"{path}/requester-actions", json={"action": action}, **sent)
            assert answer.status_code == 200
            assert answer.get_json()["is_changed"] == bool(effect_of(action, ticket.status)[2])


@pytest.fixture
def desk(slack_server: SlackServer, drain: Drain, app: Flask, world: World) -> Desk:
    return Desk(slack_server, drain, app, world)


def last_event() -> int:
    with work(Scope.staff()) as session:
        return session.scalars(select(StoredEvent.seq).order_by(StoredEvent.seq.desc()).limit(1)).one()


def effect_on(ticket: Ticket, *, since: int) -> Effect:
    with work(Scope.staff()) as session:
        found = access_ticket(ticket.id)
        kinds = select(StoredEvent.kind).where(
            StoredEvent.subject_id == ticket.id,
            StoredEvent.seq > since,
            StoredEvent.kind.in_((MOVED, RAISED, ASKED, RECEIVED)),
        )
        return found.status, found.priority, list(session.scalars(kinds.order_by(StoredEvent.seq)))


@pytest.mark.parametrize("entry", ["chat", "portal", "api"])
@pytest.mark.parametrize("action", ["add_detail", *ACTIONS])
def test_an_action_has_the_same_effect_in_every_status(desk: Desk, action: str, entry: str) -> None:
    for status in STATUSES:
        ticket, ts = desk.opened(status)
        since = last_event()
        desk.act(entry, action, ticket, ts)
        assert effect_on(ticket, since=since) == effect_of(action, status), status


def test_asking_for_a_person_anywhere_notifies_once_in_15_minutes(desk: Desk) -> None:
    ticket, ts = desk.opened("open")
    since = last_event()
    for entry in ("portal", "portal", "portal", "chat", "chat"):
        desk.act(entry, "ask_for_person", ticket, ts)
    assert effect_on(ticket, since=since)[2] == [ASKED]
    clock.advance(REPEAT_AFTER)
    desk.act("portal", "ask_for_person", ticket, ts)
    assert effect_on(ticket, since=since)[2] == [ASKED, ASKED]


def test_people_of_another_company_may_do_nothing(desk: Desk, world: World) -> None:
    ticket, _ = desk.opened("resolved")
    with work(Scope.system()):
        found = access_ticket(ticket.id)
        for action in ACTIONS.values():
            with pytest.raises(Denied):
                action(found, world.inigo, at=clock.now())
