"""Files in a chat beyond the daily quota: refused with the reason, and their author is notified once (F11)."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from msp.kernel.db import Scope, work
from msp.tickets import upload_quota
from msp.tickets.models import Attachment
from simulators.slack.server import SlackServer
from tests.slack.conftest import MARTA
from tests.world import SLACK_TEAM, World

Drain = Callable[[], int]


def states() -> list[tuple[str, str | None]]:
    with work(Scope.system()) as session:
        return [(row.state, row.reason) for row in session.scalars(select(Attachment).order_by(Attachment.id))]


def notices(slack_server: SlackServer) -> list[str]:
    return [call["args"]["text"] for call in slack_server.calls if call["method"] == "chat.postEphemeral"]


def test_what_is_beyond_the_quota_is_refused_and_told_once(
    world: World, slack_server: SlackServer, drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_quota, "PERSON_BYTES", 1000)
    for name in ("a.bin", "b.bin", "c.bin"):
        slack_server.say(SLACK_TEAM, MARTA, "im", f"Mira {name}", files=[{"name": name, "content": b"x" * 600}])
        drain()
    assert states() == [("stored", None), *[("refused", "upload_quota_exceeded")] * 2]
    [told] = notices(slack_server)
    assert "b.bin" in told
