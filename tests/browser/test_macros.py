"""The macros of the composer by keyboard and mouse: inserted at the cursor, their changes made when it is sent."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import select

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.macros.actions import add_macro
from msp.macros.definition import MacroValues
from msp.people.models import Person
from msp.tickets.models import Ticket
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
    macros = (
        MacroValues(
            "Contraseña restablecida", text_es="Hola, {{requester.first_name}}: lista.", status="waiting_client"
        ),
        MacroValues("VPN", visibility="internal", text_es="Probado: la VPN."),
        MacroValues("Urgente", priority="urgent"),
    )
    with work(Scope.staff()):
        for values in macros:
            add_macro(values, by=world.ana, at=clock.now())


def the_ticket() -> Ticket:
    with work(Scope.staff()) as session:
        return session.scalars(select(Ticket)).one()


@pytest.fixture
def page(served: Served, signed_in: SignedIn, world: World, opened: None) -> Page:
    found = signed_in(world.tomas).new_page()
    found.goto(f"{served.url}/desk/tickets/LOZ-1")
    return found


def test_by_keyboard(page: Page) -> None:
    area, chosen = page.locator("#reply textarea"), page.locator("#composer-macro")
    area.fill("Buenas.\n")
    page.keyboard.press("/")
    page.locator("#macros [type=search]").wait_for()
    page.keyboard.type("contrasena")
    expect(page.locator("#macros .macro-row:visible")).to_have_count(1)
    expect(page.locator("#macros .macro-text:visible")).to_have_text("Hola, Marta: lista.")
    page.keyboard.press("Enter")
    expect(area).to_have_value("Buenas.\nHola, Marta: lista.")
    expect(chosen).to_contain_text(re.compile("Contraseña restablecida.*pendiente de cliente", re.DOTALL))
    page.keyboard.press("Control+Enter")
    expect(page.locator(".msg-body").last).to_contain_text("Hola, Marta: lista.")
    expect(chosen).to_be_hidden()
    expect(area).to_have_value("")
    assert the_ticket().status == "waiting_client"


def test_a_slash_that_is_only_a_slash(page: Page) -> None:
    area = page.locator("#reply textarea")
    area.focus()
    page.keyboard.press("/")
    page.locator("#macros [type=search]").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.type("etc/hosts")
    expect(area).to_have_value("/etc/hosts")


def test_a_note_and_a_macro_that_is_not_applied_after_all(page: Page) -> None:
    page.keyboard.press("Control+/")
    page.locator("#macros [type=search]").wait_for()
    page.locator("#macros .macro-row", has_text="VPN").click()
    page.locator("#macros button[type=submit]").click()
    expect(page.locator("#reply [name=visibility][value=internal]")).to_be_checked()
    page.locator("[data-macro-drop]").click()
    expect(page.locator("#composer-macro")).to_be_hidden()
    expect(page.locator("#reply textarea")).to_have_value("Probado: la VPN.")
    assert page.locator("#reply [name=macro_id]").input_value() == ""


def test_without_a_text_it_is_applied_at_once(page: Page) -> None:
    page.locator("[data-macros-open]").click()
    page.locator("#macros [type=search]").wait_for()
    page.keyboard.type("urgente")
    page.keyboard.press("Enter")
    expect(page.locator("#macros")).to_be_hidden()
    expect(page.locator(".ticket-head .prio, .ticket-head [class*=prio]").first).to_be_visible()
    page.wait_for_function("() => document.querySelector('#side').textContent.includes('urgente')")
    assert the_ticket().priority == "urgent"


def test_mentioning_a_colleague_by_keyboard(page: Page, world: World) -> None:
    area = page.locator("#reply textarea")
    page.locator(".composer-tab").nth(1).click()
    page.keyboard.type("Oye @iren")
    expect(page.locator("#mention-list li")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(area).to_have_value(f"Oye @{world.irene.name} ")
    expect(page.locator("#mention-list")).to_be_hidden()
    page.keyboard.press("Control+Enter")
    expect(page.locator(".msg .mention")).to_have_text(f"@{world.irene.name}")
