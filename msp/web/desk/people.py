"""Staff as choices in the console's dialogs."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import render_template
from markupsafe import Markup

from msp.kernel.i18n import current_reader
from msp.kernel.ttl_cache import cached
from msp.people.models import Person
from msp.people.queries import staff
from msp.tickets import queries
from msp.web.shell import end_of_day
from msp.words.per_locale import cached_per_locale


@dataclass(frozen=True, slots=True)
class Assignable:
    """A person a ticket can be assigned to, with their number of open tickets."""

    id: UUID
    name: str
    tier: int | None
    open_count: int


def assignable(*, at: datetime, person: Person) -> tuple[Assignable, ...]:
    """People who can be assigned tickets, by tier, those with fewer open tickets first."""
    close = end_of_day(person, at)
    return cached(lambda: _assignable(at=at, close=close), name="assignable", of=(close, current_reader().locale))


def _assignable(*, at: datetime, close: datetime) -> tuple[Assignable, ...]:
    open_of: dict[UUID | None, int] = {}
    for (assignee_id, _, _), number in queries.open_counts(at=at, end_of_day=close).items():
        open_of[assignee_id] = open_of.get(assignee_id, 0) + number
    found = [Assignable(who, name, tier, open_of.get(who, 0)) for who, name, tier in _people()]
    return tuple(sorted(found, key=lambda each: (each.tier or 9, each.open_count)))  # the rows are sorted by name


def _people() -> list[tuple[UUID, str, int | None]]:
    return [(each.id, each.name, each.tier) for each in staff(roles=("technician", "team_lead", "administrator"))]


@cached_per_locale
def assignees(people: tuple[Assignable, ...], me: UUID, chosen: UUID | None) -> Markup:
    """The people of a dialog as choices."""
    return Markup(  # noqa: S704 (a template of ours)
        render_template("desk/_assignees.html", people=people, me=me, chosen=chosen)
    )
