"""Two technicians on one ticket, each in their own profile: they see each other write, and one reply is sent."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import select

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.people.models import Person
from msp.tickets.models import Message
from msp.tickets.opening import Request, open_ticket
from scripts.axe import violations
from tests.browser.conftest import Served
from tests.world import World

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
SignedIn = Callable[[Person], BrowserContext]
MINE, THEIRS = "Cambia el cable", "Reinicia el datáfono"
REPLY = "Irene está escribiendo una respuesta…"
NOTE = "Irene está escribiendo una nota…"


@pytest.fixture
def tomas(served: Served, signed_in: SignedIn, world: World) -> Page:
    """Tomás's page of the ticket."""
    with work(Scope.client(world.lozano.id)):
        wanted = Request(subject="El TPV no cobra", body="Hay cola.", source="portal", priority="urgent")
        open_ticket(world.lozano, requester=world.marta, request=wanted, at=clock.now())
    return page_of(served, signed_in, world.tomas)


@pytest.fixture
def irene(served: Served, signed_in: SignedIn, world: World, tomas: Page) -> Page:
    """Irene's page of the same ticket."""
    return page_of(served, signed_in, world.irene)


def page_of(served: Served, signed_in: SignedIn, person: Person) -> Page:
    page = signed_in(person).new_page()
    page.goto(f"{served.url}/desk/tickets/LOZ-1")
    return page


def replies() -> list[str]:
    with work(Scope.staff()) as session:
        return list(session.scalars(select(Message.body).order_by(Message.id)))[1:]


def write(page: Page, text: str) -> None:
    page.locator("#reply textarea").press_sequentially(text)


def both_write(tomas: Page, irene: Page) -> None:
    """Irene sends while Tomás writes; Tomás's page shows it without a reload, and then he sends."""
    write(tomas, MINE)
    write(irene, THEIRS)
    irene.keyboard.press("Control+Enter")
    expect(tomas.locator("#thread")).to_contain_text(THEIRS)
    tomas.keyboard.press("Control+Enter")
    expect(tomas.locator("#held")).to_be_focused()


def make_note(irene: Page, tomas: Page) -> None:
    """Irene writes a note, for which Tomás's page is redrawn."""
    write(irene, "Psst")
    irene.locator("#reply [value=internal]").check(force=True)
    irene.locator("#reply textarea").press("Control+Enter")
    expect(tomas.locator("#thread")).to_contain_text("Psst")


def test_they_see_each_other_write(tomas: Page, irene: Page) -> None:
    line, area = tomas.locator("#writing"), irene.locator("#reply textarea")
    write(irene, "Re")
    expect(line).to_have_text(REPLY)
    expect(irene.locator("#writing")).to_have_text("")
    assert violations(tomas) == []
    area.fill("")
    expect(line).to_have_text("")
    irene.keyboard.press("Escape")
    irene.keyboard.press("m")
    write(irene, "Nota")
    expect(line).to_have_text(NOTE)
    irene.keyboard.press("Control+Enter")
    expect(line).to_have_text("")
    expect(area).to_have_value("")


def test_the_second_reply_is_held_and_confirmed_by_the_keyboard(tomas: Page, irene: Page) -> None:
    both_write(tomas, irene)
    held = tomas.locator("#held")
    expect(held).to_contain_text("Irene ha respondido mientras escribías")
    expect(held).to_contain_text(THEIRS)
    expect(tomas.locator("#reply textarea")).to_have_value(MINE)
    assert replies() == [THEIRS] and violations(tomas) == []
    make_note(irene, tomas)
    expect(held).to_contain_text(THEIRS)
    expect(tomas.locator("#reply textarea")).to_have_value(MINE)
    held.focus()
    tomas.keyboard.press("Tab")
    tomas.keyboard.press("Tab")
    expect(held.locator("[data-send]")).to_be_focused()
    tomas.keyboard.press("Enter")
    expect(held).to_have_count(0)
    expect(tomas.locator("#thread")).to_contain_text(MINE)
    expect(tomas.locator("#reply textarea")).to_have_value("")
    assert replies() == [THEIRS, "Psst", MINE]


def test_a_double_click_sends_it_once(tomas: Page, irene: Page) -> None:
    both_write(tomas, irene)
    tomas.locator("#held [data-send]").dblclick()
    expect(tomas.locator("#held")).to_have_count(0)
    tomas.wait_for_timeout(500)
    assert replies() == [THEIRS, MINE]
    write(tomas, "Y otra cosa")  # nothing new since then: not held
    tomas.keyboard.press("Control+Enter")
    expect(tomas.locator("#thread")).to_contain_text("Y otra cosa")


def test_discarding_drops_the_text_and_its_draft(tomas: Page, irene: Page) -> None:
    both_write(tomas, irene)
    tomas.locator("#held [data-discard]").click()
    area = tomas.locator("#reply textarea")
    expect(area).to_be_focused()
    expect(area).to_have_value("")
    tomas.reload()
    tomas.wait_for_timeout(300)
    expect(area).to_have_value("")
    write(tomas, "De acuerdo")
    tomas.keyboard.press("Control+Enter")
    expect(tomas.locator("#thread")).to_contain_text("De acuerdo")
    assert replies() == [THEIRS, "De acuerdo"]


def test_it_becomes_a_note_and_is_saved(tomas: Page, irene: Page) -> None:
    both_write(tomas, irene)
    tomas.locator("#reply [value=internal]").check(force=True)
    expect(tomas.locator("#held")).to_be_hidden()
    tomas.locator("#reply textarea").press("Control+Enter")
    expect(tomas.locator("#thread .is-internal")).to_contain_text(MINE)


def test_it_fits_a_phone(tomas: Page, irene: Page) -> None:
    tomas.set_viewport_size({"width": 390, "height": 780})
    both_write(tomas, irene)
    for part in ("#held .thread-list", "#held [data-send]", "#held [data-discard]", "#reply textarea"):
        box = tomas.locator(part).bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= 390 and 0 <= box["y"] <= 780 - box["height"], part
    assert tomas.evaluate("document.documentElement.scrollWidth") <= 390 and violations(tomas) == []


def test_without_script_the_text_comes_back_too(tomas: Page, irene: Page) -> None:
    seen = tomas.locator("#reply [name=last_seen_message_id]").input_value()
    write(irene, THEIRS)
    irene.keyboard.press("Control+Enter")
    expect(irene.locator("#thread")).to_contain_text(THEIRS)
    tomas.evaluate(
        "([text, seen]) => { const form = document.getElementById('reply'); form.elements.body.value = text;"
        " form.elements.last_seen_message_id.value = seen; form.submit() }",
        [MINE, seen],
    )
    expect(tomas.locator("#held")).to_be_focused()
    expect(tomas.locator("#reply textarea")).to_have_value(MINE)
    expect(tomas).to_have_url(re.compile(r"/desk/tickets/LOZ-1$"))
    make_note(irene, tomas)
    expect(tomas.locator("#reply textarea")).to_have_value(MINE)
    tomas.locator("#held [data-send]").click()
    expect(tomas.locator("#thread")).to_contain_text(MINE)
    assert replies() == [THEIRS, "Psst", MINE]
