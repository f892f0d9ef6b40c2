"""The ladder as a value: when each step comes, how it is known, what makes no sense."""

from datetime import timedelta
from uuid import UUID

import pytest

from msp.contracts.ladder import USUAL, Escalation, faults, rungs

pytestmark = pytest.mark.unit

HOUR = timedelta(hours=1)
SOMEBODY = f"person:{UUID(int=1)}"


@pytest.mark.parametrize(
    ("moment", "amount", "seconds"),
    [
        ("share", 75, 2700),
        ("share", 100, 3600),
        ("share", 150, 5400),
        ("share", 1, 36),
        ("before", 20, 2400),
        ("before", 90, 0),  # not before the clock begins
        ("after", 15, 4500),
    ],
)
def test_the_moment_of_a_step(moment: str, amount: int, seconds: int) -> None:
    assert Escalation(moment, amount, "notify").offset(HOUR) == timedelta(seconds=seconds)


def test_a_share_is_exact() -> None:
    assert Escalation("share", 33, "notify").offset(timedelta(seconds=7)) == timedelta(microseconds=2_310_000)


def test_steps_come_in_the_order_of_their_moments_and_those_of_one_moment_as_written() -> None:
    ladder = (
        Escalation("after", 30, "next_tier"),
        Escalation("share", 100, "notify"),
        Escalation("share", 100, "next_tier"),
        Escalation("before", 15, "notify"),
        Escalation("share", 50, "notify", clocks=("resolution",)),
    )
    keys = [rung.key for rung in rungs(ladder, "first_response", HOUR)]
    assert keys == ["before:15:notify", "share:100:notify", "share:100:next_tier", "after:30:next_tier"]
    assert rungs(ladder, "resolution", HOUR)[0].key == "share:50:notify"
    assert rungs(ladder, "first_response", timedelta(minutes=10))[0].key == "before:15:notify"


def test_a_step_keeps_its_name_when_it_tells_others_and_two_alike_have_two_names() -> None:
    before = (Escalation("share", 75, "notify"), Escalation("share", 75, "notify", who=("lead",)))
    after = (Escalation("share", 75, "notify", who=("on_call",), is_urgent=True), *before[1:])
    names = ["share:75:notify", "share:75:notify:2"]
    assert [rung.key for rung in rungs(before, "resolution", HOUR)] == names
    assert [rung.key for rung in rungs(after, "resolution", HOUR)] == names


@pytest.mark.parametrize(
    "step",
    [
        Escalation("share", 0, "notify"),
        Escalation("share", 1001, "notify"),
        Escalation("sometime", 5, "notify"),
        Escalation("before", 5, "shout"),
        Escalation("before", 5, "notify", who=("the boss",)),
        Escalation("before", 5, "notify", who=("person:me",)),
        Escalation("before", 5, "notify", by=("pigeon",)),
        Escalation("before", 5, "notify", clocks=("coffee",)),
        Escalation("before", 5, "assign"),
        Escalation("before", 5, "assign", who=("lead",)),
        Escalation("before", 5, "webhook"),
        Escalation("before", 5, "next_tier", who=("lead",)),
    ],
)
def test_what_makes_no_sense(step: Escalation) -> None:
    assert faults((*USUAL, step)) == {len(USUAL): "invalid"}


def test_what_makes_sense() -> None:
    steps = (
        Escalation("before", 30, "assign", who=(SOMEBODY,)),
        Escalation("after", 5, "assign", who=("on_call",)),
        Escalation("after", 6, "webhook", webhook_id=UUID(int=2)),
        Escalation("after", 7, "notify", who=("client_manager", SOMEBODY), by=("mail",), is_urgent=True),
    )
    assert faults(USUAL + steps) == {}
    assert set(faults(USUAL * 7)) == {20}
