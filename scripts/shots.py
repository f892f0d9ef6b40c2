"""The pages to take pictures of: whose, how many, and what to do on a page first."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page

NOT_PAGES = re.compile(
    r"^(static|security\.(static|logout|verify)|healthz|readyz|metrics|home|admin\.home"
    r"|.*\b(live|live_ticket|attachment|thumbnail|download|pdf|csv|export\w*|\w*_(pdf|csv|json)|openapi|icon|qr|return|feed"
    r"|targets|colleagues|mentionable|quote|received)"
    r"|api_v1\..*|slack.*|teams.*|stripe.*|openapi.*|desk\.home|portal\.home|billing\.home|setup)$"
)
ENTRANCES = ("home", "admin.home", "billing.home")  # they redirect
SHOWN_TO = {  # pages that differ by reader: taken for each of these, whose name is in the file name
    "account": ("irene", "angel"),
    "desk.queue=team": ("irene",),
    "admin.contract": ("carmen", "beatriz"),
}
SAMPLES = {
    "desk.ticket": 3,
    "portal.ticket": 2,
    "admin.calendar": 2,
    "admin.client": 2,
    "admin.contract": 3,
    "admin.person": 2,
    "billing.invoice": 2,
}
READ = {"admin.calendar": 12}  # followed as often, though fewer are taken: only some link to every page


@dataclass(frozen=True, slots=True)
class Shot:
    """A page to take: its reader, name, path, and what to do on it first."""

    role: str
    name: str
    path: str
    step: str = ""


def _show(selector: str) -> Callable[[Page], object]:
    return lambda page: page.evaluate(
        "which => document.querySelectorAll(which).forEach(one => one.open = true)", selector
    )


def _find(page: Page, text: str) -> None:
    page.keyboard.press("Control+k")
    page.locator("#palette input").fill(text)
    page.wait_for_timeout(400)


def _news(page: Page) -> None:
    if not page.locator("#bell").is_visible():
        page.evaluate("document.querySelector('.rail-menu').open = true")
    page.click("#bell")


def _escalation_policy(page: Page) -> None:
    _show(".step:first-child, .step:nth-child(3)")(page)
    page.evaluate("document.querySelector('.steps').closest('.form-section').scrollIntoView()")


def _swap(page: Page) -> None:
    if page.locator("button.stretch").count():
        page.locator("button.stretch").nth(1).click()


def _dialog(page: Page, name: str) -> None:
    opener = page.locator(f'[data-dialog="{name}"]').first
    if not opener.count():
        return
    if not opener.is_visible():  # narrow: inside the sheet with the details
        page.click(".sheet-open")
    opener.click()


def _hold(page: Page) -> None:
    """The composer with a held reply; nothing is sent."""
    ids = page.eval_on_selector_all(".thread .msg", "all => all.map(each => each.id.slice(4))")
    if len(ids) > 1:
        page.goto(f"{page.url.partition('?')[0]}?held_since={min(ids)}&held_until={max(ids)}")


def _write(page: Page) -> None:
    said = {"es": "Irene está escribiendo una respuesta…", "en": "Irene is writing a reply…"}
    page.evaluate("said => document.getElementById('writing').textContent = said[document.documentElement.lang]", said)


STEPS: dict[str, tuple[str, Callable[[Page], object]]] = {
    "keys": ("desk.queue", lambda page: page.keyboard.press("?")),
    "palette": ("desk.queue", lambda page: _find(page, "loz")),
    "news": ("desk.queue", _news),
    "filter": ("desk.queue", lambda page: page.locator(".filters summary").nth(1).click()),
    "menu": ("desk.queue", _show(".rail-menu")),
    "assign": ("desk.ticket", lambda page: _dialog(page, "assign")),
    "priority": ("desk.ticket", lambda page: _dialog(page, "priority")),
    "status": ("desk.ticket", lambda page: _dialog(page, "status")),
    "log-time": ("desk.ticket", lambda page: _dialog(page, "log-time")),
    "note": ("desk.ticket", lambda page: page.locator("[name=visibility][value=internal]").check(force=True)),
    "held": ("desk.ticket", _hold),
    "writing": ("desk.ticket", _write),
    "empty": ("desk.new_ticket", lambda page: page.evaluate("document.querySelector('main form').submit()")),
    "swap": ("desk.oncall", _swap),
    "escalation_policy": ("admin.contract", _escalation_policy),
    "open": ("desk.report_targets", _show(".sla-target:nth-child(-n + 3)")),
}
