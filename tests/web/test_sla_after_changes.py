"""Through the pages: a calendar, place or contract changes in its form, the worker recalculates, pages show it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from msp.calendars.places import add_place, seed_year
from msp.calendars.queries import access_calendar
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.sla.clocks import left_of, pauses_of
from msp.sla.models import Clock
from msp.tickets.models import Ticket
from tests.conftest import MONDAY
from tests.tickets.sla_steps import clocks, events, moved, opened, shown, the
from tests.web.forms import posted
from tests.world import World, sign_in

HOUR = timedelta(hours=1)


def november(day: int, hour: int, minute: int = 0) -> datetime:
    """In Madrid, in winter time."""
    return datetime(2026, 11, day, hour - 1, minute, tzinfo=UTC)


@pytest.fixture
def ana(web: FlaskClient, world: World) -> FlaskClient:
    """An administrator's browser."""
    return sign_in(web, world.ana)


@pytest.fixture
def tickets(world: World, drain: Callable[[], int]) -> dict[str, Ticket]:
    """Of Monday 10:00 (response in 2 h, resolution in 16): open, pending since 11:00, resolved at 11:00. Now 11:00."""
    made = {name: opened(world, subject=name) for name in ("open", "waiting", "done")}
    clock.advance(HOUR)
    moved(world, made["waiting"], "waiting_client")
    moved(world, made["done"], "resolved")
    drain()
    assert the(made["open"], "resolution").due_at == november(25, 10)
    return made


def facts(ticket: Ticket) -> list[tuple[object, ...]]:
    return [(each.kind, each.state, each.due_at, each.met_at, each.breached_at) for each in clocks(ticket)]


def left(clock_: Clock) -> timedelta:
    with work(Scope.staff()):
        return left_of(clock_, pauses_of(clock_.ticket_id), at=clock.now())


def save(ana: FlaskClient, path: str, **changes: str) -> None:
    """Open a form, change some fields, submit it."""
    answer = ana.post(path, data=posted(ana.get(path).text) | changes)
    assert answer.status_code == 303, answer.text


def test_a_new_holiday_in_the_calendars_form(
    ana: FlaskClient, world: World, tickets: dict[str, Ticket], drain: Callable[[], int]
) -> None:
    done = facts(tickets["done"])
    held = left(the(tickets["waiting"], "resolution"))
    assert held == 15 * HOUR
    path = f"/admin/calendars/{world.calendar.id}"
    form = posted(ana.get(path).text)
    save(ana, path, holidays=form["holidays"] + "\n2026-11-24 Santa Flora")
    assert the(tickets["open"], "resolution").due_at == november(25, 10)  # the worker has not run yet
    drain()
    assert the(tickets["open"], "first_response").due_at == november(23, 12)  # Tuesday does not affect it
    assert the(tickets["open"], "resolution").due_at == november(26, 10)
    assert shown(tickets["open"]).due_at == november(23, 12)
    assert left(the(tickets["open"], "resolution")) == held == left(the(tickets["waiting"], "resolution"))
    assert facts(tickets["done"]) == done and events(tickets["done"], "sla.recomputed") == []
    [told] = events(tickets["open"], "sla.recomputed")
    assert told.data["clocks"] == [
        {"clock": "resolution", "before": november(25, 10).isoformat(), "after": november(26, 10).isoformat()}
    ]
    page = ana.get("/desk/tickets/LOZ-1").text.replace("\N{NO-BREAK SPACE}", " ")
    assert "SLA recalculado (cambio en el calendario): Resolución mié 10:00 → jue 10:00" in page
    assert "24 nov cerrado: Santa Flora" in page
    assert "SLA recalculado" not in ana.get("/desk/tickets/LOZ-3").text


def test_what_stood_still_goes_on_under_the_new_calendar(
    ana: FlaskClient, world: World, tickets: dict[str, Ticket], drain: Callable[[], int]
) -> None:
    path = f"/admin/calendars/{world.calendar.id}"
    save(ana, path, holidays=posted(ana.get(path).text)["holidays"] + "\n2026-11-24 Santa Flora")
    drain()
    clock.advance(november(25, 9) - clock.now())
    moved(world, tickets["waiting"], "open")
    assert the(tickets["waiting"], "resolution").due_at == november(26, 18)  # 8 h on Wednesday, 7 on Thursday
    assert the(tickets["waiting"], "first_response").due_at == november(25, 10)


def test_a_changed_window_in_the_calendars_form(
    ana: FlaskClient, world: World, tickets: dict[str, Ticket], drain: Callable[[], int]
) -> None:
    """Mondays now end at 11:00: the hour that was already worked still counts."""
    done = facts(tickets["done"])
    save(ana, f"/admin/calendars/{world.calendar.id}", day_0="9:00-11:00")
    drain()
    assert the(tickets["open"], "first_response").due_at == november(24, 10)  # an hour was spent, one is left
    assert the(tickets["open"], "resolution").due_at == november(25, 18)  # 16 h: 1 on Monday, 8, and 7 on Wednesday
    assert left(the(tickets["open"], "resolution")) == 15 * HOUR == left(the(tickets["waiting"], "resolution"))
    assert facts(tickets["done"]) == done
    clock.advance(timedelta(hours=2))
    assert left(the(tickets["open"], "resolution")) == 15 * HOUR  # closed since 11:00


def test_a_new_holiday_of_the_place(
    ana: FlaskClient, world: World, tickets: dict[str, Ticket], drain: Callable[[], int]
) -> None:
    with work(Scope.staff()):
        place = add_place(name="Getafe", country="ES", region="MD", municipality="Getafe", at=MONDAY)
        seed_year(place, 2026, at=MONDAY)
        access_calendar(world.calendar.id)
        place_id = place.id
    save(ana, f"/admin/calendars/{world.calendar.id}", place=str(place_id))
    drain()
    assert the(tickets["open"], "resolution").due_at == november(25, 10)
    add_day(ana, place_id, "2026-11-24", "Fiesta local")
    drain()
    assert the(tickets["open"], "resolution").due_at == november(26, 10)
    assert "24 nov cerrado: Fiesta local" in ana.get("/desk/tickets/LOZ-1").text.replace("\N{NO-BREAK SPACE}", " ")


def add_day(ana: FlaskClient, place_id: UUID, day: str, name: str) -> None:
    path = f"/admin/places/{place_id}/2026"
    form = posted(ana.get(path).text)
    blank = next(name for name, value in form.items() if name.startswith("day_") and not value)[4:]
    more = {f"day_{blank}": day, f"name_{blank}": name, f"scope_{blank}": "municipal"}
    assert ana.post(path, data=form | more).status_code == 303


def test_other_targets_in_the_contracts_form(
    ana: FlaskClient, world: World, tickets: dict[str, Ticket], drain: Callable[[], int]
) -> None:
    done = facts(tickets["done"])
    save(ana, f"/admin/contracts/{world.lozano_contract.id}", response_normal="90", resolution_normal="480")
    drain()
    assert the(tickets["open"], "first_response").due_at == november(23, 11, 30)
    assert the(tickets["open"], "resolution").due_at == november(24, 10)  # 7 h on Monday, one of Tuesday
    assert left(the(tickets["waiting"], "resolution")) == 7 * HOUR
    assert facts(tickets["done"]) == done
    page = ana.get("/desk/tickets/LOZ-1").text.replace("\N{NO-BREAK SPACE}", " ")
    assert (
        "SLA recalculado (cambio en las condiciones del contrato): Primera respuesta 12:00 → 11:30; Resolución" in page
    )


def test_another_priority_on_the_tickets_page(ana: FlaskClient, world: World, tickets: dict[str, Ticket]) -> None:
    """At once, without a worker; half an hour of four is kept, and changing back loses nothing either."""
    assert ana.post("/desk/tickets/LOZ-1/set-priority", data={"priority": "low"}).status_code == 303
    assert left(the(tickets["open"], "resolution")) == 39 * HOUR
    assert ana.post("/desk/tickets/LOZ-1/set-priority", data={"priority": "urgent"}).status_code == 303
    assert the(tickets["open"], "resolution").due_at == november(23, 14)
    assert the(tickets["open"], "first_response").due_at == november(23, 10, 30)  # already over
    assert ana.post("/desk/tickets/LOZ-1/set-priority", data={"priority": "normal"}).status_code == 303
    assert the(tickets["open"], "resolution").due_at == november(25, 10)
    page = ana.get("/desk/tickets/LOZ-1").text
    assert page.count("SLA recalculado (cambio de prioridad)") == 3
    done = facts(tickets["done"])
    ana.post("/desk/tickets/LOZ-3/set-priority", data={"priority": "low"})
    assert facts(tickets["done"]) == done
