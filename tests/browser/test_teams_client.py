"""Microsoft's local Teams client against the desk: a message typed in a browser is answered with a working card."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, expect

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.tickets.messages import reply
from msp.tickets.models import Conversation, Message, Ticket
from scripts.setup import find_node
from tests.browser.conftest import Served, free_port
from tests.world import TEAMS_TENANT, World

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "node_modules" / "@microsoft" / "m365agentsplayground" / "cli.js"
ANSWER = 8000  # ms
START = 40  # seconds


@pytest.fixture
def teams_url(served: Served, tmp_path: Path) -> Iterator[str]:
    """The client of Iñigo, of the tenant Azcárate, with the desk as its bot."""
    port = free_port()
    config = tmp_path / "azcarate.yml"
    config.write_text(_config())
    environment = os.environ | {
        "TEAMSAPPTESTER_BROWSER": "none",
        "BOT_ENDPOINT": f"{served.url}/api/messages",
        "M365_AGENTS_PLAYGROUND_CONFIG_PATH": str(config),
        "M365_AGENTS_PLAYGROUND_LOGFILE": str(tmp_path / "client.log"),
    }
    command = [_node(), str(CLIENT), "start", "-p", str(port), "-c", "msteams", "--disable-telemetry"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{url}/_debug/ping")
        yield url
    finally:
        process.terminate()
        process.wait(10)


def test_a_conversation_in_microsofts_own_client(
    chromium: Browser, teams_url: str, served: Served, world: World
) -> None:
    context = chromium.new_context(viewport={"width": 1300, "height": 900})
    page = context.new_page()
    page.goto(teams_url)
    box = page.locator("[contenteditable=true]").first
    box.wait_for(timeout=20_000)
    box.click()
    page.keyboard.type("Nobody can log in to the VPN since 8:40")
    page.keyboard.press("Enter")
    expect(page.get_by_text("AZC-1").first).to_be_visible(timeout=ANSWER)
    with work(Scope.staff(actor_id=world.irene.id)) as session:
        ticket = session.query(Ticket).one()
        assert (ticket.source, ticket.requester_id) == ("teams", world.inigo.id)
        reply(ticket, author=world.irene, body="The certificate expired; I am replacing it.", at=clock.now())
    expect(page.get_by_text("The certificate expired").first).to_be_visible(timeout=ANSWER)
    page.get_by_role("button", name="Something else").first.click()
    _eventually(lambda: _is_left())
    box.click()
    page.keyboard.type("My laptop fan is loud")
    page.keyboard.press("Enter")
    expect(page.get_by_text("AZC-2").first).to_be_visible(timeout=ANSWER)
    with work(Scope.staff()) as session:
        assert session.query(Ticket).count() == 2
        assert session.query(Message).filter_by(delivery_state="sent").count() == 1
    context.close()


def _is_left() -> bool:
    with work(Scope.staff()) as session:
        return session.query(Conversation).one().current_at is None


def _eventually(holds: object) -> None:
    until = time.monotonic() + ANSWER / 1000
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < until, "it never came to hold"
        time.sleep(0.1)


def _wait_for(url: str) -> None:
    until = time.monotonic() + START
    while time.monotonic() < until:
        try:
            if requests.get(url, timeout=2).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.2)
    raise AssertionError("Microsoft's client did not start")


def _node() -> str:

    return str(find_node() or shutil.which("node"))


def _config() -> str:
    others = "".join(
        f"  - id: 29:other-{n}\n    name: Other {n}\n    userPrincipleName: other{n}@azcarate.example\n"
        f"    aadObjectId: 00000000-0000-0000-0000-00000000002{n}\n    givenName: Other\n    surname: '{n}'\n"
        f"    email: other{n}@azcarate.example\n"
        for n in range(1, 6)
    )
    return f"""version: "0.1.1"
tenantId: {TEAMS_TENANT}
bot:
  id: 28:guardia
  name: Guardia
currentUser:
  id: 29:inigo
  name: Iñigo Azcárate
  userPrincipleName: inigo@azcarate.example
  aadObjectId: 00000000-0000-0000-0000-000000000020
  givenName: Iñigo
  surname: Azcárate
  email: inigo@azcarate.example
users:
{others}personalChat:
  id: a:personal-chat-of-inigo
groupChat:
  id: 19:group@thread.v2
  name: Guardia y nosotros
team:
  id: 19:team@thread.tacv2
  name: Despacho
  aadGroupId: 00000000-0000-0000-0000-000000000031
  channels:
    - id: 19:sala@thread.tacv2
      name: Sala
"""
