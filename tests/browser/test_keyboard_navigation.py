"""Keyboard navigation of the console: choosing people, searching, from a list to its tickets and back."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.people.models import Person
from msp.tickets.opening import Request, open_ticket
from tests.browser.conftest import Served
from tests.world import World

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
SignedIn = Callable[[Person], BrowserContext]
MANY = 40


@pytest.fixture
def opened(world: World) -> None:
    with work(Scope.client(world.lozano.id)):
        for number in range(MANY):
            wanted = Request(subject=f"Caja {number}", body="Hay cola.", source="portal", priority="normal")
            open_ticket(world.lozano, requester=world.marta, request=wanted, at=clock.now())


def test_the_best_match_is_chosen_and_accents_do_not_matter(
    served: Served, signed_in: SignedIn, world: World, opened: None
) -> None:
    page = signed_in(world.irene).new_page()
    page.goto(f"{served.url}/desk/tickets/LOZ-1")
    page.keyboard.press("a")
    page.keyboard.type("TOMAS")
    page.keyboard.press("Enter")
    expect(page.locator("#side")).to_contain_text("Tomás Rey")
    expect(page.locator(".htmx-request, dialog[open]")).to_have_count(0)
    page.keyboard.press("a")
    page.keyboard.type("zzz")
    page.keyboard.press("Enter")
    expect(page.locator("#assign")).to_be_visible()
    page.keyboard.press("Control+A")
    page.keyboard.type("rey to")
    assert page.locator("#assign input:checked").get_attribute("value") == str(world.tomas.id)
    page.locator("#assign [data-close]").click()
    page.keyboard.press("p")
    page.keyboard.type("urg")
    page.keyboard.press("Enter")
    expect(page.locator("#side .is-facts")).to_contain_text("urgente")
    page.goto(f"{served.url}/desk/new")
    page.locator("#f-client_id").focus()
    page.keyboard.type("loz")
    assert page.locator("#f-client_id").input_value() == str(world.lozano.id)
    page.goto(f"{served.url}/desk/team")
    page.locator(".chip summary").nth(2).click()
    page.keyboard.type("azcarate")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/desk/team?client={world.azcarate.id}")


def test_the_palette_opens_by_typing_alone(served: Served, signed_in: SignedIn, world: World) -> None:
    page = signed_in(world.tomas).new_page()
    page.goto(f"{served.url}/desk/team")
    field, palette = page.locator("[data-palette] input"), page.locator("#palette")
    field.click()
    expect(palette).to_be_hidden()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.matches('.rail-nav a')")
    page.keyboard.press("Shift+Tab")
    expect(palette).to_be_hidden()
    page.keyboard.type("lo")
    expect(palette).to_be_visible()
    assert palette.locator("input").input_value() == "lo"
    page.keyboard.press("Escape")
    expect(palette).to_be_hidden()
    page.keyboard.press("Control+k")
    expect(palette).to_be_visible()


def test_back_to_the_list_as_it_was(served: Served, signed_in: SignedIn, world: World, opened: None) -> None:
    page = signed_in(world.tomas).new_page()
    page.set_viewport_size({"width": 1280, "height": 600})
    address = f"{served.url}/desk/team?client={world.lozano.id}&order=newest"
    page.goto(address)
    row = page.locator("[data-row]").nth(30)
    row.scroll_into_view_if_needed()
    top = page.locator(".page-body").evaluate("node => node.scrollTop")
    label = row.get_attribute("data-label")
    row.locator("a").click()
    page.wait_for_url(f"**/tickets/{label}")
    page.locator("#reply textarea").fill("va")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    after = page_label(page, 31, label)
    page.keyboard.press("k")
    page.wait_for_url(f"**/tickets/{label}")
    page.keyboard.press("j")
    page.wait_for_url(f"**/tickets/{after}")
    page.keyboard.press("u")
    page.wait_for_url(address)
    expect(page.locator("[data-row].is-here")).to_have_attribute("data-label", after)
    assert abs(page.locator(".page-body").evaluate("node => node.scrollTop") - top) < 60


def page_label(page: Page, _at: int, before: str | None) -> str:
    """The ticket that J opened."""
    page.wait_for_url(lambda url: not url.endswith(f"/{before}"))
    return page.url.rpartition("/")[2]


def test_resolving_counts_down_and_is_undone_by_a_key(
    served: Served, signed_in: SignedIn, world: World, opened: None
) -> None:
    page = signed_in(world.tomas).new_page()
    page.goto(f"{served.url}/desk/tickets/LOZ-1")
    page.keyboard.press("r")
    line = page.locator("[data-undo-until]")
    expect(line).to_contain_text("Resolviendo LOZ-1")
    page.goto(f"{served.url}/desk/team")
    expect(line).to_be_visible()
    page.keyboard.press("z")
    page.wait_for_url("**/tickets/LOZ-1")
    expect(page.locator(".toast")).to_contain_text("Deshecho")
    expect(page.locator("#side .is-facts")).to_contain_text("nuevo")
