"""Rounds of faults under load; then all faults are removed, and everything is counted."""

from __future__ import annotations

import random
import time
import traceback
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial

from tests.drills.conversations import heard
from tests.drills.desk import Desk, crowding, eventually
from tests.drills.environment import Outside
from tests.drills.fault.count import Line, reckon
from tests.drills.fault.faults import ALL, Bad, Scene, leap
from tests.drills.fault.ledger import Ledger, Recovery
from tests.drills.fault.load import Load, working_hours_after
from tests.world import SLACK_TEAM

PROBE = "U0SONDA"
TIMEOUT = 60.0  # seconds for a desk to recover after a kill before the drill continues anyway
QUIET = 180.0  # seconds for everything to be processed at the end
Say = Callable[[str], None]


def drill(
    desk: Desk, outside: Outside, *, rounds: int, seed: int, say: Say, bad_things: Sequence[Bad] = ALL
) -> tuple[list[Line], Ledger]:
    """Run `rounds` faults, one after another, and count; the same seed gives the same faults in the same order."""
    scene = Scene(desk, outside, Ledger(), random.Random(seed))
    if PROBE not in outside.slack.world.users:
        outside.slack.add_user(SLACK_TEAM, id=PROBE, real_name="Sonda Lozano", email="sonda@lozano.example")
    leap(scene, working_hours_after(desk.time.now()) - desk.time.now())
    load = Load(desk, outside, scene.ledger, seed)
    load.start()
    try:
        plan = random.Random(seed).choices(bad_things, [each.weight for each in bad_things], k=rounds)
        for number, bad in enumerate(plan):
            began = time.monotonic()
            _round(scene, bad)
            load.behind = desk.waiting()
            say(f"{number + 1:>4}  {bad.name:38} {time.monotonic() - began:5.1f} s  {load.behind:>4} waiting")
    finally:
        outside.be_well()
        load.stop(within=90)
    desk.be_whole()
    load.settle_up()
    _be_quiet(scene, say)
    return reckon(scene), scene.ledger


def _round(scene: Scene, bad: Bad) -> None:
    """One fault with its end, and after a kill the recovery; then the clock moves some minutes."""
    scene.ledger.faults[bad.name] += 1
    try:
        end = bad.begin(scene)
        began = time.monotonic()
        time.sleep(scene.dice.uniform(0.1, 0.9))
        if end is not None:
            end()
        if bad.kills:
            _recover(scene, bad, began)
        leap(scene, timedelta(minutes=scene.dice.uniform(2, 9)))
    except Exception:
        scene.ledger.trouble.append(f"{bad.name}: {traceback.format_exc(limit=3)}")


def _recover(scene: Scene, bad: Bad, began: float) -> None:
    """Time the return of the process, and then the desk's answer to a message."""
    desk, slack = scene.desk, scene.outside.slack
    eventually(desk.is_running, within=TIMEOUT, every=0.1, what=f"everything runs after «{bad.name}»")
    back = time.monotonic()
    scene.outside.slack.faults.clear()
    eventually(desk.is_ready, within=TIMEOUT, every=0.05, what=f"ready after «{bad.name}»")
    said = slack.say(SLACK_TEAM, PROBE, "im", "No puedo entrar en la VPN", wait=False)
    is_heard = partial(heard, slack, said.channel, said.ts)
    eventually(is_heard, within=TIMEOUT, every=0.05, what=f"an answer after «{bad.name}»")
    scene.ledger.recoveries.append(Recovery(bad.name, back - began, time.monotonic() - back, crowding()))


def _be_quiet(scene: Scene, say: Say) -> None:
    """Wait until nothing is pending; the clock moves to the next scheduled row or retry."""
    desk = scene.desk
    desk.be_whole()
    scene.outside.settle(30)
    limit = time.monotonic() + QUIET
    while time.monotonic() < limit:
        hour = desk.next_hour()
        if hour is None and not _overdue(desk):
            return
        time.sleep(0.5)
        if hour is not None and hour > desk.time.now() and not _overdue(desk):
            leap(scene, hour - desk.time.now() + timedelta(seconds=1))
    say(f"not quiet after {QUIET:.0f} s: {desk.waiting()} rows wait, {_overdue(desk)} steps are due")
    for row in desk.rows(_WAITING):
        say(f"  {row}")
    scene.ledger.trouble.append("the desk did not come to rest")


_WAITING = (
    "select id, key, due_at, attempts, reason, lease_until from inbound where state = 'pending' union all"
    " select id, key, due_at, attempts, reason, lease_until from delivery where state = 'pending' order by 3 limit 20"
)


def _overdue(desk: Desk) -> int:
    query = "select count(*) from sla_clock where state = 'running' and next_step_at <= %s"
    return int(desk.rows(query, desk.time.now())[0][0])
