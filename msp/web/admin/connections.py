"""Administration of chat connections: connected, broken, and unknown workspaces and tenants."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from msp.clients.actions import connect, disconnect, ignore_unknown, link_unknown
from msp.clients.models import Client, Connection
from msp.clients.platforms import Platform, connectable_platforms, platform_named
from msp.clients.queries import access_client, access_connection, all_clients, unknown_sources
from msp.config import Settings
from msp.kernel import clock
from msp.kernel.db import Json
from msp.kernel.errors import Conflict, Invalid
from msp.web.admin import list_queries
from msp.web.admin.forms import Form, chosen_client, identity, refuse_restricted
from msp.web.confirm import came_from, confirmation, needs_confirmation
from msp.web.guards import Answer, is_first_time, needs
from msp.web.shell import shell
from msp.words.failure_messages import failure_sentence, unknown_code
from msp.words.refusals import field_messages
from msp.words.vocabulary import word


@dataclass(frozen=True, slots=True)
class Offer:
    """Another way to connect a client, shown as a button with a client select: POST `client_id` to `endpoint`."""

    kind: str
    title: object
    text: object
    endpoint: str
    label: object


_offers: dict[str, Offer] = {}


def add_offer(offer: Offer) -> None:
    """Add a way to connect to the page; an existing one with the same endpoint is replaced."""
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
    """Unknown sources, platform requirements, and all connections, broken ones first."""
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
    """The form for a workspace or tenant."""
    refuse_restricted()
    return _form({name: request.args.get(name, "") for name in ("client_id", "kind")}, {})


def create_connection() -> Answer:
    """Connect a workspace or tenant, or renew its token; redisplays the form with errors if fields are refused."""
    refuse_restricted()
    form = Form(request.form)
    try:
        client, arguments = _read(form)
        if not is_first_time():
            return redirect(url_for("admin.connections"), 303)
        connection = connect(client, at=clock.now(), **arguments)
    except Invalid as wrong:
        return _form(_kept(form), form.errors | wrong.fields), 422
    except Conflict as wrong:
        return _form(_kept(form), {_platform_of(form).external_id_field.name: [wrong.code]}), 422
    flash(gettext("%(team)s is connected.", team=connection.name or connection.external_id), "green")
    return redirect(url_for("admin.client", client_id=client.id) if client else url_for("admin.connections"), 303)


def remove_connection(connection_id: UUID) -> Answer:
    """Delete a connection and its token; messages are kept."""
    refuse_restricted()
    connection = access_connection(connection_id)
    client_id, name = connection.client_id, connection.name or connection.external_id
    came_from_client = client_id and f"/clients/{client_id}" in came_from()
    back = url_for("admin.client", client_id=client_id) if came_from_client else url_for("admin.connections")
    if needs_confirmation():
        return _ask_to_disconnect(connection, back)
    disconnect(connection, at=clock.now())
    flash(gettext("%(team)s disconnected. Its messages are kept.", team=name), "green")
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
            "Messages there are no longer received and replies no longer reach that chat. The "
            "token is deleted: to reconnect, install the app again. Existing messages are kept."
        ),
        facts=facts,
        button=gettext("Disconnect"),
        back_url=back,
    )


def link_source(source_id: UUID) -> Response:
    """Assign an unknown workspace or tenant to a client."""
    refuse_restricted()
    form = Form(request.form)
    client_id = form.read("client_id", identity)
    if client_id is None:
        flash(gettext("Choose the client of this workspace."), "amber")
        return redirect(url_for("admin.connections"), 303)
    client = access_client(client_id)
    connection = link_unknown(source_id, client, at=clock.now())
    name = connection.name or connection.external_id
    if is_mute(connection):
        words = gettext(
            "%(team)s is linked to %(client)s, but has no token, so replies cannot be sent. "
            "Install the app there or connect it manually.",
            team=name,
            client=client.name,
        )
        flash(words, "amber")
    else:
        flash(gettext("%(team)s is linked to %(client)s.", team=name, client=client.name), "green")
    return redirect(url_for("admin.connections"), 303)


def ignore_source(source_id: UUID) -> Response:
    """Hide an unknown workspace; a new installation shows it again."""
    refuse_restricted()
    ignore_unknown(source_id, at=clock.now())
    flash(gettext("Ignored. It appears again if the app is installed there again."), "green")
    return redirect(url_for("admin.connections"), 303)


def is_mute(connection: Connection) -> bool:
    """Whether a connection lacks the token that its platform needs for replies."""
    platform = platform_named(connection.kind)
    return platform is not None and platform.needs_secret and connection.secret is None


def _row(connection: Connection, client: Client | None, unreachable: int) -> Json:
    notes = [
        gettext("no token: replies cannot be sent") if is_mute(connection) else "",
        _removed_words(connection),
        ngettext("cannot write on %(num)d open ticket", "cannot write on %(num)d open tickets", unreachable)
        if unreachable
        else "",
    ]
    return {
        "connection": connection,
        "client_name": client.name if client else gettext("own workspace, for the team"),
        "client_url": url_for("admin.client", client_id=client.id) if client else None,
        "state": "revoked" if connection.broken_reason else "connected",
        "broken": failure_sentence(connection.broken_reason, service=connection.kind),
        "broken_code": unknown_code(connection.broken_reason),
        "note": " · ".join(each for each in notes if each),
        "renew_url": url_for("admin.new_connection", client_id=connection.client_id or "", kind=connection.kind)
        if connection.broken_reason or is_mute(connection)
        else None,
    }


def _removed_words(connection: Connection) -> str:
    """Text for a connection whose app was removed from some places (integrations/channels/reachability.py)."""
    number = len(connection.settings.get("removed_from") or ())
    if not number or connection.broken_reason:
        return ""
    platform = platform_named(connection.kind)
    return platform.removed_from(number) if platform else ""


def _platforms(settings: Settings) -> list[Json]:
    """The platforms: what to configure on each, and what is missing."""
    return [_platform_row(each, settings) for each in connectable_platforms()]


def _platform_row(platform: Platform, settings: Settings) -> Json:
    is_on, can_install = platform.is_enabled(settings), platform.can_install(settings)
    text = str(platform.about)
    if is_on and platform.install_path and not can_install:
        text = str(platform.about_without_install) % {"names": ", ".join(platform.install_settings)}
    if not is_on:
        text = gettext("Off: set %(names)s.", names=", ".join(platform.required_settings))
    return {
        "kind": platform.name,
        "name": platform.full_name,
        "state": "connected" if is_on else "off",
        "text": text,
        "address": f"{settings.public_url}{platform.endpoint_path}" if is_on and platform.endpoint_path else "",
        "install_url": f"{platform.install_path}?next={url_for('admin.connections')}" if can_install else None,
    }


def _platform_of(form: Form) -> Platform:
    """The platform of a form; raises Invalid if clients cannot connect it."""
    platform = next((each for each in connectable_platforms() if each.name == form.text("kind")), None)
    if platform is None:
        raise Invalid(fields={"kind": ["unknown"]})
    return platform


def _read(form: Form) -> tuple[Client | None, Json]:
    """The client and the arguments of `connect`; raises Invalid with all missing fields."""
    platform, arguments = _platform_of(form), {}
    try:
        arguments = platform.connection_values({each.name: form.text(each.name) for each in platform.connection_fields})
    except Invalid as wrong:
        for name, codes in wrong.fields.items():
            for code in codes:
                form.fault(name, code)
    client = chosen_client(form, form.read("client_id", identity))
    if form.errors:
        raise Invalid(fields=form.errors)
    return client, arguments | {"kind": platform.name, "name": form.text_or_none("name")}


def _kept(form: Form) -> Json:
    """The submitted values without secrets, which are not sent back to the browser."""
    secret = {
        field.name for platform in connectable_platforms() for field in platform.connection_fields if field.is_secret
    }
    return {name: value for name, value in form.posted.items() if name not in secret}


def _form(values: Mapping[str, Any], errors: Mapping[str, Sequence[str]]) -> str:
    offered = connectable_platforms()
    platform = next((each for each in offered if each.name == values.get("kind")), offered[0])
    client_id = values.get("client_id") or None
    return render_template(
        "admin/connection_form.html",
        shell=shell(current="admin.connections"),
        platform=platform,
        kinds=[
            {
                "label": each.full_name,
                "url": url_for("admin.new_connection", kind=each.name, client_id=client_id),
                "current": each is platform,
            }
            for each in offered
        ],
        values=values,
        errors=field_messages(errors),
        clients=[(each.id, each.name) for each in all_clients()],
        action_url=url_for("admin.create_connection"),
        back_url=url_for("admin.connections"),
    )
