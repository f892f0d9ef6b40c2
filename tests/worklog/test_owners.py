"""A time entry belongs to its worker and to the invoice that bills it: no others change or delete it."""

import threading
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, text, update
from sqlalchemy.exc import DBAPIError

from billing.credit_notes import credit
from billing.models import BilledEntry, Invoice
from msp.config import Settings
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.errors import Conflict, Denied, Invalid
from msp.people.models import Person
from msp.tickets.models import Ticket
from msp.worklog.actions import access_entry, delete_time, edit_time
from msp.worklog.models import TimeEntry
from tests import postgres
from tests.billing.desk import entry_state, issued, log, run, ticket_of, utc
from tests.web.api.conftest import Programs, program  # noqa: F401 (a fixture)
from tests.world import World, sign_in

CHANGES: list[dict[str, Any]] = [
    {"minutes": 5},
    {"work_type": "onsite"},
    {"billable": False},
    {"note": "Otra cosa"},
    {"started_at": utc(5, 8)},
]
BILLED = "a billed time entry is frozen"


@pytest.fixture
def ticket(world: World) -> Ticket:
    return ticket_of(world)


@pytest.fixture
def entry_id(world: World, ticket: Ticket) -> UUID:
    return log(ticket, world.tomas, utc(6, 8), 60)


def draft_of(world: World) -> Invoice:
    _, (draft,) = run(world, clients=[world.lozano])
    return draft


def as_(person: Person) -> Scope:
    return Scope.staff(actor_id=person.id)


@pytest.mark.parametrize("changes", CHANGES, ids=str)
def test_an_entry_that_is_issued_meanwhile_is_not_changed(
    world: World, entry_id: UUID, changes: dict[str, Any]
) -> None:
    draft = draft_of(world)
    with work(as_(world.tomas)) as session:
        entry = access_entry(entry_id)  # read while it is on a draft
        issued(world, draft)
        with pytest.raises(Conflict, match="time_entry_billed"):
            edit_time(entry, at=clock.now(), **changes)
        session.rollback()


def test_an_entry_that_is_issued_meanwhile_is_not_deleted(world: World, entry_id: UUID) -> None:
    draft = draft_of(world)
    with work(as_(world.tomas)) as session:
        entry = access_entry(entry_id)
        issued(world, draft)
        with pytest.raises(Conflict, match="time_entry_billed"):
            delete_time(entry, at=clock.now())
        session.rollback()


def test_issuing_waits_for_a_change_and_then_refuses_the_old_draft(world: World, entry_id: UUID, app: Flask) -> None:
    draft = draft_of(world)
    outcome: list[str] = []

    def press() -> None:
        with app.app_context():
            try:
                outcome.append(issued(world, draft).number or "")
            except Conflict as refused:
                outcome.append(refused.code)

    with work(as_(world.tomas)) as session:
        edit_time(access_entry(entry_id), at=clock.now(), minutes=30)
        session.flush()
        thread = threading.Thread(target=press)
        thread.start()
        wait_until(lambda: waiting_for_locks() == 1)
        assert outcome == []
    thread.join()
    assert outcome == ["draft_outdated"] and entry_state(entry_id) == "approved"


def waiting_for_locks() -> int:
    with psycopg.connect(postgres.url(), autocommit=True) as root:
        row = root.execute("select count(distinct pid) from pg_locks where not granted").fetchone()
        return int(row[0]) if row else 0


def wait_until(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.01)


ATTEMPTS = [
    update(TimeEntry).values(minutes=5),
    update(TimeEntry).values(work_type="onsite"),
    update(TimeEntry).values(started_at=utc(5, 8)),
    update(TimeEntry).values(billable=False),
    update(TimeEntry).values(state="approved"),
    update(TimeEntry).values(write_down_minutes=60),
    delete(TimeEntry),
]


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=str)
@pytest.mark.parametrize("scope", [Scope.staff(), Scope.system()], ids=lambda scope: scope.role)
def test_the_database_refuses_to_change_a_billed_entry(
    world: World, entry_id: UUID, scope: Scope, attempt: Any
) -> None:
    issued(world, draft_of(world))
    with pytest.raises(DBAPIError, match=BILLED), work(scope) as session:
        session.execute(attempt)


def test_the_database_keeps_a_billed_entry_on_its_ticket_and_its_claim(world: World, entry_id: UUID) -> None:
    other = ticket_of(world)
    issued(world, draft_of(world))
    with pytest.raises(DBAPIError, match=BILLED), work(Scope.system()) as session:
        session.execute(update(TimeEntry).values(ticket_id=other.id))
    for attempt in (delete(BilledEntry), update(BilledEntry).values(entry_id=other.id)):
        with pytest.raises(DBAPIError, match="an issued invoice holds"), work(Scope.system()) as session:
            session.execute(attempt)


def test_a_whole_credit_note_frees_the_entry_and_it_can_be_changed(world: World, entry_id: UUID) -> None:
    invoice = issued(world, draft_of(world))
    with work(as_(world.carmen)):
        credit(invoice.id, reason="Error", at=clock.now())
    with work(as_(world.tomas)):
        edit_time(access_entry(entry_id), at=clock.now(), minutes=30)
    assert entry_state(entry_id) == "approved"


def test_the_owner_of_the_database_changes_no_billed_entry_either(
    world: World, entry_id: UUID, settings: Settings
) -> None:
    issued(world, draft_of(world))
    with psycopg.connect(settings.database_url.replace("+psycopg", ""), autocommit=True) as owner:
        for statement in (
            "update time_entry set minutes = 5",
            "delete from time_entry",
            "truncate time_entry cascade",
            "delete from billed_entry",
            "truncate billed_entry",
        ):
            with pytest.raises(psycopg.errors.IntegrityConstraintViolation):
                owner.execute(statement.encode())
    assert entry_state(entry_id) == "billed"


def test_somebody_elses_time_is_refused_by_the_verbs(world: World, entry_id: UUID) -> None:
    for person in (world.irene, world.rosa):
        with pytest.raises(Denied), work(as_(person)):
            edit_time(access_entry(entry_id), at=clock.now(), minutes=5)
        with pytest.raises(Denied), work(as_(person)):
            delete_time(access_entry(entry_id), at=clock.now())
    with work(as_(world.ana)):
        edit_time(access_entry(entry_id), at=clock.now(), minutes=45)
    with work(as_(world.tomas)):
        delete_time(access_entry(entry_id), at=clock.now())


def test_the_console_deletes_nobody_elses_time(world: World, web: FlaskClient, entry_id: UUID) -> None:
    answer = sign_in(web, world.irene).post(f"/desk/time/{entry_id}/delete")
    assert answer.status_code == 403 and entry_state(entry_id) == "approved"
    assert sign_in(web, world.tomas).post(f"/desk/time/{entry_id}/delete").status_code == 303


def test_the_console_offers_deletion_to_those_who_may(
    world: World, web: FlaskClient, ticket: Ticket, entry_id: UUID
) -> None:
    def offered() -> list[bool]:
        return [
            f"/desk/time/{entry_id}/delete" in sign_in(web, person).get(f"/desk/tickets/LOZ-{ticket.number}").text
            for person in (world.tomas, world.ana, world.irene)
        ]

    assert offered() == [True, True, False]
    issued(world, draft_of(world))
    assert offered() == [False, False, False]


def test_the_api_deletes_nobody_elses_time(
    world: World,
    program: Programs,  # noqa: F811
    entry_id: UUID,
) -> None:
    irene = program(world.irene)
    assert irene.delete(f"/time-entries/{entry_id}").status_code == 403
    assert irene.patch(f"/time-entries/{entry_id}", {"minutes": 5}).status_code == 403
    issued(world, draft_of(world))
    for answer in (
        program(world.tomas).patch(f"/time-entries/{entry_id}", {"minutes": 5}),
        program(world.ana).delete(f"/time-entries/{entry_id}"),
    ):
        assert (answer.status_code, answer.get_json()["code"]) == (409, "time_entry_billed")


def test_only_what_may_be_corrected_is(world: World, entry_id: UUID) -> None:
    for change in ({"state": "draft"}, {"person_id": world.irene.id}, {"ticket_id": entry_id}):
        with pytest.raises(Invalid), work(as_(world.tomas)):
            edit_time(access_entry(entry_id), at=clock.now(), **change)


def test_a_change_waits_for_the_invoice_that_is_being_issued(world: World, entry_id: UUID) -> None:
    """An edit locks the same row as issuing: the entry."""
    with work(as_(world.tomas)) as session:
        edit_time(access_entry(entry_id), at=clock.now(), note="Uno")
        session.flush()
        with pytest.raises(DBAPIError, match="could not obtain lock"), work(Scope.system()) as other:
            other.execute(text("select id from time_entry for update nowait"))
