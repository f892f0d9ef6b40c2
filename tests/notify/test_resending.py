"""A restored connection sends what failed meanwhile; an uninstalled app leaves no token behind."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from integrations.channels.links import find_link, note_broken, note_uninstalled
from msp.clients.actions import connect, disconnect, link_unknown, note_unknown
from msp.clients.models import Client, Connection, UnknownSource
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.errors import Broken, Permanent, Unreachable
from msp.kernel.events import StoredEvent
from msp.people.tokens import add_token
from msp.tickets import actions, messages, opening, queries
from msp.tickets.models import Message, Ticket
from tests.notify.channels import Recorder, only
from tests.world import SLACK_BOT_TOKEN, SLACK_TEAM, World, sign_in

Drain = Callable[[], int]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def slack() -> Iterator[Recorder]:
    channel = Recorder("slack", always=Broken("token_revoked"))
    with only(channel):
        yield channel


def opened(world: World) -> Ticket:
    with work(Scope.client(world.lozano.id)):
        request = opening.Request(subject="VPN", body="No entra", source="slack")
        return opening.open_ticket(world.lozano, requester=world.marta, request=request, at=clock.now())[0]


def replied(world: World, ticket: Ticket, body: str) -> UUID:
    clock.advance(MINUTE)
    with work(Scope.staff(actor_id=world.tomas.id)):
        return messages.reply(queries.access_ticket(ticket.id), author=world.tomas, body=body, at=clock.now()).id


def states(*messages: UUID) -> list[str]:
    with work(Scope.staff()) as session:
        return [session.get_one(Message, each).delivery_state for each in messages]


def connection() -> Connection:
    with work(Scope.system()) as session:
        return session.scalars(select(Connection).where(Connection.kind == "slack")).one()


def reconnect(world: World) -> None:
    clock.advance(MINUTE)
    with work(Scope.system()) as session:
        client = session.get_one(Client, world.lozano.id)
        connect(client, kind="slack", external_id=SLACK_TEAM, secret="xoxb-new", at=clock.now())


def kinds() -> list[str]:
    with work(Scope.staff()) as session:
        return list(session.scalars(select(StoredEvent.kind).where(StoredEvent.kind.startswith("connection."))))


def test_c2_failed_replies_go_out_in_order_once_the_connection_works_again(
    world: World, drain: Drain, slack: Recorder
) -> None:
    first, second = opened(world), opened(world)
    wanted = [replied(world, first, "uno"), replied(world, second, "dos"), replied(world, first, "tres")]
    drain()
    note_broken("slack", SLACK_TEAM, reason="token_revoked")
    assert states(*wanted) == ["failed"] * 3
    slack.always = None
    reconnect(world)
    drain()
    assert states(*wanted) == ["sent"] * 3 and [each.message_id for each in slack.sent] == wanted
    assert kinds().count("connection.restored") == 1
    reconnect(world)
    drain()
    assert len(slack.sent) == 3 and kinds().count("connection.restored") == 1


def test_what_fails_again_waits_for_the_next_time(world: World, drain: Drain, slack: Recorder) -> None:
    made = replied(world, opened(world), "uno")
    drain()
    note_broken("slack", SLACK_TEAM, reason="token_revoked")
    reconnect(world)
    drain()
    assert states(made) == ["failed"] and len(slack.tried) == 2
    note_broken("slack", SLACK_TEAM, reason="token_revoked")
    slack.always = None
    reconnect(world)
    drain()
    assert states(made) == ["sent"]


@pytest.mark.parametrize(
    ("refusal", "is_sent"),
    [(Unreachable("is_archived"), True), (Broken("invalid_auth"), True), (Permanent("msg_too_long"), False)],
)
def test_only_what_the_connection_or_conversation_refused_is_sent_again(
    world: World, drain: Drain, slack: Recorder, refusal: Permanent, is_sent: bool
) -> None:
    slack.always = refusal
    made = replied(world, opened(world), "uno")
    drain()
    note_broken("slack", SLACK_TEAM, reason="token_revoked")
    slack.always = None
    reconnect(world)
    drain()
    assert states(made) == (["sent"] if is_sent else ["failed"])


def test_a_reply_that_was_not_even_tried_there_is_sent_too(world: World, drain: Drain, slack: Recorder) -> None:
    """The connection was known to be broken, so no channel could reach the requester."""
    slack.reaches = False
    made = replied(world, opened(world), "uno")
    note_broken("slack", SLACK_TEAM, reason="token_revoked")
    drain()
    assert states(made) == ["failed"]
    slack.reaches, slack.always = True, None
    reconnect(world)
    drain()
    assert states(made) == ["sent"]


def test_what_is_finished_or_of_another_client_is_left(world: World, drain: Drain, slack: Recorder) -> None:
    done = opened(world)
    mine = replied(world, done, "uno")
    with work(Scope.staff()):
        actions.change_status(queries.access_ticket(done.id), "resolved", at=clock.now())
    with work(Scope.client(world.azcarate.id)):
        request = opening.Request(subject="VPN", body="No", source="slack")
        other, _ = opening.open_ticket(world.azcarate, requester=world.inigo, request=request, at=clock.now())
    theirs = replied(world, other, "dos")
    drain()
    note_broken("slack", SLACK_TEAM, reason="token_revoked")
    slack.always = None
    reconnect(world)
    drain()
    assert states(mine, theirs) == ["failed", "failed"]


def test_a_workspace_that_is_connected_anew_is_restored_too(world: World, drain: Drain, slack: Recorder) -> None:
    made = replied(world, opened(world), "uno")
    drain()
    with work(Scope.system()) as session:
        disconnect(session.scalars(select(Connection).where(Connection.kind == "slack")).one(), at=clock.now())
    slack.always = None
    clock.advance(MINUTE)
    with work(Scope.system()) as session:
        note_unknown("slack", SLACK_TEAM, at=clock.now(), secret="xoxb-new", messages=0)
        source = session.scalars(select(UnknownSource)).one()
        link_unknown(source.id, session.get_one(Client, world.lozano.id), at=clock.now())
    drain()
    assert states(made) == ["sent"]


@pytest.mark.parametrize("way", ["page", "api"])
def test_renewed_by_hand_or_by_the_api(world: World, web: FlaskClient, drain: Drain, slack: Recorder, way: str) -> None:
    made = replied(world, opened(world), "uno")
    drain()
    note_broken("slack", SLACK_TEAM, reason="token_revoked")
    slack.always = None
    clock.advance(MINUTE)
    if way == "page":
        form = {"kind": "slack", "client_id": str(world.lozano.id), "team_id": SLACK_TEAM, "bot_token": "xoxb-new"}
        assert sign_in(web, world.ana).post("/admin/connections/new", data=form).status_code == 303
    else:
        with work(Scope.system()):
            token = add_token(world.ana, role="admin", name="t", at=clock.now())
        answer = web.post(
            f"/api/v1/clients/{world.lozano.id}/connections",
            json={"kind": "slack", "team_id": SLACK_TEAM, "bot_token": "xoxb-new"},
            headers={"Authorization": f"Bearer {token}"},
        )
        assert answer.status_code == 201
    drain()
    assert states(made) == ["sent"]


# -------------------------------------------------------------------- uninstalled


@pytest.mark.parametrize("reason", ["app_uninstalled", "tokens_revoked"])
def test_c10_an_uninstalled_app_leaves_no_token(world: World, reason: str) -> None:
    with work(Scope.system()):
        link = find_link("slack", SLACK_TEAM)
        assert link is not None and link.token == SLACK_BOT_TOKEN
    note_uninstalled("slack", SLACK_TEAM, reason=reason)
    found = connection()
    assert (found.secret, found.broken_reason) == (None, reason)
    with work(Scope.system()):
        link = find_link("slack", SLACK_TEAM)
        assert link is not None and link.token is None
    assert kinds().count("connection.broken") == 1


def test_c10_what_fails_afterwards_does_not_hide_why(world: World) -> None:
    note_uninstalled("slack", SLACK_TEAM, reason="app_uninstalled")
    note_broken("slack", SLACK_TEAM, reason="not_connected")
    assert connection().broken_reason == "app_uninstalled" and kinds().count("connection.broken") == 1
    note_uninstalled("slack", SLACK_TEAM, reason="app_uninstalled")
    assert kinds().count("connection.broken") == 1


def test_c10_news_of_an_earlier_removal_do_not_undo_a_new_installation(world: World) -> None:
    removed_at = clock.now()
    note_uninstalled("slack", SLACK_TEAM, reason="tokens_revoked", at=removed_at)
    reconnect(world)
    note_uninstalled("slack", SLACK_TEAM, reason="app_uninstalled", at=removed_at)  # it comes late
    found = connection()
    assert found.secret is not None and found.broken_reason is None


def test_c10_a_workspace_of_nobody_loses_its_token_too(world: World) -> None:
    with work(Scope.system()):
        note_unknown("slack", "T0NOBODY", at=clock.now(), secret="xoxb-1", messages=0)
    note_uninstalled("slack", "T0NOBODY", reason="app_uninstalled")
    with work(Scope.system()) as session:
        assert session.scalars(select(UnknownSource.secret)).one() is None


def test_c10_a_renewed_connection_has_its_token_and_works_again(world: World) -> None:
    note_uninstalled("slack", SLACK_TEAM, reason="app_uninstalled")
    reconnect(world)
    with work(Scope.system()):
        link = find_link("slack", SLACK_TEAM)
        assert link is not None and link.token == "xoxb-new"
    assert connection().broken_reason is None and "connection.restored" in kinds()
