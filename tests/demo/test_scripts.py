"""The parts of the demo's texts: well-formed scripts, sentences that agree, hours that add up."""

from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest

from msp.demo.calendars import build_calendars
from msp.demo.script import Scenario, Script, parse, scenarios
from msp.demo.wording import render
from msp.demo.worktime import Worktime
from msp.demo.world import DemoCalendar
from msp.tickets.states import PRIORITIES

SCRIPTS = [(scenario, locale) for scenario in scenarios() for locale in scenario.scripts]
SMALL = """=== small
type incident
priority normal
tags red
work 1 remote 5-10: Nota // Note
--- es
# Asunto
> Apertura que sigue
  en otra línea. / Y en otro párrafo.
1?: ¿Uno?
| -
% e +2h: Sí.
^2: Motivo
2!: Hecho.
--- en
# Subject
> Opening.
1!: Done.
"""


def test_there_are_more_than_sixty_scenarios_in_both_languages() -> None:
    keys = [scenario.key for scenario in scenarios()]
    assert len(keys) == len(set(keys)) >= 60
    assert all(set(scenario.scripts) == {"es", "en"} for scenario in scenarios())


@pytest.mark.parametrize(("scenario", "locale"), SCRIPTS, ids=lambda value: getattr(value, "key", value))
def test_every_script_can_be_told(scenario: Scenario, locale: str) -> None:
    assert set(scenario.priorities) <= set(PRIORITIES) and scenario.work and scenario.tags
    script = scenario.scripts[locale]
    for telling in range(len(script.openings)):
        told = _told(script, telling)
        tier, waits, solved = scenario.tier, False, 0
        for actor_tier, mark in told:
            assert not waits or actor_tier == 0, "a question is answered before anybody else speaks"
            tier = actor_tier if mark == "escalate" else tier
            assert actor_tier <= tier, "nobody speaks for a tier before it has the ticket"
            waits = mark == "waiting_client"
            solved += mark == "resolved"
        assert solved == 1 and told[0][0] > 0
        assert len(script.subjects) <= len(script.openings) or len(script.openings) == 1


def _told(script: Script, telling: int) -> list[tuple[int, str]]:
    chosen = ((step, step.wordings[telling % len(step.wordings)]) for step in script.steps)
    return [(step.tier, step.mark) for step, wording in chosen if wording != "-"]


def test_a_scenario_is_read_from_its_script() -> None:
    (scenario,) = parse(SMALL)
    script = scenario.scripts["es"]
    assert script.openings == ("Apertura que sigue en otra línea.\n\nY en otro párrafo.",)
    assert [(step.actor, step.mark, step.optional, step.delay) for step in script.steps] == [
        ("1", "waiting_client", False, None), ("e", "", True, 120), ("2", "escalate", False, None),
        ("2", "resolved", False, None),
    ]  # fmt: skip
    assert script.steps[0].wordings == ("¿Uno?", "-") and scenario.work[0].note_en == "Note"


@pytest.mark.parametrize("broken", ["1! Done.", "4: Done.", "x: Done.", "e +2w: Sí."])
def test_a_line_that_is_not_understood_is_named(broken: str) -> None:
    with pytest.raises(ValueError, match="small: line not understood"):
        parse(SMALL.replace("2!: Hecho.", broken))


@pytest.mark.parametrize(
    ("template", "usted", "expected"),
    [
        ("¿<Puedes/Puede> venir a {room}?", False, "¿Puedes venir al almacén?"),
        ("¿<Puedes/Puede> venir a {room}?", True, "¿Puede venir al almacén?"),
        ("estoy {r:solo/sola} en {room}. vale", False, "Estoy sola en el almacén. Vale"),
        ("{m:Mi compañero/Mi compañera} vuelve de {room}", False, "Mi compañero vuelve del almacén"),
        ("[uno|uno] y [dos [tres|tres]|dos tres]", False, "Uno y dos tres"),
        ("www.ejemplo.example no va. pedidos@ejemplo.example tampoco", False,
         "www.ejemplo.example no va. pedidos@ejemplo.example tampoco"),
    ],
)  # fmt: skip
def test_sentences_agree(template: str, usted: bool, expected: str) -> None:
    slots = {"room": "el almacén"}
    text = render(template, rng=Random(1), slots=slots, women=frozenset("r"), usted=usted, spanish=True)
    assert text == expected


def test_an_unknown_slot_is_an_error() -> None:
    with pytest.raises(KeyError):
        render("{nadie}", rng=Random(1), slots={}, women=frozenset(), usted=False, spanish=True)


def _calendar(key: str) -> DemoCalendar:
    return next(calendar for calendar in build_calendars(date(2026, 11, 18)) if calendar.key == key)


def test_the_split_shift_closes_for_lunch_and_for_almudena() -> None:
    hours = Worktime(_calendar("madrid-split"), date(2026, 11, 1), date(2026, 11, 30))
    friday = datetime(2026, 11, 6, 12, 30, tzinfo=UTC)  # 13:30 in Madrid
    assert hours.add(friday, 30) == datetime(2026, 11, 6, 13, 0, tzinfo=UTC)
    assert hours.add(friday, 31) == datetime(2026, 11, 6, 15, 1, tzinfo=UTC)
    tuesday = datetime(2026, 11, 10, 8, 30, tzinfo=UTC)  # Monday 9 November is a holiday of the town
    assert hours.add(friday, 30 + 180 + 30) == tuesday
    assert hours.elapsed(friday, tuesday) == 240
    assert not hours.is_open(datetime(2026, 11, 9, 10, tzinfo=UTC))


def test_subtracting_lands_in_an_open_hour_and_adds_back() -> None:
    hours = Worktime(_calendar("madrid-office"), date(2026, 10, 1), date(2026, 11, 30))
    due = datetime(2026, 11, 16, 8, 20, tzinfo=UTC)
    for minutes in (1, 20, 21, 540, 541, 2000):
        start = hours.subtract(due, minutes)
        assert hours.is_open(start) and abs(hours.add(start, minutes) - due) < timedelta(milliseconds=1)


def test_a_day_of_the_clock_change_has_an_hour_more() -> None:
    hours = Worktime(_calendar("always"), date(2026, 10, 20), date(2026, 10, 30))
    sunday = datetime(2026, 10, 24, 22, tzinfo=UTC)  # midnight in Madrid
    monday = datetime(2026, 10, 25, 23, tzinfo=UTC)
    assert hours.elapsed(sunday, monday) == 25 * 60


def test_summer_mornings_replace_the_office_hours() -> None:
    hours = Worktime(_calendar("summer-hours"), date(2026, 7, 1), date(2026, 9, 30))
    assert hours.is_open(datetime(2026, 7, 15, 6, 30, tzinfo=UTC)) and not hours.is_open(
        datetime(2026, 7, 15, 14, tzinfo=UTC)
    )
    assert not hours.is_open(datetime(2026, 9, 15, 14, tzinfo=UTC))  # the last day of summer
    assert hours.is_open(datetime(2026, 9, 16, 14, tzinfo=UTC))
