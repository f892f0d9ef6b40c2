"""The generated demo data: complete, consistent with itself and with the desk's rules, and natural to read."""

import re
import time
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache

import pytest
from stdnum import iban
from stdnum.es import cif

from msp.calendars import Timetable, WorkingCalendar, deadline
from msp.demo import generate
from msp.demo.generator import HISTORY, TICKETS
from msp.demo.world import DemoCalendar, DemoTicket, DemoWorld
from msp.tickets.states import PRIORITIES, UNFINISHED

WEDNESDAY = datetime(2026, 11, 18, 9, 40, tzinfo=UTC)  # 10:40 in Madrid
SUNDAY_NIGHT = datetime(2026, 11, 22, 20, 10, tzinfo=UTC)
NEW_YEAR = datetime(2027, 1, 1, 3, 0, tzinfo=UTC)
AUGUST = datetime(2026, 8, 17, 11, 0, tzinfo=UTC)
EARLY_MONDAY = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
DAYS = (WEDNESDAY, SUNDAY_NIGHT, NEW_YEAR, AUGUST, EARLY_MONDAY)

KINDS = {"time_and_materials", "block_hours", "retainer", "flat_fee", "per_seat", "per_ticket", "fixed_price"}
SOURCES = {"slack", "teams", "portal", "console", "email", "phone", "api"}
WORK_TYPES = {"remote", "onsite", "project", "travel"}

ENGLISH = {
    "the", "and", "with", "your", "please", "is", "are", "you", "thanks", "for", "from", "this", "that", "have",
    "was", "it", "we", "they", "there", "since", "when", "which", "can", "could", "will", "not", "but",
    "now", "our", "again", "before", "after", "only", "still", "nobody", "screen", "folder", "mailbox", "password",
}  # fmt: skip
SPANISH = {
    "el", "los", "las", "que", "con", "para", "por", "una", "del", "está", "gracias", "hola", "pero", "más", "buzón",
    "carpeta", "cuando", "desde", "nos", "se", "lo", "su", "este", "esta", "ya", "muy", "hay", "ahora", "también",
    "contraseña", "correo", "equipo", "oficina", "sala", "buenos", "tienda", "sin", "como",
}  # fmt: skip
INFORMAL = re.compile(
    r"\b(tú|ti|contigo|te|tu|tus|tuyo|os|vosotros|vuestr[oa]s?|\w+[aá]is|\w+éis|sois|puedes|tienes|quieres|dime|dímelo"
    r"|avísame|escríbeme|eres|estás|dices|pasas|necesitas|usas|dejas|decidme|podéis)\b",
    re.IGNORECASE,
)
FORMAL = re.compile(r"\b(usted|ustedes|díganme|dígame|escríbame|avíseme|le atiende)\b", re.IGNORECASE)


@cache
def world_at(today: datetime) -> DemoWorld:
    return generate(today)


@pytest.fixture
def world() -> DemoWorld:
    return world_at(WEDNESDAY)


def said(world: DemoWorld) -> list[tuple[DemoTicket, str]]:
    """Every text of every ticket that its people read or wrote."""
    return [(t, text) for t in world.tickets for text in (t.subject, t.body, *(m.body for m in t.messages))]


def test_the_same_instant_gives_the_same_world(world: DemoWorld) -> None:
    assert generate(WEDNESDAY) == world


def test_another_day_moves_the_story_and_keeps_the_people(world: DemoWorld) -> None:
    later = world_at(SUNDAY_NIGHT)
    assert [p.email for p in later.people()] == [p.email for p in world.people()]
    assert [c.tax_id for c in later.clients] == [c.tax_id for c in world.clients]
    assert later.tickets != world.tickets


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        generate(datetime(2026, 11, 18, 9, 40))


def test_it_is_made_in_seconds_of_processor_time() -> None:
    began = time.process_time()
    generate(AUGUST)
    assert time.process_time() - began < 8  # some 1.5 on an idle machine


def test_there_are_the_people_that_the_demo_names(world: DemoWorld) -> None:
    employees = [person for client in world.clients for person in client.people]
    assert len(world.clients) == 12 and len(employees) == 150 and len(world.tickets) == TICKETS == 1500
    assert Counter(p.role for p in world.staff) == {
        "technician": 7, "team_lead": 1, "account_manager": 2, "administrator": 1,
    }  # fmt: skip
    assert Counter(p.tier for p in world.staff if p.tier) == {1: 4, 2: 2, 3: 2}
    for client in world.clients:
        roles = Counter(person.role for person in client.people)
        assert set(roles) == {"client_manager", "client_employee"} and roles["client_manager"] in (1, 2)
    names = {person.name for person in world.people()}
    assert {
        "Irene Navas",
        "Tomás Rey",
        "Jorge Mas",
        "Marta Ruiz",
        "Iñigo Azcárate",
        "Sandra Vila",
        "Tom Beckett",
    } <= names
    emails = [person.email for person in world.people()]
    assert len(set(emails)) == len(emails) and all(email.isascii() and email.endswith(".example") for email in emails)


def test_two_clients_speak_english_and_one_lives_by_the_canaries(world: DemoWorld) -> None:
    assert sum(client.locale == "en" for client in world.clients) == 2
    assert [client.timezone for client in world.clients if client.timezone != "Europe/Madrid"] == ["Atlantic/Canary"]
    assert len({client.address.province for client in world.clients}) >= 9
    spoken = Counter(ticket.locale for ticket in world.tickets)
    assert spoken["en"] > 150 and spoken["es"] > 1000


def test_tax_ids_and_the_bank_account_are_well_formed(world: DemoWorld) -> None:
    tax_ids = [world.provider.tax_id, *(client.tax_id for client in world.clients)]
    assert all(cif.is_valid(tax_id) for tax_id in tax_ids) and len(set(tax_ids)) == 13
    assert all(tax_id[1:3] == "00" for tax_id in tax_ids), "a real province could make it a real company's"
    assert iban.is_valid(world.provider.iban)


def test_every_contract_kind_is_agreed_with_somebody(world: DemoWorld) -> None:
    contracts = [contract for client in world.clients for contract in client.contracts]
    assert {contract.kind for contract in contracts} == KINDS
    calendars = {calendar.key for calendar in world.calendars}
    for contract in contracts:
        assert contract.calendar in calendars and contract.starts_on < world.today.date() - HISTORY
        assert {target.priority for target in contract.targets} == set(PRIORITIES)
        assert all(0 < target.first_response < target.resolution for target in contract.targets)
        assert {rate.work_type for rate in contract.rates} == {r.work_type for r in contract.rounding} == WORK_TYPES
        assert dict(contract.multipliers)["business"] == 1
        assert set(contract.covers) <= WORK_TYPES
        if contract.kind == "fixed_price":
            assert sum((m.amount for m in contract.milestones), Decimal(0)) == contract.terms["amount"]
    for client in world.clients:
        assert client.contracts and {work for contract in client.contracts for work in contract.covers} == WORK_TYPES


def test_every_reference_points_at_somebody(world: DemoWorld) -> None:
    staff = {person.email for person in world.staff}
    clients = {client.code: client for client in world.clients}
    assert len({ticket.number for ticket in world.tickets}) == len(world.tickets)
    for ticket in world.tickets:
        client = clients[ticket.client_code]
        people = {person.email for person in client.people}
        assert ticket.number.startswith(client.code + "-") and ticket.requester in people
        assert ticket.contract in {contract.key for contract in client.contracts}
        assert ticket.assignee is None or ticket.assignee in staff
        assert ticket.source in SOURCES and ticket.type in ("incident", "request") and ticket.tags
        assert {message.author for message in ticket.messages} <= staff | {ticket.requester}
        assert all(m.author in staff for m in ticket.messages if m.visibility == "internal")
        assert {change.actor for change in ticket.changes} <= staff | {ticket.requester, None}
        assert ticket.source != "slack" or client.slack
        assert ticket.source != "teams" or client.teams


def test_numbers_follow_creation_within_a_client(world: DemoWorld) -> None:
    last = {client.code: client.first_ticket - 1 for client in world.clients}
    for ticket in world.tickets:
        number = int(ticket.number.partition("-")[2])
        assert number == last[ticket.client_code] + 1
        last[ticket.client_code] = number


@pytest.mark.parametrize("today", DAYS, ids=lambda day: f"{day:%a %d %b %H:%M}")
def test_nothing_happens_later_than_now_or_out_of_order(today: datetime) -> None:
    world = world_at(today)
    assert list(world.tickets) == sorted(world.tickets, key=lambda ticket: ticket.created_at)
    for ticket in world.tickets:
        assert today - HISTORY <= ticket.created_at < today
        times = [message.at for message in ticket.messages]
        assert times == sorted(set(times)) and all(ticket.created_at < at < today for at in times), ticket.number
        changes = [change.at for change in ticket.changes]
        assert changes == sorted(changes) and all(ticket.created_at < at <= today for at in changes), ticket.number
        for entry in ticket.time_entries:
            ended = entry.started_at + timedelta(minutes=entry.minutes)
            assert ended <= today and entry.started_at >= ticket.created_at - timedelta(minutes=1), ticket.number


@pytest.mark.parametrize("today", DAYS, ids=lambda day: f"{day:%a %d %b %H:%M}")
def test_the_present_looks_like_a_working_desk(today: datetime) -> None:
    world = world_at(today)
    open_now = [ticket for ticket in world.tickets if ticket.status in UNFINISHED]
    assert 60 <= len(open_now) <= 110 and {ticket.status for ticket in open_now} == set(UNFINISHED)
    due: Counter[str] = Counter()
    for ticket in open_now:
        clock = ticket.clocks[0 if ticket.status == "new" else 1]
        due[_due(clock.due_at, today)] += 1
        assert ticket.status != "scheduled" or (ticket.scheduled_for and ticket.scheduled_for > today)
        assert (ticket.assignee is None) == (ticket.status == "new")
    assert 2 <= due["late"] <= 6 and due["within the hour"] >= 3 and due["paused"] >= 10 and due["later"] >= 30


def _due(at: datetime | None, today: datetime) -> str:
    if at is None:
        return "paused"
    if at <= today:
        return "late"
    return "within the hour" if at <= today + timedelta(hours=1) else "later"


def test_most_sla_targets_were_met(world: DemoWorld) -> None:
    solved = [ticket for ticket in world.tickets if ticket.resolved_at]
    kept = sum(not any(clock.breached for clock in ticket.clocks) for ticket in solved)
    assert 0.93 <= kept / len(solved) <= 0.965


def test_clocks_agree_with_the_engine_of_the_desk(world: DemoWorld) -> None:
    calendars = {calendar.key: _working(calendar) for calendar in world.calendars}
    contracts = {contract.key: contract for client in world.clients for contract in client.contracts}
    for ticket in world.tickets:
        calendar = calendars[contracts[ticket.contract].calendar]
        for clock, pauses in zip(ticket.clocks, ([], _pauses(ticket)), strict=True):
            due = deadline(calendar, ticket.created_at, clock.target_minutes, pauses)
            if clock.due_at is None:
                assert due is None and ticket.status == "waiting_client", ticket.number
            else:
                assert due and abs(due - clock.due_at) < timedelta(seconds=30), (ticket.number, clock, due)
                assert clock.breached == ((clock.met_at or world.today) > clock.due_at)


def _working(calendar: DemoCalendar) -> WorkingCalendar:
    def minutes(windows: tuple[tuple[str, str], ...]) -> tuple[tuple[int, int], ...]:
        return tuple((_minute(start), _minute(end)) for start, end in windows)

    return WorkingCalendar(
        timezone=calendar.timezone,
        weekly={day: minutes(windows) for day, windows in enumerate(calendar.weekly) if windows},
        holidays={holiday.day: holiday.name for holiday in calendar.holidays},
        overrides={exception.day: minutes(exception.windows) for exception in calendar.exceptions},
        timetables={
            each.from_day: Timetable({day: minutes(windows) for day, windows in enumerate(each.weekly) if windows})
            for each in calendar.timetables
        },
    )


def _minute(clock: str) -> int:
    hour, _, minute = clock.partition(":")
    return int(hour) * 60 + int(minute)


def _pauses(ticket: DemoTicket) -> list[tuple[datetime, datetime | None]]:
    """The spans in which a ticket waited for its client, until it was solved."""
    pauses: list[tuple[datetime, datetime | None]] = []
    since: datetime | None = None
    for change in ticket.changes:
        if change.field != "status":
            continue
        if since:
            pauses.append((since, change.at))
        since = change.at if change.value == "waiting_client" else None
    return [*pauses, (since, None)] if since else pauses


def test_replaying_the_changes_gives_the_ticket_as_it_stands(world: DemoWorld) -> None:
    for ticket in world.tickets:
        values: dict[str, str | None] = {
            "status": "new", "assignee": None, "priority": ticket.initial_priority, "tier": str(ticket.initial_tier),
        }  # fmt: skip
        for change in ticket.changes:
            assert values.get(change.field) != change.value, (ticket.number, change)
            values[change.field] = change.value
        assert values["status"] == ticket.status and values["assignee"] == ticket.assignee, ticket.number
        assert values["priority"] == ticket.priority and values["tier"] == str(ticket.tier), ticket.number
        assert (ticket.status in ("resolved", "closed")) == (ticket.resolved_at is not None)
        assert (ticket.status == "closed") == (ticket.closed_at is not None)


def test_work_is_written_down_in_whole_minutes_by_technicians(world: DemoWorld) -> None:
    technicians = {person.email for person in world.staff if person.tier}
    first_of_month = world.today.replace(day=1, hour=0, minute=0)
    for ticket in world.tickets:
        assert ticket.time_entries or ticket.status not in ("resolved", "closed"), ticket.number
        for entry in ticket.time_entries:
            assert entry.person in technicians and entry.work_type in WORK_TYPES and entry.note
            assert 0 < entry.minutes < 8 * 60, (ticket.number, entry)
            assert entry.state == "approved" or entry.started_at > first_of_month - timedelta(days=1)


def test_every_client_has_work_in_the_two_months_before(world: DemoWorld) -> None:
    months = defaultdict(set)
    for ticket in world.tickets:
        for entry in ticket.time_entries:
            months[ticket.client_code].add(entry.started_at.month)
    assert all({9, 10} <= months[client.code] for client in world.clients)


def test_no_two_tickets_open_alike_nor_run_alike(world: DemoWorld) -> None:
    openings = Counter((ticket.subject, ticket.body) for ticket in world.tickets)
    assert openings.most_common(1)[0][1] == 1
    threads = Counter(tuple(m.body for m in ticket.messages) for ticket in world.tickets if ticket.messages)
    assert threads.most_common(1)[0][1] == 1
    assert len({ticket.scenario for ticket in world.tickets}) >= 75


def test_conversations_have_two_to_nine_messages(world: DemoWorld) -> None:
    lengths = [1 + len(ticket.messages) for ticket in world.tickets if ticket.status in ("resolved", "closed")]
    assert min(lengths) >= 2 and max(lengths) <= 11 and sum(lengths) / len(lengths) > 4


def test_no_marks_of_the_script_are_left_in_the_texts(world: DemoWorld) -> None:
    for ticket, text in said(world):
        assert not re.search(r"[{}\[\]<>|]|  |lorem|\.\.|\bNone\b", text), (ticket.number, text)
        assert text == text.strip() and (text[0].isupper() or not text[0].isalpha() or "@" in text or "www." in text), (
            text
        )
    for ticket in world.tickets:
        assert not any(re.search(r"[{}\[\]<>|]", entry.note) for entry in ticket.time_entries)


def test_spanish_contractions_are_made(world: DemoWorld) -> None:
    assert not [text for ticket, text in said(world) if ticket.locale == "es" and re.search(r"\b(de|a) el [a-z]", text)]


def test_each_text_stays_in_its_language(world: DemoWorld) -> None:
    for ticket, text in said(world):
        foreign = SPANISH if ticket.locale == "en" else ENGLISH
        plain = re.sub(r"\S+@\S*|«[^»]*»|\"[^\"]*\"", " ", text)
        words = {word for word in re.findall(r"\b\w+\b", plain) if word.islower()}
        assert not words & foreign, (ticket.number, words & foreign, text)
        assert ticket.locale == "es" or not re.search(r"[¿¡«»ñ]|ción\b", re.sub(r"\b[A-ZÁÉÍÓÚÑ]\w+", "", text)), text


def test_clients_are_addressed_in_their_form(world: DemoWorld) -> None:
    formal = {client.code for client in world.clients if client.formal}
    staff = {person.email for person in world.staff}
    assert formal
    for ticket in world.tickets:
        if ticket.locale != "es":
            continue
        pattern = INFORMAL if ticket.client_code in formal else FORMAL
        for message in ticket.messages:
            if message.visibility == "public" and message.author in staff:
                found = pattern.search(message.body)
                assert not found or found[0] == "caducidad", (ticket.number, found, message.body)


def test_mondays_are_heavier_and_nights_are_few(world: DemoWorld) -> None:
    days = Counter(ticket.created_at.weekday() for ticket in world.tickets)
    assert days[0] > days[4] > days[5] > 0
    hours = Counter(ticket.created_at.hour for ticket in world.tickets)
    office = sum(count for hour, count in hours.items() if 6 <= hour <= 18)
    assert 0.85 < office / len(world.tickets) < 0.995
