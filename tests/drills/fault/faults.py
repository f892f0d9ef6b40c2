"""The faults of the drill: each is started and, if it does not pass without help, ended."""

from __future__ import annotations

import random
import signal
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import psutil

from tests.drills.desk import Desk, eventually, freeze, thaw
from tests.drills.environment import Outside
from tests.drills.fault.ledger import Ledger

MADRID = ZoneInfo("Europe/Madrid")
CALLS = {
    "slack": ("chat.postMessage", "chat.update", "conversations.replies", "users.info"),
    "teams": ("send", "update", "member"),
    "mail": ("connect", "rcpt", "data", "message"),
    "stripe": ("invoices.create", "invoiceitems.create", "invoices.finalize", "invoices.get"),
}
IN_DOUBT = ["no_answer%", "no_sense", "http_5%"]  # reasons
DOUBT = timedelta(seconds=6)  # a little more than the pause before a look-up
PAUSES = 20.0  # seconds that moving the clock waits at most
End = Callable[[], None]


@dataclass(frozen=True)
class Scene:
    """The objects on which faults act."""

    desk: Desk
    outside: Outside
    ledger: Ledger
    dice: random.Random


@dataclass(frozen=True)
class Bad:
    """One fault: `begin` starts it and may return its end; `kills` is the role whose return is timed."""

    name: str
    begin: Callable[[Scene], End | None]
    weight: int = 2
    kills: str = ""


def _kill(role: str, scene: Scene, *, most: int = 1) -> None:
    scene.desk.kill(role, most=most)


def _kill_web_worker(scene: Scene) -> None:
    masters = scene.desk.role("web")
    children = [child for master in masters for child in master.children()]
    if children:
        _signal(scene.dice.choice(children), signal.SIGKILL)


def _stop_in_order(role: str, scene: Scene) -> None:
    """Stop as an operator does: PostgreSQL ends its sessions at SIGINT, workers finish current work at SIGTERM."""
    for process in scene.desk.role(role)[:1]:
        _signal(process, signal.SIGINT if role == "postgres" else signal.SIGTERM)


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        pass


def _cut_sessions(scene: Scene) -> None:
    others = "datname = current_database() and pid <> pg_backend_pid()"
    scene.desk.rows(f"select pg_terminate_backend(pid) from pg_stat_activity where {others}")


def _wipe(scene: Scene) -> None:
    scene.desk.valkey.wipe()


def _fill(scene: Scene) -> End:
    valkey = scene.desk.valkey
    valkey.fill()
    return valkey.empty


def _hide_valkey(scene: Scene) -> End:
    valkey = scene.desk.valkey
    valkey.be_away()
    return valkey.be_back


def _hold(role: str, scene: Scene) -> End:
    process = scene.desk.role(role)[0]
    freeze(process)
    return partial(thaw, process)


def _outside(kind: str, scene: Scene) -> None:
    """The next calls of one platform fail in one way; the fault ends after some calls."""
    name = scene.dice.choice(sorted(CALLS))
    server = getattr(scene.outside, name)
    details: dict[str, object] = {}
    if name == "mail" and kind not in ("slow", "hang", "drop"):
        kind, details = "error", {"status": 451, "error": "4.3.0 not now"}  # the equivalent in SMTP
    if kind == "slow":
        details["seconds"] = scene.dice.uniform(0.3, 2.5)
    if kind == "hang":
        details["seconds"] = scene.dice.uniform(1.0, 4.0)
    if kind == "429":
        details["retry_after"] = scene.dice.choice([1, 2])
    for call in CALLS[name]:
        server.faults.add(call, kind, times=scene.dice.randrange(1, 4), **details)


def _absent(scene: Scene) -> End:
    handle = scene.outside.handles[scene.dice.choice(sorted(scene.outside.handles))]
    handle.be_away()
    return handle.be_back


def _leap_over_change(scene: Scene) -> None:
    """Move the clock to a second before the next change to or from daylight saving time."""
    now = scene.desk.time.now()
    leap(scene, next_change(now) - timedelta(seconds=1) - now)


def leap(scene: Scene, by: timedelta) -> None:
    """Move the clock, but not over the pause before the desk looks up the result of an uncertain send."""
    eventually(partial(_may_leap, scene.desk), within=PAUSES, every=0.2, what="nobody pauses before a look")
    before = scene.desk.time.now()
    scene.desk.time.move(by)
    scene.ledger.leaps.append((before, scene.desk.time.now()))


def _may_leap(desk: Desk) -> bool:
    now = desk.time.now()
    soon = "select count(*) from delivery where state = 'pending' and due_at between %s and %s and reason like any(%s)"
    return desk.rows(soon, now, now + DOUBT, IN_DOUBT) == [(0,)]


def next_change(after: datetime) -> datetime:
    """The next change of Madrid's clocks: 01:00 UTC on the last Sunday of March or October."""
    for year in (after.year, after.year + 1):
        for month in (3, 10):
            day = datetime(year, month, 31, 1, tzinfo=UTC)
            day -= timedelta(days=(day.weekday() + 1) % 7)
            if day > after + timedelta(minutes=1):
                assert day.astimezone(MADRID).utcoffset() != (day - timedelta(hours=1)).astimezone(MADRID).utcoffset()
                return day
    raise AssertionError("a year without a change")


ALL = (
    Bad("kill a web worker", _kill_web_worker, kills="web"),
    Bad("kill the web", partial(_kill, "web"), kills="web"),
    Bad("kill a worker", partial(_kill, "worker"), weight=3, kills="worker"),
    Bad("kill both workers", partial(_kill, "worker", most=2), kills="worker"),
    Bad("kill the clock", partial(_kill, "clock"), kills="clock"),
    Bad("kill PostgreSQL", partial(_kill, "postgres"), kills="postgres"),
    Bad("kill Valkey", partial(_kill, "valkey"), kills="valkey"),
    Bad("restart PostgreSQL", partial(_stop_in_order, "postgres"), kills="postgres"),
    Bad("stop a worker in order", partial(_stop_in_order, "worker"), weight=1, kills="worker"),
    Bad("cut all sessions of the database", _cut_sessions),
    Bad("wipe Valkey", _wipe),
    Bad("fill Valkey", _fill),
    Bad("Valkey out of reach", _hide_valkey),
    Bad("Valkey stands still", partial(_hold, "valkey"), weight=1),
    Bad("a worker stands still", partial(_hold, "worker"), weight=1),
    Bad("outside: cut before the answer", partial(_outside, "drop"), weight=3),
    Bad("outside: hangs", partial(_outside, "hang")),
    Bad("outside: slow", partial(_outside, "slow")),
    Bad("outside: 500", partial(_outside, "500")),
    Bad("outside: 429", partial(_outside, "429")),
    Bad("outside: garbage", partial(_outside, "garbage")),
    Bad("outside: HTML", partial(_outside, "html")),
    Bad("outside: absent", _absent),
    Bad("the clock leaps over a change of time", _leap_over_change, weight=1),
)
