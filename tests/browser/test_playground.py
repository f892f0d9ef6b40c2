"""The playground in a browser: an employee writes in Slack and in Teams, and the desk's cards appear by push."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from msp.config import Settings
from tests.simulators.desk import playing
from tests.world import World

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
ANSWER = 10_000  # ms


@pytest.fixture
def page(chromium: Browser, app: Flask, world: World, settings: Settings, tmp_path: Path) -> Iterator[Page]:
    """The open page; any policy violation or failed request on it fails the test."""
    faults: list[str] = []
    with playing(settings, tmp_path) as desk:
        context = chromium.new_context(locale="es-ES", viewport={"width": 1440, "height": 900})
        opened = context.new_page()
        opened.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
        opened.on("pageerror", lambda fault: faults.append(str(fault)))
        opened.goto(f"{desk.url}/playground")
        yield opened
        context.close()
    assert faults == []


def write(page: Page, chat: str, text: str) -> None:
    page.locator(f"#{chat} .say-text").fill(text)
    page.keyboard.press("Enter")


def test_an_employee_writes_and_the_card_appears(page: Page) -> None:
    write(page, "slack", "El TPV de la tienda no cobra con tarjeta")
    write(page, "teams", "Nobody can log in to the VPN")
    expect(page.locator("#slack .block-actions")).to_be_visible(timeout=ANSWER)
    expect(page.locator("#slack .said")).to_contain_text("LOZ-1 · El TPV de la tienda no cobra con tarjeta")
    expect(page.locator("#teams .ac")).to_contain_text("AZC-1", timeout=ANSWER)
    page.locator("#slack .block-actions button", has_text="Es más urgente").click()
    expect(page.locator("#slack .said")).to_contain_text("Prioridad cambiada a alta", timeout=ANSWER)
    expect(page.locator("#slack .block-actions button", has_text="Es más urgente")).to_have_count(0, timeout=ANSWER)
    page.locator("#teams .ac-actions button").first.click()
    expect(page.locator("#teams .phone-notice")).to_be_visible(timeout=ANSWER)


def test_what_is_being_typed_survives_news(page: Page) -> None:
    write(page, "slack", "La impresora no va")
    page.locator("#slack .say-text").fill("a medio escr")
    expect(page.locator("#slack .block-actions")).to_be_visible(timeout=ANSWER)
    assert page.locator("#slack .say-text").input_value() == "a medio escr"


def test_on_a_phone_one_chat_at_a_time(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.reload()
    expect(page.locator("#slack .phone")).to_be_visible()
    expect(page.locator("#teams .phone")).to_be_hidden()
    page.get_by_text("Teams", exact=True).first.click()
    expect(page.locator("#teams .phone")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
