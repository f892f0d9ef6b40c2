"""Changes of the on-call schedule: stored, refused, emitted as events, and reflected in who is on call."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.errors import Invalid
from msp.kernel.events import StoredEvent, emit
from msp.notify.models import Notification
from msp.oncall.actions import cancel_absence, cancel_swap, change_layer, note_absence, remove_layer, swap
from msp.oncall.queries import access_absence, access_layer, access_swap, on_call
from msp.people.models import Person
from msp.tickets.events import Recipients, SlaEscalated
from msp.tickets.opening import Request, open_ticket
from tests.oncall.desk import add_rota, terms
from tests.world import World

NEXT_MONDAY = datetime(2026, 11, 30, 7, 0, tzinfo=UTC)  # 8:00 in Madrid


def on() -> list[str]:
    with work(Scope.staff()):
        return [each.person.name.split()[0] if each.person else "-" for each in on_call(clock.now())]


def test_who_is_on_and_until_when(world: World) -> None:
    add_rota(world)
    with work(Scope.staff()):
        first = on_call(clock.now())[0]
    assert (first.layer, first.person, first.until) == ("Primary", first.person, NEXT_MONDAY)
    assert first.person is not None and first.person.id == world.irene.id
    assert first.next_person is not None and first.next_person.id == world.tomas.id and first.next_at == NEXT_MONDAY
    assert on() == ["Irene", "Rosa"]


def test_a_swap_and_its_taking_back_are_events(world: World) -> None:
    first, _ = add_rota(world)
    at = clock.now()
    with work(Scope.staff(actor_id=world.rosa.id)):
        made = swap(access_layer(first.id), world.tomas, start=at, end=NEXT_MONDAY, at=at)
    assert on() == ["Tomás", "Rosa"]
    with work(Scope.staff(actor_id=world.irene.id)):
        cancel_swap(access_swap(made.id), at=at)
        cancel_swap(access_swap(made.id), at=at)
    assert on() == ["Irene", "Rosa"]
    with work(Scope.staff()) as session:
        events = session.scalars(
            select(StoredEvent).where(StoredEvent.subject_id == first.id).order_by(StoredEvent.seq)
        )
        told = [(event.kind, event.actor_id) for event in events]
    assert told[1:] == [("oncall.swapped", world.rosa.id), ("oncall.swap_cancelled", world.irene.id)]


def test_absences_and_people_who_left_are_skipped(world: World) -> None:
    add_rota(world)
    at = clock.now()
    with work(Scope.staff()):
        away = note_absence(world.irene, start=at, end=at + timedelta(days=2), note="Vacaciones", at=at)
    assert on() == ["Tomás", "Rosa"]
    with work(Scope.staff()):
        cancel_absence(access_absence(away.id), at=at)
    assert on() == ["Irene", "Rosa"]
    with work(Scope.system()) as session:
        session.get_one(Person, world.irene.id).active = False
        session.get_one(Person, world.rosa.id).active = False
    assert on() == ["Tomás", "-"]


def test_layers_change_and_go(world: World) -> None:
    first, second = add_rota(world)
    with work(Scope.staff()):
        change_layer(
            access_layer(first.id), terms(world, people=(world.rosa.id, world.tomas.id, world.irene.id)), at=clock.now()
        )
    assert on() == ["Tomás", "Rosa"]
    with work(Scope.staff()):
        change_layer(access_layer(first.id), terms(world, people=(world.irene.id,)), at=clock.now())
        remove_layer(access_layer(second.id), at=clock.now())
    assert on() == ["Irene"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"timezone": "Madrid"}, "timezone"),
        ({"every_days": 0}, "every_days"),
        ({"handover": 1440}, "handover"),
        ({"windows": {0: ((60, 60),)}}, "windows"),
        ({"people": ("marta",)}, "people"),
        ({"people": ("carmen",)}, "people"),
    ],
)
def test_what_makes_no_rota(world: World, change: dict[str, object], field: str) -> None:
    first, _ = add_rota(world)
    if field == "people":
        change = {"people": tuple(getattr(world, str(name)).id for name in change["people"])}  # type: ignore[attr-defined]
    with pytest.raises(Invalid) as refused, work(Scope.staff()):
        change_layer(access_layer(first.id), terms(world, **change), at=clock.now())
    assert list(refused.value.fields) == [field]


def test_what_is_no_swap(world: World) -> None:
    first, _ = add_rota(world)
    at = clock.now()
    for person, start, end in (
        (world.marta, at, NEXT_MONDAY),
        (world.tomas, NEXT_MONDAY, NEXT_MONDAY),
        (world.tomas, at - timedelta(days=2), at - timedelta(days=1)),
        (world.tomas, at, at + timedelta(days=3000)),
    ):
        with pytest.raises(Invalid), work(Scope.staff()):
            swap(access_layer(first.id), person, start=start, end=end, at=at)


@pytest.mark.parametrize(
    ("role", "heard"),
    [
        ("on_call", ["irene"]),
        ("on_call:2", ["rosa"]),
        ("on_call:all", ["irene", "rosa"]),
        ("on_call:9", ["rosa"]),
        ("", []),
    ],
)
def test_an_escalation_reaches_who_is_on_call(
    world: World, drain: Callable[[], int], role: str, heard: list[str]
) -> None:
    add_rota(world)
    with work(Scope.client(world.lozano.id)):
        wanted = Request(subject="VPN", body="Nadie entra", source="portal")
        ticket, _ = open_ticket(world.lozano, requester=world.marta, request=wanted, at=clock.now())
    recipients = Recipients((role,) if role else (), ("console",), is_urgent=True)
    event = SlaEscalated(clock="resolution", is_late=False, assignee_id=None, due_at=None, recipients=recipients)
    with work(Scope.system()):
        emit(event, ticket.id, client_id=ticket.client_id)
    drain()
    with work(Scope.system()) as session:
        rows = session.scalars(select(Notification.person_id).where(Notification.kind == "sla.escalated"))
        assert set(rows) == {getattr(world, name).id for name in heard}
