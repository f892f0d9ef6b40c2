"""What a person may do, and the scope they work in."""

from collections.abc import Sequence
from uuid import UUID

from msp.kernel.db import Scope
from msp.people.models import Person

_MAY: dict[str, frozenset[str]] = {
    "desk": frozenset({"administrator", "team_lead", "technician", "account_manager"}),
    "work_tickets": frozenset({"administrator", "team_lead", "technician"}),
    "manage_macros": frozenset({"administrator", "team_lead"}),
    "share_views": frozenset({"administrator", "team_lead"}),
    "see_team_reports": frozenset({"administrator", "team_lead", "account_manager"}),
    "bill": frozenset({"administrator", "account_manager"}),
    "see_contracts": frozenset({"administrator", "account_manager", "team_lead"}),
    "change_contracts": frozenset({"administrator", "account_manager"}),
    "administer": frozenset({"administrator"}),
    "portal": frozenset({"client_manager", "client_employee"}),
    "see_company": frozenset({"client_manager"}),
}


def may(person: Person, what: str) -> bool:
    """Whether the person's role allows it; `what` is a key of the table above."""
    return person.role in _MAY[what]


def scope_of(person: Person, *, client_ids: Sequence[UUID] = ()) -> Scope:
    """The scope of a person; `client_ids` are those of a restricted member of staff."""
    if person.client_id is not None:
        return Scope.client(person.client_id, actor_id=person.id)
    if person.is_restricted:
        return Scope.staff_some(client_ids, actor_id=person.id)
    return Scope.staff(actor_id=person.id)
