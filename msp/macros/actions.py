"""Add, edit and remove macros: one's own, and with the right `manage_macros` those of the team and of clients."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from msp.kernel.db import db
from msp.kernel.errors import Denied, Invalid, NotFound
from msp.kernel.events import emit
from msp.kernel.ids import new_id
from msp.macros.definition import FIELDS, MacroValues, check, values_of
from msp.macros.events import MacroAdded, MacroEdited, MacroRemoved
from msp.macros.models import Macro
from msp.people.access import may
from msp.people.models import Person
from msp.people.queries import access_person


def may_manage(person: Person, *, owner_id: UUID | None, client_id: UUID | None) -> bool:
    """Whether a person may write macros of this scope: everyone their own; restricted staff none of the team."""
    if owner_id is not None:
        return owner_id == person.id
    return may(person, "manage_macros") and not (person.is_restricted and client_id is None)


def add_macro(
    values: MacroValues, *, by: Person, at: datetime, owner_id: UUID | None = None, client_id: UUID | None = None
) -> Macro:
    """Add a macro of a person, of a client, or of the team; emits `macro.added`.

    Raises Denied without the right to, and Invalid for values that a macro cannot have.
    """
    if not may_manage(by, owner_id=owner_id, client_id=client_id):
        raise Denied("not_allowed")
    checked = _checked(values)
    macro = Macro(
        id=new_id(),
        owner_id=owner_id,
        client_id=client_id,
        **{name: getattr(checked, name) for name in FIELDS if name != "tags"},
        tags=list(checked.tags),
        created_at=at,
        updated_at=at,
    )
    db.session.add(macro)
    emit(MacroAdded(), macro.id, client_id=client_id, actor_id=by.id, at=at)
    return macro


def edit_macro(macro: Macro, *, by: Person, at: datetime, active: bool | None = None, **changes: object) -> None:
    """Change values of a macro (fields of MacroValues) or whether it is offered; emits `macro.edited`.

    Raises as `add_macro` does. Does nothing without a change.
    """
    _check_right(macro, by)
    if unknown := changes.keys() - set(FIELDS):
        raise Invalid(fields={name: ["unknown_field"] for name in unknown})
    before = values_of(macro)
    after = _checked(MacroValues(**(before | changes)))
    changed = [name for name in FIELDS if getattr(after, name) != before[name]]
    for name in changed:
        value = getattr(after, name)
        setattr(macro, name, list(value) if name == "tags" else value)
    if active is not None and macro.active != active:
        macro.active = active
        changed.append("active")
    if changed:
        macro.updated_at = at
        emit(MacroEdited(fields=tuple(changed)), macro.id, client_id=macro.client_id, actor_id=by.id, at=at)


def remove_macro(macro: Macro, *, by: Person, at: datetime) -> None:
    """Remove a macro; emits `macro.removed`. Tickets keep what it changed. Raises Denied without the right to."""
    _check_right(macro, by)
    emit(MacroRemoved(), macro.id, client_id=macro.client_id, actor_id=by.id, at=at)
    db.session.delete(macro)


def _check_right(macro: Macro, by: Person) -> None:
    if not may_manage(by, owner_id=macro.owner_id, client_id=macro.client_id):
        raise Denied("not_allowed")


def _checked(values: MacroValues) -> MacroValues:
    """The values without surrounding spaces and repeated tags, checked."""
    tidy = replace(
        values,
        name=values.name.strip(),
        text_es=values.text_es.strip(),
        text_en=values.text_en.strip(),
        tags=tuple(dict.fromkeys(tag for each in values.tags if (tag := each.strip()))),
        work_type=values.work_type if values.minutes is not None else None,
    )
    if tidy.minutes is not None and tidy.work_type is None:
        tidy = replace(tidy, work_type="remote")
    check(tidy)
    if tidy.assignee_id is not None:
        _check_assignee(tidy.assignee_id)
    return tidy


def _check_assignee(assignee_id: UUID) -> None:
    try:
        assignee = access_person(assignee_id)
    except NotFound as unknown:
        raise Invalid(fields={"assignee_id": ["unknown"]}) from unknown
    if not assignee.is_staff:
        raise Invalid(fields={"assignee_id": ["not_staff"]})
