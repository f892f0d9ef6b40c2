"""Pictures of every page: wide and narrow, light and dark, Spanish and English, into docs/pictures/all/.

A scratch desk with demo data is started, each role signs in and follows every link, and each page that is found is
taken and looked over. Printed, and reason for exit code 1: what scrolls sideways, errors of the console, refusals,
requests to other hosts, words in the wrong language, codes shown to people, faint text, what axe-core finds, pages that
weigh too much, and pages of the application that no link leads to. docs/pictures/queue.png, which the README
shows, is taken too.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    Request,
    Response,
    StorageState,
    sync_playwright,
)
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from msp.config import Settings
from msp.demo.first_start import ACCOUNTS, PASSWORD
from msp.demo.running import load_app
from scripts.axe import violations
from scripts.leftovers import raw_codes, wrong_language
from scripts.setup import find_browser
from scripts.shots import ENTRANCES, NOT_PAGES, READ, SAMPLES, SHOWN_TO, STEPS, Shot

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
LOOK = Path(__file__).with_suffix(".js").read_text()
START = "from msp.cli import main; main()"  # the code of this checkout, wherever msp is installed
START_LIMIT = 240  # seconds for a scratch installation to start
TALLEST = 2600  # pixels; longer pages are cut
NEWS = ("XHR", "Fetch")
FIRST_LOAD, LATER_LOAD = 250_000, 30_000  # maximum bytes of a page over the network


@dataclass(slots=True)
class Faults:
    """Faults found, each once, with the first picture that shows it."""

    found: dict[str, str] = field(default_factory=dict)
    kinds: Counter[str] = field(default_factory=Counter)

    def add(self, kind: str, text: str, where: str) -> None:
        """Add a fault; printed if it is new."""
        if f"{kind}: {text}" not in self.found:
            self.found[f"{kind}: {text}"] = where
            self.kinds[kind] += 1
            print(f"  {kind}: {text}  [{where}]", flush=True)


def main(arguments: list[str]) -> int:
    """Take the requested pictures; returns a process exit code."""
    asked = _parser().parse_args(arguments)
    browser_path = find_browser()
    if not browser_path:
        print("No browser: install Debian's chromium (apt install chromium).")
        return 1
    faults = Faults()
    with scratch_desk(asked.url) as (url, app), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        roles = {who: signed_in(browser, url, who) for who in people()}
        shots = list(find_shots(browser, url, app, roles, faults))
        taken = _take_all(browser, url, roles, shots, asked, faults)
        _measure(browser, url, roles, shots, faults)
        browser.close()
    print(f"{taken} pictures in {PICTURES.relative_to(ROOT)}, {len(faults.found)} fault(s): {dict(faults.kinds)}")
    return 1 if faults.found else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="", help="a demonstration that runs already, instead of a scratch one")
    parser.add_argument("--pages", default="", help="a pattern of the pictures' names")
    parser.add_argument("--langs", nargs="+", default=["es", "en"], choices=["es", "en"])
    parser.add_argument("--widths", nargs="+", type=int, default=[1440, 390])
    parser.add_argument("--schemes", nargs="+", default=["light", "dark"], choices=["light", "dark"])
    parser.add_argument("--clipped", action="store_true", help="also print texts that are cut short")
    return parser


def people() -> dict[str, str]:
    """Who signs in, by the local part of the address; in the order of the demo's accounts."""
    return {email.split(".")[0]: email for email, _what in ACCOUNTS}


@contextmanager
def scratch_desk(url: str) -> Iterator[tuple[str, Flask]]:
    """The address and application of a demo (the application only for its URL map)."""
    home = Path(tempfile.mkdtemp(prefix="guardia-pictures-"))
    home.chmod(0o755)  # the embedded database's system user needs access
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    wanted = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    wanted |= {"MSP_HOME": str(home), "MSP_ENV": "demo", "PORT": str(port)}
    process = None
    try:
        app = load_app(Settings.from_env(wanted))
        if not url:
            process = subprocess.Popen([sys.executable, "-c", START, "run"], env=wanted, cwd=ROOT)
            url = f"http://127.0.0.1:{port}"
        _wait_until_ready(url, process)
        yield url, app
    finally:
        if process:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)
        shutil.rmtree(home, ignore_errors=True)


def _wait_until_ready(url: str, process: subprocess.Popen[bytes] | None) -> None:
    limit = time.monotonic() + START_LIMIT
    while time.monotonic() < limit and (process is None or process.poll() is None):
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=5):  # noqa: S310 (our own desk)
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    raise SystemExit(f"no desk answers at {url}")


def new_context(browser: Browser, who: StorageState | None, *, width: int, scheme: str, lang: str) -> BrowserContext:
    return browser.new_context(
        storage_state=who,
        viewport={"width": width, "height": 900 if width > 500 else 844},
        color_scheme="dark" if scheme == "dark" else "light",
        locale=lang,
        reduced_motion="reduce",
        has_touch=width < 500,
    )


def signed_in(browser: Browser, url: str, who: str) -> StorageState:
    context = new_context(browser, None, width=1440, scheme="light", lang="es")
    page = context.new_page()
    page.goto(f"{url}/signin")
    page.fill("#sign-in [name=email]", people()[who])
    page.fill("#sign-in [name=password]", PASSWORD)
    page.click("#sign-in [type=submit]")
    if urlsplit(page.url).path == "/signin":
        raise SystemExit(f"{people()[who]} cannot sign in")
    state = context.storage_state()
    context.close()
    return state


def find_shots(
    browser: Browser, url: str, app: Flask, roles: dict[str, StorageState], faults: Faults
) -> Iterator[Shot]:
    """Every linked page, a few of those that exist many times, and the pages visited on the way in."""
    yield Shot("", "signin", "/signin")
    yield Shot("", "api-docs", "/api/docs")
    yield Shot("", "playground", "/playground")
    yield Shot("irene", "desk-search", "/desk/search?q=vpn")
    yield Shot("irene", "desk-search-none", "/desk/search?q=xqzzyw")
    yield Shot("irene", "error-404", "/desk/tickets/NONE-1")
    yield Shot("irene", "error-403", "/admin/settings")
    yield Shot("irene", "desk-person", _person_found(browser, url, roles["irene"]))
    yield Shot("irene", "desk-merge", _merge_found(browser, url, roles["irene"]))
    yield Shot("elena", "admin-first_steps", "/admin/first-steps")
    yield Shot("angel", "portal-search", "/portal/search?q=vpn")
    seen: Counter[str] = Counter(
        [
            "security.login",
            "api_docs",
            "playground.page",
            "desk.search",
            "desk.person",
            "desk.merge",
            "admin.first_steps",
            "portal.search",
        ]
    )
    for who, state in roles.items():
        context = new_context(browser, state, width=1440, scheme="light", lang="es")
        for key, path in _crawl(context.new_page(), url, app, who, seen):
            number = seen[_counted(key, who)]
            name = key.replace(".", "-") + (f"-{number}" if number > 1 else "") + (f"-{who}" if key in SHOWN_TO else "")
            yield Shot(who, name, path)
            if number == 1:
                yield from (
                    Shot(who, f"{name}-{step}", path, step)
                    for step, (at, _act) in STEPS.items()
                    if at == key or (at == "desk.queue" and key == "desk.queue=team")
                )
        context.close()
    met = {re.split("[=@]", key)[0] for key in seen}
    for rule in app.url_map.iter_rules():
        is_page = "GET" in (rule.methods or ()) and not rule.rule.startswith("/api/")
        if is_page and not NOT_PAGES.match(rule.endpoint) and rule.endpoint not in met:
            faults.add("no link leads to", f"{rule.rule} ({rule.endpoint})", "all roles")


def _person_found(browser: Browser, url: str, state: StorageState) -> str:
    """The path of a person's page, found through the search."""
    context = new_context(browser, state, width=1440, scheme="light", lang="es")
    page = context.new_page()
    page.goto(f"{url}/desk/search?q=lozano")
    path = page.locator("main a[href*='/desk/people/']").first.get_attribute("href") or ""
    context.close()
    return path


def _merge_found(browser: Browser, url: str, state: StorageState) -> str:
    """The path of the page that merges a ticket of the queue into another one of its client."""
    context = new_context(browser, state, width=1440, scheme="light", lang="es")
    page = context.new_page()
    page.goto(f"{url}/desk/team")
    labels = [text.strip() for text in page.locator(".row-number").all_text_contents()]
    context.close()
    source, target = next((a, b) for a in labels for b in labels if a != b and a.split("-")[0] == b.split("-")[0])
    return f"/desk/tickets/{source}/merge?ticket={target}"


def _counted(key: str, who: str) -> str:
    return f"{key}@{who}" if key in SHOWN_TO else key


def _crawl(page: Page, url: str, app: Flask, who: str, seen: Counter[str]) -> Iterator[tuple[str, str]]:
    queue, met, read = ["/"], {"/"}, Counter[str]()
    while queue:
        path = queue.pop(0)
        key = _key(app, path)
        if key is None or read[key] >= READ.get(key, SAMPLES.get(key, 1)):
            continue
        read[key] += 1
        answer = page.goto(url + path)
        if not answer or answer.status != 200 or "text/html" not in answer.headers.get("content-type", ""):
            continue
        counted, is_taken = _counted(key, who), key not in ENTRANCES and who in SHOWN_TO.get(key, (who,))
        if is_taken and seen[counted] < SAMPLES.get(key, 1):
            seen[counted] += 1
            yield key, path
        links = page.eval_on_selector_all("a[href]", "all => all.map(a => a.href)")
        for link in [*links, *([page.url] if key in ENTRANCES else [])]:
            parts = urlsplit(link)
            if link.startswith(url) and parts.path not in met:
                met.add(parts.path)
                queue.append(parts.path + (f"?{parts.query}" if parts.query else ""))


def _key(app: Flask, path: str) -> str | None:
    """The endpoint of a path, with the view for a list that has several; None if it is not a page."""
    try:
        endpoint, values = app.url_map.bind("desk").match(urlsplit(path).path)
    except (RequestRedirect, HTTPException):
        return None
    if NOT_PAGES.match(endpoint) and endpoint not in ENTRANCES:
        return None
    return f"{endpoint}={values['view']}" if "view" in values else str(endpoint)


def _take_all(
    browser: Browser,
    url: str,
    roles: dict[str, StorageState],
    shots: list[Shot],
    asked: argparse.Namespace,
    faults: Faults,
) -> int:
    shots = [shot for shot in shots if re.search(asked.pages, shot.name)]
    if not asked.pages:
        shutil.rmtree(PICTURES / "all", ignore_errors=True)
    (PICTURES / "all").mkdir(parents=True, exist_ok=True)
    taken = 0
    for lang in asked.langs:
        for who in {shot.role: None for shot in shots}:
            state = roles.get(who)
            if state:
                state = roles[who] = _set_language(browser, url, state, lang)
            for scheme in asked.schemes:
                for width in asked.widths:
                    context = new_context(browser, state, width=width, scheme=scheme, lang=lang)
                    page = context.new_page()
                    for shot in shots:
                        if shot.role == who:
                            _take(page, url, shot, f"{shot.name}-{lang}-{scheme}-{width}", asked.clipped, faults)
                            taken += 1
                    context.close()
    for who, state in roles.items():
        if "en" in asked.langs and any(shot.role == who for shot in shots):
            _set_language(browser, url, state, "es")
    return taken


def _set_language(browser: Browser, url: str, state: StorageState, lang: str) -> StorageState:
    """Set a person's language on their account page and wait until the cookies have it."""
    context = new_context(browser, state, width=1440, scheme="light", lang=lang)
    page = context.new_page()
    page.goto(f"{url}/account")
    if page.input_value("[name=locale]") != lang:
        page.select_option("[name=locale]", lang)
        with page.expect_response(lambda answer: answer.request.method == "POST"):
            page.locator("form:has([name=locale]) [type=submit]").click()
        page.wait_for_selector(".flashes .notice")
    state = context.storage_state()
    context.close()
    return state


def _take(page: Page, url: str, shot: Shot, name: str, clipped: bool, faults: Faults) -> None:
    size = page.viewport_size or {"width": 1440, "height": 900}
    listeners = _collect_errors(page, url, shot, name, faults)
    open_shot(page, url, shot)
    look = page.evaluate(LOOK)
    _judge(look, name, clipped, faults)
    for text in violations(page):
        faults.add("accessibility", text, name)
    if name == "desk-queue=team-irene-es-light-1440":
        page.screenshot(path=PICTURES / "queue.png")
    if size["width"] > 500 and look["hidden_below"] and not shot.step:
        page.set_viewport_size({"width": size["width"], "height": min(TALLEST, 900 + int(look["hidden_below"]))})
        page.wait_for_timeout(100)
    is_whole = size["width"] < 500 and not shot.step
    if is_whole:
        page.evaluate("scrollTo(0, 0)")  # fixed elements are drawn where the page is scrolled to
    page.screenshot(path=PICTURES / "all" / f"{name.replace('=', '-')}.png", full_page=is_whole)
    page.set_viewport_size(size)
    for kind, listener in listeners:
        page.remove_listener(kind, listener)


def open_shot(page: Page, url: str, shot: Shot) -> None:
    """Load a page and do what its picture needs."""
    page.goto(url + shot.path, wait_until="load")
    page.evaluate("document.fonts.ready")
    page.wait_for_timeout(120)
    if page.locator("[data-live]").count() and (page.viewport_size or {"width": 0})["width"] > 500:
        page.wait_for_selector("[data-live][data-state]", state="attached", timeout=5000)
    if shot.step:
        STEPS[shot.step][1](page)
        page.wait_for_timeout(350)


def _judge(look: dict[str, list[str]], name: str, clipped: bool, faults: Faults) -> None:
    for text in look["overflow"]:
        faults.add("too wide", text, name)
    for text in look["faint"]:
        faults.add("faint", text, name)
    for text in wrong_language(look["words"], locale="es" if "-es-" in name else "en"):
        faults.add("wrong language", text, name)
    for text in raw_codes(look["words"]):
        faults.add("raw code", text, name)
    for text in look["clipped"] if clipped else []:
        print(f"  cut short: {text}  [{name}]", flush=True)


def _collect_errors(page: Page, url: str, shot: Shot, name: str, faults: Faults) -> list[tuple[Any, Any]]:
    """Collect the browser's errors; a picture of a refusal may have that refusal."""
    expected = shot.path if shot.name.startswith("error-") or shot.step == "empty" else "-"

    def said(line: ConsoleMessage) -> None:
        if line.type == "error" and expected not in line.location.get("url", ""):
            faults.add("console", line.text, name)

    def answered(answer: Response) -> None:
        path = urlsplit(answer.url).path
        if answer.status >= 400 and path != expected:
            faults.add("answer", f"{answer.status} {path}", name)

    def asked(request: Request) -> None:
        if not request.url.startswith((url, "data:", "blob:")):
            faults.add("other host", request.url, name)

    def failed(error: Error) -> None:
        faults.add("script", str(error), name)

    listeners = [("console", said), ("response", answered), ("request", asked), ("pageerror", failed)]
    for kind, listener in listeners:
        page.on(kind, listener)  # type: ignore[call-overload]
    return listeners


def _measure(browser: Browser, url: str, roles: dict[str, StorageState], shots: list[Shot], faults: Faults) -> None:
    """Print the bytes over the network: a first load with an empty cache, then each page."""
    heavy: list[tuple[int, str]] = []
    for who in ("irene", "elena", "beatriz", "angel"):
        context = new_context(browser, roles[who], width=1440, scheme="light", lang="es")
        page = context.new_page()
        first = _bytes(page, f"{url}/")
        print(f"first load as {who}: {first / 1000:.0f} kB")
        if first > FIRST_LOAD:
            faults.add("heavy", f"first load {first / 1000:.0f} kB", who)
        heavy += [(_bytes(page, url + shot.path), shot.name) for shot in shots if shot.role == who and not shot.step]
        context.close()
    for size, name in sorted(heavy, reverse=True)[:6]:
        print(f"later load of {name}: {size / 1000:.1f} kB")
    for size, name in heavy:
        if size > LATER_LOAD:
            faults.add("heavy", f"later load {size / 1000:.1f} kB", name)


def _bytes(page: Page, address: str) -> int:
    """Bytes received for one load, including headers, without cached files and later updates."""
    sizes: list[int] = []
    later: set[str] = set()
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.on("Network.responseReceived", lambda got: later.add(got["requestId"]) if got["type"] in NEWS else None)
    wire.on(
        "Network.loadingFinished",
        lambda done: None if done["requestId"] in later else sizes.append(int(done["encodedDataLength"])),
    )
    page.goto(address, wait_until="load")
    page.wait_for_timeout(200)
    wire.detach()
    return sum(sizes)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
