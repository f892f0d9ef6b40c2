"""The processes of `msp run` for a demonstration: the desk, its data, and the playground with its local services."""

from __future__ import annotations

import socket
from functools import partial

from flask import Flask

from msp import running
from msp.config import Settings
from msp.supervisor import ProcessPlan, ProcessRole, SetupStep
from simulators.playground import local


def desk_plan(settings: Settings) -> ProcessPlan:
    """The plan of a demonstration on one machine."""
    plan = running.desk_plan(settings)
    return ProcessPlan(
        load=partial(_load, settings),
        steps=partial(_steps, settings, plan),
        roles=partial(_roles, settings, plan),
        welcome=partial(_welcome, settings, plan),
    )


def load_app(settings: Settings) -> Flask:
    """The application with the playground's page, connected to the local services; opens no connection."""
    app = running.load_app(local.joined(settings))
    if settings.load_demo:
        from msp.demo import first_start

        app.config["DEMO_SIGN_IN"] = tuple(email for email, _what in first_start.ACCOUNTS), first_start.PASSWORD
    if local.played(settings):
        from simulators.playground import page

        page.register(app, settings)
    return app


def _load(settings: Settings) -> Flask:
    if local.played(settings):
        local.claim_ports(settings)
    return load_app(settings)


def _steps(settings: Settings, plan: ProcessPlan, app: Flask) -> list[SetupStep]:
    *before, accounts = plan.steps(app)
    data = [SetupStep("Demo data", partial(_load_demo, app))] if settings.load_demo else []
    return [*before, *data, accounts]


def _load_demo(app: Flask) -> None:
    from msp.demo import first_start  # a serving desk never needs the demo's content in memory

    first_start.load_once(app)


def _roles(settings: Settings, plan: ProcessPlan, app: Flask, listener: socket.socket) -> list[ProcessRole]:
    playground = (
        [ProcessRole("playground", partial(_serve_playground, settings), grace=5)] if local.played(settings) else []
    )
    return [*playground, *plan.roles(app, listener)]  # it stops first: its waiting pages release the web


def _serve_playground(settings: Settings) -> None:
    from simulators.playground.run import serve_playground  # the serving processes do not need the data either

    serve_playground(settings)


def _welcome(settings: Settings, plan: ProcessPlan) -> list[str]:
    lines = plan.welcome()[:-1]
    if settings.load_demo:
        from msp.demo import first_start

        lines += ["", f"  Sign in with the password {first_start.PASSWORD} as"]
        lines += [f"    {email:<42} {role}" for email, role in first_start.ACCOUNTS]
    if local.played(settings):
        lines += ["", f"  Play an employee in Slack and in Teams at {settings.public_url}/playground"]
    return [*lines, ""]
