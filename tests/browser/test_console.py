"""Two technicians at two consoles: each sees the other's changes within a second, without a reload."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.people.models import Person
from msp.tickets.opening import Request, open_ticket
from tests.browser.conftest import Served
from tests.drills.desk import crowding
from tests.world import World

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
SignedIn = Callable[[Person], BrowserContext]
WITHIN = 1500  # ms: a second for the product and some for the test, on a machine with little load


@pytest.fixture
def opened(world: World) -> None:
    with work(Scope.client(world.lozano.id)):
        wanted = Request(subject="El TPV no cobra", body="Hay cola.", source="portal", priority="urgent")
        open_ticket(world.lozano, requester=world.marta, request=wanted, at=clock.now())


def test_the_other_console_sees_it_within_a_second(
    served: Served, signed_in: SignedIn, world: World, opened: None
) -> None:
    tomas, irene = signed_in(world.tomas).new_page(), signed_in(world.irene).new_page()
    for page in (tomas, irene):
        page.goto(f"{served.url}/desk/tickets/LOZ-1")
    irene.wait_for_timeout(1500)
    tomas.get_by_role("button", name="Asignármelo").click()
    expect(irene.locator("#side")).to_contain_text("Tomás Rey", timeout=WITHIN * crowding())
    irene.locator("textarea[name=body]").fill("Borrador de Irene")
    tomas.locator("textarea[name=body]").fill("Hola, Marta. Lo miro ahora mismo.")
    tomas.keyboard.press("Control+Enter")
    expect(irene.locator("#thread")).to_contain_text("Lo miro ahora mismo", timeout=WITHIN * crowding())
    assert irene.locator("textarea[name=body]").input_value() == "Borrador de Irene"


def test_a_new_ticket_appears_in_an_open_queue(served: Served, signed_in: SignedIn, world: World) -> None:
    page = signed_in(world.tomas).new_page()
    page.goto(f"{served.url}/desk/team")
    page.wait_for_timeout(1500)
    with work(Scope.client(world.lozano.id)):
        wanted = Request(subject="Etiquetadora sin conexión", body="Desde el corte.", source="portal")
        open_ticket(world.lozano, requester=world.marta, request=wanted, at=clock.now())
    expect(page.locator("#queue")).to_contain_text("Etiquetadora sin conexión", timeout=WITHIN * crowding())


def test_nothing_on_the_pages_breaks_the_policy(
    served: Served, signed_in: SignedIn, world: World, opened: None
) -> None:
    page = signed_in(world.tomas).new_page()
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    for path in ("/desk/team", "/desk/tickets/LOZ-1", "/desk/new", "/desk/notifications", "/account"):
        page.goto(served.url + path)
        page.wait_for_timeout(300)
    assert faults == []
