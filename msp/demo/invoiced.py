"""Issues the invoices of the two months before today, each dated its own day; the first month is paid."""

from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import select, update

from billing.invoices import issue
from billing.models import Payment
from billing.rating import Period
from billing.runs import drafts_of, run_invoices
from msp.clients.queries import all_clients
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.errors import Refusal
from msp.people.models import Person

MONTHS = 2
PAID_AFTER = timedelta(days=12)


def invoice_last_months(today: datetime) -> None:
    """Issue the invoices of the last two whole months, each dated its own day; those of the first month are paid."""
    with work(Scope.system()) as session:
        manager = session.scalars(select(Person).where(Person.role == "account_manager").order_by(Person.name)).first()
    actor_id = manager.id if manager else None
    for number, (first, last) in enumerate(_months(today.astimezone(UTC).date())):
        at = datetime.combine(last + timedelta(days=2), time(9, 30), UTC)
        with clock.frozen(at):
            _issue_month(Period(first, last), at=at, scope=Scope.staff(actor_id=actor_id))
            if number == 0:
                _note_paid(at + PAID_AFTER)


def _issue_month(period: Period, *, at: datetime, scope: Scope) -> None:
    with work(scope):
        run = run_invoices(period, at=at, clients=all_clients())
        drafts = [draft.id for draft in drafts_of(run)]
    for draft_id in drafts:
        try:
            with work(scope):
                issue(draft_id, at=at)
        except Refusal:  # an incomplete draft stays a draft, as in production
            continue


def _note_paid(at: datetime) -> None:
    with work(Scope.system()) as session:
        statement = update(Payment).where(Payment.state == "pending")
        session.execute(statement.values(state="paid", paid_at=at, updated_at=at))


def _months(today: date) -> list[tuple[date, date]]:
    """The whole calendar months before today's, oldest first, as first and last day."""
    months, first = [], today.replace(day=1)
    for _ in range(MONTHS):
        last = first - timedelta(days=1)
        first = last.replace(day=1)
        months.append((first, last))
    return months[::-1]
