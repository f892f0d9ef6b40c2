"""A scheduled ticket needs a time, is opened at that time, and its assignee is notified."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient

from msp.kernel import clock
from msp.kernel.db import Scope, db, work
from msp.kernel.errors import Invalid
from msp.kernel.events import StoredEvent
from msp.notify.models import Notification
from msp.tickets.actions import change_status, take
from msp.tickets.models import Ticket
from msp.tickets.waking import open_due
from tests.conftest import MONDAY
from tests.tickets.sla_steps import clocks, opened
from tests.world import World, sign_in

Drain = Callable[[], int]
TUESDAY = MONDAY + timedelta(days=1)


@pytest.fixture
def ticket(world: World) -> Ticket:
    made = opened(world)
    with work(Scope.staff(actor_id=world.tomas.id)) as session:
        take(session.get_one(Ticket, made.id), world.tomas, at=clock.now())
    return made


def schedule(ticket: Ticket, until: datetime | None) -> None:
    with work(Scope.staff()) as session:
        change_status(session.get_one(Ticket, ticket.id), "scheduled", at=clock.now(), scheduled_for=until)


def now(ticket: Ticket) -> tuple[str, datetime | None]:
    with work(Scope.staff()) as session:
        found = session.get_one(Ticket, ticket.id)
        return found.status, found.scheduled_for


@pytest.mark.parametrize(
    ("until", "code"),
    [
        (None, "required"),
        (MONDAY, "in_past"),
        (MONDAY - timedelta(days=1), "in_past"),
        (MONDAY + timedelta(days=367), "too_far"),
    ],
)
def test_g3_scheduled_asks_for_a_time_to_come(ticket: Ticket, until: datetime | None, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        schedule(ticket, until)
    assert refused.value.fields == {"scheduled_for": [code]}
    assert now(ticket) == ("open", None)


def test_g3_it_opens_when_the_time_comes_and_the_clocks_go_on(world: World, ticket: Ticket, drain: Drain) -> None:
    schedule(ticket, TUESDAY)
    assert {each.state for each in clocks(ticket)} == {"paused"}
    clock.advance(timedelta(hours=23))
    open_due()
    assert now(ticket) == ("scheduled", TUESDAY)
    clock.advance(timedelta(hours=1))
    open_due()
    open_due()
    assert now(ticket) == ("open", None)
    assert {each.state for each in clocks(ticket)} == {"running"}
    drain()
    with work(Scope.system()):
        heard = db.session.scalars(db.select(Notification).where(Notification.kind == "ticket.woken")).all()
    assert [each.person_id for each in heard] == [world.tomas.id]


def test_g3_another_time_replaces_it_and_another_status_drops_it(ticket: Ticket) -> None:
    schedule(ticket, TUESDAY)
    schedule(ticket, TUESDAY + timedelta(days=1))
    assert now(ticket) == ("scheduled", TUESDAY + timedelta(days=1))
    with work(Scope.staff()) as session:
        change_status(session.get_one(Ticket, ticket.id), "open", at=clock.now())
        kinds = session.scalars(db.select(StoredEvent.kind).where(StoredEvent.subject_id == ticket.id)).all()
    assert now(ticket) == ("open", None)
    assert kinds.count("ticket.rescheduled") == 1
    clock.advance(timedelta(days=3))
    open_due()
    with work(Scope.staff()) as session:
        kinds = session.scalars(db.select(StoredEvent.kind).where(StoredEvent.subject_id == ticket.id)).all()
    assert "ticket.woken" not in kinds


@pytest.mark.parametrize(
    ("typed", "status", "until"),
    [
        ("2026-11-24T10:00", 303, TUESDAY),  # in Madrid
        ("", 422, None),
        ("2026-11-20T10:00", 422, None),
        ("mañana", 422, None),
        ("9999-12-31T23:59", 422, None),
    ],
)
def test_g3_the_page_asks_for_it_in_the_technicians_zone(
    web: FlaskClient, world: World, ticket: Ticket, typed: str, status: int, until: datetime | None
) -> None:
    sign_in(web, world.tomas)
    page = web.get(f"/desk/tickets/{ticket.label}").text
    assert 'name="scheduled_for" value="2026-11-24T09:00"' in page
    found = re.search(r'action="(/desk/[^"]*status)"', page)
    assert found
    set_status = found[1]
    said = {"status": "scheduled", "scheduled_for": typed}
    answer = web.post(set_status, data=said)
    assert answer.status_code == status
    assert now(ticket)[1] == until
    if until:
        assert '<time datetime="2026-11-24T09:00:00+00:00"' in web.get(f"/desk/tickets/{ticket.label}").text
