"""Fixtures: Lozano owns data that Azcárate must never see; Tomás, Irene, Rosa, Ana and Carmen are staff.

Nuria is a technician who works for Azcárate only.
"""

from dataclasses import dataclass
from datetime import date, datetime

from flask.testing import FlaskClient
from sqlalchemy import delete, select

from msp.calendars.actions import add_calendar
from msp.calendars.models import Calendar
from msp.clients.actions import add_client, connect
from msp.clients.models import Client
from msp.contracts.actions import Agreement, RateLine, add_contract
from msp.contracts.models import Contract
from msp.contracts.service_level import PriorityTargets
from msp.kernel import clock, settings
from msp.kernel.db import Scope, db, work
from msp.kernel.events import Delivery
from msp.kernel.ids import new_id
from msp.people.actions import add_person, link_identity
from msp.people.models import Account, Person, StaffClient
from msp.people.sessions import Browser, begin_session

SLACK_TEAM = "T0LOZANO1"
SLACK_BOT_TOKEN = "xoxb-lozano-0001"
SLACK_BOT_USER = "U0GUARDIA"
SLACK_APP_ID = "A0GUARDIA"
TEAMS_TENANT = "6d1f0b52-4a5c-4d2f-8a86-0d5b7d1c9f01"

TARGETS = {
    "urgent": PriorityTargets(30, 240),
    "high": PriorityTargets(60, 480),
    "normal": PriorityTargets(120, 960),
    "low": PriorityTargets(240, 2400),
}
SPLIT = ((9 * 60, 14 * 60), (16 * 60, 19 * 60))


@dataclass(frozen=True, slots=True)
class World:
    """The fixtures' people by first name, and their clients and contracts."""

    lozano: Client
    azcarate: Client
    calendar: Calendar
    lozano_contract: Contract
    azcarate_contract: Contract
    marta: Person  # employee of Lozano
    dolores: Person  # manager of Lozano
    inigo: Person  # manager of Azcárate, reads English
    tomas: Person  # technician, tier 1
    irene: Person  # technician, tier 2
    rosa: Person  # team lead, tier 3
    nuria: Person  # technician who works for Azcárate only
    carmen: Person  # account manager
    ana: Person  # administrator


def build_world(*, at: datetime) -> World:
    """Make the fixtures in the current unit of work (system scope)."""
    settings.write(
        "provider",
        {
            "legal_name": "Guardia Soporte Informático, S.L.",
            "tax_id": "B86561412",
            "address": {
                "line1": "Calle de Alcalá 120",
                "postcode": "28009",
                "city": "Madrid",
                "country": "ES",
            },
            "registry": "Registro Mercantil de Madrid, tomo 31.204, folio 88, hoja M-561412",
            "email": "facturas@guardia.example",
            "iban": "ES9121000418450200051332",
        },
    )
    settings.write("undo", {"reply_seconds": 0})  # tests of other things than undo send replies at once
    calendar = add_calendar(
        name="Madrid, jornada partida",
        timezone="Europe/Madrid",
        weekly=dict.fromkeys(range(5), SPLIT),
        holidays={date(2026, 12, 7): "Constitución (trasladado)", date(2026, 12, 8): "Inmaculada Concepción"},
        at=at,
    )
    address = {"line1": "Calle Mayor 1", "postcode": "28901", "city": "Getafe", "country": "ES"}
    lozano = add_client(
        code="LOZ",
        name="Ferretería Lozano",
        legal_name="Ferretería Lozano, S.L.",
        tax_id="B84562388",
        billing_address=address,
        mail_domains=["lozano.example"],
        at=at,
    )
    azcarate = add_client(
        code="AZC",
        name="Azcárate Abogados",
        legal_name="Azcárate Abogados, S.L.P.",
        tax_id="B95412367",
        billing_address=address | {"city": "Bilbao", "postcode": "48001"},
        mail_domains=["azcarate.example"],
        locale="en",
        at=at,
    )
    people = _people(lozano, azcarate, at=at)
    db.session.flush()
    db.session.add(StaffClient(client_id=azcarate.id, person_id=people["nuria"].id))
    lozano_contract = add_contract(lozano, _agreement(calendar), at=at)
    azcarate_contract = add_contract(azcarate, _agreement(calendar), at=at)
    connect(
        lozano,
        kind="slack",
        external_id=SLACK_TEAM,
        name="Lozano",
        settings={"bot_user_id": SLACK_BOT_USER, "app_id": SLACK_APP_ID},
        secret=SLACK_BOT_TOKEN,
        at=at,
    )
    connect(azcarate, kind="teams", external_id=TEAMS_TENANT, name="Azcárate", at=at)
    link_identity(people["marta"], platform="slack", workspace=SLACK_TEAM, external_id="U0MARTA", reference={}, at=at)
    db.session.flush()
    db.session.execute(delete(Delivery))  # an established desk has delivered its early events
    return World(lozano, azcarate, calendar, lozano_contract, azcarate_contract, **people)


def sign_in(web: FlaskClient, person: Person) -> FlaskClient:
    """Put the session of a signed-in person into a browser."""
    with work(Scope.system()) as session:
        account = session.scalars(select(Account).where(Account.person_id == person.id)).one()
        token = begin_session(account, Browser("Tests", "127.0.0.1"), is_kept=False, at=clock.now())
    with web.session_transaction() as cookie:
        cookie["_user_id"] = token
        cookie["_fresh"] = True
    return web


def _agreement(calendar: Calendar) -> Agreement:
    return Agreement(
        name="Guardia 24",
        kind="time_and_materials",
        starts_on=date(2026, 1, 1),
        ends_on=None,
        calendar_id=calendar.id,
        currency="EUR",
        targets=TARGETS,
        rates=[
            RateLine("remote", date(2026, 1, 1), 75_00),
            RateLine("onsite", date(2026, 1, 1), 90_00),
            RateLine("project", date(2026, 1, 1), 85_00),
            RateLine("travel", date(2026, 1, 1), 40_00),
        ],
        terms={
            "rounding": {"default": {"scope": "entry", "increment": 15, "mode": "up", "minimum": 15}},
            "multipliers": {"after_hours": "1.5", "weekend": "1.5", "holiday": "2"},
        },
    )


def _people(lozano: Client, azcarate: Client, *, at: datetime) -> dict[str, Person]:
    madrid = "Europe/Madrid"
    rows: list[tuple[str, Client | None, str, str, str, int | None]] = [
        ("marta", lozano, "Marta Ruiz", "client_employee", "es", None),
        ("dolores", lozano, "Dolores Prieto", "client_manager", "es", None),
        ("inigo", azcarate, "Iñigo Azcárate", "client_manager", "en", None),
        ("tomas", None, "Tomás Rey", "technician", "es", 1),
        ("irene", None, "Irene Navas", "technician", "es", 2),
        ("rosa", None, "Rosa Gil", "team_lead", "es", 3),
        ("nuria", None, "Nuria Font", "technician", "es", 1),
        ("carmen", None, "Carmen Sanz", "account_manager", "es", None),
        ("ana", None, "Ana Lago", "administrator", "es", None),
    ]
    people = {}
    for key, client, name, role, locale, tier in rows:
        domain = client.mail_domains[0] if client else "guardia.example"
        people[key] = person = add_person(
            client_id=client.id if client else None,
            name=name,
            email=f"{key}@{domain}",
            role=role,
            locale=locale,
            timezone=madrid,
            tier=tier,
            at=at,
        )
        person.is_restricted = key == "nuria"
        db.session.add(
            Account(
                id=new_id(),
                person_id=person.id,
                email=person.email or "",
                password=None,
                fs_uniquifier=f"session-of-{key}",
                created_at=at,
            )
        )
    return people
