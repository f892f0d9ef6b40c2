"""Seeds a drill: the fixtures in a running desk, and tokens. Run in a process of its own.

The desk's registries belong to a process; here they must be separate from those of the other tests.
"""

import json
import sys

import msp.models  # noqa: F401  # every table is known before the first is asked
from msp import embedded
from msp.calendars.actions import add_calendar
from msp.config import Settings
from msp.kernel import clock
from msp.kernel import settings as kept
from msp.kernel.db import Scope, work
from msp.notify.preferences import set_preferences
from msp.people.tokens import create_token
from tests.world import World, build_world
from wsgi import create_app

ALL_DAY = dict.fromkeys(range(7), ((0, 1440),))


def main() -> None:
    """Create the fixtures, with mail notifications at any hour; print tokens of technician and account manager."""
    settings = Settings.from_env()
    with embedded.running(settings), create_app(settings).app_context(), work(Scope.system()):
        world = build_world(at=clock.now())
        _never_closed(world)
        kept.write("messages", {"grouping_seconds": 0})  # each message of a drill is a ticket of its own
        for person in (world.rosa, world.tomas):
            set_preferences(person, by_chat=False, by_mail=True, allow_urgent=True, night=None, days=(), at=clock.now())
        people = (world.tomas, world.carmen)
        tokens = {
            person.email.partition("@")[0]: create_token(person.email, "staff", "drill", at=clock.now())
            for person in people
            if person.email
        }
        sys.stdout.write(json.dumps(tokens))


def _never_closed(world: World) -> None:
    """Give Azcárate a 24-hour calendar, so that the hour skipped in spring is business time."""
    calendar = add_calendar(name="Siempre", timezone="Europe/Madrid", weekly=ALL_DAY, holidays={}, at=clock.now())
    world.azcarate_contract.calendar_id = calendar.id


if __name__ == "__main__":
    main()
