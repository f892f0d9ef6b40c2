"""Issues the invoices of the two months before today, each dated two days later, or today; the first month is paid."""

from datetime import UTC, datetime, time, timedelta

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
    """Issue the invoices of the last two whole months, dated two days after the month, and never after `today`.

    Those of the first month are paid.
    """
    with work(Scope.system()) as session:
        manager = session.scalars(select(Person).where(Person.role == "account_manager").order_by(Person.name)).first()
    actor_id = manager.id if manager else None
    for number, (period, at) in enumerate(months_to_invoice(today)):
        with clock.frozen(at):
            _issue_month(period, at=at, scope=Scope.staff(actor_id=actor_id))
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


def months_to_invoice(today: datetime) -> list[tuple[Period, datetime]]:
    """The whole calendar months before today's, oldest first, and when their invoices are issued, never later."""
    months, first = [], today.astimezone(UTC).date().replace(day=1)
    for _ in range(MONTHS):
        last = first - timedelta(days=1)
        first = last.replace(day=1)
        planned = datetime.combine(last + timedelta(days=2), time(9, 30), UTC)
        months.append((Period(first, last), min(planned, today)))
    return months[::-1]
