"""Preload of a large desk in seconds: clients through the desk's own functions, tickets by bulk SQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import psycopg
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from sqlalchemy import select

from msp.calendars.actions import add_calendar
from msp.clients.actions import add_client, connect
from msp.clients.models import Client
from msp.config import Settings
from msp.contracts.actions import Agreement, RateLine, add_contract
from msp.contracts.service_level import PriorityTargets
from msp.kernel import clock
from msp.kernel.db import Scope, db, work
from msp.kernel.ids import new_id, new_token
from msp.people.actions import add_person
from msp.people.models import Account, Person
from msp.people.sessions import Browser, begin_session
from msp.people.tokens import create_token
from msp.tickets.grouping import set_grouping_seconds

CLIENTS, AGENTS, PEOPLE_EACH = 200, 50, 20
TICKETS, UNFINISHED, MESSAGES_EACH = 100_000, 20_000, 4
PRELOAD = Path(__file__).parent / "preload.sql"
FILLED = ("person", "ticket", "ticket_search", "message", "event", "sla_clock", "ticket_counter", "client")
SLACK_APP = "A0GUARDIA"
TEAMS_TENANT = "6d1f0b52-4a5c-4d2f-8a86-0d5b7d1c9f02"
TARGETS = {
    "urgent": PriorityTargets(30, 240),
    "high": PriorityTargets(60, 480),
    "normal": PriorityTargets(120, 960),
    "low": PriorityTargets(240, 2400),
}
SPLIT = ((9 * 60, 14 * 60), (16 * 60, 19 * 60))


@dataclass(frozen=True, slots=True)
class Workspace:
    """A Slack workspace that is connected to a client."""

    team: str
    token: str
    bot_user_id: str


@dataclass(frozen=True, slots=True)
class PreloadedIds:
    """Ids that the load generator needs."""

    token: str
    cookie: str
    codes: tuple[str, ...]
    client_ids: tuple[str, ...]
    requester_ids: tuple[str, ...]  # one of each client, in the same order


def preload(app: Flask, settings: Settings, *, workspaces: Sequence[Workspace], tickets: int = TICKETS) -> PreloadedIds:
    """Fill an empty, migrated desk; `settings` name the owner of its database, a superuser.

    Each Slack workspace belongs to a different client. Messages are not grouped: each makes a ticket of its own.
    """
    at = clock.now()
    with app.app_context():
        with work(Scope.system()):
            clients = _companies(workspaces)
            set_grouping_seconds(0)
            agents = _agents()
            token = create_token(agents[0].email or "", "staff", "bench", at=at)
            db.session.flush()
            named = [(client.code, str(client.id)) for client in clients]
        with psycopg.connect(settings.database_url.replace("+psycopg", ""), autocommit=True) as owner:
            owner.execute(PRELOAD.read_text().replace("{tickets}", str(tickets)).encode())
            for table in FILLED:
                owner.execute(f"vacuum analyze {table}".encode())
            first = "select distinct on (client_id) client_id::text, id::text from person where client_id is not null"
            requesters: dict[str, str] = dict(owner.execute(first.encode()).fetchall())
        return PreloadedIds(
            token=token,
            cookie=signed_in(app),
            codes=tuple(code for code, _id in named),
            client_ids=tuple(client_id for _code, client_id in named),
            requester_ids=tuple(requesters[client_id] for _code, client_id in named),
        )


def _companies(workspaces: Sequence[Workspace]) -> list[Client]:
    at = clock.now()
    calendar = add_calendar(
        name="Madrid", timezone="Europe/Madrid", weekly=dict.fromkeys(range(5), SPLIT), holidays={}, at=at
    )
    agreement = Agreement(
        name="Guardia",
        kind="time_and_materials",
        starts_on=date(2020, 1, 1),
        ends_on=None,
        calendar_id=calendar.id,
        currency="EUR",
        targets=TARGETS,
        rates=[RateLine("remote", date(2020, 1, 1), 75_00)],
        terms={"rounding": {"default": {"scope": "entry", "increment": 15, "mode": "up", "minimum": 15}}},
    )
    clients = [add_client(code=f"C{n:03}", name=f"Cliente {n:03}, S.L.", at=at) for n in range(CLIENTS)]
    for client in clients:
        add_contract(client, agreement, at=at)
    for client, each in zip(clients[1:], workspaces, strict=False):
        bot = {"bot_user_id": each.bot_user_id, "app_id": SLACK_APP}
        connect(client, kind="slack", external_id=each.team, name=each.team, settings=bot, secret=each.token, at=at)
    connect(clients[0], kind="teams", external_id=TEAMS_TENANT, name="Bench", at=at)
    return clients


def _agents() -> list[Person]:
    at = clock.now()
    people = [
        add_person(
            client_id=None,
            name=f"Técnico {n:02}",
            email=f"t{n:02}@guardia.example",
            role="technician",
            locale="es",
            timezone="Europe/Madrid",
            tier=n % 3 + 1,
            at=at,
        )
        for n in range(AGENTS)
    ]
    account = Account(id=new_id(), person_id=people[0].id, email=people[0].email or "", password=None, created_at=at)
    account.fs_uniquifier = new_token("fs")
    db.session.add(account)
    return people


def signed_in(app: Flask) -> str:
    """The session cookie of the first technician."""
    with work(Scope.system()) as session:
        token = begin_session(
            session.scalars(select(Account)).one(), Browser("bench", ""), is_kept=True, at=clock.now()
        )
    serializer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert serializer is not None
    signed = serializer.dumps({"_user_id": token, "_fresh": True})
    return f"{app.config['SESSION_COOKIE_NAME']}={signed}"
