"""The probability to be late: a table of cases, the groups, and calibration on generated data."""

from random import Random
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msp.reports.late_chance import FEWEST, NEWEST, Case, Chance, Curve, History, TargetGroup

LOZANO, AZCARATE = UUID(int=1), UUID(int=2)
HOUR = TargetGroup("first_response", LOZANO, 3600)
Seen = list[tuple[float, bool]]


def cases(seen: Seen, *, alike: TargetGroup = HOUR, times: int = 1) -> list[Case]:
    return [Case(alike, share, is_met) for share, is_met in seen] * times


@pytest.mark.parametrize(
    ("why", "seen", "share", "late"),
    [
        ("one, in time", [(0.5, True)], 0.0, 0.0),
        ("one, late", [(1.5, True)], 0.0, 1.0),
        ("met at the very end is in time", [(1.0, True)], 0.5, 0.0),
        ("half of them", [(0.5, True), (1.5, True)], 0.0, 0.5),
        ("only those that were open then too", [(0.1, True), (0.1, True), (0.5, True), (1.5, True)], 0.3, 0.5),
        ("one that was met at that share is not open after it", [(0.3, True), (1.5, True)], 0.3, 1.0),
        ("ties count together", [(0.5, True), (0.5, True), (0.5, True), (2.0, True)], 0.0, 0.25),
        ("open and past its time is late", [(0.5, True), (1.5, False)], 0.0, 0.5),
        ("open ones count as long as they were seen", [(0.2, False), (0.5, True), (1.5, True)], 0.0, 0.5),
        ("and leave before the next is met", [(0.2, True), (0.4, False), (0.5, True), (1.5, True)], 0.0, 0.375),
        (
            "a tie of an open one and a met one: it was still at risk",
            [(0.5, True), (0.5, False), (1.5, True)],
            0,
            2 / 3,
        ),
        ("all its time is used", [(0.5, True)], 1.0, 1.0),
    ],
)
def test_the_estimate(why: str, seen: Seen, share: float, late: float) -> None:
    assert Curve(cases(seen)).late(share) == pytest.approx(late), why


@pytest.mark.parametrize(
    ("why", "seen", "share", "expected"),
    [
        ("no history", [], 0.0, Chance(None, 0, "all")),
        ("one", [(0.5, True)], 0.0, Chance(None, 1, "all")),
        ("one too few", [(0.5, True)] * (FEWEST - 1), 0.0, Chance(None, FEWEST - 1, "all")),
        ("enough", [(0.5, True)] * FEWEST, 0.0, Chance(0.0, FEWEST, "client_target")),
        ("enough, but none was open for so long", [(0.5, True)] * FEWEST, 0.6, Chance(None, 0, "all")),
        ("none is decided", [(0.5, False)] * 100, 0.0, Chance(None, 0, "all")),
        ("missed ones are decided, met or not", [(1.5, False)] * FEWEST, 0.0, Chance(1.0, FEWEST, "client_target")),
    ],
)
def test_enough_history(why: str, seen: Seen, share: float, expected: Chance) -> None:
    assert History(cases(seen)).chance(HOUR, share) == expected, why


def test_the_most_alike_group_that_has_enough() -> None:
    late, met = [(1.5, True)], [(0.5, True)]
    past = cases(late, alike=TargetGroup("first_response", AZCARATE, 3600), times=30)
    assert History(past).chance(HOUR, 0.0) == Chance(1.0, 30, "target")
    assert History(past).chance(TargetGroup("first_response", LOZANO, 60), 0.0) == Chance(1.0, 30, "kind")
    assert History(past).chance(TargetGroup("resolution", LOZANO, 3600), 0.0) == Chance(1.0, 30, "all")
    past += cases(met, times=29)
    assert History(past).chance(HOUR, 0.0).group == "target"
    past += cases(met)
    assert History(past).chance(HOUR, 0.0) == Chance(0.0, 30, "client_target")


def test_targets_of_different_lengths_compare_by_share() -> None:
    """Half an hour of one hour is compared like four hours of eight."""
    past = cases([(0.5, True), (1.5, True)], alike=TargetGroup("first_response", LOZANO, 8 * 3600), times=30)
    chance = History(past).chance(HOUR, 0.4)
    assert chance.late == pytest.approx(0.5) and (chance.cases, chance.group) == (60, "kind")


def test_a_workload_that_grows_is_followed() -> None:
    """All were in time until recently; the newest targets count."""
    before, lately = cases([(0.5, True)], times=5 * NEWEST), cases([(0.5, True), (1.5, True)], times=NEWEST // 2)
    assert History([*lately, *before]).chance(HOUR, 0.0).late == pytest.approx(0.5)


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**32), usual=st.floats(0.2, 0.9), spread=st.floats(0.3, 1.2))
def test_of_those_called_three_in_ten_three_in_ten_are_late(seed: int, usual: float, spread: float) -> None:
    """Calibration on generated data, a quarter of which is censored."""
    rng = Random(seed)

    def drawn() -> float:
        return usual * rng.lognormvariate(0, spread)

    def seen(share: float) -> Case:
        until = rng.uniform(0, 2) if rng.random() < 0.25 else share
        return Case(HOUR, min(share, until), share <= until)

    history = History(seen(drawn()) for _ in range(NEWEST))
    said: dict[int, list[tuple[float, bool]]] = {}
    for _ in range(6_000):
        share, used = drawn(), rng.random()
        chance = history.chance(HOUR, used) if share > used else None
        if chance is not None and chance.late is not None:
            said.setdefault(int(chance.late * 5), []).append((chance.late, share > 1))
    assert said
    for each in said.values():
        if len(each) >= 200:
            expected, came = (sum(pair[part] for pair in each) / len(each) for part in (0, 1))
            assert abs(expected - came) < 0.1
