"""One product, served, with every platform's simulator around it; each test begins with them empty."""

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import delete

from integrations.installed import CHANNELS
from msp.clients.models import Connection
from msp.clients.platforms import forget_platform
from msp.config import Settings
from msp.kernel.db import Scope, db, work
from msp.people.models import ChatIdentity
from simulators import serve
from tests.channels.desk import Desk
from tests.channels.driver import Driver
from tests.world import World
from wsgi import create_app

HOME = Path(__file__).parent
DRIVERS: tuple[Driver, ...] = tuple(
    importlib.import_module(f"tests.channels.{path.parent.name}.driver").DRIVER
    for path in sorted(HOME.glob("*/driver.py"))
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each behaviour against every platform that can show it.

    Platforms with a basic part only show the basic ones, platforms without inbound messages the outgoing ones.
    """
    if "driver" in metafunc.fixturenames:
        told = metafunc.function.behaviour
        drivers = [
            each
            for each in DRIVERS
            if (told.is_basic or not getattr(each, "is_basic_only", False))
            and (told.is_outgoing or each.platform.capabilities.messages_in)
        ]
        metafunc.parametrize("driver", drivers, ids=[each.platform.name for each in drivers], indirect=True)


@pytest.fixture(scope="package")
def served(settings: Settings) -> Iterator[None]:
    """The product at a real port, and the simulators at theirs."""
    made = settings
    for driver in DRIVERS:
        made = driver.start(made)
    more = [driver.plugin for driver in DRIVERS if hasattr(driver, "plugin")]
    app = create_app(made, channels=(*CHANNELS, *more))
    with serve(app) as running:
        for driver in DRIVERS:
            driver.listen_at(running.url, app)
        yield
    for driver in DRIVERS:
        driver.close()
    with app.app_context():
        db.engine.dispose()
    for plugin in more:
        forget_platform(plugin.PLATFORM.name)
    create_app(settings)  # the workers speak with the usual addresses again


@pytest.fixture
def driver(request: pytest.FixtureRequest, app: Flask, world: World, served: None) -> Iterator[Driver]:
    """A platform, with the cast in its simulator."""
    found: Driver = request.param
    with work(Scope.system()) as session:
        session.execute(delete(Connection))
        session.execute(delete(ChatIdentity))
    found.begin(world)
    yield found
    found.end()


@pytest.fixture
def desk(driver: Driver, world: World, drain: Callable[[], int]) -> Desk:
    """The desk's people and workers, with this platform."""
    return Desk(driver, world, drain)
