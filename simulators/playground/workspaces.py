"""Simulated Slack workspaces for any client of a demonstration, so that its first ticket needs no real Slack.

Administrators find them on the page of connections. Their people are the client's contacts, and one sample employee.
Added workspaces are stored, so that the server has them again after a restart.
"""

import hashlib
import json
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Blueprint, Flask, flash, redirect, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response

from msp.clients.actions import connect
from msp.clients.models import Client
from msp.clients.queries import access_client
from msp.config import Settings
from msp.kernel import clock
from msp.people.models import Person
from msp.people.queries import people_of
from msp.web.admin.connections import Offer, add_offer
from msp.web.admin.forms import refuse_restricted
from msp.web.guards import needs
from simulators.playground import local
from simulators.playground.desk_client import Door, NoAnswer

Json = dict[str, Any]
SAMPLE_NAME = "Lucía Prieto"
LOCALES = {"es": "es-ES", "en": "en-GB"}
MOST_PEOPLE = 20


def register(app: Flask, settings: Settings, door: Door) -> None:
    """Let administrators connect a simulated workspace to a client and open the page to write in it."""
    pages = Blueprint("simulated_workspace", __name__, url_prefix="/admin/simulated-workspaces")
    pages.add_url_rule("", "add", needs("administer")(partial(_add, settings, door)), methods=["POST"])
    app.register_blueprint(pages)
    add_offer(
        Offer(
            "slack",
            lazy_gettext("Simulated Slack workspace"),
            lazy_gettext("Runs inside this demonstration: you write as the client's employees, and Guardia answers."),
            "simulated_workspace.add",
            lazy_gettext("Connect and write"),
        )
    )


def saved_workspaces(settings: Settings) -> list[Json]:
    """The added workspaces, as arguments of the simulated Slack's `load`."""
    try:
        found = json.loads(_file(settings).read_text())
    except (FileNotFoundError, ValueError):
        return []
    return found if isinstance(found, list) else []


def _add(settings: Settings, door: Door) -> Response:
    refuse_restricted()
    try:
        client = access_client(UUID(request.form.get("client_id", "")))
    except ValueError:
        flash(gettext("Choose the client of this workspace."), "amber")
        return redirect(url_for("admin.connections"), 303)
    saved = saved_workspaces(settings)
    made = _workspace(client, people_of(client.id)[:MOST_PEOPLE])
    workspace = next((each for each in saved if each["team_id"] == made["team_id"]), made)
    try:
        if workspace is made:  # an existing one keeps its messages
            door.load({"workspaces": [made]})
        connect(
            client,
            kind="slack",
            external_id=workspace["team_id"],
            name=workspace["name"],
            settings={"bot_user_id": workspace["bot_user_id"]},
            secret=workspace["bot_token"],
            at=clock.now(),
        )
    except NoAnswer:
        flash(gettext("The simulated Slack does not answer. Try again in a moment."), "red")
        return redirect(url_for("admin.connections"), 303)
    if workspace is made:
        local.write_json(_file(settings), [*saved, made])
    return redirect(url_for("playground.page", slack=workspace["users"][0]["id"]), 303)


def _workspace(client: Client, people: list[Person]) -> Json:
    key = hashlib.sha256(client.id.bytes).hexdigest().upper()
    domain = client.mail_domains[0] if client.mail_domains else f"{client.code.lower()}.example"
    members = [(person.name, person.email or "", person.locale, person.timezone) for person in people]
    members = members or [(SAMPLE_NAME, f"lucia.prieto@{domain}", client.locale, client.timezone)]
    users = [
        {
            "id": f"U0{key[:6]}{number:02}",
            "im": f"D0{key[:6]}{number:02}",
            "real_name": name,
            "email": email,
            "locale": LOCALES[locale],
            "tz": zone,
        }
        for number, (name, email, locale, zone) in enumerate(members)
    ]
    team_id = f"T0{key[:8]}"
    return {
        "name": client.name,
        "team_id": team_id,
        "domain": domain.partition(".")[0],
        "bot_token": f"xoxb-simulated-{team_id}",
        "bot_user_id": f"U0{key[:6]}B0",
        "users": users,
        "channels": [{"id": f"C0{key[:8]}", "name": "general", "members": [user["id"] for user in users]}],
    }


def _file(settings: Settings) -> Path:
    return local.folder(settings) / "workspaces.json"
