"""Logging time in the console: start and end determine the price, and implausible times are shown."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from msp.kernel.db import Scope, work
from msp.tickets.models import Ticket
from msp.worklog.actions import start_timer
from msp.worklog.models import TimeEntry
from tests.billing.desk import NOVEMBER, log, run, ticket_of, utc
from tests.tickets.sla_steps import another_contract
from tests.web.api.conftest import Programs, program  # noqa: F401 (a fixture)
from tests.world import TARGETS, World, sign_in

PATH = "/desk/tickets/LOZ-1/log-time"
FRIDAY = {"on": "2026-11-20", "note": "Servidor", "billable": "1"}  # the clock is frozen on Monday 23 November, 10:00


@pytest.fixture
def ticket(world: World) -> Ticket:
    return ticket_of(world)


@pytest.fixture
def tomas(world: World, ticket: Ticket, web: FlaskClient) -> FlaskClient:
    return sign_in(web, world.tomas)


def entries() -> list[tuple[datetime, int]]:
    with work(Scope.staff()) as session:
        found = session.execute(select(TimeEntry.started_at, TimeEntry.minutes).order_by(TimeEntry.id))
        return [(started_at.astimezone(UTC), minutes) for started_at, minutes in found]


def test_friday_evening_written_on_monday_is_billed_after_hours(tomas: FlaskClient, world: World) -> None:
    assert tomas.post(PATH, data=FRIDAY | {"start": "20:00", "end": "22:00"}).status_code == 303
    assert entries() == [(utc(20, 19, month=11), 120)]
    _, (draft,) = run(world, NOVEMBER, clients=[world.lozano])
    assert draft.net == 2 * 75_00 * 3 // 2  # the multiplier of 1.5 after hours


@pytest.mark.parametrize(
    ("typed", "started_at", "minutes"),
    [
        ({"start": "20:00", "minutes": "45"}, utc(20, 19, month=11), 45),
        ({"end": "22:00", "minutes": "45"}, utc(20, 20, 15, month=11), 45),
        ({"start": "20:00", "end": "20:45", "minutes": "45"}, utc(20, 19, month=11), 45),
        ({"start": "22:30", "end": "01:00"}, utc(20, 21, 30, month=11), 150),
        ({"on": "2026-10-24", "start": "22:00", "end": "04:00"}, utc(24, 20), 420),  # the night with an hour more
        ({"on": "2026-10-25", "start": "02:30", "minutes": "30"}, utc(25, 0, 30), 30),  # the first of two
        ({"on": "2026-10-25", "end": "02:30", "minutes": "30"}, utc(25, 1), 30),  # the second of two
        ({"on": "2026-03-28", "start": "22:00", "end": "04:00"}, utc(28, 21, month=3), 300),  # an hour less
        ({"start": "00:00", "end": "00:00", "minutes": "1440"}, utc(19, 23, month=11), 1440),
        ({"on": "", "minutes": "25"}, utc(23, 8, 35, month=11), 25),
        ({"on": "2026-11-23", "start": "08:00", "end": "08:30"}, utc(23, 7, month=11), 30),
    ],
    ids=str,
)
def test_two_of_start_end_and_minutes_say_when(
    tomas: FlaskClient, typed: dict[str, str], started_at: datetime, minutes: int
) -> None:
    assert tomas.post(PATH, data=FRIDAY | typed).status_code == 303
    assert entries() == [(started_at, minutes)]


@pytest.mark.parametrize(
    "typed",
    [
        {"minutes": "45"},  # of another day, without a time
        {"start": "20:00"},
        {"end": "20:00"},
        {},
        {"start": "20:00", "end": "22:00", "minutes": "30"},
        {"start": "8 pm", "end": "22:00"},
        {"start": "24:00", "end": "22:00"},
        {"start": "20:00", "minutes": "٣"},
        {"start": "20:00", "end": "20:00"},
        {"on": "2026-11-24", "start": "08:00", "end": "09:00"},  # in the future
        {"on": "9999-12-31", "start": "23:00", "end": "01:00"},
        {"on": "0001-01-01", "start": "00:00", "end": "01:00"},
    ],
    ids=str,
)
def test_what_says_no_time_is_refused(tomas: FlaskClient, typed: dict[str, str]) -> None:
    assert tomas.post(PATH, data=FRIDAY | typed).status_code == 422
    assert entries() == []


def test_a_timer_tells_the_start_unless_the_form_does(tomas: FlaskClient, world: World, ticket: Ticket) -> None:
    with work(Scope.staff(actor_id=world.tomas.id)) as session:
        start_timer(session.get_one(Ticket, ticket.id), world.tomas, at=utc(23, 8, month=11))
    assert tomas.post(PATH, data={"minutes": "50", "note": "x"}).status_code == 303
    assert entries() == [(utc(23, 8, month=11), 50)]


def test_overlapping_time_is_shown(tomas: FlaskClient, world: World, ticket: Ticket) -> None:
    theirs = ticket_of(world, world.azcarate)
    log(theirs, world.tomas, utc(20, 19, 30, month=11), 60)
    log(theirs, world.irene, utc(20, 19, month=11), 60)  # somebody else may work at the same time
    log(ticket, world.tomas, utc(20, 18, month=11), 60)  # ends as the next begins
    page = tomas.post(PATH, data=FRIDAY | {"start": "20:00", "end": "21:00"}, follow_redirects=True)
    assert "se solapa con AZC-1, 20 nov de 20:30 a 21:30" in page.text.replace("\xa0", " ")
    assert page.text.count("se solapa con otro tiempo de Tomás") == 1
    assert "20:00–21:00" in page.text


def test_a_day_of_more_than_24_hours_is_shown(tomas: FlaskClient, world: World, ticket: Ticket) -> None:
    log(ticket, world.tomas, utc(19, 23, month=11), 24 * 60)  # all of the 20th in Madrid
    fits = tomas.post(PATH, data=FRIDAY | {"on": "2026-11-21", "start": "00:00", "end": "01:00"}, follow_redirects=True)
    assert "Has imputado" not in fits.text
    page = tomas.post(PATH, data=FRIDAY | {"start": "20:00", "end": "20:05"}, follow_redirects=True)
    assert "24 h 05 min" in page.text.replace("\xa0", " ") and "Has imputado" in page.text


@pytest.mark.parametrize(
    ("typed", "is_shown"),
    [
        ({"start": "09:00", "end": "18:00"}, True),
        ({"start": "09:59", "minutes": "300"}, True),
        ({"on": "2026-11-22", "start": "20:00", "end": "19:00"}, True),  # an end before the start is on the next day
        ({"start": "09:40", "minutes": "30"}, False),  # rounded up
        ({"start": "08:00", "end": "10:00"}, False),
    ],
    ids=str,
)
def test_time_that_ends_in_the_future_is_shown(tomas: FlaskClient, typed: dict[str, str], is_shown: bool) -> None:
    page = tomas.post(PATH, data={"on": "2026-11-23", "note": "x"} | typed, follow_redirects=True)
    assert ("Este tiempo termina en el futuro" in page.text) is is_shown
    assert len(entries()) == 1


def test_an_account_manager_moves_a_ticket_to_another_contract(
    world: World,
    web: FlaskClient,
    program: Programs,  # noqa: F811
    ticket: Ticket,
) -> None:
    other = another_contract(world, TARGETS["high"], name="Proyecto TPV")
    carmen = program(world.carmen)
    moved = carmen.patch(f"/tickets/{ticket.id}", {"contract_id": str(other.id)})
    assert (moved.status_code, moved.get_json()["contract_id"]) == (200, str(other.id))
    for more in ({"status": "resolved"}, {"contract_id": None, "priority": "urgent"}, {"subject": "Otro"}):
        assert carmen.patch(f"/tickets/{ticket.id}", more).status_code == 403
    browser = sign_in(web, world.carmen)
    page = browser.get("/desk/tickets/LOZ-1").text
    assert 'action="/desk/tickets/LOZ-1/set-contract"' in page
    assert browser.post("/desk/tickets/LOZ-1/set-contract", data={"contract_id": ""}).status_code == 303
    assert contract_of_ticket(ticket) is None
    assert browser.post("/desk/tickets/LOZ-1/resolve", data={}).status_code == 403


def contract_of_ticket(ticket: Ticket) -> UUID | None:
    with work(Scope.staff()) as session:
        return session.get_one(Ticket, ticket.id).contract_id
