"""The escalation policy as a value: when each step is due, how it is identified, which policies are refused."""

from datetime import timedelta
from uuid import UUID

import pytest

from msp.contracts.escalation_policy import DEFAULT_POLICY, PolicyStep, planned_steps, validate

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
        ("before", 90, 0),  # not before the clock starts
        ("after", 15, 4500),
    ],
)
def test_the_moment_of_a_step(moment: str, amount: int, seconds: int) -> None:
    assert PolicyStep(moment, amount, "notify").offset(HOUR) == timedelta(seconds=seconds)


def test_a_share_is_exact() -> None:
    assert PolicyStep("share", 33, "notify").offset(timedelta(seconds=7)) == timedelta(microseconds=2_310_000)


def test_steps_come_in_the_order_of_their_moments_and_those_of_one_moment_as_written() -> None:
    policy = (
        PolicyStep("after", 30, "next_tier"),
        PolicyStep("share", 100, "notify"),
        PolicyStep("share", 100, "next_tier"),
        PolicyStep("before", 15, "notify"),
        PolicyStep("share", 50, "notify", clocks=("resolution",)),
    )
    keys = [planned.key for planned in planned_steps(policy, "first_response", HOUR)]
    assert keys == ["before:15:notify", "share:100:notify", "share:100:next_tier", "after:30:next_tier"]
    assert planned_steps(policy, "resolution", HOUR)[0].key == "share:50:notify"
    assert planned_steps(policy, "first_response", timedelta(minutes=10))[0].key == "before:15:notify"


def test_a_step_keeps_its_name_when_it_tells_others_and_two_alike_have_two_names() -> None:
    before = (PolicyStep("share", 75, "notify"), PolicyStep("share", 75, "notify", who=("lead",)))
    after = (PolicyStep("share", 75, "notify", who=("on_call",), is_urgent=True), *before[1:])
    names = ["share:75:notify", "share:75:notify:2"]
    assert [planned.key for planned in planned_steps(before, "resolution", HOUR)] == names
    assert [planned.key for planned in planned_steps(after, "resolution", HOUR)] == names


@pytest.mark.parametrize(
    "step",
    [
        PolicyStep("share", 0, "notify"),
        PolicyStep("share", 1001, "notify"),
        PolicyStep("sometime", 5, "notify"),
        PolicyStep("before", 5, "shout"),
        PolicyStep("before", 5, "notify", who=("the boss",)),
        PolicyStep("before", 5, "notify", who=("person:me",)),
        PolicyStep("before", 5, "notify", by=("pigeon",)),
        PolicyStep("before", 5, "notify", clocks=("coffee",)),
        PolicyStep("before", 5, "assign"),
        PolicyStep("before", 5, "assign", who=("lead",)),
        PolicyStep("before", 5, "webhook"),
        PolicyStep("before", 5, "next_tier", who=("lead",)),
    ],
)
def test_what_makes_no_sense(step: PolicyStep) -> None:
    assert validate((*DEFAULT_POLICY, step)) == {len(DEFAULT_POLICY): "invalid"}


def test_what_makes_sense() -> None:
    steps = (
        PolicyStep("before", 30, "assign", who=(SOMEBODY,)),
        PolicyStep("after", 5, "assign", who=("on_call",)),
        PolicyStep("after", 6, "webhook", webhook_id=UUID(int=2)),
        PolicyStep("after", 7, "notify", who=("client_manager", SOMEBODY), by=("mail",), is_urgent=True),
    )
    assert validate(DEFAULT_POLICY + steps) == {}
    assert set(validate(DEFAULT_POLICY * 7)) == {20}
