"""Files in the composer: picked, dropped and pasted, listed before sending, kept while the page is updated."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import select

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.people.models import Person
from msp.tickets.messages import note
from msp.tickets.models import Attachment, Ticket
from msp.tickets.opening import Request, open_ticket
from scripts.axe import violations
from tests.browser.conftest import Served
from tests.world import World

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
SignedIn = Callable[[Person], BrowserContext]
GIVE = """([kind, names]) => {
  const data = new DataTransfer()
  for (const name of names) data.items.add(new File(['x'.repeat(2000)], name, { type: 'image/png' }))
  const area = document.querySelector('#reply textarea')
  const shared = { bubbles: true, cancelable: true }
  area.dispatchEvent(kind === 'paste' ? new ClipboardEvent('paste', { ...shared, clipboardData: data })
    : new DragEvent('drop', { ...shared, dataTransfer: data }))
}"""


@pytest.fixture
def page(served: Served, signed_in: SignedIn, world: World) -> Page:
    with work(Scope.client(world.lozano.id)):
        wanted = Request(subject="El TPV no cobra", body="Hay cola.", source="portal")
        open_ticket(world.lozano, requester=world.marta, request=wanted, at=clock.now())
    page = signed_in(world.tomas).new_page()
    page.goto(f"{served.url}/desk/tickets/LOZ-1")
    return page


def stored() -> list[str]:
    with work(Scope.staff()) as session:
        return list(session.scalars(select(Attachment.name).order_by(Attachment.id)))


def test_picked_dropped_and_pasted_files_are_sent(page: Page, world: World) -> None:
    field, row = page.locator("#files"), page.locator(".attached .file")
    field.set_input_files({"name": "uno.log", "mimeType": "text/plain", "buffer": b"x" * 1200})
    field.set_input_files({"name": "dos.log", "mimeType": "text/plain", "buffer": b"x"})
    page.evaluate(GIVE, ["drop", ["tres.png"]])
    page.evaluate(GIVE, ["paste", ["cuatro\u202egpj.exe"]])
    expect(row).to_have_count(4)
    assert row.all_inner_texts()[0].split() == ["uno.log", "1,2", "kB"]
    assert "cuatrogpj.exe" in row.nth(3).inner_text()
    assert violations(page) == []
    row.nth(1).get_by_role("button", name="Quitar dos.log").click()
    page.locator("#reply textarea").fill("Mira")
    with work(Scope.staff()) as session:  # the page is redrawn
        ticket = session.scalars(select(Ticket)).one()
        note(ticket, author=world.irene, body="Psst", at=clock.now())
    expect(page.locator("#thread")).to_contain_text("Psst")
    expect(row).to_have_count(3)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#thread")).to_contain_text("tres.png")
    expect(row).to_have_count(0)
    assert stored() == ["uno.log", "tres.png", "cuatrogpj.exe"]
    page.locator("#reply textarea").fill("Sin archivos")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#thread")).to_contain_text("Sin archivos")
    assert len(stored()) == 3


def test_too_much_is_said_before_it_is_sent(page: Page) -> None:
    page.evaluate(GIVE, ["drop", [f"{number}.png" for number in range(11)]])
    expect(page.locator("#files-error")).to_contain_text("Como máximo 10 archivos")
    page.locator("#reply textarea").fill("Mira")
    page.locator("#reply [data-send]").click()
    page.locator(".attached button").first.click()
    expect(page.locator("#files-error")).to_be_hidden()
    assert stored() == []


def test_a_file_that_the_server_refuses_is_explained_at_the_field(
    page: Page, served: Served, signed_in: SignedIn, world: World
) -> None:
    page.locator(".composer-tab").nth(1).click()
    refuse_empty_file(page)
    expect(page.locator("#reply [value=internal]")).to_be_checked()
    with work(Scope.staff()) as session:  # the page is redrawn
        note(session.scalars(select(Ticket)).one(), author=world.irene, body="Psst", at=clock.now())
    expect(page.locator("#thread")).to_contain_text("Psst")
    expect(page.locator("#files-error")).to_have_text("Un archivo está vacío.")
    send_without_file(page, "#thread")
    portal = signed_in(world.marta).new_page()
    portal.goto(f"{served.url}/portal/tickets/LOZ-1")
    refuse_empty_file(portal)
    send_without_file(portal, "[data-thread]")


def refuse_empty_file(page: Page) -> None:
    page.locator("#files").set_input_files({"name": "uno.log", "mimeType": "text/plain", "buffer": b""})
    page.locator("#reply textarea").fill("Mira")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#files-error")).to_have_text("Un archivo está vacío.")
    expect(page.locator("#files")).to_be_focused()
    expect(page.locator("#reply textarea")).to_have_value("Mira")
    expect(page.locator(".toast, .flashes")).to_have_count(0)
    assert violations(page) == []


def send_without_file(page: Page, thread: str) -> None:
    page.locator(".attached button").click()
    expect(page.locator("#files-error")).to_be_hidden()
    expect(page.locator("#files")).not_to_have_attribute("aria-invalid", "true")
    page.locator("#reply textarea").focus()
    page.keyboard.press("Control+Enter")
    expect(page.locator(thread)).to_contain_text("Mira")
