"""Who is on call, as a pure function of the schedule and an instant. Instants are aware; results are in UTC.

The members of a layer take turns of whole days, each from the handover time of its first day, in the layer's own zone.
A handover time skipped by a clock change happens as long after midnight as always; a repeated one at its first
occurrence. An absent person is replaced by the next member for that time; the order of turns does not change.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Literal, TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

MINUTES_A_DAY = 1440
_A_DAY = timedelta(days=1)
_WEEK = timedelta(days=8)  # a week and the hour of a clock change

Span: TypeAlias = tuple[datetime, datetime]
Why: TypeAlias = Literal["turn", "swap", "stand_in", "gap"]


@dataclass(frozen=True, slots=True)
class Layer:
    """Members in turn: each for `every_days`, from `handover` (minutes after midnight) of `first_day` on.

    `windows` restrict the layer to local hours by weekday (0 is Monday), in minutes, to 1440 or beyond; empty: always.
    """

    id: UUID
    name: str
    timezone: str
    first_day: date
    every_days: int
    handover: int
    people: tuple[UUID, ...]
    windows: Mapping[int, tuple[tuple[int, int], ...]] = field(default_factory=dict)

    @property
    def zone(self) -> ZoneInfo:
        """The zone of its days, handovers and hours."""
        return ZoneInfo(self.timezone)


@dataclass(frozen=True, slots=True)
class Swap:
    """A period of a layer in which another person is on call, independent of the rotation; the later of two wins."""

    layer_id: UUID
    person_id: UUID
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Absence:
    """A period in which a person is not available; `end` None: without end."""

    person_id: UUID
    start: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Rota:
    """The complete schedule; layers in calling order."""

    layers: tuple[Layer, ...]
    swaps: tuple[Swap, ...] = ()
    absences: tuple[Absence, ...] = ()


@dataclass(frozen=True, slots=True)
class Shift:
    """A period of a layer and its person: None in a gap. `instead_of` is the replaced person."""

    layer_id: UUID
    start: datetime
    end: datetime
    person_id: UUID | None
    why: Why
    instead_of: UUID | None = None


@dataclass(frozen=True, slots=True)
class Duty:
    """A layer at an instant: the current shift (None outside its hours), and the next one of another person."""

    layer: Layer
    shift: Shift | None
    next: Shift | None


def on_call(rota: Rota, at: datetime) -> tuple[Duty, ...]:
    """Each layer at an instant, in order; at a handover the next person is on call."""
    now = at.astimezone(UTC)
    return tuple(_duty(rota, layer, now) for layer in rota.layers)


def shifts(rota: Rota, start: datetime, end: datetime) -> tuple[Shift, ...]:
    """Every shift of every layer that overlaps [start, end), clipped to it; layers in order, each by time."""
    span = start.astimezone(UTC), end.astimezone(UTC)
    return tuple(shift for layer in rota.layers for shift in _joined(_shifts(rota, layer, span)))


def gaps(rota: Rota, start: datetime, end: datetime) -> tuple[Shift, ...]:
    """The periods of a layer's hours without anybody."""
    return tuple(shift for shift in shifts(rota, start, end) if shift.person_id is None)


def next_handovers(rota: Rota, at: datetime, *, count: int = 4) -> tuple[Shift, ...]:
    """The next shifts that start after `at`, of all layers, soonest first; gaps too."""
    now = at.astimezone(UTC)
    horizon = max((layer.every_days for layer in rota.layers), default=1) * (count + 1) * _A_DAY + _WEEK
    begun = [shift for shift in shifts(rota, now, now + horizon) if shift.start > now]
    return tuple(sorted(begun, key=lambda shift: shift.start)[:count])


def _duty(rota: Rota, layer: Layer, now: datetime) -> Duty:
    reach = 2 * layer.every_days * _A_DAY + _WEEK
    around = list(_joined(_shifts(rota, layer, (now - reach, now + reach))))
    current = next((shift for shift in around if shift.start <= now < shift.end), None)
    after = current.end if current else now
    person = current.person_id if current else None
    coming = (shift for shift in around if shift.start >= after and (not current or shift.person_id != person))
    return Duty(layer, current, next(coming, None))


def _shifts(rota: Rota, layer: Layer, span: Span) -> Iterator[Shift]:
    swaps = [swap for swap in rota.swaps if swap.layer_id == layer.id]
    for turn_start, turn_end, number in _turns(layer, span):
        for start, end in _on_duty(layer, (max(turn_start, span[0]), min(turn_end, span[1]))):
            for cut_start, cut_end in pairwise(_cuts(start, end, swaps, rota.absences)):
                yield _shift(rota, layer, number, swaps, (cut_start, cut_end))


def _turns(layer: Layer, span: Span) -> Iterator[tuple[datetime, datetime, int]]:
    """Turns that overlap the span, numbered from the first day on."""
    local = span[0].astimezone(layer.zone).date()
    number = max(0, (local - layer.first_day).days // layer.every_days - 1)
    while True:
        start, end = _turn_start(layer, number), _turn_start(layer, number + 1)
        if start >= span[1]:
            return
        if end > span[0]:
            yield start, end, number
        number += 1


def _turn_start(layer: Layer, number: int) -> datetime:
    return _instant(layer.first_day + number * layer.every_days * _A_DAY, layer.handover, layer.zone)


def _on_duty(layer: Layer, span: Span) -> Iterator[Span]:
    """The part of a span within the layer's hours, overlapping windows merged."""
    if not layer.windows:
        if span[0] < span[1]:
            yield span
        return
    merged: list[Span] = []
    for start, end in sorted(_windows(layer, span)):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    yield from merged


def _windows(layer: Layer, span: Span) -> Iterator[Span]:
    day = span[0].astimezone(layer.zone).date() - 2 * _A_DAY
    last = span[1].astimezone(layer.zone).date()
    while day <= last:
        for opens, closes in layer.windows.get(day.weekday(), ()):
            closes = closes if closes > opens else closes + MINUTES_A_DAY
            start = max(_instant(day, opens, layer.zone), span[0])
            end = min(_instant(day, closes, layer.zone), span[1])
            if start < end:
                yield start, end
        day += _A_DAY


def _cuts(start: datetime, end: datetime, swaps: Iterable[Swap], absences: Iterable[Absence]) -> list[datetime]:
    """The instants between which nothing changes."""
    moments = {start, end}
    for stretch in (*((swap.start, swap.end) for swap in swaps), *((away.start, away.end) for away in absences)):
        moments |= {moment for moment in stretch if moment is not None and start < moment < end}
    return sorted(moments)


def _shift(rota: Rota, layer: Layer, number: int, swaps: list[Swap], span: Span) -> Shift:
    turn = layer.people[number % len(layer.people)] if layer.people else None
    swapped = next((s.person_id for s in reversed(swaps) if s.start <= span[0] < s.end), None)
    if swapped is not None:
        return Shift(layer.id, *span, swapped, "swap", turn if turn != swapped else None)
    for step in range(len(layer.people)):
        person = layer.people[(number + step) % len(layer.people)]
        if not _is_away(person, rota.absences, span[0]):
            why: Why = "turn" if step == 0 else "stand_in"
            return Shift(layer.id, *span, person, why, turn if step else None)
    return Shift(layer.id, *span, None, "gap", turn)


def _is_away(person: UUID, absences: Iterable[Absence], at: datetime) -> bool:
    return any(
        each.person_id == person and each.start <= at and (each.end is None or at < each.end) for each in absences
    )


def _joined(found: Iterable[Shift]) -> Iterator[Shift]:
    """Adjacent shifts with the same person and reason, merged."""
    last: Shift | None = None
    for shift in found:
        if last and (last.end, last.person_id, last.why) == (shift.start, shift.person_id, shift.why):
            last = Shift(last.layer_id, last.start, shift.end, last.person_id, last.why, last.instead_of)
            continue
        if last:
            yield last
        last = shift
    if last:
        yield last


def _instant(day: date, minute: int, zone: ZoneInfo) -> datetime:
    days, minute = divmod(minute, MINUTES_A_DAY)
    return datetime.combine(day + days * _A_DAY, time(minute // 60, minute % 60), zone).astimezone(UTC)
