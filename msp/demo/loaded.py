"""Ids of the demo world's rows after it was loaded."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from msp.calendars.working_calendar import WorkingCalendar
from msp.clients.models import Client
from msp.contracts.actions import Agreement
from msp.people.models import Person

Row = dict[str, Any]


@dataclass(slots=True)
class Loaded:
    """Ids in the database by the natural keys of the demo world."""

    people: dict[str, Person] = field(default_factory=dict)
    clients: dict[str, Client] = field(default_factory=dict)
    contracts: dict[str, UUID] = field(default_factory=dict)
    calendars: dict[str, UUID] = field(default_factory=dict)
    hours: dict[str, WorkingCalendar] = field(default_factory=dict)
    calendar_of: dict[str, str] = field(default_factory=dict)
    agreements: dict[str, Agreement] = field(default_factory=dict)
