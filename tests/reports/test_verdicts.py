"""The single definition of a target's outcome, as a table of cases that PostgreSQL evaluates."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from flask import Flask
from sqlalchemy import Boolean, DateTime, Text, cast, literal, select

from msp.kernel.db import Scope, work
from msp.reports.outcome import decided, outcome

AT = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)
OCTOBER_ENDS = datetime(2026, 10, 31, 23, 0, tzinfo=UTC)  # in Madrid
NOVEMBER_ENDS = datetime(2026, 11, 30, 23, 0, tzinfo=UTC)


def on(day: str, time: str = "09:00") -> datetime:
    return datetime.fromisoformat(f"2026-{day}T{time}:00+00:00")


def became(
    state: str,
    due_at: datetime | None,
    met_at: datetime | None,
    breached_at: datetime | None,
    *,
    ended: datetime,
    stood: bool = False,
) -> tuple[str, datetime | None]:
    moment = DateTime(timezone=True)
    clock = SimpleNamespace(
        state=cast(literal(state), Text),
        due_at=cast(literal(due_at), moment),
        met_at=cast(literal(met_at), moment),
        breached_at=cast(literal(breached_at), moment),
    )
    said = outcome(clock, at=AT, ended=cast(literal(ended), moment), stood_at_end=cast(literal(stood), Boolean))
    with work(Scope.system()) as session:
        row = session.execute(select(said, decided(clock))).one()
        return row[0], row[1]


CASES = [
    # state, due, met, breach noted, end of the period, paused at that end → outcome, decided
    ("met early counts when it was met", "met", "10-20", "10-19", None, OCTOBER_ENDS, False, "met", "10-19"),
    ("met early in October, due in November", "met", "11-03", "10-30", None, OCTOBER_ENDS, False, "met", "10-30"),
    ("met at the very instant", "met", "10-20", "10-20", None, OCTOBER_ENDS, False, "met", "10-20"),
    ("met late counts when it was due", "met", "10-20", "11-02", "10-20", OCTOBER_ENDS, False, "met_late", "10-20"),
    ("still open and late", "running", "10-20", None, "10-20", OCTOBER_ENDS, False, "breached", "10-20"),
    ("late though nobody noted it yet", "running", "10-20", None, None, OCTOBER_ENDS, False, "breached", "10-20"),
    ("not due yet", "running", "11-12", None, None, NOVEMBER_ENDS, False, "running", "11-12"),
    ("met only after October", "met", "11-05", "11-04", None, OCTOBER_ENDS, False, "running", "11-04"),
    ("met after October, in which it stood", "met", "11-05", "11-04", None, OCTOBER_ENDS, True, "paused", "11-04"),
    ("met after October, for November", "met", "11-05", "11-04", None, NOVEMBER_ENDS, False, "met", "11-04"),
    ("stands still", "paused", None, None, None, NOVEMBER_ENDS, False, "paused", None),
    ("stands still, did not at the end", "paused", None, None, None, OCTOBER_ENDS, False, "running", None),
    ("stands still after its breach", "paused", None, None, "10-20", OCTOBER_ENDS, False, "breached", "10-20"),
    ("met while it stood", "met", None, "10-21", None, OCTOBER_ENDS, False, "met", "10-21"),
    ("met while it stood, after its breach", "met", None, "10-21", "10-20", OCTOBER_ENDS, False, "met_late", "10-20"),
    ("more time after the breach", "running", "11-20", None, "10-20", NOVEMBER_ENDS, False, "running", "11-20"),
    ("taken back in time", "cancelled", "10-20", "10-19", None, OCTOBER_ENDS, False, "cancelled", "10-19"),
    ("taken back too late", "cancelled", "10-20", "10-21", "10-20", OCTOBER_ENDS, False, "breached", "10-20"),
    ("taken back while it stood", "cancelled", None, "10-19", None, OCTOBER_ENDS, False, "cancelled", "10-19"),
    ("a calendar that never opens", "running", None, None, None, NOVEMBER_ENDS, False, "running", None),
]  # fmt: skip


@pytest.mark.parametrize(("state", "due", "met", "breach", "ended", "stood", "says", "since"), [c[1:] for c in CASES],
                         ids=[c[0] for c in CASES])  # fmt: skip
def test_the_outcome_of_a_target(
    app: Flask,
    state: str,
    due: str | None,
    met: str | None,
    breach: str | None,
    ended: datetime,
    stood: bool,
    says: str,
    since: str | None,
) -> None:
    due_at, met_at, breached_at, moment = (on(day) if day else None for day in (due, met, breach, since))
    assert became(state, due_at, met_at, breached_at, ended=ended, stood=stood) == (says, moment)


def test_a_minute_decides(app: Flask) -> None:
    assert became("met", on("10-20"), on("10-20", "09:01"), None, ended=OCTOBER_ENDS)[0] == "met_late"
    assert became("met", on("11-01"), OCTOBER_ENDS, None, ended=OCTOBER_ENDS)[0] == "running"  # midnight is November's
    assert became("running", AT, None, None, ended=NOVEMBER_ENDS)[0] == "breached"
