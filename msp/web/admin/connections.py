"""Chats: what is connected, what broke, and who wrote without belonging to anybody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from msp.clients.actions import connect, disconnect, ignore_unknown, link_unknown
from msp.clients.models import Client, Connection
from msp.clients.queries import access_client, access_connection, all_clients, unknown_sources
from msp.config import Settings
from msp.kernel import clock
from msp.kernel.db import Json
from msp.kernel.errors import Conflict, Invalid, NotFound
from msp.web.admin import list_queries
from msp.web.admin.forms import Form, identity, refuse_restricted
from msp.web.confirm import came_from, confirmation, needs_confirmation
from msp.web.guards import Answer, is_first_time, needs
from msp.web.shell import shell
from msp.words.failure_messages import failure_sentence, unknown_code
from msp.words.refusals import field_messages
from msp.words.vocabulary import word

SLACK_NEEDS = ("team_id", "bot_token")
SLACK_MAY = ("bot_user_id", "app_id")


@dataclass(frozen=True, slots=True)
class Offer:
    """Another way to connect a client, as one button beside a choice of clients: POST `client_id` to `endpoint`."""

    kind: str
    title: object
    text: object
    endpoint: str
    label: object


_offers: dict[str, Offer] = {}


def add_offer(offer: Offer) -> None:
    """Show a way to connect on the page; the same endpoint replaces what it had."""
    _offers[offer.endpoint] = offer


def add_routes(blueprint: Blueprint) -> None:
    """The routes of these pages."""
    guard = needs("administer")
    blueprint.add_url_rule("/connections", "connections", guard(connections))
    blueprint.add_url_rule("/connections/new", "new_connection", guard(new_connection))
    blueprint.add_url_rule("/connections/new", "create_connection", guard(create_connection), methods=["POST"])
    rules = (
        ("/connections/<uuid:connection_id>/remove", "remove_connection", remove_connection),
        ("/unknown/<uuid:source_id>/link", "link_source", link_source),
        ("/unknown/<uuid:source_id>/ignore", "ignore_source", ignore_source),
    )
    for rule, endpoint, view in rules:
        blueprint.add_url_rule(rule, endpoint, guard(view), methods=["POST"])


def connections() -> str:
    """Who waits, what the platforms need, and every connection, the broken ones first."""
    unreachable = list_queries.unreachable_counts()
    return render_template(
        "admin/connections.html",
        shell=shell(current="admin.connections"),
        unknown=[{"source": source} for source in unknown_sources()],
        rows=[
            _row(connection, client, unreachable.get((connection.kind, connection.external_id), 0))
            for connection, client in list_queries.all_connections()
        ],
        clients=[(each.id, each.name) for each in all_clients()],
        offers=[each for each in _offers.values() if each.endpoint in current_app.view_functions],
        platforms=_platforms(current_app.config["SETTINGS"]),
        connect_url=url_for("admin.new_connection"),
    )


def new_connection() -> str:
    """The form for an app that was built by hand, or a Teams tenant."""
    refuse_restricted()
    values = {name: request.args.get(name, "") for name in ("client_id", "kind")}
    return _form(values | {"kind": values["kind"] or "slack"}, {})


def create_connection() -> Answer:
    """Connect a workspace or tenant, or renew its token; refused fields come back with their sentences."""
    refuse_restricted()
    form = Form(request.form)
    try:
        client, said = _read(form)
        if not is_first_time():
            return redirect(url_for("admin.connections"), 303)
        connection = connect(client, at=clock.now(), **said)
    except Invalid as wrong:
        return _form(_kept(form), form.errors | wrong.fields), 422
    except Conflict as wrong:
        name = "team_id" if form.text("kind") == "slack" else "tenant_id"
        return _form(_kept(form), {name: [wrong.code]}), 422
    flash(gettext("%(team)s is connected.", team=connection.name or connection.external_id), "green")
    return redirect(url_for("admin.client", client_id=client.id) if client else url_for("admin.connections"), 303)


def remove_connection(connection_id: UUID) -> Answer:
    """Forget a connection and its token; what was written stays."""
    refuse_restricted()
    connection = access_connection(connection_id)
    client_id, name = connection.client_id, connection.name or connection.external_id
    came_from_client = client_id and f"/clients/{client_id}" in came_from()
    back = url_for("admin.client", client_id=client_id) if came_from_client else url_for("admin.connections")
    if needs_confirmation():
        return _ask_to_disconnect(connection, back)
    disconnect(connection, at=clock.now())
    flash(gettext("%(team)s is disconnected. What was written stays.", team=name), "green")
    return redirect(back, 303)


def _ask_to_disconnect(connection: Connection, back: str) -> str:
    client = access_client(connection.client_id) if connection.client_id else None
    facts = [
        (word(connection.kind, "channel"), connection.name or connection.external_id),
        (gettext("Client"), client.name if client else "—"),
    ]
    return confirmation(
        gettext("Disconnect %(team)s", team=connection.name or connection.external_id),
        gettext(
            "Nobody reads what is written there from then on, and replies no longer reach that chat. The token is"
            " deleted: to connect it again, the app has to be installed anew. What was written stays."
        ),
        facts=facts,
        button=gettext("Disconnect"),
        back_url=back,
    )


def link_source(source_id: UUID) -> Response:
    """Give a workspace that wrote to us to a client."""
    refuse_restricted()
    form = Form(request.form)
    client_id = form.read("client_id", identity)
    if client_id is None:
        flash(gettext("Choose the client that the workspace belongs to."), "amber")
        return redirect(url_for("admin.connections"), 303)
    client = access_client(client_id)
    connection = link_unknown(source_id, client, at=clock.now())
    name = connection.name or connection.external_id
    if connection.kind == "slack" and connection.secret is None:
        words = gettext(
            "%(team)s belongs to %(client)s now, but without its token nobody can answer there. "
            "Install the app in it, or connect it by hand.",
            team=name,
            client=client.name,
        )
        flash(words, "amber")
    else:
        flash(gettext("%(team)s belongs to %(client)s now.", team=name, client=client.name), "green")
    return redirect(url_for("admin.connections"), 303)


def ignore_source(source_id: UUID) -> Response:
    """Stop showing a workspace of nobody; a new installation shows it again."""
    refuse_restricted()
    ignore_unknown(source_id, at=clock.now())
    flash(gettext("It is not shown any more, unless the app is installed there again."), "green")
    return redirect(url_for("admin.connections"), 303)


def _row(connection: Connection, client: Client | None, unreachable: int) -> Json:
    is_mute = connection.kind == "slack" and connection.secret is None
    notes = [
        gettext("no token: nobody can answer there") if is_mute else "",
        _removed_words(connection),
        ngettext("cannot write on %(num)d open ticket", "cannot write on %(num)d open tickets", unreachable)
        if unreachable
        else "",
    ]
    return {
        "connection": connection,
        "client_name": client.name if client else gettext("ours, for staff"),
        "client_url": url_for("admin.client", client_id=client.id) if client else None,
        "state": "revoked" if connection.broken_reason else "connected",
        "broken": failure_sentence(connection.broken_reason, service=connection.kind),
        "broken_code": unknown_code(connection.broken_reason),
        "note": " · ".join(each for each in notes if each),
        "renew_url": url_for("admin.new_connection", client_id=connection.client_id or "", kind=connection.kind)
        if connection.broken_reason or is_mute
        else None,
    }


def _removed_words(connection: Connection) -> str:
    """Where the app was taken out while the connection works elsewhere (integrations/channels/reachability.py)."""
    number = len(connection.settings.get("removed_from") or ())
    if not number or connection.broken_reason:
        return ""
    return ngettext("taken out of %(num)d team or chat", "taken out of %(num)d teams or chats", number)


def _platforms(settings: Settings) -> list[Json]:
    """What each platform is told, and what is missing before it can be."""
    slack = gettext("Requests come to the address here; workspaces install the app by themselves.")
    if settings.slack_enabled and not settings.slack_install_enabled:
        slack = gettext("Workspaces are connected by hand: SLACK_CLIENT_ID and SLACK_CLIENT_SECRET are not set.")
    if not settings.slack_enabled:
        slack = gettext("Off: %(names)s must be set.", names="SLACK_SIGNING_SECRET")
    teams = gettext("The address of the bot's messages, as the Azure Bot is told.")
    if not settings.teams_enabled:
        teams = gettext("Off: %(names)s must be set.", names="TEAMS_APP_ID, TEAMS_APP_PASSWORD")
    return [
        {
            "kind": "slack",
            "state": "connected" if settings.slack_enabled else "off",
            "text": slack,
            "address": f"{settings.public_url}/slack/events" if settings.slack_enabled else "",
            "install_url": f"/slack/install?next={url_for('admin.connections')}"
            if settings.slack_install_enabled
            else None,
        },
        {
            "kind": "teams",
            "state": "connected" if settings.teams_enabled else "off",
            "text": teams,
            "address": f"{settings.public_url}/api/messages" if settings.teams_enabled else "",
            "install_url": None,
        },
    ]


def _read(form: Form) -> tuple[Client | None, Json]:
    """Whose it is and what `connect` takes; raises Invalid with everything that is missing."""
    kind = form.text("kind")
    for name in SLACK_NEEDS if kind == "slack" else ("tenant_id",):
        if not form.text(name):
            form.fault(name, "required")
    if kind == "teams":
        form.read("tenant_id", identity)  # Microsoft's tenants are UUIDs
    client_id = form.read("client_id", identity)
    client = _client(form, client_id)
    if form.errors:
        raise Invalid(fields=form.errors)
    is_slack = kind == "slack"
    return client, {
        "kind": kind,
        "external_id": form.text("team_id") if is_slack else form.text("tenant_id").lower(),
        "name": form.text_or_none("name"),
        "settings": {name: form.text(name) for name in SLACK_MAY if form.text(name)} if is_slack else {},
        "secret": form.text("bot_token") if is_slack else None,
    }


def _client(form: Form, client_id: UUID | None) -> Client | None:
    if client_id is None:
        return None
    try:
        return access_client(client_id)
    except NotFound:
        form.fault("client_id", "unknown")
        return None


def _kept(form: Form) -> Json:
    """What was typed, without the token: a secret does not travel back."""
    return {name: value for name, value in form.posted.items() if name != "bot_token"}


def _form(values: Mapping[str, Any], errors: Mapping[str, Sequence[str]]) -> str:
    return render_template(
        "admin/connection_form.html",
        shell=shell(current="admin.connections"),
        values=values,
        errors=field_messages(errors),
        clients=[(each.id, each.name) for each in all_clients()],
        action_url=url_for("admin.create_connection"),
        back_url=url_for("admin.connections"),
    )
