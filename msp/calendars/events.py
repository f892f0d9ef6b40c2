"""Events of business-hours calendars, and of places with their holidays."""

from datetime import date

from msp.kernel.db import Json
from msp.kernel.event_types import Event


class CalendarAdded(Event, kind="calendar.added", icon="calendar-days"):
    """A calendar was added."""

    name: str


class CalendarChanged(Event, kind="calendar.changed", icon="calendar-days"):
    """A calendar has a new version; `from_day` is the first local day that differs, None: every day."""

    version: int
    from_day: date | None
    name: str
    what: Json


class CalendarRenamed(Event, kind="calendar.renamed", icon="pencil"):
    """A calendar has another name."""

    name: str
    before: str


class PlaceAdded(Event, kind="place.added", icon="globe"):
    """A place was added."""

    name: str


class PlaceChanged(Event, kind="place.changed", icon="calendar-days"):
    """Holidays of a place and year changed; `added` and `removed` have names by day."""

    name: str
    year: int
    added: dict[str, str]
    removed: dict[str, str]


class PlaceYearFrozen(Event, kind="place.year_frozen", icon="circle-check"):
    """The holidays of a year were checked by a person: only people edit them from now on."""

    name: str
    year: int
