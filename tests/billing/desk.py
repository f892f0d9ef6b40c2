"""Common steps of the billing tests: tickets, time entries, invoice runs, issuing."""

from datetime import UTC, date, datetime
from uuid import UUID

from sqlalchemy import select

from billing.invoices import issue
from billing.models import Invoice, InvoiceRun
from billing.rating import Period
from billing.runs import drafts_of, run_invoices
from msp.clients.actions import add_client
from msp.clients.models import Client
from msp.contracts.actions import Agreement, RateLine, add_contract
from msp.contracts.models import Contract
from msp.kernel import clock
from msp.kernel.db import Scope, db, work
from msp.people.actions import add_person
from msp.people.models import Person
from msp.tickets.models import Ticket
from msp.tickets.opening import Request, open_ticket
from msp.worklog.actions import log_time
from msp.worklog.models import TimeEntry
from tests.world import TARGETS, World

OCTOBER = Period(date(2026, 10, 1), date(2026, 10, 31))
NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))
SEPTEMBER = Period(date(2026, 9, 1), date(2026, 9, 30))


def utc(day: int, hour: int, minute: int = 0, *, month: int = 10) -> datetime:
    """A time of 2026, in UTC."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def ticket_of(world: World, client: Client | None = None, *, contract: Contract | None = None) -> Ticket:
    """A ticket of a client (default: Lozano), under a contract if one is given."""
    client = client or world.lozano
    with work(Scope.staff()):
        asked = Request(subject="El TPV no cobra", body="Hay cola.", source="console")
        ticket, _ = open_ticket(client, requester=_employee(client), request=asked, at=clock.now())
        if contract is not None:
            ticket.contract_id = contract.id
        db.session.flush()
        return ticket


def _employee(client: Client) -> Person:
    found = db.session.scalars(select(Person).where(Person.client_id == client.id).limit(1)).one_or_none()
    return found or add_person(
        client_id=client.id,
        name="Jon Etxea",
        email=f"jon@{client.code.lower()}.example",
        role="client_employee",
        locale="es",
        timezone=client.timezone,
        at=clock.now(),
    )


def log(ticket: Ticket, person: Person, at: datetime, minutes: int, **more: object) -> UUID:
    """Log time; the default `work_type` is remote."""
    with work(Scope.staff(actor_id=person.id)) as session:
        found = session.get_one(Ticket, ticket.id)
        details = {"work_type": "remote", "note": "Cambio de impresora de tiques"} | more
        return log_time(found, person=person, started_at=at, minutes=minutes, at=clock.now(), **details).id  # type: ignore[arg-type]


def run(
    world: World, period: Period = OCTOBER, *, clients: list[Client] | None = None
) -> tuple[InvoiceRun, list[Invoice]]:
    """Run billing for a period as the account manager."""
    with work(Scope.staff(actor_id=world.carmen.id)):
        made = run_invoices(period, at=clock.now(), clients=clients or [world.lozano, world.azcarate])
        return made, drafts_of(made)


def issued(world: World, invoice: Invoice) -> Invoice:
    """Issue a draft as the account manager."""
    with work(Scope.staff(actor_id=world.carmen.id)):
        return issue(invoice.id, at=clock.now())


def contract_of(world: World, client: Client, kind: str, terms: dict[str, object], **more: object) -> Contract:
    """A contract of the given kind, with remote work at 75.00 an hour."""
    details: dict[str, object] = {
        "name": kind,
        "kind": kind,
        "starts_on": date(2026, 1, 1),
        "ends_on": None,
        "calendar_id": world.calendar.id,
        "currency": "EUR",
        "targets": TARGETS,
        "rates": [RateLine("remote", date(2026, 1, 1), 75_00), RateLine("onsite", date(2026, 1, 1), 90_00)],
        "terms": terms,
    }
    with work(Scope.staff()):
        return add_contract(client, Agreement(**(details | more)), at=clock.now())  # type: ignore[arg-type]


def client_of(world: World, code: str = "NOR", **more: object) -> Client:
    """A new client without a contract."""
    details: dict[str, object] = {
        "code": code,
        "name": "Transportes Norte",
        "legal_name": "Transportes Norte, S.A.",
        "tax_id": "A48265169",
        "billing_address": {"line1": "Gran Vía 8", "postcode": "48001", "city": "Bilbao", "country": "ES"},
    }
    with work(Scope.staff()):
        return add_client(at=clock.now(), **(details | more))  # type: ignore[arg-type]


def entry_state(entry_id: UUID) -> str:
    """The current state of a time entry."""
    with work(Scope.staff()) as session:
        return session.scalars(select(TimeEntry.state).where(TimeEntry.id == entry_id)).one()


def reasons(made: InvoiceRun) -> list[str]:
    """The codes of what a run left out."""
    return [str(out["reason"]["code"]) for out in made.left_out]


def advance_to(at: datetime) -> None:
    """Move the frozen clock to a time."""
    clock.advance(at - clock.now())
