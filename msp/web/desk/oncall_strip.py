"""Two weeks of a rota as rows of days: each day of a layer runs from its handover to the next day's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from msp.oncall.rota import Layer, Rota, Shift, shifts

DAYS = 14
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Cell:
    """One person's part of a day; `is_whole`: nobody else has a part of it."""

    shift: Shift
    is_whole: bool


def first_day(layers: Sequence[Layer], at: datetime) -> date:
    """The day on which the strip begins: the earliest that still runs in some layer."""
    begun = [(at.astimezone(layer.zone) - timedelta(minutes=layer.handover)).date() for layer in layers]
    return min(begun, default=at.date())


def strip(rota: Rota, start: date) -> list[tuple[Layer, list[list[Cell]]]]:
    """For each layer its days, and for each day who has which part of it; nobody on a day without hours."""
    return [(layer, [_cells(rota, layer, start + number * _A_DAY) for number in range(DAYS)]) for layer in rota.layers]


def _cells(rota: Rota, layer: Layer, day: date) -> list[Cell]:
    alone = Rota((layer,), rota.swaps, rota.absences)
    found = shifts(alone, _handover(layer, day), _handover(layer, day + _A_DAY))
    return [Cell(shift, len(found) == 1) for shift in found]


def _handover(layer: Layer, day: date) -> datetime:
    wall = time(layer.handover // 60, layer.handover % 60)
    return datetime.combine(day, wall, layer.zone).astimezone(UTC)
