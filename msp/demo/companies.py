"""Builds the client companies from their sheets: people, contracts and chat connections."""

import unicodedata
import uuid
from datetime import date
from decimal import Decimal
from random import Random

from msp.demo.content import names
from msp.demo.content.agreements import AGREEMENTS, LEVELS, MULTIPLIERS, DemoAgreement, signed_on
from msp.demo.content.sheets import SHEETS, Cast, Sheet
from msp.demo.content.things import TRADES
from msp.demo.world import (
    DemoChannel,
    DemoClient,
    DemoContract,
    DemoRate,
    DemoRounding,
    DemoSlaTarget,
    Person,
    SlackConnection,
    TeamsConnection,
)

_SLACK_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"


def build_clients(today: date, rng: Random) -> tuple[DemoClient, ...]:
    """Return the twelve clients; the same `rng` state gives the same people."""
    return tuple(_client(sheet, today, rng) for sheet in SHEETS)


def _client(sheet: Sheet, today: date, rng: Random) -> DemoClient:
    return DemoClient(
        code=sheet.code,
        name=sheet.name,
        short_name=sheet.short_name,
        sector=sheet.sector,
        locale=sheet.locale,
        timezone=sheet.timezone,
        currency="EUR",
        tax_id=sheet.tax_id,
        address=sheet.address,
        mail_domains=(sheet.domain,),
        formal=sheet.formal,
        first_ticket=sheet.first_ticket,
        people=tuple(_people(sheet, rng)),
        contracts=tuple(_contract(found, sheet, today) for found in AGREEMENTS if found.client_code == sheet.code),
        slack=_slack(sheet, rng) if sheet.slack else None,
        teams=_teams(sheet, rng) if sheet.teams else None,
    )


def _people(sheet: Sheet, rng: Random) -> list[Person]:
    cast = list(sheet.cast)
    taken = {(member.given_name, member.family_name) for member in cast}
    given_taken = {member.given_name for member in cast}
    while len(cast) < sheet.headcount:
        member = _hire(sheet, len(cast), rng)
        is_fresh = member.given_name not in given_taken or len(given_taken) > 14
        if is_fresh and (member.given_name, member.family_name) not in taken:
            taken.add((member.given_name, member.family_name))
            given_taken.add(member.given_name)
            cast.append(member)
    return [_person(sheet, member, rng) for member in cast]


def _hire(sheet: Sheet, position: int, rng: Random) -> Cast:
    gender = rng.choice("fm")
    region = sheet.region if sheet.region == "castilla" or rng.random() < 0.7 else _second_region(sheet)
    given = rng.choice((names.FEMALE if gender == "f" else names.MALE)[region])
    jobs = TRADES[sheet.sector].jobs
    masculine, feminine, english = jobs[(position * 7 + rng.randrange(2)) % len(jobs)]
    title = english if sheet.locale == "en" else feminine if gender == "f" else masculine
    return Cast(given, rng.choice(names.FAMILY[region]), gender, "client_employee", title)


def _second_region(sheet: Sheet) -> str:
    return {"british": "irish", "irish": "british"}.get(sheet.region, "castilla")


def _person(sheet: Sheet, member: Cast, rng: Random) -> Person:
    return Person(
        email=f"{_ascii(member.given_name)}.{_ascii(member.family_name)}@{sheet.domain}",
        given_name=member.given_name,
        family_name=member.family_name,
        gender=member.gender,
        role=member.role,
        locale=member.locale or sheet.locale,
        timezone=sheet.timezone,
        job_title=member.job_title,
        client_code=sheet.code,
        slack_user_id=_slack_id("U", rng) if sheet.slack else None,
        teams_user_id=_uuid(rng) if sheet.teams else None,
    )


def _ascii(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return plain.lower().replace(" ", "")


def _contract(agreement: DemoAgreement, sheet: Sheet, today: date) -> DemoContract:
    remote_minimum, onsite_minimum = agreement.minimums
    minimums = {"remote": remote_minimum, "onsite": onsite_minimum, "project": 0, "travel": 0}
    return DemoContract(
        key=agreement.key,
        client_code=agreement.client_code,
        name=agreement.name,
        kind=agreement.kind,
        starts_on=signed_on(agreement, today),
        ends_on=None,
        calendar=sheet.calendar,
        position=agreement.position,
        covers=agreement.covers,
        terms=agreement.terms,
        rates=tuple(
            DemoRate(work_type, Decimal(hourly), "EUR")
            for work_type, hourly in zip(("remote", "onsite", "project", "travel"), agreement.hourly, strict=True)
        ),
        multipliers=MULTIPLIERS[agreement.multipliers],
        rounding=tuple(
            DemoRounding(work_type, agreement.scope, agreement.increment if work_type != "travel" else 1, "up", minimum)
            for work_type, minimum in minimums.items()
        ),
        targets=tuple(DemoSlaTarget(*target) for target in LEVELS[agreement.level]),
        purchase_order=agreement.purchase_order,
        milestones=agreement.milestones,
    )


def _slack(sheet: Sheet, rng: Random) -> SlackConnection:
    return SlackConnection(
        team_id=_slack_id("T", rng),
        team_name=sheet.slack or "",
        app_id=_slack_id("A", rng),
        bot_user_id=_slack_id("U", rng),
        channels=tuple(DemoChannel(_slack_id("C", rng), name) for name in sheet.channels),
    )


def _teams(sheet: Sheet, rng: Random) -> TeamsConnection:
    names_of_channels = sheet.channels if not sheet.slack else ("General", "Informática")
    return TeamsConnection(
        tenant_id=_uuid(rng),
        team_id=_thread_id(rng),
        channels=tuple(DemoChannel(_thread_id(rng), name) for name in names_of_channels),
    )


def _slack_id(prefix: str, rng: Random) -> str:
    return prefix + "0" + "".join(rng.choices(_SLACK_LETTERS, k=9))


def _thread_id(rng: Random) -> str:
    return f"19:{rng.getrandbits(128):032x}@thread.tacv2"


def _uuid(rng: Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))
