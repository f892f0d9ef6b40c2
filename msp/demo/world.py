"""The demo world as plain values: people, contracts, messages, changes.

Everything refers to everything else by a natural key (a client's code, a person's email address, a calendar's or a
contract's key, a ticket's number), so that a loader can insert it in this order.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True)
class Address:
    """A postal address in Spain; `province` is its name, `country` an ISO 3166 code."""

    line1: str
    postal_code: str
    city: str
    province: str
    country: str = "ES"


@dataclass(frozen=True)
class Provider:
    """The managed service provider itself: the issuer of every invoice."""

    name: str
    trade_name: str
    tax_id: str
    address: Address
    registry: str
    email: str
    website: str
    iban: str
    locale: str
    timezone: str
    currency: str


@dataclass(frozen=True)
class Person:
    """A person of the provider (`client_code` None) or of a client company."""

    email: str
    given_name: str
    family_name: str
    gender: str  # "f" or "m"; only Spanish grammar uses it
    role: str
    locale: str
    timezone: str
    job_title: str
    client_code: str | None = None
    tier: int | None = None
    slack_user_id: str | None = None
    teams_user_id: str | None = None  # the Entra object id

    @property
    def name(self) -> str:
        """Given and family name as people write them."""
        return f"{self.given_name} {self.family_name}"


@dataclass(frozen=True)
class DemoHoliday:
    """A local day on which a calendar is closed."""

    day: date
    name: str


@dataclass(frozen=True)
class DemoCalendarException:
    """A local day whose windows replace the weekly ones; overrides holidays."""

    day: date
    windows: tuple[tuple[str, str], ...]
    name: str


@dataclass(frozen=True)
class DemoTimetable:
    """Weekly hours from a date until the next timetable."""

    from_day: date
    name: str
    weekly: tuple[tuple[tuple[str, str], ...], ...]


@dataclass(frozen=True)
class DemoCalendar:
    """Working hours: seven days of local [start, end) windows, Monday first; "24:00" ends a day."""

    key: str
    name: str
    timezone: str
    holiday_set: str | None
    weekly: tuple[tuple[tuple[str, str], ...], ...]
    holidays: tuple[DemoHoliday, ...] = ()
    exceptions: tuple[DemoCalendarException, ...] = ()
    timetables: tuple[DemoTimetable, ...] = ()
    town: str = ""  # whose holidays are among them

    def weekly_on(self, day: date) -> tuple[tuple[tuple[str, str], ...], ...]:
        """The weekly hours that apply on a local day."""
        begun = [each for each in self.timetables if each.from_day <= day]
        return begun[-1].weekly if begun else self.weekly


@dataclass(frozen=True)
class DemoSlaTarget:
    """A contract's SLA target for one priority, in minutes of its calendar."""

    priority: str
    first_response: int
    resolution: int


@dataclass(frozen=True)
class DemoRate:
    """The price of one hour of a work type."""

    work_type: str
    per_hour: Decimal
    currency: str


@dataclass(frozen=True)
class DemoRounding:
    """Rounding of worked minutes to billable ones for one work type."""

    work_type: str
    scope: str
    increment: int
    mode: str
    minimum: int


Terms = Mapping[str, Decimal | int | str | bool]


@dataclass(frozen=True)
class DemoMilestone:
    """A part of a fixed price, due some days after the contract starts."""

    name: str
    amount: Decimal
    after_days: int


@dataclass(frozen=True)
class DemoContract:
    """A client's contract; `terms` holds the values of its kind (money as Decimal, time in minutes)."""

    key: str
    client_code: str
    name: str
    kind: str
    starts_on: date
    ends_on: date | None
    calendar: str
    position: int  # if several contracts cover the same work, the lowest takes it
    covers: tuple[str, ...]
    terms: Terms
    rates: tuple[DemoRate, ...]
    multipliers: tuple[tuple[str, Decimal], ...]
    rounding: tuple[DemoRounding, ...]
    targets: tuple[DemoSlaTarget, ...]
    purchase_order: str | None = None
    milestones: tuple[DemoMilestone, ...] = ()


@dataclass(frozen=True)
class DemoChannel:
    """A Slack channel or a Teams conversation of which the bot is a member."""

    id: str
    name: str


@dataclass(frozen=True)
class SlackConnection:
    """A client's Slack workspace with the app installed."""

    team_id: str
    team_name: str
    app_id: str
    bot_user_id: str
    channels: tuple[DemoChannel, ...]


@dataclass(frozen=True)
class TeamsConnection:
    """A client's Microsoft 365 tenant with the bot installed."""

    tenant_id: str
    team_id: str
    channels: tuple[DemoChannel, ...]


@dataclass(frozen=True)
class DemoClient:
    """A client company with its people, contracts and chat connections."""

    code: str
    name: str
    short_name: str
    sector: str
    locale: str
    timezone: str
    currency: str
    tax_id: str
    address: Address
    mail_domains: tuple[str, ...]
    formal: bool  # address its people with «usted»
    first_ticket: int
    people: tuple[Person, ...]
    contracts: tuple[DemoContract, ...]
    slack: SlackConnection | None
    teams: TeamsConnection | None


@dataclass(frozen=True)
class DemoMessage:
    """A message on a ticket; `author` is an email address."""

    at: datetime
    author: str
    visibility: str
    channel: str
    body: str


@dataclass(frozen=True)
class DemoChange:
    """A changed field; `actor` None is the system."""

    at: datetime
    actor: str | None
    field: str  # status, assignee, tier, priority, scheduled_for
    value: str | None
    reason: str | None = None


@dataclass(frozen=True)
class DemoTimeEntry:
    """Work done for a ticket, in whole minutes."""

    person: str
    started_at: datetime
    minutes: int
    work_type: str
    billable: bool
    note: str
    state: str  # draft or approved


@dataclass(frozen=True)
class SlaClock:
    """One SLA clock of a ticket: `due_at` is None while paused."""

    kind: str
    target_minutes: int
    due_at: datetime | None
    met_at: datetime | None
    breached: bool


@dataclass(frozen=True)
class DemoTicket:
    """A ticket with its whole history and the last values of its fields."""

    number: str
    client_code: str
    contract: str
    requester: str
    subject: str
    body: str
    locale: str
    type: str
    source: str
    tags: tuple[str, ...]
    created_at: datetime
    initial_priority: str
    initial_tier: int
    priority: str
    tier: int
    status: str
    assignee: str | None
    scheduled_for: datetime | None
    first_responded_at: datetime | None
    resolved_at: datetime | None
    closed_at: datetime | None
    messages: tuple[DemoMessage, ...]
    changes: tuple[DemoChange, ...]
    time_entries: tuple[DemoTimeEntry, ...]
    clocks: tuple[SlaClock, ...]
    scenario: str


@dataclass(frozen=True)
class DemoWorld:
    """The whole demo, seen from one instant."""

    today: datetime
    password: str
    provider: Provider
    staff: tuple[Person, ...]
    calendars: tuple[DemoCalendar, ...]
    clients: tuple[DemoClient, ...]
    tickets: tuple[DemoTicket, ...]  # by creation time

    def people(self) -> Iterator[Person]:
        """Yield the staff, then the people of every client."""
        yield from self.staff
        for client in self.clients:
            yield from client.people
