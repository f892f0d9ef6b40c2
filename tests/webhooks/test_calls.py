"""Escalation webhooks: signed, under one key, retried after temporary failures, without redirects."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from sqlalchemy import select

from integrations import webhooks
from integrations.webhooks.http import signature
from msp.config import Settings
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.events import Delivery, StoredEvent, emit
from msp.notify.webhooks import Webhook, access_webhook, add_webhook, change_webhook
from msp.tickets.events import EscalationWebhookCalled
from msp.tickets.models import Ticket
from msp.tickets.opening import Request, open_ticket
from tests.simulators.receiver import Got, Receiver, busy
from tests.world import World, sign_in

Drain = Callable[[], int]


@pytest.fixture
def receiver(app: Flask, settings: Settings) -> Iterator[Receiver]:
    """A server that accepts what is posted."""
    made = Receiver().start()
    webhooks.listen(settings, timeout=0.4)
    yield made
    webhooks.listen(settings)
    assert made.server is not None
    made.server.close()


@pytest.fixture
def hook(receiver: Receiver, world: World) -> tuple[Webhook, str]:
    with work(Scope.system()):
        return add_webhook(name="PagerDuty", url=f"{receiver.url}/hook?team=1", at=clock.now())


@pytest.fixture
def ticket(world: World, drain: Drain) -> Ticket:
    with work(Scope.client(world.lozano.id)):
        wanted = Request(subject="VPN caída", body="Nadie entra", source="portal", priority="urgent")
        made = open_ticket(world.lozano, requester=world.marta, request=wanted, at=clock.now())[0]
    drain()
    return made


def escalate(ticket: Ticket, hook: Webhook) -> None:
    with work(Scope.system()):
        event = EscalationWebhookCalled(
            webhook_id=hook.id,
            clock="resolution",
            step="share:100:webhook",
            due_at=datetime(2026, 11, 23, 13, tzinfo=UTC),
            is_late=False,
        )
        emit(event, ticket.id, client_id=ticket.client_id)


def deliveries() -> list[Delivery]:
    with work(Scope.system()) as session:
        return list(session.scalars(select(Delivery).where(Delivery.subscriber == "webhooks")))


def test_what_is_posted_and_how_it_is_signed(
    receiver: Receiver, hook: tuple[Webhook, str], ticket: Ticket, drain: Drain
) -> None:
    escalate(ticket, hook[0])
    drain()
    (got,) = receiver.got
    assert got.path == "/hook" and got.headers["Content-Type"] == "application/json"
    said = got.json
    assert (said["ticket"], said["client"]["code"], said["clock"], said["step"]) == (
        "LOZ-1",
        "LOZ",
        "resolution",
        "share:100:webhook",
    )
    assert (said["due_at"], said["is_late"]) == ("2026-11-23T13:00:00+00:00", False)
    assert said["links"]["desk"] == "http://127.0.0.1:8000/desk/tickets/LOZ-1"
    at = int(got.headers["X-Guardia-Timestamp"])
    assert got.headers["X-Guardia-Signature"] == signature(hook[1], timestamp=at, body=got.body)
    (delivery,) = deliveries()
    assert got.headers["Idempotency-Key"] == str(delivery.id) and delivery.state == "done"
    with work(Scope.staff()):
        kept = access_webhook(hook[0].id)
        assert (kept.last_status, kept.last_reason) == (200, None) and hook[1] not in kept.secret


def once(answer: Response) -> Callable[[Got], Response]:
    """Give this answer the first time, then 200."""
    left = [answer]
    return lambda _got: left.pop() if left else Response(status=200)


@pytest.mark.parametrize("status", [500, 503, 408])
def test_what_fails_for_a_time_comes_again_under_the_same_key(
    receiver: Receiver, hook: tuple[Webhook, str], ticket: Ticket, drain: Drain, status: int
) -> None:
    receiver.answer = once(Response(status=status))
    escalate(ticket, hook[0])
    drain()
    assert deliveries()[0].reason == f"http_{status}"
    clock.advance(timedelta(minutes=1))
    drain()
    assert len(receiver.got) == 2 and len({got.headers["Idempotency-Key"] for got in receiver.got}) == 1
    assert receiver.got[0].body == receiver.got[1].body


def test_retry_after_is_kept(receiver: Receiver, hook: tuple[Webhook, str], ticket: Ticket, drain: Drain) -> None:
    receiver.answer = once(Response(status=429, headers={"Retry-After": "120"}))
    escalate(ticket, hook[0])
    drain()
    clock.advance(timedelta(seconds=119))
    drain()
    assert len(receiver.got) == 1
    clock.advance(timedelta(seconds=1))
    drain()
    assert len(receiver.got) == 2


def test_a_program_that_hangs_is_asked_again(
    receiver: Receiver, hook: tuple[Webhook, str], ticket: Ticket, drain: Drain
) -> None:
    receiver.answer = busy(1.0)
    escalate(ticket, hook[0])
    drain()
    assert deliveries()[0].state == "pending" and deliveries()[0].reason == "no_answer"


@pytest.mark.parametrize("status", [302, 400, 401, 404, 410])
def test_what_is_refused_for_good_is_dead_and_redirects_are_not_followed(
    receiver: Receiver, hook: tuple[Webhook, str], ticket: Ticket, drain: Drain, status: int
) -> None:
    receiver.answer = lambda _got: Response(status=status, headers={"Location": f"{receiver.url}/elsewhere"})
    escalate(ticket, hook[0])
    drain()
    (delivery,) = deliveries()
    assert (delivery.state, delivery.reason) == ("dead", "redirected" if status == 302 else f"http_{status}")
    assert [got.path for got in receiver.got] == ["/hook"]


def test_one_that_is_off_is_not_called(
    receiver: Receiver, hook: tuple[Webhook, str], ticket: Ticket, drain: Drain
) -> None:
    with work(Scope.staff()):
        made = access_webhook(hook[0].id)
        change_webhook(made, name=made.name, url=made.url, is_active=False, at=clock.now())
    escalate(ticket, hook[0])
    drain()
    assert receiver.got == [] and deliveries()[0].reason == "webhook_off"


# ------------------------------------------------------------------------- its page


def test_the_page_shows_a_secret_once_and_tests(
    web: FlaskClient, world: World, receiver: Receiver, drain: Drain
) -> None:
    ana = sign_in(web, world.ana)
    page = ana.post("/admin/webhooks", data={"name": "Zapier", "url": f"{receiver.url}/z"})
    assert "whsec_" in page.text and page.headers["Cache-Control"] == "no-store"
    assert "whsec_" not in ana.get("/admin/webhooks").text
    with work(Scope.staff()) as session:
        made = session.scalars(select(Webhook)).one()
        for event in session.scalars(select(StoredEvent)):
            assert "whsec_" not in str(event.data)
    assert ana.post(f"/admin/webhooks/{made.id}/test").status_code == 303
    drain()
    assert receiver.got[0].json["type"] == "test" and "Última: 200" in ana.get("/admin/webhooks").text
    receiver.answer = lambda _got: Response(status=500)
    ana.post(f"/admin/webhooks/{made.id}/test")
    drain()
    clock.advance(timedelta(hours=1))
    drain()
    assert "error interno (500)" in ana.get("/admin/webhooks").text and len(receiver.got) == 2  # a test is not retried
    assert "whsec_" in ana.post(f"/admin/webhooks/{made.id}/secret").text
    assert ana.post(f"/admin/webhooks/{made.id}", data={"name": "Z", "url": "ftp://x"}).status_code == 303
    assert ana.post(f"/admin/webhooks/{made.id}/remove").status_code == 303
    assert "Zapier" not in ana.get("/admin/webhooks").text.replace("Zapier ya", "").replace("eliminado: Zapier.", "")


def test_what_is_no_address_is_refused_beside_its_field(web: FlaskClient, world: World) -> None:
    ana = sign_in(web, world.ana)
    answer = ana.post("/admin/webhooks", data={"name": "X", "url": "file:///etc/passwd"})
    assert answer.status_code == 422 and "field-error" in answer.text


@pytest.mark.parametrize("who", ["tomas", "rosa", "carmen", "nuria"])
def test_only_administrators(web: FlaskClient, world: World, who: str) -> None:
    sign_in(web, getattr(world, who))
    assert web.get("/admin/webhooks").status_code == 403
    assert web.post("/admin/webhooks", data={"name": "X", "url": "https://x.example"}).status_code == 403
