"""View models of the page: a person, the places they can write in, and the lines of one of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup

KEYS = ("", "_place", "_thread", "_edit")


@dataclass(frozen=True, slots=True)
class Wish:
    """The state of one chat from the address: person, place, thread, message to edit."""

    person: str = ""
    place: str = ""
    thread: str = ""
    edit: str = ""

    @classmethod
    def of(cls, platform: str, given: Callable[[str, str], str]) -> "Wish":
        """Read from the address; parameter names begin with the platform's name."""
        return cls(*(given(f"{platform}{key}", "") for key in KEYS))

    def query(self, platform: str) -> dict[str, str]:
        """The query parameters; empty ones are left out."""
        values = (self.person, self.place, self.thread, self.edit)
        return {f"{platform}{key}": value for key, value in zip(KEYS, values, strict=True) if value}


@dataclass(frozen=True, slots=True)
class Who:
    """A person one can act as; `zone` is an IANA zone, `locale` such as es-ES."""

    id: str
    name: str
    company: str
    company_id: str
    zone: str
    locale: str


@dataclass(frozen=True, slots=True)
class Spot:
    """A place that the person can write in; `kind` is direct or channel."""

    id: str
    name: str
    kind: str
    is_here: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One message. `blocks` or `card` are the platform's own JSON, drawn by the templates."""

    id: str
    author: Who
    at: datetime
    body: Markup
    is_bot: bool = False
    is_mine: bool = False
    is_edited: bool = False
    is_gone: bool = False
    is_private: bool = False
    can_change: bool = False
    replies: int = 0
    last_reply: datetime | None = None
    blocks: tuple[dict[str, Any], ...] = ()
    card: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Panel:
    """One chat as one person sees it."""

    platform: str
    who: Who
    people: tuple[tuple[str, tuple[Who, ...]], ...]
    spots: tuple[Spot, ...]
    lines: tuple[Line, ...]
    wish: Wish
    names: dict[str, str] = field(default_factory=dict)
    draft: str = ""
    cursor: int = 0
    notice: str = ""

    @property
    def here(self) -> Spot:
        """The place that is shown."""
        return next(spot for spot in self.spots if spot.is_here)

    @property
    def is_threaded(self) -> bool:
        """Whether a message at the top level starts a thread that can be opened."""
        return self.platform == "slack" or self.here.kind == "channel"


def grouped(people: list[Who]) -> tuple[tuple[str, tuple[Who, ...]], ...]:
    """People by company, in their given order."""
    companies: dict[str, list[Who]] = {}
    for who in people:
        companies.setdefault(who.company, []).append(who)
    return tuple((company, tuple(members)) for company, members in companies.items())


def address(wishes: dict[str, Wish]) -> str:
    """The query of an address that shows these wishes."""
    return urlencode({name: value for platform, wish in wishes.items() for name, value in wish.query(platform).items()})
