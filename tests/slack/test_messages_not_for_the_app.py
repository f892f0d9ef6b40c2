"""Other people's messages in a channel are neither stored nor processed; those to us or on a ticket are."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from msp.kernel import clock, inbox
from msp.kernel.db import Scope, work
from msp.kernel.inbox import Inbound
from msp.kernel.leases import URGENT, USUAL
from msp.tickets.actions import change_priority
from msp.tickets.models import Message, Ticket
from msp.tickets.queries import access_ticket
from simulators.slack.server import SlackServer
from tests.slack.conftest import MARTA, PABLO, SUPPORT
from tests.slack.test_endpoints import event, send
from tests.world import SLACK_BOT_USER, SLACK_TEAM, World

Drain = Callable[[], int]
CHANNEL = {"channel": SUPPORT, "channel_type": "channel"}


def envelope(text: str = "¿Comemos?", **changes: Any) -> dict[str, Any]:
    """A message in a channel that we are in; Slack names our user in each envelope."""
    authorised = [{"team_id": SLACK_TEAM, "user_id": SLACK_BOT_USER, "is_bot": True}]
    return event(text, **(CHANNEL | changes)) | {"authorizations": authorised}


def kept() -> int:
    with work(Scope.system()) as session:
        return session.execute(select(func.count()).select_from(Inbound)).scalar_one()


def words() -> list[str]:
    with work(Scope.system()) as session:
        return list(session.scalars(select(Message.body).order_by(Message.id)))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"text": f"lo dijo <@{MARTA}>"},
        {"thread_ts": "1795424400.000001"},
        {"subtype": "channel_join"},
        {"subtype": "message_changed", "message": {"ts": "1.1", "text": "a"}, "previous_message": {"ts": "1.1"}},
        {"subtype": "message_deleted", "deleted_ts": "1.1", "previous_message": {"ts": "1.1"}},
        {"text": f"<@{SLACK_BOT_USER}> hola", "bot_id": "B0OTHER"},
        {"channel": "D0MARTA", "channel_type": "im", "user": SLACK_BOT_USER},
    ],
)
def test_what_is_not_for_us_is_kept_nowhere(web: FlaskClient, world: World, changes: dict[str, Any]) -> None:
    assert send(web, envelope(**changes)).status_code == 200
    assert kept() == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"text": f"<@{SLACK_BOT_USER}> no cobra"},
        {"type": "app_mention"},
        {"channel": "D0MARTA", "channel_type": "im"},
        {"subtype": "file_share", "channel": "D0MARTA", "channel_type": "im"},
        {"channel": "D0MARTA", "channel_type": "im", "subtype": "message_deleted", "previous_message": {"ts": "1.1"}},
    ],
)
def test_what_is_for_us_is_kept(web: FlaskClient, world: World, changes: dict[str, Any]) -> None:
    assert send(web, envelope(**changes)).status_code == 200
    assert kept() == 1


def test_where_slack_does_not_name_us_nothing_is_forgotten(web: FlaskClient, world: World) -> None:
    send(web, envelope() | {"authorizations": []})
    assert kept() == 1


def test_in_a_ticket_s_thread_everything_counts(slack_server: SlackServer, drain: Drain) -> None:
    opening = slack_server.say(SLACK_TEAM, MARTA, SUPPORT, f"<@{SLACK_BOT_USER}> no cobra la caja")
    drain()
    slack_server.say(SLACK_TEAM, PABLO, SUPPORT, "La mía tampoco", thread_ts=opening.ts)
    slack_server.say(SLACK_TEAM, PABLO, SUPPORT, "¿Comemos?")
    drain()
    assert words() == ["no cobra la caja", "La mía tampoco"]


def test_before_its_ticket_is_made_a_thread_counts_too(
    slack_server: SlackServer, drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    opening = slack_server.say(SLACK_TEAM, MARTA, SUPPORT, f"<@{SLACK_BOT_USER}> no cobra la caja")
    slack_server.say(SLACK_TEAM, PABLO, SUPPORT, "La mía tampoco", thread_ts=opening.ts)
    drain()
    assert words() == ["no cobra la caja", "La mía tampoco"]


def test_a_deletion_that_names_no_thread_is_kept_and_done(
    slack_server: SlackServer, web: FlaskClient, drain: Drain
) -> None:
    """As in Slack's reference: without the deleted message."""
    opening = slack_server.say(SLACK_TEAM, MARTA, SUPPORT, f"<@{SLACK_BOT_USER}> no cobra, la clave es 1234")
    reply = slack_server.say(SLACK_TEAM, PABLO, SUPPORT, "y la mía 5678", thread_ts=opening.ts)
    drain()
    for number, said in enumerate((opening, reply)):
        gone: dict[str, Any] = {"subtype": "message_deleted", "deleted_ts": said.ts, "hidden": True}
        gone["ts"] = f"1795424500.00000{number}"
        bare = envelope(**gone)
        for name in ("user", "text", "team"):
            del bare["event"][name]
        bare["event_id"] = f"EvGone{number}"
        assert send(web, bare).status_code == 200
    drain()
    with work(Scope.system()) as session:
        assert all(session.scalars(select(Message.deleted_at)).all())


@pytest.mark.parametrize("authorizations", [5, True, "U1", {"user_id": "U1"}, [5], None])
def test_odd_authorizations_are_no_fault(web: FlaskClient, world: World, authorizations: object) -> None:
    assert send(web, envelope() | {"authorizations": authorizations}).status_code == 200


def test_an_urgent_ticket_s_thread_goes_first(
    slack_server: SlackServer, drain: Drain, tickets: Callable[[], list[Ticket]], world: World
) -> None:
    said = slack_server.say(SLACK_TEAM, MARTA, "im", "No cobra la caja")
    drain()
    slack_server.say(SLACK_TEAM, MARTA, "im", "Sigue igual", thread_ts=said.ts)
    with work(Scope.staff()):
        ticket = access_ticket(tickets()[0].id)
        change_priority(ticket, "urgent", at=clock.now(), actor_id=world.tomas.id)
    slack_server.say(SLACK_TEAM, MARTA, "im", "Y hay cola", thread_ts=said.ts)
    with work(Scope.system()) as session:
        waiting = select(Inbound.priority).where(Inbound.state == "pending").order_by(Inbound.id)
        assert session.scalars(waiting).all() == [USUAL, URGENT]
    assert inbox.work_one()
