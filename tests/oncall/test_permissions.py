"""Absences and swaps may be changed by those concerned, team leads and administrators, on page and API alike."""

from datetime import timedelta

import pytest
from flask import Flask

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.oncall.actions import cancel_absence, cancel_swap, note_absence, swap
from msp.oncall.models import OnCallAbsence, OnCallSwap
from msp.oncall.queries import access_absence, access_layer, access_swap
from tests.oncall.desk import add_rota
from tests.web.api.conftest import Programs, program  # noqa: F401
from tests.world import World, sign_in


def away(world: World) -> OnCallAbsence:
    add_rota(world)
    at = clock.now()
    with work(Scope.staff()):
        return note_absence(world.irene, start=at, end=at + timedelta(days=2), note="", at=at)


def swapped(world: World) -> OnCallSwap:
    """Tomás takes over a day of Irene's week."""
    first, _ = add_rota(world)
    at = clock.now()
    with work(Scope.staff()):
        return swap(access_layer(first.id), world.tomas, start=at, end=at + timedelta(days=1), at=at)


def is_cancelled(row: OnCallAbsence | OnCallSwap) -> bool:
    with work(Scope.staff()):
        found = access_absence(row.id) if isinstance(row, OnCallAbsence) else access_swap(row.id)
        return found.cancelled_at is not None


@pytest.mark.parametrize(("who", "may"), [("tomas", False), ("irene", True), ("rosa", True), ("ana", True)])
def test_who_takes_an_absence_back(app: Flask, world: World, who: str, may: bool) -> None:
    absence = away(world)
    web = sign_in(app.test_client(), getattr(world, who))
    page, action = web.get("/desk/on-call").text, f"/desk/on-call/absences/{absence.id}/cancel"
    assert (action in page) is may
    assert web.post(action).status_code == (303 if may else 403)
    assert is_cancelled(absence) is may


@pytest.mark.parametrize(("who", "may"), [("tomas", False), ("irene", True), ("rosa", True)])
def test_who_notes_an_absence(app: Flask, world: World, who: str, may: bool) -> None:
    form = {"person_id": str(world.irene.id), "first_day": "2026-12-01", "last_day": "2026-12-02"}
    answer = sign_in(app.test_client(), getattr(world, who)).post("/desk/on-call/absences", data=form)
    assert answer.status_code == (303 if may else 403)


@pytest.mark.parametrize(("who", "may"), [("irene", False), ("tomas", True), ("rosa", True)])
def test_who_takes_a_swap_back(app: Flask, world: World, program: Programs, who: str, may: bool) -> None:  # noqa: F811
    made = swapped(world)
    person = getattr(world, who)
    answer = sign_in(app.test_client(), person).post(f"/desk/on-call/swaps/{made.id}/cancel")
    assert answer.status_code == (303 if may else 403)
    assert is_cancelled(made) is may
    if not may:
        assert program(person).delete(f"/on-call/swaps/{made.id}").status_code == 403


@pytest.mark.parametrize(
    ("who", "to", "may"),
    [
        ("irene", "tomas", True),  # gives away her own duty
        ("tomas", "tomas", True),  # takes it over
        ("tomas", "rosa", False),  # gives away a colleague's duty
        ("rosa", "tomas", True),  # team lead
    ],
)
def test_who_gives_a_stretch_to_whom(
    app: Flask,
    world: World,
    program: Programs,  # noqa: F811
    who: str,
    to: str,
    may: bool,
) -> None:
    first, _ = add_rota(world)
    at = clock.now()
    stretch = {"start": at.isoformat(), "end": (at + timedelta(days=1)).isoformat()}
    wanted = {"person_id": str(getattr(world, to).id), **stretch}
    answer = program(getattr(world, who)).post("/on-call/swaps", {"layer_id": str(first.id), **wanted})
    assert answer.status_code == (201 if may else 403)
    web = sign_in(app.test_client(), getattr(world, who))
    if not may:
        assert web.post(f"/desk/on-call/{first.id}/swaps", data=wanted).status_code == 403


def test_the_desk_itself_may(world: World) -> None:
    absence, made = away(world), swapped(world)
    with work(Scope.staff()):
        cancel_swap(access_swap(made.id), at=clock.now())
        cancel_absence(access_absence(absence.id), at=clock.now())
    assert is_cancelled(made) and is_cancelled(absence)
