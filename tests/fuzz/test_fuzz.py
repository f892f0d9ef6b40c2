"""Mutated requests to all endpoints: no fault, nothing stored after a refusal, prompt answers."""

import os
from collections.abc import Iterator

import pytest
from flask import Flask

from integrations.teams.tokens import Keys
from msp.config import Settings
from simulators.teams.server import TeamsServer, create_teams_server
from tests.fuzz.calls import Tally
from tests.fuzz.runs import Ground, Size, run_forms, run_signed
from tests.fuzz.stored import StoredRows, stored_rows
from tests.world_snapshot import WorldSnapshot

pytestmark = pytest.mark.slow
SIZE = Size.from_environment(os.environ)


@pytest.fixture
def stored(app: Flask, settings: Settings) -> Iterator[StoredRows]:
    with stored_rows(settings) as rows:
        yield rows


@pytest.fixture
def teams(app: Flask, settings: Settings) -> Iterator[TeamsServer]:
    """A Teams with keys that the desk trusts."""
    server = create_teams_server(app_id=settings.value("TEAMS_APP_ID"))
    before = app.extensions["teams_keys"]
    with server.serve():
        app.extensions["teams_keys"] = Keys(server.openid_url)
        yield server
    app.extensions["teams_keys"] = before


@pytest.fixture
def ground(app: Flask, settings: Settings, world_snapshot: WorldSnapshot, stored: StoredRows) -> Ground:
    return Ground(app, settings, world_snapshot, stored)


def judge(tally: Tally) -> None:
    print(f"\nSEED={SIZE.seed} {tally}")
    told = "\n".join(f"- {kind}\n    {first}" for kind, first in tally.faults.items())
    assert not tally.faults, f"SEED={SIZE.seed}, {tally}\n{told}"


def test_signed_bodies(ground: Ground, teams: TeamsServer) -> None:
    tally = run_signed(ground, teams, count=SIZE.signed, seed=SIZE.seed, only=SIZE.only, is_worked=SIZE.is_worked)
    judge(tally)


def test_form_posts(ground: Ground) -> None:
    judge(run_forms(ground, count=SIZE.forms, seed=SIZE.seed, only=SIZE.only))


def test_api_requests(ground: Ground) -> None:
    from tests.fuzz.api_run import run_api  # takes a second; the other test workers do not wait for it

    judge(run_api(ground, count=SIZE.api, seed=SIZE.seed, only=SIZE.only))
