"""An on-call schedule for the tests: Tomás and Irene alternate weekly, Rosa behind them, from 16 November at 8:00."""

from datetime import date

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.oncall.actions import LayerSettings, add_layer
from msp.oncall.models import OnCallLayer
from tests.world import World


def terms(world: World, **changes: object) -> LayerSettings:
    """The terms of the first layer, with changes."""
    usual = {
        "name": "Primary", "timezone": "Europe/Madrid", "first_day": date(2026, 11, 16), "every_days": 7,
        "handover": 8 * 60, "people": (world.tomas.id, world.irene.id), "windows": {},
    }  # fmt: skip
    return LayerSettings(**{**usual, **changes})  # type: ignore[arg-type]


def add_rota(world: World) -> tuple[OnCallLayer, OnCallLayer]:
    """Add both layers. At MONDAY, 23 November at 10:00 in Madrid, Irene is on call."""
    with work(Scope.system()):
        first = add_layer(terms(world), at=clock.now())
    with work(Scope.system()):
        second = add_layer(terms(world, name="Secondary", people=(world.rosa.id,)), at=clock.now())
    return first, second
