"""Generates the demo world: the same instant always gives the same people, tickets and texts."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random

from msp.demo.arrivals import Flow, arrival, flow_of
from msp.demo.calendars import build_calendars
from msp.demo.casting import Casting
from msp.demo.companies import build_clients
from msp.demo.content.provider import PROVIDER, STAFF
from msp.demo.plan import DemoPlan, target_of
from msp.demo.present import Opening, created_for, openings, priorities_for
from msp.demo.roster import by_first_name, technicians_for
from msp.demo.script import Scenario, scenarios
from msp.demo.story import tell
from msp.demo.words import sheet_of
from msp.demo.worktime import Worktime
from msp.demo.world import DemoClient, DemoContract, DemoTicket, DemoWorld, Person
from msp.tickets.label import Label

PASSWORD = "guardia-demo-2026"  # noqa: S105  # of all accounts, in the demo only
TICKETS = 1500
HISTORY = timedelta(days=120)
_SEED = 20261122
_BREACHES = (("", 0.944), ("first_response", 0.024), ("resolution", 0.032))


class _Telling:
    """State shared by all tickets while they are written."""

    def __init__(self, clients: tuple[DemoClient, ...], worktimes: dict[str, Worktime], now: datetime) -> None:
        self.rng = Random(_SEED)  # noqa: S311  # the demo must be reproducible
        self.clients = {client.code: client for client in clients}
        self.worktimes = worktimes
        self.now = now
        self.casting = Casting(self.rng)
        self.seen: set[str] = set()

    def worktime(self, client: DemoClient) -> Worktime:
        """Return the calendar of a client's contracts."""
        return self.worktimes[sheet_of(client).calendar]


def generate(today: datetime) -> DemoWorld:
    """Return the demo world as seen from `today`, an aware instant; nothing in it is later."""
    if today.tzinfo is None:
        raise ValueError("today must be an aware datetime")
    now = today.astimezone(UTC)
    calendars = build_calendars(now.date())
    first, last = (now - HISTORY - timedelta(days=10)).date(), (now + timedelta(days=60)).date()
    worktimes = {calendar.key: Worktime(calendar, first, last) for calendar in calendars}
    clients = generate_clients(now.date())
    telling = _Telling(clients, worktimes, now)
    present = [_open_ticket(telling, opening) for opening in openings()]
    tickets = present + _history(telling, TICKETS - len(present))
    return DemoWorld(now, PASSWORD, PROVIDER, STAFF, calendars, clients, _numbered(tickets, clients))


def generate_clients(today: date) -> tuple[DemoClient, ...]:
    """Return the client companies of the demo world; people and ids are the same on every day."""
    return build_clients(today, Random(_SEED))  # noqa: S311


def _numbered(tickets: list[DemoTicket], clients: tuple[DemoClient, ...]) -> tuple[DemoTicket, ...]:
    counters = Counter({client.code: client.first_ticket - 1 for client in clients})
    numbered: list[DemoTicket] = []
    for ticket in sorted(tickets, key=lambda found: found.created_at):
        counters[ticket.client_code] += 1
        numbered.append(replace(ticket, number=str(Label(ticket.client_code, counters[ticket.client_code]))))
    return tuple(numbered)


def _history(telling: _Telling, count: int) -> list[DemoTicket]:
    clients = list(telling.clients.values())
    shares = [sheet_of(client).share_of_tickets for client in clients]
    first = (telling.now - HISTORY + timedelta(days=1)).date()
    flows = {client.code: flow_of(telling.worktime(client), first, telling.now.date()) for client in clients}
    told: list[DemoTicket] = []
    while len(told) < count:
        client = telling.rng.choices(clients, shares)[0]
        ticket = _past_ticket(telling, client, flows[client.code])
        if ticket:
            told.append(ticket)
    return told


def _past_ticket(telling: _Telling, client: DemoClient, flow: Flow) -> DemoTicket | None:
    rng, casting = telling.rng, telling.casting
    created = arrival(flow, rng)
    if created > telling.now - timedelta(minutes=50):
        return None
    at_night = not 7 <= flow.worktime.local(created).hour < 22
    scenario = casting.scenario(client, at_night=at_night)
    among = ("urgent", "high") if at_night else ()
    initial, final = casting.priorities(scenario, is_round_the_clock=flow.is_round_the_clock, among=among)
    breach = rng.choices([kind for kind, _ in _BREACHES], [share for _, share in _BREACHES])[0]
    requester = casting.requester(client, scenario)
    plan = _plan(telling, client, scenario, requester, created, (initial, final), "resolved")
    return tell(replace(plan, breach=breach), rng, telling.seen)


def _open_ticket(telling: _Telling, opening: Opening) -> DemoTicket:
    for _ in range(400):
        ticket = _try_open_ticket(telling, opening)
        if ticket and _stands(ticket, opening, telling.now):
            return ticket
    raise RuntimeError(f"no story fits {opening}")


def _try_open_ticket(telling: _Telling, opening: Opening) -> DemoTicket | None:
    rng, casting = telling.rng, telling.casting
    codes = opening.clients or tuple(telling.clients)
    shares = [sheet_of(telling.clients[code]).share_of_tickets for code in codes]
    client = telling.clients[rng.choices(codes, shares)[0]]
    mark = opening.status if opening.status not in ("new", "open") else ""
    scenario = _scenario_named(opening.scenario) if opening.scenario else casting.scenario(client, needs_mark=mark)
    allowed = priorities_for(opening)
    if not opening.priority and not set(allowed) & set(scenario.priorities):
        return None
    _, priority = casting.priorities(scenario, is_round_the_clock=False, among=allowed)
    target = target_of(_desk_contract(client), priority)
    minutes = target.first_response if opening.status == "new" else target.resolution
    created = created_for(opening, telling.worktime(client), minutes, telling.now, rng)
    if created is None or created <= telling.now - HISTORY:
        return None
    requester = _person_named(client, opening.requester) or casting.requester(client, scenario)
    plan = _plan(telling, client, scenario, requester, created, (priority, priority), opening.status)
    plan = replace(
        plan,
        source=opening.source or plan.source,
        fixed=opening.fixed,
        subject=opening.subject,
        opening=opening.opening,
        technicians=_technicians(plan, opening),
    )
    return tell(plan, rng, telling.seen)


def _technicians(plan: DemoPlan, opening: Opening) -> dict[int, Person]:
    """Assign the named technician to the tier at which the story is, and to their own."""
    technicians = dict(plan.technicians)
    if opening.technician:
        person = by_first_name(opening.technician)
        technicians[person.tier or 1] = person
        if person.tier != 2 or opening.scenario != "vpn-certificate":
            technicians[plan.scenario.tier] = person
    return technicians


def _stands(ticket: DemoTicket, opening: Opening, now: datetime) -> bool:
    """Whether an open ticket's SLA targets are as the opening requires."""
    response, resolution = ticket.clocks
    pending = response if opening.status == "new" else resolution
    if opening.technician and ticket.assignee != by_first_name(opening.technician).email:
        return False
    if opening.status != "new" and response.breached:
        return False
    if ticket.scheduled_for and resolution.due_at and ticket.scheduled_for > resolution.due_at:
        return False
    return pending.breached == (opening.due == "late")


def _plan(
    telling: _Telling,
    client: DemoClient,
    scenario: Scenario,
    requester: Person,
    created: datetime,
    priorities: tuple[str, str],
    status: str,
) -> DemoPlan:
    worktime = telling.worktime(client)
    locale = requester.locale
    return DemoPlan(
        client=client,
        contract=_desk_contract(client),
        worktime=worktime,
        scenario=scenario,
        locale=locale,
        requester=requester,
        source=telling.casting.source(client, scenario),
        created=created,
        now=telling.now,
        initial_priority=priorities[0],
        priority=priorities[1],
        status=status,
        breach="",
        technicians=technicians_for(client, locale, worktime.local(created), telling.rng),
        turn=telling.casting.turn(client, scenario),
    )


def _desk_contract(client: DemoClient) -> DemoContract:
    return client.contracts[0]


def _scenario_named(key: str) -> Scenario:
    return next(scenario for scenario in scenarios() if scenario.key == key)


def _person_named(client: DemoClient, name: str | None) -> Person | None:
    return next((person for person in client.people if person.name == name), None)
