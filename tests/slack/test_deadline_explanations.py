"""The card explains its due date: excluded time is named in the employee's language and time zone."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from msp.calendars.actions import edit_calendar
from msp.calendars.queries import access_calendar, to_value
from msp.contracts.service_level import PRIORITIES, PriorityTargets
from msp.kernel import clock
from msp.kernel.db import Scope, work
from simulators.slack.server import SlackServer
from tests.slack.conftest import MARTA, PABLO, TOM
from tests.tickets.sla_steps import change_terms
from tests.world import SLACK_TEAM, World

FRIDAY_EVENING = datetime(2026, 12, 4, 17, 0, tzinfo=UTC)  # 18:00 in Madrid; Monday and Tuesday are holidays
BEFORE_LUNCH = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)  # 13:30 in Madrid


@pytest.mark.parametrize(
    ("who", "at", "says"),
    [
        (
            MARTA,
            FRIDAY_EVENING,
            "Por qué 10:00: el objetivo de SLA de tu contrato es de 2 horas en horario laboral,"
            " contando desde las 18:00; no cuenta:"
            " el lunes 7 (Constitución (trasladado)), el martes 8 (Inmaculada Concepción) y el fin de semana.",
        ),
        (
            TOM,
            FRIDAY_EVENING,
            "Why 9:00: your contract’s SLA target is 2 hours of business time, counted from 17:00; not counted:"
            " Monday 7 (Constitución (trasladado)), Tuesday 8 (Inmaculada Concepción), and the weekend.",
        ),
        (
            PABLO,
            FRIDAY_EVENING,
            "Por qué 9:00: el objetivo de SLA de tu contrato es de 2 horas en horario laboral,"
            " contando desde las 17:00; no cuenta:"
            " el lunes 7 (Constitución (trasladado)), el martes 8 (Inmaculada Concepción) y el fin de semana.",
        ),
        (
            MARTA,
            BEFORE_LUNCH,
            "Por qué 17:30: el objetivo de SLA de tu contrato es de 2 horas en horario laboral,"
            " contando desde las 13:30; no cuenta:"
            " el descanso de 14:00 a 16:00.",
        ),
        (
            TOM,
            BEFORE_LUNCH,
            "Why 16:30: your contract’s SLA target is 2 hours of business time, counted from 12:30; not counted:"
            " the break from 13:00 to 15:00.",
        ),
    ],
)
def test_the_card_names_what_does_not_count(
    slack_server: SlackServer, drain: Callable[[], int], who: str, at: datetime, says: str
) -> None:
    slack_server.change_profile(SLACK_TEAM, TOM, tz="Europe/London")
    clock.advance(at - clock.now())
    said = slack_server.say(SLACK_TEAM, who, "im", "El TPV no cobra")
    drain()
    assert why(slack_server, said.channel) == says


def test_the_card_says_so_when_a_holiday_comes_in_between(
    slack_server: SlackServer, drain: Callable[[], int], world: World
) -> None:
    """Tuesday becomes a holiday after the ticket was opened on Monday at ten: the existing card is updated."""
    change_terms(world, targets=dict.fromkeys(PRIORITIES, PriorityTargets(8 * 60, 16 * 60)))
    said = slack_server.say(SLACK_TEAM, MARTA, "im", "El TPV no cobra")
    drain()
    assert "el martes 24" not in why(slack_server, said.channel)
    with work(Scope.staff(actor_id=world.ana.id)):
        calendar = access_calendar(world.calendar.id, lock=True)
        edit_calendar(
            calendar,
            name=calendar.name,
            timezone=calendar.timezone,
            weekly=to_value(calendar).weekly,
            holidays={date(2026, 11, 24): "Santa Flora"},
            exceptions={},
            at=clock.now(),
        )
    drain()
    assert why(slack_server, said.channel) == (
        "Por qué 10:00: el objetivo de SLA de tu contrato es de 8 horas en horario laboral,"
        " contando desde las 10:00; no cuenta:"
        " el descanso de 14:00 a 16:00 y el martes 24 (Santa Flora)."
    )


def why(slack_server: SlackServer, channel: str) -> str:
    """The reason on the only card of a conversation, in its current version."""
    [card] = [each for each in slack_server.messages(channel=channel, author="bot") if each.get("blocks")]
    [context] = [block for block in card["blocks"] if block["type"] == "context"]
    return str(context["elements"][0]["text"]).replace("\N{NO-BREAK SPACE}", " ")
