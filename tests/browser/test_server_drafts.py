"""A draft is saved while typing, continued in another browser, and gone in both once it is sent."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.people.models import Person
from msp.tickets.opening import Request, open_ticket
from tests.browser.conftest import Served
from tests.world import World

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
SignedIn = Callable[[Person], BrowserContext]


@pytest.fixture
def opened(world: World) -> None:
    with work(Scope.client(world.lozano.id)):
        wanted = Request(subject="El TPV no cobra", body="Hay cola.", source="portal")
        open_ticket(world.lozano, requester=world.marta, request=wanted, at=clock.now())


def test_continued_in_another_browser(served: Served, signed_in: SignedIn, world: World, opened: None) -> None:
    desktop, phone = signed_in(world.tomas).new_page(), signed_in(world.tomas).new_page()
    url = f"{served.url}/desk/tickets/LOZ-1"
    desktop.goto(url)
    with desktop.expect_response("**/draft") as saved:
        desktop.locator("#reply textarea").fill("Mira el cable")
    assert saved.value.status == 204
    desktop.wait_for_function("() => !Object.keys(localStorage).some(key => key.startsWith('draft:'))")
    phone.goto(url)
    area = phone.locator("#reply textarea")
    expect(area).to_have_value("Mira el cable")
    area.fill("Mira el cable rojo")
    phone.keyboard.press("Control+Enter")
    expect(phone.locator(".msg-body").last).to_contain_text("Mira el cable rojo")
    expect(area).to_have_value("")
    phone.reload()
    expect(area).to_have_value("")
    desktop.reload()
    expect(desktop.locator("#reply textarea")).to_have_value("")


def test_what_the_server_did_not_get_is_kept_by_the_browser(
    served: Served, signed_in: SignedIn, world: World, opened: None
) -> None:
    page = signed_in(world.tomas).new_page()
    page.goto(f"{served.url}/desk/tickets/LOZ-1")
    page.route("**/draft", lambda route: route.abort())
    page.locator("#reply textarea").fill("Sin conexión")
    page.wait_for_timeout(1300)
    page.reload()
    expect(page.locator("#reply textarea")).to_have_value("Sin conexión")
