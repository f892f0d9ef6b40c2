"""Two weeks of an on-call schedule as rows of days; a day of a layer runs from handover to handover."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from msp.oncall.rota import Layer, Rota, Shift, shifts

DAYS = 14
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Cell:
    """One person's part of a day; `is_whole`: it covers the whole day."""

    shift: Shift
    is_whole: bool


def first_day(layers: Sequence[Layer], at: datetime) -> date:
    """The first day of the strip: the earliest one that has not ended in some layer."""
    begun = [(at.astimezone(layer.zone) - timedelta(minutes=layer.handover)).date() for layer in layers]
    return min(begun, default=at.date())


def strip(rota: Rota, start: date) -> list[tuple[Layer, list[list[Cell]]]]:
    """The days of each layer with their parts; a day without hours has nobody."""
    return [(layer, [_cells(rota, layer, start + number * _A_DAY) for number in range(DAYS)]) for layer in rota.layers]


def _cells(rota: Rota, layer: Layer, day: date) -> list[Cell]:
    alone = Rota((layer,), rota.swaps, rota.absences)
    found = shifts(alone, _handover(layer, day), _handover(layer, day + _A_DAY))
    return [Cell(shift, len(found) == 1) for shift in found]


def _handover(layer: Layer, day: date) -> datetime:
    wall = time(layer.handover // 60, layer.handover % 60)
    return datetime.combine(day, wall, layer.zone).astimezone(UTC)
