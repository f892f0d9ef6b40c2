"""Two months of the fixtures' tickets with a moving clock, and the outcome of each target.

Lozano and Azcárate have targets of 2 business hours for a normal ticket's first response and 16 for its resolution;
urgent ones 30 minutes and 4 hours. Their calendar is 9–14 and 16–19 in Madrid, Monday to Friday.
"""

from datetime import UTC, date, datetime

from sqlalchemy import delete

from msp.clients.models import Client
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.people.models import Person
from msp.reports.period import ReportPeriod, month_of
from msp.sla.models import Clock
from msp.tickets.actions import assign, change_status, take
from msp.tickets.by_requester import add_detail
from msp.tickets.escalation import take_due_steps
from msp.tickets.messages import reply
from msp.tickets.models import Ticket
from msp.tickets.opening import Request, open_ticket
from msp.tickets.queries import access_ticket
from tests.world import World

SEPTEMBER, OCTOBER = month_of(date(2026, 9, 1)), month_of(date(2026, 10, 1))
BOTH = ReportPeriod(SEPTEMBER.first, OCTOBER.last)
NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


def madrid(day: str, time: str) -> datetime:
    """September and October are summer time in Madrid except for the last week."""
    offset = "+01:00" if day >= "10-25" else "+02:00"
    return datetime.fromisoformat(f"2026-{day}T{time}:00{offset}").astimezone(UTC)


def opened(client: Client, who: Person, at: datetime, *, priority: str = "normal", type: str = "incident") -> Ticket:
    wanted = Request(subject="No imprime", body="No imprime.", source="portal", priority=priority, type=type)
    with clock.frozen(at), work(Scope.client(client.id)):
        return open_ticket(client, requester=who, request=wanted, at=at)[0]


def answered(ticket: Ticket, who: Person, at: datetime) -> None:
    with clock.frozen(at), work(Scope.staff(actor_id=who.id)):
        mine = access_ticket(ticket.id)
        take(mine, who, at=at) if mine.assignee_id is None else None
        reply(mine, author=who, body="Lo miro.", at=at)


def moved(ticket: Ticket, status: str, at: datetime, who: Person) -> None:
    with clock.frozen(at), work(Scope.staff(actor_id=who.id)):
        change_status(access_ticket(ticket.id), status, at=at, actor_id=who.id)


def swept(at: datetime) -> None:
    """Run the warning, then the breach, which moves the ticket to the next tier and removes its assignee."""
    with clock.frozen(at):
        while take_due_steps():
            pass


def tell_two_months(w: World) -> None:
    """Eight tickets; the comments give the outcome of each target."""
    # LOZ-1, Tuesday 1 Sep 9:00: answered 9:30 (met), solved 12:00 (met), both by Tomás, in September
    one = opened(w.lozano, w.marta, madrid("09-01", "09:00"))
    answered(one, w.tomas, madrid("09-01", "09:30"))
    moved(one, "resolved", madrid("09-01", "12:00"), w.tomas)
    # LOZ-2, urgent, 1 Sep 10:00, assigned to Irene, due 10:30: answered 11:00 (met_late, counted for Irene); its
    # resolution due 14:00: solved 13:00 by Tomás (met, Tomás)
    two = opened(w.lozano, w.marta, madrid("09-01", "10:00"), priority="urgent")
    with work(Scope.staff(actor_id=w.rosa.id)):
        assign(access_ticket(two.id), w.irene, at=madrid("09-01", "10:05"))
    swept(madrid("09-01", "10:31"))
    answered(two, w.tomas, madrid("09-01", "11:00"))
    moved(two, "resolved", madrid("09-01", "13:00"), w.tomas)
    # LOZ-3, Wednesday 30 Sep 18:00, a request: answered 18:30 in September (met, Irene); its 16 hours end on 2 Oct at
    # 18:00: solved 5 Oct (met_late), so it belongs to October and was running at the end of September
    three = opened(w.lozano, w.dolores, madrid("09-30", "18:00"), type="request")
    answered(three, w.irene, madrid("09-30", "18:30"))
    swept(madrid("10-02", "18:01"))
    moved(three, "resolved", madrid("10-05", "10:00"), w.irene)
    # LOZ-4, 28 Sep 9:00: answered 9:10 (met, Tomás), waits for the client from 28 Sep 10:00 to 12 Oct 10:00 and is
    # solved that day (met, October): paused at the end of September
    four = opened(w.lozano, w.marta, madrid("09-28", "09:00"))
    answered(four, w.tomas, madrid("09-28", "09:10"))
    moved(four, "waiting_client", madrid("09-28", "10:00"), w.tomas)
    with clock.frozen(madrid("10-12", "10:00")), work(Scope.client(w.lozano.id)):
        add_detail(access_ticket(four.id), author=w.marta, body="Ya.", channel="portal", at=madrid("10-12", "10:00"))
    moved(four, "resolved", madrid("10-12", "11:00"), w.tomas)
    # LOZ-5, 20 Oct 9:00: never answered, no assignee: both breached in October (first response 11:00; resolution on
    # the 21st at 19:00)
    opened(w.lozano, w.marta, madrid("10-20", "09:00"))
    swept(madrid("10-20", "11:01"))
    swept(madrid("10-21", "19:01"))
    # LOZ-6, Friday 30 Oct 12:00: answered 12:30 (met, Tomás); resolution due on 3 Nov at 12:00: still running
    six = opened(w.lozano, w.marta, madrid("10-30", "12:00"))
    answered(six, w.tomas, madrid("10-30", "12:30"))
    # AZC-1, 31 Oct 23:30 in Madrid, a Saturday: both targets start on Monday 2 Nov and run
    opened(w.azcarate, w.inigo, madrid("10-31", "23:30"))
    # AZC-2, 15 Oct: without a contract, so without targets
    bare = opened(w.azcarate, w.inigo, madrid("10-15", "09:00"))
    with work(Scope.system()) as session:
        session.execute(delete(Clock).where(Clock.ticket_id == bare.id))
        session.get_one(Ticket, bare.id).contract_id = None
