"""A company's whole Slack traffic for minutes: most of it is between people, some of it is for the desk.

Of a hundred events five ask for help, fifteen continue a ticket's thread, five edit a message there, ten are echoes of
the app's own messages, and the rest is talk in channels of which the app is a member.
"""

import random
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, overload

import psycopg

from msp.bench.endpoints import Crowd, slack_request
from msp.bench.load import Sample, open_loop
from msp.bench.report import BenchFigure, Say
from msp.kernel import clock
from msp.kernel.db import Json
from simulators.slack.spread import Seat

RATE = 200.0
SECONDS = 600.0
ACK_P99, BACKLOG = 100.0, 30.0  # milliseconds; seconds
RUSH = 400  # tickets requested at once, to find the capacity
TIMEOUT = 180.0
OVERLOAD, OVERLOAD_SECONDS = 2.0, 300.0  # times the workers' capacity
OVERLOAD_SLOWEST = 1000.0  # milliseconds
OVERLOAD_TIMEOUT = 1200.0  # seconds within which the backlog is processed
GENERAL = "C0GENERAL"


def measure(port: int, crowd: Crowd, database_url: str, only: Sequence[str], *, say: Say) -> list[BenchFigure]:
    """Measure the workers' capacity, then the parts of `only`: a steady stream of events ("flood"), "overload"."""
    stream = Stream(crowd)
    say("How many tickets a second …")
    ceiling = _ceiling(port, stream, database_url)
    say(f"  {ceiling:.0f} tickets with their cards a second, {RUSH} at once: the workers' processors are the limit")
    figures = _steady(port, stream, database_url, ceiling, say=say) if "flood" in only else []
    return figures + (_overload(port, stream, database_url, ceiling, say=say) if "overload" in only else [])


def _steady(
    port: int, stream: "Stream", database_url: str, ceiling: float, *, say: Say, seconds: float = SECONDS
) -> list[BenchFigure]:
    """Send events at RATE for so many seconds while the workers run, and measure the backlog."""
    pace = f"{RATE:.0f}/s for {seconds:.0f} s"
    say(f"Events at {pace} …")
    with _watching(database_url) as seen:
        sample = open_loop(port, stream.events(int(RATE * seconds)), rate=RATE)
    seen.drained = _until_done(database_url, timeout=OVERLOAD_TIMEOUT)
    acks, made = sample.quantile(0.99), f"{stream.opened} tickets, {stream.said} more messages on them"
    return [
        BenchFigure(f"Slack events at {pace}, p99", acks, "ms", ACK_P99, _acks(sample)),
        BenchFigure(
            f"backlog at {pace}, oldest",
            seen.oldest,
            "s",
            BACKLOG,
            f"{made}; at most {seen.waiting} rows, done {seen.drained:.1f} s after the last;"
            f" ceiling {ceiling:.0f} tickets with cards a second",
        ),
    ]


def _overload(port: int, stream: "Stream", database_url: str, ceiling: float, *, say: Say) -> list[BenchFigure]:
    """Twice the workers' capacity: acknowledgements stay fast, the backlog grows and is processed afterwards."""
    rate = OVERLOAD * ceiling
    pace = f"{OVERLOAD:.0f} times what workers can do, {OVERLOAD_SECONDS:.0f} s"
    say(f"Events at {pace} ({rate:.0f}/s) …")
    with _watching(database_url) as seen:
        sample = open_loop(port, stream.rush(int(rate * OVERLOAD_SECONDS)), rate=rate)
    seen.drained = _until_done(database_url, timeout=OVERLOAD_TIMEOUT)
    detail = f"{_acks(sample)}; at most {seen.waiting} rows waited, worked off {seen.drained:.0f} s after the last"
    return [
        BenchFigure(f"Slack events at {pace}, p99", sample.quantile(0.99), "ms", ACK_P99, detail),
        BenchFigure(f"Slack events at {pace}, slowest", sample.quantile(1.0), "ms", OVERLOAD_SLOWEST),
    ]


@dataclass
class Seen:
    """The largest backlog seen: rows, and seconds since the oldest became ready."""

    waiting: int = 0
    oldest: float = 0.0
    drained: float = 0.0


@dataclass
class Stream:
    """The events of the workspaces, each built and signed when it is due."""

    crowd: Crowd
    opened: int = 0
    said: int = 0
    _threads: list[tuple[Seat, str, str]] = field(default_factory=list)  # person, channel, ts
    _numbers: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def events(self, count: int) -> Sequence[bytes]:
        """So many requests of the mix."""
        return _Requests(self, count, rush=False)

    def rush(self, count: int) -> Sequence[bytes]:
        """So many requests that each ask for help."""
        return _Requests(self, count, rush=True)

    def opening(self) -> bytes:
        """A person asks for help in their direct messages with the app."""
        with self._lock:
            self.opened += 1
            seat = self.crowd.seat(self.opened)
        slack = self.crowd.slack
        place = slack.world.im(seat.team, seat.user)
        text = f"No imprime la número {self.opened}: no sale nada"
        with slack.world.lock:
            message = slack.world.add_message(place, {"user": seat.user, "text": text, "team": seat.team})
        self._threads.append((seat, place.id, message["ts"]))
        return self._event(seat.team, seat.user, place.id, message["ts"], text, channel_type="im")

    def going_on(self) -> bytes:
        """A person continues the thread of a ticket."""
        seat, channel, root = self._known()
        with self._lock:
            self.said += 1
        return self._event(
            seat.team, seat.user, channel, self._ts(), f"Sigue igual ({self.said})", channel_type="im", thread_ts=root
        )

    def changed(self) -> bytes:
        """A person edits their request."""
        seat, channel, root = self._known()
        now = {"ts": root, "user": seat.user, "text": f"No imprime la número {random.randrange(99)}"}  # noqa: S311
        about = {"message": now, "previous_message": {"ts": root, "user": seat.user, "text": "No imprime"}}
        return self._event(
            seat.team, "", channel, self._ts(), "", channel_type="im", subtype="message_changed", **about
        )

    def echo(self) -> bytes:
        """The event of one of the app's own messages."""
        seat, channel, root = self._known()
        bot = self.crowd.bot(seat.team)
        said = "Lo miramos"
        return self._event(seat.team, bot, channel, self._ts(), said, channel_type="im", thread_ts=root, bot_id="B0")

    def talk(self) -> bytes:
        """Talk between people, in a channel or in one of its threads."""
        thread = {"thread_ts": f"{clock.now().timestamp() - 60:.0f}.000001"} if random.random() < 0.5 else {}  # noqa: S311
        seat = self.crowd.seat(0)
        said = "¿Comemos a las dos?"
        return self._event(seat.team, seat.user, GENERAL, self._ts(), said, channel_type="channel", **thread)

    def _known(self) -> tuple[Seat, str, str]:
        with self._lock:
            known = self._threads[-2000:-200] or self._threads
            return random.choice(known)  # noqa: S311

    def _ts(self) -> str:
        with self._lock:
            self._numbers["ts"] = self._numbers.get("ts", 0) + 1
            return f"{clock.now().timestamp():.0f}.{self._numbers['ts']:06}"

    def _event(self, team: str, user: str, channel: str, ts: str, text: str, **more: Any) -> bytes:
        event: Json = {"type": "message", "channel": channel, "user": user, "team": team, "text": text, "ts": ts}
        return slack_request(self.crowd, team, f"EvFLOOD{channel}{ts}{more.get('subtype', '')}", event | more)


class _Requests(Sequence[bytes]):
    def __init__(self, stream: Stream, count: int, *, rush: bool) -> None:
        self._stream, self._count, self._rush = stream, count, rush

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> bytes: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[bytes]: ...
    def __getitem__(self, place: int | slice) -> bytes | Sequence[bytes]:
        if isinstance(place, slice):
            raise TypeError("one by one")
        turn = place * 37 % 100  # spread evenly over each half second
        if self._rush or turn < 5:
            return self._stream.opening()
        if turn < 20:
            return self._stream.going_on()
        if turn < 25:
            return self._stream.changed()
        return self._stream.echo() if turn < 35 else self._stream.talk()


def _ceiling(port: int, stream: Stream, database_url: str) -> float:
    """Tickets with their cards per second, when more are requested than can be processed."""
    open_loop(port, stream.rush(len(stream.crowd.seats)), rate=20.0)  # from here on all people are known to the desk
    _until_done(database_url)
    began = time.monotonic()
    open_loop(port, stream.rush(RUSH), rate=RUSH)
    _until_done(database_url)
    return RUSH / (time.monotonic() - began)


def _until_done(database_url: str, *, timeout: float = TIMEOUT) -> float:
    began = time.monotonic()
    with psycopg.connect(database_url, autocommit=True) as owner:
        while _waiting(owner)[0]:
            if time.monotonic() - began > timeout:
                raise RuntimeError(f"{_waiting(owner)[0]} rows still wait after {timeout:.0f} s")
            time.sleep(0.1)
    return time.monotonic() - began


def _waiting(owner: psycopg.Connection[tuple[Any, ...]]) -> tuple[int, float]:
    """Rows ready to be processed, and the seconds that the oldest has waited."""
    due = "select due_at from {} where state = 'pending' and due_at <= now()"
    both = f"{due.format('inbound')} union all {due.format('delivery')}"
    query = f"select count(*), coalesce(extract(epoch from now() - min(due_at)), 0)::float8 from ({both}) waiting"  # noqa: S608
    row = owner.execute(query.encode()).fetchone()
    assert row is not None
    return int(row[0]), float(row[1])


@contextmanager
def _watching(database_url: str) -> Iterator[Seen]:
    seen, stop = Seen(), threading.Event()

    def look() -> None:
        with psycopg.connect(database_url, autocommit=True) as owner:
            while not stop.wait(0.5):
                waiting, oldest = _waiting(owner)
                seen.waiting, seen.oldest = max(seen.waiting, waiting), max(seen.oldest, oldest)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join()


def _acks(sample: Sample) -> str:
    p50, p95, slowest = (sample.quantile(share) for share in (0.5, 0.95, 1.0))
    return f"p50 {p50:.1f}, p95 {p95:.1f}, slowest {slowest:.0f} ms"
