"""Sets the stage for a drill: the cast in a database of its own, and a technician's token. Run in a process of its own.

The desk's registries belong to a process; here they must not meet those of the other tests.
"""

import sys

from msp.config import Settings
from msp.kernel import clock, migrate
from msp.kernel.db import Scope, work
from msp.people.tokens import create_token
from tests.world import build_world
from wsgi import create_app


def main() -> None:
    """Migrate, build the cast, print the token."""
    settings = Settings.from_env()
    migrate.upgrade(settings)
    with create_app(settings).app_context(), work(Scope.system()):
        world = build_world(at=clock.now())
        sys.stdout.write(create_token(world.tomas.email or "", "staff", "drill", at=clock.now()))


if __name__ == "__main__":
    main()
