"""Queries of the on-call schedule (staff and system scopes)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from msp.kernel.db import db
from msp.kernel.errors import NotFound
from msp.oncall import rota as pure
from msp.oncall.models import OnCallAbsence, OnCallLayer, OnCallSwap
from msp.people.models import Person

LOOK_BACK = timedelta(days=400)  # older swaps and absences are not loaded
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class OnCall:
    """Who is on call in a layer: nobody in a gap and outside its hours (`is_off`); `until` None: unknown."""

    layer_id: UUID
    layer: str
    person: Person | None
    until: datetime | None
    is_off: bool
    next_person: Person | None
    next_at: datetime | None


def layers() -> list[OnCallLayer]:
    """The layers in the order in which they are called."""
    query = select(OnCallLayer).where(OnCallLayer.removed_at.is_(None)).order_by(OnCallLayer.position, OnCallLayer.id)
    return list(db.session.scalars(query))


def access_layer(layer_id: UUID) -> OnCallLayer:
    """The layer; raises NotFound."""
    layer = db.session.get(OnCallLayer, layer_id)
    if layer is None or layer.removed_at is not None:
        raise NotFound("layer")
    return layer


def access_swap(swap_id: UUID) -> OnCallSwap:
    """The swap; raises NotFound."""
    found = db.session.get(OnCallSwap, swap_id)
    if found is None:
        raise NotFound("swap")
    return found


def access_absence(absence_id: UUID) -> OnCallAbsence:
    """The absence; raises NotFound."""
    found = db.session.get(OnCallAbsence, absence_id)
    if found is None:
        raise NotFound("absence")
    return found


def swaps_from(at: datetime) -> list[OnCallSwap]:
    """Swaps that have not ended and are not cancelled, in order of creation."""
    query = select(OnCallSwap).where(OnCallSwap.ends_at > at, OnCallSwap.cancelled_at.is_(None))
    return list(db.session.scalars(query.order_by(OnCallSwap.made_at, OnCallSwap.id)))


def absences_from(at: datetime) -> list[OnCallAbsence]:
    """Absences that have not ended and are not cancelled, by start."""
    query = select(OnCallAbsence).where(OnCallAbsence.ends_at > at, OnCallAbsence.cancelled_at.is_(None))
    return list(db.session.scalars(query.order_by(OnCallAbsence.starts_at, OnCallAbsence.id)))


def rota(at: datetime) -> pure.Rota:
    """The schedule around `at` as a value; people who left are absent without end."""
    found = layers()
    ids = {member.person_id for layer in found for member in layer.members}
    gone = db.session.scalars(select(Person.id).where(Person.id.in_(ids), Person.active.is_(False))) if ids else ()
    away = [pure.Absence(each.person_id, each.starts_at, each.ends_at) for each in absences_from(at - LOOK_BACK)]
    return pure.Rota(
        layers=tuple(_value(layer) for layer in found),
        swaps=tuple(
            pure.Swap(each.layer_id, each.person_id, each.starts_at, each.ends_at)
            for each in swaps_from(at - LOOK_BACK)
        ),
        absences=(*away, *(pure.Absence(person_id, _LONG_AGO, None) for person_id in gone)),
    )


def on_call(at: datetime) -> list[OnCall]:
    """Who is on call at an instant, one row per layer in calling order."""
    return [_shown(duty) for duty in pure.on_call(rota(at), at)]


def first_on_call(at: datetime) -> Person | None:
    """The first person to call at an instant: of the first layer that has somebody; None if none has."""
    return next((each.person for each in on_call(at) if each.person is not None), None)


def _value(layer: OnCallLayer) -> pure.Layer:
    windows = {int(day): tuple((start, end) for start, end in spans) for day, spans in layer.windows.items()}
    people = tuple(member.person_id for member in layer.members)
    return pure.Layer(
        layer.id, layer.name, layer.timezone, layer.first_day, layer.every_days, layer.handover_minute, people, windows
    )


def _shown(duty: pure.Duty) -> OnCall:
    shift, coming = duty.shift, duty.next
    return OnCall(
        layer_id=duty.layer.id,
        layer=duty.layer.name,
        person=_person(shift.person_id if shift else None),
        until=shift.end if shift else None,
        is_off=shift is None,
        next_person=_person(coming.person_id if coming else None),
        next_at=coming.start if coming else None,
    )


def _person(person_id: UUID | None) -> Person | None:
    return db.session.get(Person, person_id) if person_id else None
