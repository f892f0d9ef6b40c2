"""Text in the composer never triggers an action, is never lost, and never reaches the wrong author or readers."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect
from sqlalchemy import select

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.people.models import Person
from msp.tickets.models import Message, Ticket
from msp.tickets.opening import Request, open_ticket
from tests.browser.conftest import Served
from tests.world import World, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
SignedIn = Callable[[Person], BrowserContext]
NOTE = "revisar el disco"


@pytest.fixture
def opened(world: World) -> None:
    with work(Scope.client(world.lozano.id)):
        wanted = Request(subject="El TPV no cobra", body="Hay cola.", source="portal", priority="urgent")
        open_ticket(world.lozano, requester=world.marta, request=wanted, at=clock.now())


def the_ticket() -> Ticket:
    with work(Scope.staff()) as session:
        return session.scalars(select(Ticket)).one()


def sign_in_as(served: Served, context: BrowserContext, person: Person) -> None:
    """Sign in as another or the same person in the same browser."""
    client = sign_in(served.app.test_client(), person)
    value = client.get_cookie("guardia")
    assert value is not None
    context.clear_cookies()
    context.add_cookies([{"name": "guardia", "value": value.value, "url": served.url}])


def posts_of(page: Page) -> list[str]:
    found: list[str] = []
    page.on("request", lambda request: found.append(request.url) if request.method == "POST" else None)
    return found


def test_letters_are_no_actions_where_one_writes_or_chooses(
    served: Served, signed_in: SignedIn, world: World, opened: None
) -> None:
    page = signed_in(world.tomas).new_page()
    posts = posts_of(page)
    page.goto(f"{served.url}/desk/tickets/LOZ-1")
    page.locator(".composer-tab").nth(1).click()
    page.keyboard.type(NOTE)
    area = page.locator("#reply textarea")
    assert area.input_value() == NOTE
    area.fill("")
    for focused in ("#reply [value=internal]", "#reply .btn.is-primary", ".me > summary"):
        page.locator(focused).focus()
        page.keyboard.type("tras")
    page.locator("#reply .btn.is-primary").blur()
    box = page.locator("#composer").bounding_box()
    assert box
    for x, y in ((box["width"] - 4, 4), (box["width"] / 2, 20), (200, box["height"] - 6)):
        page.mouse.click(box["x"] + x, box["y"] + y)
        page.keyboard.type("tr")
        assert area.input_value() == "tr"
        area.fill("")
        page.keyboard.press("Escape")
    page.locator("body").click(position={"x": 700, "y": 300})
    page.keyboard.press("p")
    expect(page.locator("#priority")).to_be_visible()
    page.keyboard.type("rt")
    page.keyboard.press("Escape")
    page.keyboard.press("l")
    page.locator("#log-time select").first.focus()
    page.keyboard.type("rt")
    page.locator("#log-time input[type=checkbox]").first.focus()
    page.keyboard.type("rt")
    page.keyboard.press("Escape")
    assert posts == [] and (the_ticket().status, the_ticket().assignee_id) == ("new", None)
    page.locator("#reply textarea").fill("x")
    page.keyboard.press("Escape")
    page.keyboard.press("t")
    expect(page.locator("#side")).to_contain_text("Tomás Rey")


def test_a_note_stays_a_note_and_belongs_to_its_author(
    served: Served, signed_in: SignedIn, world: World, opened: None
) -> None:
    context = signed_in(world.tomas)
    page = context.new_page()
    address = f"{served.url}/desk/tickets/LOZ-1"
    page.goto(address)
    says_to_whom(page, "Escribe a Marta…", "Escribe una nota interna…")
    page.locator(".composer-tab").nth(1).click()
    says_to_whom(page, "Escribe una nota interna…", "Escribe a Marta…")
    page.keyboard.type(NOTE)
    expect(page.locator(".composer-placeholder")).to_be_hidden()
    page.reload()
    is_note(page)
    page.goto(f"{served.url}/desk/team")
    page.go_back()
    is_note(page)
    page.goto("about:blank")  # an open page would notice the other session and navigate away while the next one loads
    sign_in_as(served, context, world.irene)
    page.goto(address)
    expect(page.locator("#reply [value=public]")).to_be_checked()
    page.wait_for_timeout(200)
    assert page.locator("#reply textarea").input_value() == ""
    kept = "JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage)])"
    assert NOTE not in page.evaluate(kept) and "disco" not in page.evaluate(kept)
    page.goto("about:blank")
    sign_in_as(served, context, world.tomas)
    page.goto(address)
    is_note(page)
    page.evaluate("document.querySelectorAll('#reply [name=visibility]').forEach(each => each.remove())")
    page.locator("#reply textarea").fill(NOTE + "s")  # stored without its visibility
    page.wait_for_timeout(100)
    page.reload()
    expect(page.locator("#reply textarea")).to_have_value(NOTE + "s")
    expect(page.locator("#reply [value=internal]")).to_be_checked()
    page.keyboard.press("m")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#thread")).to_contain_text(NOTE + "s")
    page.reload()
    page.wait_for_timeout(200)
    assert page.locator("#reply textarea").input_value() == ""
    with work(Scope.staff()) as session:
        assert [each.visibility for each in session.scalars(select(Message).where(Message.body.contains(NOTE)))] == [
            "internal"
        ]


def says_to_whom(page: Page, said: str, not_said: str) -> None:
    expect(page.get_by_text(said)).to_be_visible()
    expect(page.get_by_text(not_said)).to_be_hidden()


def is_note(page: Page) -> None:
    expect(page.locator("#reply textarea")).to_have_value(NOTE)
    expect(page.locator("#reply [value=internal]")).to_be_checked()


@pytest.mark.parametrize(
    ("who", "path", "field", "send"),
    [
        ("tomas", "/desk/tickets/LOZ-1", "#reply textarea", "Control+Enter"),
        ("tomas", "/desk/new", "#f-body", ".form-actions .btn"),
        ("marta", "/portal/new", "#f-body", ".form-actions .btn"),
        ("marta", "/portal/tickets/LOZ-1", "#reply textarea", "Control+Enter"),
        ("ana", "/admin/clients/new", "#f-name", ".form-actions .btn"),
    ],
)
def test_words_survive_the_end_of_a_session(
    served: Served, signed_in: SignedIn, world: World, opened: None, who: str, path: str, field: str, send: str
) -> None:
    person = getattr(world, who)
    context = signed_in(person)
    page = context.new_page()
    page.goto(served.url + path)
    page.locator("form:has([name=csrf_token])").evaluate_all("all => all.forEach(form => { form.noValidate = true })")
    page.locator(field).fill(NOTE)
    context.clear_cookies()
    if send.startswith("Control"):
        page.locator(field).press(send)
    else:
        page.locator(send).first.click()
    page.wait_for_url(re.compile(r"/signin\?next="))
    sign_in_as(served, context, person)
    page.goto(served.url + page.evaluate("new URL(location).searchParams.get('next')"))
    assert page.url == served.url + path
    expect(page.locator(field)).to_have_value(NOTE)


def test_a_page_that_notices_the_end_of_its_session_keeps_what_is_written(
    served: Served, signed_in: SignedIn, world: World, opened: None
) -> None:
    context = signed_in(world.tomas)
    page = context.new_page()
    page.goto(f"{served.url}/desk/tickets/LOZ-1")
    page.keyboard.press("l")
    page.locator("#log-time [name=note]").fill(NOTE)
    context.clear_cookies()
    page.wait_for_url(re.compile(r"/signin\?next="))
    sign_in_as(served, context, world.tomas)
    page.goto(f"{served.url}/desk/tickets/LOZ-1")
    expect(page.locator("#log-time [name=note]")).to_have_value(NOTE)


def instead(answer: dict[str, Any] | None, route: Route) -> None:
    """Answer instead of the server, or let the connection fail."""
    if answer:
        route.fulfill(**answer)
    else:
        route.abort("internetdisconnected")


def test_a_failing_server_takes_nothing_away(served: Served, signed_in: SignedIn, world: World, opened: None) -> None:
    page = signed_in(world.tomas).new_page()
    page.goto(f"{served.url}/desk/tickets/LOZ-1")
    area, line = page.locator("#reply textarea"), page.locator("#trouble")
    area.fill(NOTE)
    answers: list[dict[str, Any] | None] = [
        {"status": 503, "content_type": "text/html", "body": "<h1>503 Service Unavailable</h1>"},
        {"status": 500, "content_type": "text/plain", "body": ""},
        {"status": 200, "content_type": "text/html", "body": "<main><h1>Wi-Fi</h1></main>"},
        None,
    ]
    for answer in answers:
        page.evaluate("document.getElementById('trouble').hidden = true")
        page.route("**/reply", partial(instead, answer))
        page.locator("#reply [data-send]").click()
        expect(line).to_be_visible()
        expect(page.locator("#ticket-head")).to_contain_text("El TPV no cobra")
        assert area.input_value() == NOTE
        page.unroute("**/reply")
    page.locator("#reply [data-send]").click()
    expect(page.locator("#thread")).to_contain_text(NOTE)
    expect(line).to_be_hidden()
