"""Assignment: each client has its technicians, and one technician of tier 1 is on call at night."""

from datetime import datetime
from random import Random

from msp.demo.content.provider import STAFF
from msp.demo.world import DemoClient, Person

TECHNICIANS: dict[int, tuple[Person, ...]] = {
    tier: tuple(person for person in STAFF if person.tier == tier) for tier in (1, 2, 3)
}
_FAMILIAR = 0.62  # how often a client gets one of its own two tier-1 technicians
_ENGLISH_SPEAKER = "hannah.doyle"


def by_first_name(name: str) -> Person:
    """Return the member of staff with a given name."""
    return next(person for person in STAFF if person.given_name == name)


def technicians_for(client: DemoClient, locale: str, local: datetime, rng: Random) -> dict[int, Person]:
    """Return the technician of each tier for a ticket that arrives at a local time."""
    return {1: _first_tier(client, locale, local, rng), 2: rng.choice(TECHNICIANS[2]), 3: rng.choice(TECHNICIANS[3])}


def _first_tier(client: DemoClient, locale: str, local: datetime, rng: Random) -> Person:
    team = TECHNICIANS[1]
    if local.weekday() > 4 or not 7 <= local.hour < 20:
        return team[local.isocalendar().week % len(team)]
    english = next(person for person in team if person.email.startswith(_ENGLISH_SPEAKER))
    if locale == "en":
        return english if rng.random() < 0.7 else rng.choice(team)
    team = tuple(person for person in team if person is not english or rng.random() < 0.25)
    first = sum(map(ord, client.code)) % len(team)
    if rng.random() < _FAMILIAR:
        return team[(first + rng.randrange(2)) % len(team)]
    return rng.choice(team)
