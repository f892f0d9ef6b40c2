"""From an empty `msp run` to a first ticket from Slack, a contract and an issued invoice, through the pages only."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.test_cli import Desk, desk, home

__all__ = ["desk", "home"]  # fixtures
pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]
MOST_STEPS = 12  # a step is a submitted form or a confirmation
ANSWER = 15_000  # ms


class Walk:
    """A person who fills in forms and counts them; no request on the pages may fail."""

    def __init__(self, page: Page, desk: Desk) -> None:
        self.page, self.desk, self.steps = page, desk, 0

    def go(self, path: str) -> None:
        self.page.goto(f"http://127.0.0.1:{self.desk.port}{path}")

    def fill(self, **fields: str) -> None:
        for name, value in fields.items():
            self.page.locator(f"main [name={name}]").fill(value)

    def press(self, name: str) -> None:
        self.steps += 1
        self.page.get_by_role("button", name=name, exact=True).first.click()
        self.page.wait_for_load_state()  # scripts listen to keys from then on

    def start(self, title: str) -> None:
        """Follow the link of a checklist step that is not done."""
        self.go("/admin/first-steps")
        self.page.get_by_role("link", name=f"Empezar: {title}").click()

    def is_done(self, title: str) -> bool:
        self.go("/admin/first-steps")
        return bool(self.page.locator("li.is-done", has_text=title).count())


@pytest.fixture
def walk(chromium: Browser, desk: Desk) -> Iterator[Walk]:
    faults: list[str] = []
    context = chromium.new_context(locale="es-ES", viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(ANSWER)
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    yield Walk(page, desk)
    context.close()
    assert faults == []


def test_from_an_empty_desk_to_a_ticket_and_an_invoice(walk: Walk) -> None:
    page = walk.page
    walk.go("/")
    code = re.search(r"setup code ([A-Z2-7-]{14})", walk.desk.printed)
    assert code
    walk.fill(code=code[1], name="Ana Lago", email="ana@msp.example", password="cuatro palabras nada parecidas")
    walk.press("Crear administrador")
    expect(page.get_by_role("heading", name="Primeros pasos")).to_be_visible()

    walk.start("Tu empresa")
    walk.fill(legal_name="Soporte Lago, S.L.", tax_id="B86561412", line1="Alcalá 1", postcode="28009", city="Madrid")
    walk.press("Guardar")
    assert walk.is_done("Tu empresa")

    walk.start("Un cliente")
    walk.fill(name="Ferretería Lozano", code="LOZ", legal_name="Ferretería Lozano, S.L.", tax_id="B84562388")
    walk.fill(street="Calle Mayor 1", postcode="28901", city="Getafe")
    walk.press("Guardar")
    assert walk.is_done("Un cliente")

    walk.start("Un contrato")
    walk.fill(name="Soporte mensual")
    page.locator("main [name=kind]").select_option("flat_fee")
    walk.fill(fee="300")
    walk.press("Guardar")
    assert walk.is_done("Un contrato") and walk.is_done("Un calendario")

    walk.start("El chat de un cliente")
    walk.press("Conectar y escribir")
    page.locator("#slack .say-text").fill("La impresora de la tienda no imprime")
    walk.steps += 1
    page.keyboard.press("Enter")
    expect(page.locator("#slack .said")).to_contain_text("LOZ-1 · La impresora de la tienda no imprime", timeout=ANSWER)
    assert walk.is_done("El chat de un cliente") and walk.is_done("El primer ticket")

    walk.start("La primera factura")
    walk.press("Generar borradores")
    walk.press("Emitir")
    expect(page.get_by_text("no ha terminado")).to_be_visible()  # the month of the contract, which is the current one
    walk.press("Emitir")
    expect(page.get_by_text("no ha terminado")).to_be_hidden()
    assert walk.is_done("La primera factura")
    assert walk.steps <= MOST_STEPS
