"""The card explains its due date: excluded time is named in the employee's language and time zone."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from msp.kernel import clock
from tests.teams.desk import Desk
from tests.world import TEAMS_TENANT

FRIDAY_EVENING = datetime(2026, 12, 4, 17, 0, tzinfo=UTC)  # 18:00 in Madrid; Monday and Tuesday are holidays
BEFORE_LUNCH = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)  # 13:30 in Madrid
PROFILES = {"es": ("es-ES", "Atlantic/Canary"), "en": ("en-GB", "Europe/Madrid")}


def write(desk: Desk, language: str) -> None:
    """A new person of the company writes."""
    locale, zone = PROFILES[language]
    desk.teams.add_user(
        TEAMS_TENANT, id="29:leire", name="Leire Otxoa", email="leire@azcarate.example", locale=locale, tz=zone
    )
    desk.teams.say(TEAMS_TENANT, "29:leire", "", "VPN")


@pytest.mark.parametrize(
    ("language", "at", "says"),
    [
        (
            "es",
            FRIDAY_EVENING,
            "Por qué 9:00: el objetivo de SLA de tu contrato es de 2 horas en horario laboral,"
            " contando desde las 17:00; no cuenta:"
            " el lunes 7 (Constitución (trasladado)), el martes 8 (Inmaculada Concepción) y el fin de semana.",
        ),
        (
            "en",
            FRIDAY_EVENING,
            "Why 10:00: your contract’s SLA target is 2 hours of business time, counted from 18:00; not counted:"
            " Monday 7 (Constitución (trasladado)), Tuesday 8 (Inmaculada Concepción), and the weekend.",
        ),
        (
            "es",
            BEFORE_LUNCH,
            "Por qué 16:30: el objetivo de SLA de tu contrato es de 2 horas en horario laboral,"
            " contando desde las 12:30; no cuenta:"
            " el descanso de 13:00 a 15:00.",
        ),
        (
            "en",
            BEFORE_LUNCH,
            "Why 17:30: your contract’s SLA target is 2 hours of business time, counted from 13:30; not counted:"
            " the break from 14:00 to 16:00.",
        ),
    ],
)
def test_the_card_names_what_does_not_count(
    desk: Desk, drain: Callable[[], int], language: str, at: datetime, says: str
) -> None:
    clock.advance(at - clock.now())
    write(desk, language)
    drain()
    body = desk.card()["attachments"][0]["content"]["body"]
    assert says in [str(block.get("text", "")).replace("\N{NO-BREAK SPACE}", " ") for block in body]
