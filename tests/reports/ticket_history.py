"""A desk with history: urgent tickets of Lozano on each working day of some weeks, answered early or late."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from msp.kernel import clock, ttl_cache
from msp.kernel.db import Scope, work
from msp.tickets.actions import change_status
from msp.tickets.messages import reply
from msp.tickets.opening import Request, open_ticket
from msp.tickets.queries import access_ticket
from tests.world import World

DAYS = 45  # working days
EARLY, LATE = timedelta(minutes=15), timedelta(minutes=50)  # of 30


def answer_each_day(world: World, *, late_every: int) -> None:
    """One urgent ticket on each past working day, answered after 15 minutes, every n-th after 50."""
    today = clock.now().astimezone(ZoneInfo("Europe/Madrid")).date()
    days = [day for number in range(99, 0, -1) if (day := today - timedelta(days=number)).weekday() < 5][-DAYS:]
    for number, day in enumerate(days):
        at = datetime(day.year, day.month, day.day, 9, 0, tzinfo=ZoneInfo("Europe/Madrid"))
        _answer(world, at, LATE if number % late_every == late_every - 1 else EARLY)
    ttl_cache.clear()


def _answer(world: World, at: datetime, after: timedelta) -> None:
    wanted = Request(subject="No imprime", body="No imprime.", source="portal", priority="urgent")
    with clock.frozen(at), work(Scope.client(world.lozano.id)):
        ticket, _ = open_ticket(world.lozano, requester=world.marta, request=wanted, at=at)
    with clock.frozen(at + after), work(Scope.staff(actor_id=world.tomas.id)):
        mine = access_ticket(ticket.id)
        reply(mine, author=world.tomas, body="Ya está.", at=clock.now())
        change_status(mine, "resolved", at=clock.now())
