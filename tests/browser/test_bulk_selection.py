"""Selecting rows by mouse and keyboard, and changing them together."""

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
MANY = 30


@pytest.fixture
def opened(world: World) -> None:
    with work(Scope.client(world.lozano.id)):
        for number in range(MANY):
            wanted = Request(subject=f"Caja {number}", body="Hay cola.", source="portal", priority="normal")
            open_ticket(world.lozano, requester=world.marta, request=wanted, at=clock.now())


def test_rows_are_selected_changed_and_restored(
    served: Served, signed_in: SignedIn, world: World, opened: None
) -> None:
    page = signed_in(world.tomas).new_page()
    page.goto(f"{served.url}/desk/team")
    count, chosen = page.locator("[data-bulk-count]"), page.locator(".row-pick:checked")
    expect(count).to_be_hidden()
    page.keyboard.press("x")
    for _ in range(3):
        page.keyboard.press("j")
    page.keyboard.press("Shift+X")
    expect(chosen).to_have_count(4)
    page.keyboard.press("Shift+J")
    expect(count).to_have_text("Seleccionados: 5")
    page.locator(".row-pick").nth(6).click()
    page.locator(".row-pick").nth(9).click(modifiers=["Shift"])
    expect(chosen).to_have_count(9)
    page.keyboard.press("p")
    page.keyboard.type("urg")
    page.keyboard.press("Enter")
    result = page.locator(".bulk-result")
    expect(result).to_contain_text("9 modificados")
    expect(count).to_be_hidden()
    expect(page.locator(".row[data-priority=urgent]")).to_have_count(9)
    page.keyboard.press("z")
    expect(result).to_contain_text("9 restaurados")
    expect(page.locator(".row[data-priority=urgent]")).to_have_count(0)
    page.locator("[data-row]").first.hover()
    page.locator(".group-pick").first.click()
    expect(count).to_have_text(f"Seleccionados: {MANY}")
    page.keyboard.press("g")
    page.keyboard.type("getafe, tpv")
    page.keyboard.press("Enter")
    expect(result).to_contain_text(f"{MANY} modificados")  # more than a chunk is one batch
    expect(page.locator(".row").first).to_contain_text("getafe")


def test_a_selection_survives_a_visit_to_a_ticket(
    served: Served, signed_in: SignedIn, world: World, opened: None
) -> None:
    page = signed_in(world.tomas).new_page()
    page.goto(f"{served.url}/desk/team")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("Enter")
    page.wait_for_url("**/tickets/LOZ-2")
    page.keyboard.press("u")
    expect(page.locator("[data-bulk-count]")).to_have_text("Seleccionados: 2")
    page.keyboard.press("Escape")
    expect(page.locator(".row-pick:checked")).to_have_count(0)
