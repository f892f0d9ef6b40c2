"""Members of staff as the console's dialogs list them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from msp.people.models import Person
from msp.people.queries import staff
from msp.tickets import queries
from msp.web.shell import end_of_day


@dataclass(frozen=True, slots=True)
class Assignable:
    """Somebody a ticket can be given to, with what they have open."""

    id: UUID
    name: str
    tier: int | None
    open_count: int


def assignable(*, at: datetime, person: Person) -> list[Assignable]:
    """Who can take tickets, those with fewer open ones first within their tier."""
    open_of: dict[UUID | None, int] = {}
    for (assignee_id, _, _), number in queries.open_counts(at=at, end_of_day=end_of_day(person, at)).items():
        open_of[assignee_id] = open_of.get(assignee_id, 0) + number
    people = staff(roles=("technician", "team_lead", "administrator"))
    found = [Assignable(each.id, each.name, each.tier, open_of.get(each.id, 0)) for each in people]
    return sorted(found, key=lambda each: (each.tier or 9, each.open_count, each.name))
