"""Changes of the on-call schedule; for staff. Each change emits an event of its layer or person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from msp.kernel import timezones
from msp.kernel.db import db
from msp.kernel.errors import Denied, Invalid
from msp.kernel.events import emit
from msp.kernel.ids import new_id
from msp.oncall.events import (
    AbsenceCancelled,
    AbsenceNoted,
    LayerAdded,
    LayerChanged,
    LayerRemoved,
    OnCallSwapped,
    SwapCancelled,
)
from msp.oncall.models import OnCallAbsence, OnCallLayer, OnCallMember, OnCallSwap
from msp.oncall.queries import layers, rota
from msp.oncall.rota import MINUTES_A_DAY, shifts
from msp.people.models import Person

LONGEST_TURN = 366  # days
LONGEST_PERIOD = timedelta(days=731)  # of a swap or an absence
LEADING_ROLES = ("administrator", "team_lead")
WORKING_ROLES = ("administrator", "team_lead", "technician")


@dataclass(frozen=True, slots=True)
class LayerSettings:
    """The settings of a layer; times are minutes of the local day in `timezone`, weekdays from 0 (Monday)."""

    name: str
    timezone: str
    first_day: date
    every_days: int
    handover: int
    people: Sequence[UUID]
    windows: Mapping[int, Sequence[tuple[int, int]]]


def add_layer(terms: LayerSettings, *, at: datetime) -> OnCallLayer:
    """Add a layer after the others; emits `oncall.layer_added`. Raises Invalid for settings without a schedule."""
    _check(terms)
    layer = OnCallLayer(id=new_id(), position=len(layers()) + 1, created_at=at)
    _apply(layer, terms)
    db.session.add(layer)
    emit(LayerAdded(name=terms.name), layer.id, client_id=None, at=at)
    return layer


def change_layer(layer: OnCallLayer, terms: LayerSettings, *, at: datetime) -> None:
    """Change a layer, past shifts included; emits `oncall.layer_changed`. Raises as `add_layer` does."""
    _check(terms)
    _apply(layer, terms)
    emit(LayerChanged(name=terms.name), layer.id, client_id=None, at=at)


def remove_layer(layer: OnCallLayer, *, at: datetime) -> None:
    """Remove a layer; emits `oncall.layer_removed`."""
    layer.removed_at = at
    for position, each in enumerate((one for one in layers() if one.id != layer.id), start=1):
        each.position = position
    emit(LayerRemoved(name=layer.name), layer.id, client_id=None, at=at)


def swap(
    layer: OnCallLayer, person: Person, *, start: datetime, end: datetime, at: datetime, by: Person | None = None
) -> OnCallSwap:
    """Assign a period of a layer to somebody; emits `oncall.swapped`.

    Raises Invalid for periods that are empty, past or too long.

    Raises Denied unless `by` (None: the system) leads the team, takes the period over or owns all of it. The new person
    is on call even during an absence of theirs, because they agreed.
    """
    wrong: dict[str, Sequence[str]] = {}
    if start >= end or end <= at:
        wrong["end"] = ["order" if start >= end else "past"]
    elif end - start > LONGEST_PERIOD:
        wrong["end"] = ["too_far"]
    if not can_be_on_call(person):
        wrong["person_id"] = ["not_on_call"]
    if wrong:
        raise Invalid(fields=wrong)
    if not may_change(by, person.id) and not _has_all(by, layer, start, end):
        raise Denied("not_allowed")
    made = OnCallSwap(id=new_id(), layer_id=layer.id, person_id=person.id, starts_at=start, ends_at=end, made_at=at)
    db.session.add(made)
    swapped = OnCallSwapped(swap_id=made.id, person_id=person.id, start=start, end=end)
    emit(swapped, layer.id, client_id=None, at=at)
    return made


def cancel_swap(made: OnCallSwap, *, at: datetime, by: Person | None = None) -> None:
    """Cancel a swap; emits `oncall.swap_cancelled`, once.

    Raises Denied unless `by` took it over or leads the team.
    """
    _check_may(by, made.person_id)
    if made.cancelled_at is None:
        made.cancelled_at = at
        cancelled = SwapCancelled(swap_id=made.id, person_id=made.person_id)
        emit(cancelled, made.layer_id, client_id=None, at=at)


def note_absence(
    person: Person, *, start: datetime, end: datetime, note: str, at: datetime, by: Person | None = None
) -> OnCallAbsence:
    """Record an absence; emits `oncall.absence_noted`.

    Raises Invalid for periods that end before they begin or are too long.
    Raises Denied unless `by` is that person or leads the team.
    """
    _check_may(by, person.id)
    if start >= end or end - start > LONGEST_PERIOD:
        raise Invalid(fields={"end": ["order" if start >= end else "too_far"]})
    made = OnCallAbsence(
        id=new_id(), person_id=person.id, starts_at=start, ends_at=end, note=note.strip()[:200], noted_at=at
    )
    db.session.add(made)
    emit(AbsenceNoted(start=start, end=end), person.id, client_id=None, at=at)
    return made


def cancel_absence(made: OnCallAbsence, *, at: datetime, by: Person | None = None) -> None:
    """Cancel an absence; emits `oncall.absence_cancelled`, once.

    Raises Denied unless `by` is that person or leads the team.
    """
    _check_may(by, made.person_id)
    if made.cancelled_at is None:
        made.cancelled_at = at
        emit(AbsenceCancelled(absence_id=made.id), made.person_id, client_id=None, at=at)


def may_change(by: Person | None, person_id: UUID) -> bool:
    """Whether `by` may change a person's entries: that person, team leads, administrators, the system."""
    return by is None or by.id == person_id or by.role in LEADING_ROLES


def can_be_on_call(person: Person) -> bool:
    """Whether a person may be on call: active staff who work on tickets."""
    return person.is_staff and person.active and person.role in WORKING_ROLES


def _check_may(by: Person | None, person_id: UUID) -> None:
    if not may_change(by, person_id):
        raise Denied("not_allowed")


def _has_all(by: Person | None, layer: OnCallLayer, start: datetime, end: datetime) -> bool:
    """Whether every shift of a layer in a period is of this person."""
    found = [each for each in shifts(rota(start), start, end) if each.layer_id == layer.id]
    return by is not None and bool(found) and all(each.person_id == by.id for each in found)


def _apply(layer: OnCallLayer, terms: LayerSettings) -> None:
    layer.name, layer.timezone, layer.first_day = terms.name.strip(), terms.timezone, terms.first_day
    layer.every_days, layer.handover_minute = terms.every_days, terms.handover
    layer.windows = {str(day): [list(each) for each in spans] for day, spans in terms.windows.items() if spans}
    kept = {member.position: member for member in layer.members}
    for position, person_id in enumerate(terms.people):
        if position in kept:
            kept[position].person_id = person_id
        else:
            layer.members.append(OnCallMember(layer_id=layer.id, position=position, person_id=person_id))
    layer.members[:] = [member for member in layer.members if member.position < len(terms.people)]


def _check(terms: LayerSettings) -> None:
    people = [db.session.get(Person, person_id) for person_id in terms.people]
    wrong = {
        "name": ["required"] if not terms.name.strip() else [],
        "timezone": ["unknown"] if not timezones.is_known(terms.timezone) else [],
        "every_days": ["invalid"] if not 1 <= terms.every_days <= LONGEST_TURN else [],
        "handover": ["invalid"] if not 0 <= terms.handover < MINUTES_A_DAY else [],
        "people": ["not_on_call"] if not all(each and can_be_on_call(each) for each in people) else [],
        "windows": ["invalid"] if not all(_is_window(*each) for each in _spans(terms)) else [],
    }
    if any(wrong.values()):
        raise Invalid(fields={name: codes for name, codes in wrong.items() if codes})


def _spans(terms: LayerSettings) -> list[tuple[int, int]]:
    return [span for spans in terms.windows.values() for span in spans]


def _is_window(start: int, end: int) -> bool:
    return 0 <= start < MINUTES_A_DAY and 0 <= end <= 2 * MINUTES_A_DAY and start != end
