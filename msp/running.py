"""What `msp run` puts together: the desk's application, what it needs first, and its processes."""

from __future__ import annotations

import socket
from functools import partial

from flask import Flask

from msp import web_server
from msp.config import Settings
from msp.kernel import jobs, migrate
from msp.people.first_administrator import has_staff_account, setup_code
from msp.supervisor import Plan, Role, Step
from simulators.playground import local

WORKERS = 2
SETUP_CODE = "setup-code"  # a file in the home, there until somebody of staff has an account
GRACE = 5  # seconds; at a desk of one machine nobody's request takes longer


def desk_plan(settings: Settings) -> Plan:
    """The plan of the whole desk on one machine."""
    return Plan(
        load=partial(_load, settings),
        steps=partial(_steps, settings),
        roles=partial(_roles, settings),
        welcome=partial(_welcome, settings),
    )


def load_app(settings: Settings) -> Flask:
    """The application with everything it imports; opens no connection. A demonstration gets its playground."""
    from wsgi import create_app

    app = create_app(local.joined(settings))
    if settings.load_demo:
        app.config["DEMO_SIGN_IN"] = _demo_sign_in()
    if local.played(settings):
        from simulators.playground import page

        page.register(app, settings)
    return app


def _load(settings: Settings) -> Flask:
    if local.played(settings):
        local.claim_ports(settings)
    return load_app(settings)


def _steps(settings: Settings, app: Flask) -> list[Step]:
    steps = []
    if settings.owns_database:
        steps.append(Step("Migrations", partial(migrate.upgrade, settings)))
    if settings.load_demo:
        steps.append(Step("Demo data", partial(_load_demo, app)))
    return [*steps, Step("Accounts", partial(_note_setup_code, settings, app))]


def _roles(settings: Settings, app: Flask, listener: socket.socket) -> list[Role]:
    web = partial(web_server.serve, lambda: app, settings, listener=listener, grace=GRACE)
    playground = [Role("playground", partial(_serve_playground, settings), grace=5)] if local.played(settings) else []
    return [
        *playground,  # stops first: whoever waits there for news lets the web go
        Role("web", web, grace=GRACE + 3),
        Role("clock", partial(jobs.run_clock, app), grace=5),
        Role("worker", partial(jobs.run_worker, app), count=WORKERS, grace=25),
    ]


def _demo_sign_in() -> tuple[tuple[str, ...], str]:
    from msp.demo import first_start

    return tuple(email for email, _what in first_start.ACCOUNTS), first_start.PASSWORD


def _load_demo(app: Flask) -> None:
    from msp.demo import first_start  # a desk that serves never needs the demo's content in memory

    first_start.load_once(app)


def _note_setup_code(settings: Settings, app: Flask) -> None:
    """Write the setup code down for the welcome, while nobody of staff has an account."""
    from msp.kernel.db import Scope, work

    noted = settings.home / SETUP_CODE
    with app.app_context(), work(Scope.system()):
        is_set_up = has_staff_account()
    if is_set_up:
        noted.unlink(missing_ok=True)
    else:
        noted.touch(mode=0o600)
        noted.write_text(setup_code(settings.secret_key))


def _serve_playground(settings: Settings) -> None:
    from simulators.playground.run import serve_playground  # a desk that serves needs neither it nor the demo

    serve_playground(settings)


def _welcome(settings: Settings) -> list[str]:
    lines = ["", f"  Guardia answers at {settings.public_url}"]
    noted = settings.home / SETUP_CODE
    if noted.exists():
        lines += ["", f"  Create the first administrator at {settings.public_url}/setup"]
        lines += [f"  with the setup code {noted.read_text()}"]
    if settings.load_demo:
        from msp.demo import first_start

        lines += ["", f"  Sign in with the password {first_start.PASSWORD} as"]
        lines += [f"    {email:<42} {role}" for email, role in first_start.ACCOUNTS]
    if local.played(settings):
        lines += ["", f"  Play an employee in Slack and in Teams at {settings.public_url}/playground"]
    return [*lines, ""]
