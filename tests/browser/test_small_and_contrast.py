"""The ticket on a phone, in forced colours, and with files that are too large."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.files import MAX_BYTES
from msp.people.models import Person
from msp.tickets.by_requester import add_detail
from msp.tickets.opening import Request, open_ticket
from tests.browser.conftest import Served
from tests.world import World

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
SignedIn = Callable[[Person], BrowserContext]


@pytest.fixture
def opened(world: World) -> None:
    with work(Scope.system()) as session:
        marta = session.get_one(Person, world.marta.id)
        request = Request(subject="El TPV no cobra", body="Así empezó", source="portal")
        ticket, _ = open_ticket(world.lozano, requester=marta, request=request, at=clock.now())
        for number in range(60):
            clock.advance(timedelta(minutes=1))
            text = f"mensaje {number}\n\n" + "y sigue sin cobrar. " * 20
            add_detail(ticket, author=marta, body=text, channel="portal", at=clock.now())


def test_a_phone_shows_the_newest_message_and_the_facts_in_a_sheet(
    served: Served, signed_in: SignedIn, world: World, opened: None
) -> None:
    page = signed_in(world.tomas).new_page()
    page.set_viewport_size({"width": 390, "height": 780})
    page.goto(f"{served.url}/desk/tickets/LOZ-1")
    expect(page.get_by_text("mensaje 59")).to_be_in_viewport()
    expect(page.locator("#side")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollHeight") < 30_000
    page.evaluate("scrollTo(0, 0)")
    page.locator(".sheet-open").click()
    expect(page.locator("#side .is-facts")).to_be_in_viewport()
    page.locator(".sheet-close").click()
    expect(page.locator("#side")).to_be_hidden()
    page.set_viewport_size({"width": 1280, "height": 800})
    expect(page.locator("#side .is-facts")).to_be_visible()
    expect(page.locator(".sheet-open")).to_be_hidden()


def test_a_phone_shows_the_newest_message_in_the_portal_too(
    served: Served, signed_in: SignedIn, world: World, opened: None
) -> None:
    page = signed_in(world.marta).new_page()
    page.set_viewport_size({"width": 390, "height": 780})
    page.goto(f"{served.url}/portal/tickets/LOZ-1")
    expect(page.get_by_text("mensaje 59")).to_be_in_viewport()
    page.locator("#reply textarea").fill("Y ahora tampoco imprime")
    page.locator("#reply [data-send]").click()
    expect(page.get_by_text("Y ahora tampoco imprime")).to_be_in_viewport()
    expect(page.locator("#reply textarea")).to_have_value("")


def test_forced_colours_tell_public_from_internal(
    served: Served, signed_in: SignedIn, world: World, opened: None
) -> None:
    page = signed_in(world.tomas).new_page()
    page.emulate_media(forced_colors="active")
    page.goto(f"{served.url}/desk/tickets/LOZ-1")
    public = [_look(page, at) for at in range(2)] + [_border(page)]
    page.locator(".composer-tab").nth(1).click()
    internal = [_look(page, at) for at in range(2)] + [_border(page)]
    assert public[0] != public[1] and public[:2] == internal[1::-1] and public[2] != internal[2]


def test_limits_of_files_are_said_before_and_at_the_field(
    served: Served, signed_in: SignedIn, world: World, tmp_path: Path
) -> None:
    large, small = tmp_path / "grande.bin", tmp_path / "foto.png"
    with large.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    small.write_bytes(b"x")
    page = signed_in(world.marta).new_page()
    page.goto(f"{served.url}/portal/new")
    expect(page.locator("#f-files-hint")).to_contain_text("20\N{NO-BREAK SPACE}MB")
    page.locator("#f-body").fill("Mirad")
    page.locator("#f-files").set_input_files(large)
    expect(page.locator("#f-files-error")).to_be_visible()
    page.locator(".form-actions .btn").click()
    assert page.url.endswith("/portal/new")
    page.get_by_role("button", name="Quitar grande.bin").click()
    expect(page.locator("#f-files-error")).to_be_hidden()
    page.locator("#f-files").set_input_files(small)
    page.locator(".form-actions .btn").click()
    page.wait_for_url("**/portal/tickets/LOZ-1")
    expect(page.locator(".talk")).to_contain_text("foto.png")


def _look(page: Page, at: int) -> list[str]:
    """How a tab is marked in forced colours: borders and fill."""
    script = "node => { const s = getComputedStyle(node); return [s.borderTopWidth, s.backgroundColor, s.color] }"
    found: list[str] = page.locator(".composer-tab span").nth(at).evaluate(script)
    return found


def _border(page: Page) -> str:
    return str(page.locator("#reply textarea").evaluate("node => getComputedStyle(node).borderTopStyle"))
