"""Loads the demo world into an empty database: rows in bulk, as the system, in one unit of work per part.

Past events are written without deliveries: no notification is sent for them.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from flask_security.utils import hash_password
from sqlalchemy import delete, insert, select

from msp.calendars.actions import add_calendar
from msp.calendars.queries import to_value
from msp.calendars.working_calendar import Timetable, parse_window
from msp.clients.actions import add_client, connect
from msp.clients.models import Client
from msp.contracts.actions import add_contract
from msp.demo import macros, on_call, ratings, related, views
from msp.demo import world as told
from msp.demo.agreements import agreement
from msp.demo.handed_off import hand_offs_of
from msp.demo.loaded import Loaded, Row
from msp.demo.places import place_of
from msp.demo.sla_clocks import clocks_of, pauses_of, show_due
from msp.kernel import settings
from msp.kernel.db import Model, Scope, db, work
from msp.kernel.events import Delivery, StoredEvent
from msp.kernel.ids import new_id
from msp.people.actions import link_identity
from msp.people.models import Account, Person
from msp.sla.models import Clock, Pause
from msp.tickets.events import (
    MessageEvent,
    TicketAssigned,
    TicketEvent,
    TicketNoted,
    TicketOpened,
    TicketPriorityChanged,
    TicketReceived,
    TicketReplied,
    TicketStatusChanged,
    TicketTierChanged,
)
from msp.tickets.hand_off_models import HandOff
from msp.tickets.models import Message, Ticket, TicketCounter
from msp.tickets.states import pauses
from msp.worklog.models import TimeEntry

BATCH = 2000
REPLY_CHANNELS = ("slack", "teams", "email", "portal")
SLACK_TOKEN = "xoxb-demo-{team}"  # noqa: S105  # accepted by the demo's local Slack only
SECTORS = {
    "retail": "Comercio",
    "legal": "Despacho de abogados",
    "logistics": "Transporte",
    "health": "Sanidad",
    "winery": "Bodega",
    "advisory": "Asesoría",
    "hospitality": "Hostelería",
    "education": "Enseñanza",
    "food": "Alimentación",
    "agri": "Agricultura",
    "realestate": "Inmobiliaria",
    "software": "Programas a medida",
}


def is_empty() -> bool:
    """Whether the installation has no data."""
    with work(Scope.system()) as session:
        return session.execute(select(Client.id).limit(1)).one_or_none() is None


def load(world: told.DemoWorld) -> None:
    """Write the whole demo world; only for an empty installation."""
    loaded = Loaded()
    with work(Scope.system()):
        _provider(world.provider)
        _calendars(world, loaded)
        _clients(world, loaded)
        _people(world, loaded)
        _contracts(world, loaded)
        db.session.flush()
        db.session.execute(delete(Delivery))  # past events have no deliveries
    with work(Scope.system()):
        on_call.load(loaded.people, at=world.today)
        macros.load(loaded, at=world.today)
        views.load(loaded, at=world.today)
        _tickets(world, loaded)
        related.load(loaded, at=world.today)
        ratings.load(world)


def _provider(provider: told.Provider) -> None:
    settings.write(
        "provider",
        {
            "legal_name": provider.name,
            "trade_name": provider.trade_name,
            "tax_id": provider.tax_id,
            "address": _address(provider.address),
            "registry": provider.registry,
            "email": provider.email,
            "website": provider.website,
            "iban": provider.iban.replace(" ", ""),
        },
    )


def _calendars(world: told.DemoWorld, loaded: Loaded) -> None:
    for each in world.calendars:
        row = add_calendar(
            name=each.name,
            timezone=each.timezone,
            weekly=_week(each.weekly),
            timetables={one.from_day: Timetable(_week(one.weekly), one.name) for one in each.timetables},
            exceptions={one.day: [parse_window(window) for window in one.windows] for one in each.exceptions},
            exception_names={one.day: one.name for one in each.exceptions},
            place=place_of(each, at=world.today) if each.holiday_set else None,
            keeps_holidays=each.holiday_set is not None,
            at=world.today,
        )
        loaded.calendars[each.key], loaded.hours[each.key] = row.id, to_value(row)


def _week(weekly: tuple[tuple[tuple[str, str], ...], ...]) -> dict[int, tuple[tuple[int, int], ...]]:
    return {day: tuple(parse_window(window) for window in windows) for day, windows in enumerate(weekly)}


def _clients(world: told.DemoWorld, loaded: Loaded) -> None:
    founded = world.today - timedelta(days=400)
    for each in world.clients:
        client = add_client(
            code=each.code,
            name=each.short_name,
            legal_name=each.name,
            tax_id=each.tax_id,
            billing_address=_address(each.address),
            billing_email=f"facturas@{each.mail_domains[0]}",
            locale=each.locale,
            timezone=each.timezone,
            currency=each.currency,
            sector=SECTORS[each.sector],
            mail_domains=list(each.mail_domains),
            at=founded,
        )
        loaded.clients[each.code] = client
        _connect(each, client, at=founded)


def _connect(each: told.DemoClient, client: Client, *, at: datetime) -> None:
    if each.slack:
        connect(
            client,
            kind="slack",
            external_id=each.slack.team_id,
            name=each.slack.team_name,
            settings={"bot_user_id": each.slack.bot_user_id, "app_id": each.slack.app_id},
            secret=SLACK_TOKEN.format(team=each.slack.team_id),
            at=at,
        )
    if each.teams:
        connect(client, kind="teams", external_id=each.teams.tenant_id, name=each.short_name, at=at)


def _people(world: told.DemoWorld, loaded: Loaded) -> None:
    password, at = hash_password(world.password), world.today - timedelta(days=400)
    accounts = []
    for each in world.people():
        client = loaded.clients[each.client_code] if each.client_code else None
        person = Person(
            id=new_id(),
            client_id=client.id if client else None,
            name=each.name,
            email=each.email,
            role=each.role,
            title=each.job_title,
            locale=each.locale,
            timezone=each.timezone,
            tier=each.tier,
            active=True,
            created_at=at,
        )
        db.session.add(person)
        loaded.people[each.email] = person
        accounts.append(
            Account(
                id=new_id(),
                person_id=person.id,
                email=each.email,
                password=password,
                active=True,
                fs_uniquifier=uuid4().hex,
                created_at=at,
            )
        )
    db.session.flush()
    db.session.add_all(accounts)
    for company in world.clients:
        for each in company.people:
            _identify(company, each, loaded.people[each.email], at=at)


def _identify(client: told.DemoClient, each: told.Person, person: Person, *, at: datetime) -> None:
    if client.slack and each.slack_user_id:
        link_identity(
            person,
            platform="slack",
            workspace=client.slack.team_id,
            external_id=each.slack_user_id,
            reference={},
            at=at,
        )


def _contracts(world: told.DemoWorld, loaded: Loaded) -> None:
    db.session.flush()
    for client in world.clients:
        for each in sorted(client.contracts, key=lambda contract: contract.position):
            made = agreement(each, calendar_id=loaded.calendars[each.calendar])
            row = add_contract(loaded.clients[client.code], made, at=world.today - timedelta(days=300))
            loaded.contracts[each.key], loaded.calendar_of[each.key] = row.id, each.calendar
            loaded.agreements[each.key] = made


def _tickets(world: told.DemoWorld, loaded: Loaded) -> None:
    rows: dict[type[Model], list[Row]] = {
        model: [] for model in (Ticket, Message, Clock, Pause, TimeEntry, HandOff, StoredEvent, TicketCounter)
    }
    last: dict[UUID, int] = {}
    for each in world.tickets:
        client = loaded.clients[each.client_code]
        ticket = _ticket(each, client, loaded, at=world.today)
        last[client.id] = max(last.get(client.id, 0), ticket["number"])
        rows[Ticket].append(ticket)
        stood = list(pauses_of(each, ticket))
        rows[Pause] += stood
        clocks = list(clocks_of(each, ticket, stood, loaded, at=world.today))
        rows[Clock] += clocks
        show_due(ticket, clocks)
        messages = list(_messages(each, ticket, loaded))
        rows[Message] += messages
        handed = list(hand_offs_of(each, ticket, loaded))
        rows[HandOff] += handed
        rows[StoredEvent] += _events(each, ticket, messages, handed, loaded)
        rows[TimeEntry] += _entries(each, ticket, loaded)
    rows[TicketCounter] = [{"client_id": client_id, "last": number} for client_id, number in last.items()]
    for model, every in rows.items():
        for at in range(0, len(every), BATCH):  # NULLs are written: else each run of equal keys is a statement
            db.session.execute(insert(model), every[at : at + BATCH], execution_options={"render_nulls": True})


def _ticket(each: told.DemoTicket, client: Client, loaded: Loaded, *, at: datetime) -> Row:
    paused_at = max((c.at for c in each.changes if c.field == "status"), default=at) if pauses(each.status) else None
    ends = [each.created_at, *(m.at for m in each.messages), *(c.at for c in each.changes)]
    return {
        "id": new_id(),
        "client_id": client.id,
        "number": int(each.number.rpartition("-")[2]),
        "requester_id": loaded.people[each.requester].id,
        "subject": each.subject,
        "body": each.body,
        "status": each.status,
        "priority": each.priority,
        "type": each.type,
        "tier": each.tier,
        "assignee_id": loaded.people[each.assignee].id if each.assignee else None,
        "contract_id": loaded.contracts[each.contract],
        "source": each.source,
        "tags": list(each.tags),
        "due_at": None,
        "due_kind": None,
        "due_from": None,
        "paused_at": paused_at,
        "created_at": each.created_at,
        "updated_at": max(ends),
        "resolved_at": each.resolved_at,
        "closed_at": each.closed_at,
        "scheduled_for": each.scheduled_for if each.status == "scheduled" else None,
        "version": 1,
    }


def _messages(each: told.DemoTicket, ticket: Row, loaded: Loaded) -> Iterator[Row]:
    first = told.DemoMessage(each.created_at, each.requester, "public", each.source, each.body)
    for message in (first, *each.messages):
        author = loaded.people[message.author]
        is_reply = author.is_staff and message.visibility == "public"
        yield {
            "id": new_id(),
            "client_id": ticket["client_id"],
            "ticket_id": ticket["id"],
            "author_id": author.id,
            "visibility": message.visibility,
            "channel": message.channel,
            "body": message.body,
            "at": message.at,
            "delivery_state": "sent" if is_reply else "none",
            "delivery_channel": (each.source if each.source in REPLY_CHANNELS else "email") if is_reply else None,
            "delivered_at": message.at if is_reply else None,
        }


def _events(each: told.DemoTicket, ticket: Row, messages: list[Row], handed: list[Row], loaded: Loaded) -> list[Row]:
    staff = {person.id for person in loaded.people.values() if person.is_staff}
    first = messages[0]
    opened = TicketOpened(message_id=first["id"], source=each.source)
    rows = [_event(ticket, opened, each.created_at, first["author_id"])]
    for message in messages[1:]:
        event: type[MessageEvent] = TicketReplied if message["author_id"] in staff else TicketReceived
        event = TicketNoted if message["visibility"] == "internal" else event
        rows.append(_event(ticket, event(message_id=message["id"]), message["at"], message["author_id"]))
    before: dict[str, Any] = {"status": "new", "priority": each.initial_priority, "tier": str(each.initial_tier)}
    before["assignee"] = None
    before["hand_offs"] = {row["handed_at"]: row["id"] for row in handed}
    for change in each.changes:
        rows += _changed(ticket, change, before, loaded)
        before[change.field] = change.value
    return sorted(rows, key=lambda row: row["at"])


def _changed(ticket: Row, change: told.DemoChange, before: Row, loaded: Loaded) -> list[Row]:
    actor = loaded.people[change.actor].id if change.actor else None
    if change.field == "assignee":
        person = loaded.people[change.value] if change.value else None
        last = loaded.people[before["assignee"]].id if before["assignee"] else None
        after, name = (person.id, person.name) if person else (None, None)
        event: TicketEvent = TicketAssigned(before=last, after=after, name=name)
    elif change.field == "status":
        event = TicketStatusChanged(before=before["status"], after=str(change.value))
    elif change.field == "priority":
        event = TicketPriorityChanged(before=before["priority"], after=str(change.value))
    elif change.field == "tier":
        hand_off_id = before["hand_offs"].get(change.at)
        event = TicketTierChanged(
            before=int(before["tier"]),
            after=int(change.value or 1),
            reason=None if hand_off_id else change.reason,
            hand_off_id=hand_off_id,
        )
    else:
        return []
    return [_event(ticket, event, change.at, actor)]


def _event(ticket: Row, event: TicketEvent, at: datetime, actor_id: UUID | None) -> Row:
    return {
        "id": new_id(),
        "client_id": ticket["client_id"],
        "kind": event.kind,
        "subject_id": ticket["id"],
        "actor_id": actor_id,
        "at": at,
        "visibility": event.visibility,
        "data": event.data(),
    }


def _entries(each: told.DemoTicket, ticket: Row, loaded: Loaded) -> Iterator[Row]:
    for entry in each.time_entries:
        yield {
            "id": new_id(),
            "client_id": ticket["client_id"],
            "ticket_id": ticket["id"],
            "person_id": loaded.people[entry.person].id,
            "started_at": entry.started_at,
            "minutes": entry.minutes,
            "work_type": entry.work_type,
            "billable": entry.billable,
            "write_down_minutes": 0,
            "note": entry.note,
            "state": "approved",
            "created_at": entry.started_at + timedelta(minutes=entry.minutes),
        }


def _address(address: told.Address) -> Row:
    return {
        "line1": address.line1,
        "postcode": address.postal_code,
        "city": address.city,
        "province": address.province,
        "country": address.country,
    }
