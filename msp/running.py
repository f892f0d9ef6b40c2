"""What `msp run` starts in production: application, preparation steps and processes.

A demo (MSP_ENV=demo) has more: msp/demo/running.py, which is only part of a checkout.
"""

from __future__ import annotations

import socket
from functools import partial

from flask import Flask

from msp import web_server
from msp.config import Settings
from msp.kernel import jobs, migrate
from msp.people.first_administrator import has_staff_account, setup_code
from msp.supervisor import ProcessPlan, ProcessRole, SetupStep

WORKERS = 2
SETUP_CODE = "setup-code"  # a file in the home, present until a member of staff has an account
GRACE = 5  # seconds; on a single machine requests are shorter


def desk_plan(settings: Settings) -> ProcessPlan:
    """The plan of the whole desk on one machine."""
    return ProcessPlan(
        load=partial(load_app, settings),
        steps=partial(_steps, settings),
        roles=partial(_roles, settings),
        welcome=partial(_welcome, settings),
    )


def load_app(settings: Settings) -> Flask:
    """The application with all its imports; opens no connection."""
    from wsgi import create_app

    return create_app(settings)


def _steps(settings: Settings, app: Flask) -> list[SetupStep]:
    migrations = [SetupStep("Migrations", partial(migrate.upgrade, settings))] if settings.owns_database else []
    return [*migrations, SetupStep("Accounts", partial(_note_setup_code, settings, app))]


def _roles(settings: Settings, app: Flask, listener: socket.socket) -> list[ProcessRole]:
    web = partial(web_server.serve, lambda: app, settings, listener=listener, grace=GRACE)
    return [
        ProcessRole("web", web, grace=GRACE + 3),
        ProcessRole("clock", partial(jobs.run_clock, app), grace=5),
        ProcessRole("worker", partial(jobs.run_worker, app), count=WORKERS, grace=25),
    ]


def _note_setup_code(settings: Settings, app: Flask) -> None:
    """Write the setup code to a file for the welcome message, while no member of staff has an account."""
    from msp.kernel.db import Scope, work

    noted = settings.home / SETUP_CODE
    with app.app_context(), work(Scope.system()):
        is_set_up = has_staff_account()
    if is_set_up:
        noted.unlink(missing_ok=True)
    else:
        noted.touch(mode=0o600)
        noted.write_text(setup_code(settings.secret_key))


def _welcome(settings: Settings) -> list[str]:
    lines = ["", f"  Guardia answers at {settings.public_url}"]
    noted = settings.home / SETUP_CODE
    if noted.exists():
        lines += ["", f"  Create the first administrator at {settings.public_url}/setup"]
        lines += [f"  with the setup code {noted.read_text()}"]
    return [*lines, ""]
