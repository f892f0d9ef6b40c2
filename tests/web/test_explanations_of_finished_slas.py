"""A finished target keeps the explanation of its time, whatever changes in its calendar later."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient

from msp.contracts.service_level import PriorityTargets
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.reports.attainment import ReportQuery, lines
from msp.reports.period import month_of
from msp.reports.reasons import margins, reasons
from msp.tickets import actions
from msp.tickets.models import Ticket
from tests.calendars.calendar_changes import work_on_the_bridge
from tests.tickets.sla_steps import another_contract, answered, moved, opened, the
from tests.web.api.conftest import Program, Programs, admin, program  # noqa: F401 (fixtures)
from tests.world import World, sign_in

FRIDAY = datetime(2026, 12, 4, 16, 30, tzinfo=UTC)  # 17:30 in Madrid; Monday and Tuesday are holidays
ANSWERED = datetime(2026, 12, 9, 8, 20, tzinfo=UTC)  # Wednesday 9:20, ten minutes before due
LATER = datetime(2026, 12, 10, 9, 0, tzinfo=UTC)
KEPT = ["4 dic 17:30 → 19:00 (1 h 30 min)", "7 dic cerrado: Constitución (trasladado)"]


def go_to(moment: datetime) -> None:
    clock.advance(moment - clock.now())


def forget_mondays_holiday(world: World, drain: Callable[[], int]) -> None:
    """The holiday is removed afterwards, and the worker recalculates."""
    work_on_the_bridge(world, at=clock.now())
    drain()


@pytest.fixture
def ticket(world: World) -> Ticket:
    """A normal ticket of Friday evening (2 h to answer), answered on Wednesday morning; it is now Thursday."""
    go_to(FRIDAY)
    made = opened(world)
    go_to(ANSWERED)
    answered(world, made)
    go_to(LATER)
    return made


def told(web: FlaskClient, world: World) -> dict[str, tuple[str, list[str], bool]]:
    """For each target on the ticket's page: outcome, explanation, and whether it is expanded."""
    page = unescape(sign_in(web, world.tomas).get("/desk/tickets/LOZ-1").text).replace("\N{NO-BREAK SPACE}", " ")
    side = page.partition('id="deadlines"')[2].partition("</section>")[0]
    found = {}
    for pair in side.split('<div class="pair">')[1:]:
        target, became = (re.sub("<[^>]+>", "", re.findall(rf"<{tag}>(.*?)</{tag}>", pair)[0]) for tag in ("dt", "dd"))
        why = re.findall(r"<div>(.*?)</div>", pair.partition('class="reason"')[2])
        found[target] = (became, why, "<details open>" in pair)
    return found


def test_the_page_unfolds_the_reason_of_each(
    web: FlaskClient, world: World, ticket: Ticket, drain: Callable[[], int]
) -> None:
    before = told(web, world)
    became, why, is_open = before["Primera respuesta"]
    assert (became, is_open) == ("cumplida en 1 h 50 min", False)
    assert [line for line in why if line in KEPT] == KEPT and "Contrato «Guardia 24», normal: 2 h" in why[0]
    assert before["Resolución"][2]  # the one that is due next
    forget_mondays_holiday(world, drain)
    after = told(web, world)
    assert after["Primera respuesta"] == before["Primera respuesta"]
    assert "7 dic cerrado: Constitución (trasladado)" not in after["Resolución"][1]


def test_a_breached_target_explains_itself_too(web: FlaskClient, world: World, drain: Callable[[], int]) -> None:
    go_to(FRIDAY)
    made = opened(world)
    go_to(ANSWERED + timedelta(minutes=15))
    assert told(web, world)["Primera respuesta"][1][1:3] == KEPT
    answered(world, made)
    go_to(LATER)
    before = told(web, world)["Primera respuesta"]
    assert before[0] == "cumplida fuera de SLA, en 2 h 05 min" and before[1][1:3] == KEPT
    forget_mondays_holiday(world, drain)
    assert told(web, world)["Primera respuesta"] == before


def test_a_finished_ticket_has_nothing_due_and_all_its_reasons(
    web: FlaskClient, world: World, ticket: Ticket, drain: Callable[[], int]
) -> None:
    moved(world, ticket, "resolved")
    before = told(web, world)
    assert [(bool(why), is_open) for _, why, is_open in before.values()] == [(True, False)] * 2
    clock.advance(timedelta(hours=1))
    forget_mondays_holiday(world, drain)
    assert told(web, world) == before


def test_the_priority_that_a_finished_target_was_made_for(web: FlaskClient, world: World, ticket: Ticket) -> None:
    clock.advance(timedelta(minutes=1))
    with work(Scope.staff(actor_id=world.tomas.id)) as session:
        actions.change_priority(session.get_one(Ticket, ticket.id), "low", at=clock.now())
    after = told(web, world)
    assert after["Primera respuesta"][1][0].startswith("Contrato «Guardia 24», normal: 2 h")
    assert after["Resolución"][1][0].startswith("Contrato «Guardia 24», baja: 40 h")


def test_the_contract_that_a_finished_target_was_made_under(web: FlaskClient, world: World, ticket: Ticket) -> None:
    before = told(web, world)["Primera respuesta"]
    clock.advance(timedelta(minutes=1))
    other = another_contract(world, PriorityTargets(30, 60), name="Proyecto TPV")
    with work(Scope.staff(actor_id=world.tomas.id)) as session:
        actions.change_contract(session.get_one(Ticket, ticket.id), other, at=clock.now())
    after = told(web, world)
    assert after["Primera respuesta"] == before
    assert after["Resolución"][1][0].startswith("Contrato «Proyecto TPV», normal: 1 h")
    listed = unescape(web.get("/desk/reports/targets?from=2026-12&by=kind").text).replace("\N{NO-BREAK SPACE}", " ")
    assert "Contrato «Guardia 24», normal: 2 h" in listed and "Contrato «Proyecto TPV», normal: 2 h" not in listed


def test_what_is_not_needed_any_more_needs_no_reason(web: FlaskClient, world: World, ticket: Ticket) -> None:
    with work(Scope.staff(actor_id=world.tomas.id)) as session:
        actions.change_contract(session.get_one(Ticket, ticket.id), None, at=clock.now())
    assert told(web, world)["Resolución"][:2] == ("no aplica", [])


def test_reports_reckon_by_the_calendar_that_held(world: World, ticket: Ticket, drain: Callable[[], int]) -> None:
    before = reported(world)
    assert before[0] == before[1] and before[0]["first_response"] == 10
    assert "Constitución (trasladado)" in before[2]
    forget_mondays_holiday(world, drain)
    after = reported(world)
    assert after[0] == after[1] and after[0]["first_response"] == 10 and after[2] == before[2]
    assert after[0]["resolution"] == before[0]["resolution"] - 8 * 60  # the open one changes with it


def reported(world: World) -> tuple[dict[str, int], dict[str, int], list[str]]:
    """The margins of both sources, and the names in the explanation of the first response."""
    asked = ReportQuery(month_of(date(2026, 12, 1)), clock.now(), {"client": str(world.lozano.id)})
    with work(Scope.staff()):
        found, _ = lines(asked, limit=10)
        why, left = reasons(found, at=asked.at), margins(found, at=asked.at)
    kinds = {line.clock_id: line.kind or "" for line in found if line.clock_id}
    [first] = [each for each, kind in kinds.items() if kind == "first_response"]
    return (
        {kind: why[each].left for each, kind in kinds.items()},
        {kind: left[each] for each, kind in kinds.items()},
        [step.name for step in why[first].explanation.steps],
    )


def test_programs_are_told_the_same(
    admin: Program,  # noqa: F811
    world: World,
    ticket: Ticket,
    drain: Callable[[], int],
) -> None:
    def first() -> dict[str, Any]:
        targets = admin.get(f"/tickets/{ticket.id}").get_json()["sla"]
        return next(dict(each) for each in targets if each["kind"] == "first_response")

    def listed() -> dict[str, Any]:
        found = admin.get("/reports/attainment/tickets?month=2026-12").get_json()["items"]
        return next(dict(each) for each in found if each["kind"] == "first_response")

    before = first(), listed()
    assert before[0]["explanation"]["steps"][-1]["end"] == before[0]["due_at"] == "2026-12-09T08:30:00Z"
    assert before[1]["minutes_left"] == 10
    assert the(ticket, "resolution").due_at is not None
    forget_mondays_holiday(world, drain)
    assert (first(), listed()) == before
