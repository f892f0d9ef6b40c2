"""The person picker: people before "Nobody", with any letters in their names."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import select

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.people.actions import add_person
from msp.people.models import Person
from msp.tickets.models import Ticket
from msp.tickets.opening import Request, open_ticket
from tests.browser.conftest import Served
from tests.world import World

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
SignedIn = Callable[[Person], BrowserContext]
TYPED = [
    ("na", "Irene Navas"),
    ("nav", "Irene Navas"),
    ("rey, tomas", "Tomás Rey"),
    ("lukasz", "Łukasz Sørensen"),
    ("sorensen", "Łukasz Sørensen"),
    ("oneill", "Aoife O’Neill"),
    ("neill", "Aoife O’Neill"),
    ("cola", None),
]


@pytest.fixture
def opened(world: World) -> None:
    with work(Scope.system()) as session:
        for name in ("Łukasz Sørensen", "Aoife O’Neill"):
            email = f"{name.split()[0]}@guardia.example".lower()
            add_person(
                client_id=None, name=name, email=email, role="technician", locale="es", timezone="Europe/Madrid",
                at=clock.now(),
            )  # fmt: skip
        wanted = Request(subject="El TPV no cobra", body="Hay cola.", source="portal", priority="urgent")
        marta = session.get_one(Person, world.marta.id)
        open_ticket(world.lozano, requester=marta, request=wanted, at=clock.now())


def test_people_are_chosen_before_nobody(served: Served, signed_in: SignedIn, world: World, opened: None) -> None:
    page = signed_in(world.tomas).new_page()
    page.goto(f"{served.url}/desk/tickets/LOZ-1")
    page.keyboard.press("a")
    expect(page.locator("#assign")).to_be_visible()
    assert {typed: chosen(page, typed) for typed, _name in TYPED} == {
        typed: name or "Sin asignar" for typed, name in TYPED
    }
    page.locator("#assign [data-first]").fill("na")
    page.keyboard.press("Enter")
    expect(page.locator("#side")).to_contain_text("Irene Navas")
    with work(Scope.staff()) as session:
        assert session.scalars(select(Ticket)).one().assignee_id == world.irene.id


def chosen(page: Page, typed: str) -> str:
    page.locator("#assign [data-first]").fill(typed)
    row = page.locator("#assign .choice-row:has(input:checked)")
    name = row.get_attribute("data-name") if row.count() == 1 else ""
    return "Sin asignar" if (name or "").startswith("Sin asignar") else name or ""
