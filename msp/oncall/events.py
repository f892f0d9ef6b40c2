"""Events of the on-call schedule."""

from datetime import datetime
from uuid import UUID

from msp.kernel.event_types import Event


class LayerEvent(Event):
    """Its subject is a layer of the schedule."""

    name: str


class LayerAdded(LayerEvent, kind="oncall.layer_added", icon="phone"):
    """A layer was added behind the others."""


class LayerChanged(LayerEvent, kind="oncall.layer_changed", icon="file-pen-line"):
    """People, turns or hours of a layer changed."""


class LayerRemoved(LayerEvent, kind="oncall.layer_removed", icon="trash-2"):
    """A layer was removed from the schedule."""


class OnCallSwapped(Event, kind="oncall.swapped", icon="users-round"):
    """A person takes over a layer for some time; the subject is the layer."""

    swap_id: UUID
    person_id: UUID
    start: datetime
    end: datetime


class SwapCancelled(Event, kind="oncall.swap_cancelled", icon="rotate-ccw"):
    """A swap was cancelled; the subject is the layer."""

    swap_id: UUID
    person_id: UUID


class AbsenceNoted(Event, kind="oncall.absence_noted", icon="calendar-days"):
    """A person is away for some time; the subject is the person."""

    start: datetime
    end: datetime


class AbsenceCancelled(Event, kind="oncall.absence_cancelled", icon="rotate-ccw"):
    """A person is not away after all; the subject is the person."""

    absence_id: UUID
