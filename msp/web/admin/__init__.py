"""Administration: clients, contracts, calendars, people, connections, failed deliveries, settings.

- `calendar_page`, `calendar_text`, `calendars`, `timetables`: business hours
- `clients`: clients
- `connections`: Slack and Teams connections, unknown workspaces
- `contract_escalation`, `contract_targets`, `contract_terms`, `contracts`: contracts and the parts of their form
- `deliveries`, `queue_rows`, `uncertain_sends`: failed deliveries
- `first_steps`: checklist of a new installation
- `forms`: values from typed text
- `list_queries`, `pager`: lists
- `macros`: macros of the team and of clients
- `message_settings`, `session_settings`, `settings`, `reopening_settings`, `undo_settings`: settings
- `oncall`: on-call schedules
- `people`, `sessions`, `tokens`: people, their sessions and API tokens
- `places`: places and their public holidays
- `webhooks`: webhooks
"""

from flask import Blueprint, Flask, redirect, url_for
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response

from msp.web.admin import (
    calendars,
    clients,
    connections,
    contracts,
    deliveries,
    first_steps,
    list_queries,
    macros,
    oncall,
    people,
    places,
    queue_rows,
    sessions,
    settings,
    timetables,
    tokens,
    uncertain_sends,
    webhooks,
)
from msp.web.guards import needs
from msp.web.shell import MenuEntry, add_menu

blueprint = Blueprint("admin", __name__, url_prefix="/admin")

MENU = (
    MenuEntry("desk", lazy_gettext("Clients"), "building-2", "admin.clients", "see_contracts", 40),
    MenuEntry("desk", lazy_gettext("Contracts"), "file-pen-line", "admin.contracts", "see_contracts", 50),
    MenuEntry("settings", lazy_gettext("People"), "users-round", "admin.people", "administer", 10),
    MenuEntry("settings", lazy_gettext("Calendars"), "calendar-days", "admin.calendars", "administer", 20),
    MenuEntry(
        "settings",
        lazy_gettext("Connections"),
        "plug",
        "admin.connections",
        "administer",
        30,
        list_queries.count_waiting,
    ),
    MenuEntry("settings", lazy_gettext("Macros"), "zap", "admin.macros", "manage_macros", 15),
    MenuEntry("settings", lazy_gettext("Webhooks"), "webhook", "admin.webhooks", "administer", 35),
    MenuEntry("settings", lazy_gettext("API tokens"), "key-round", "admin.tokens", "administer", 37),
    MenuEntry(
        "settings", lazy_gettext("Failed deliveries"), "triangle-alert", "admin.deliveries", "administer", 40,
        queue_rows.count_dead,
    ),
    MenuEntry("settings", lazy_gettext("Settings"), "settings", "admin.settings", "administer", 50),
)  # fmt: skip


def home() -> Response:
    """The first page of the administration."""
    return redirect(url_for("admin.clients"))


for module in (
    clients, contracts, calendars, timetables, places, people, connections, deliveries, uncertain_sends, oncall,
    webhooks, macros, settings, sessions, tokens, first_steps,
):  # fmt: skip
    module.add_routes(blueprint)
blueprint.add_url_rule("/", "home", needs("see_contracts")(home))


def register(app: Flask) -> None:
    """Add the administration's pages and menu entries to the application."""
    app.register_blueprint(blueprint)
    for entry in MENU:
        add_menu(entry)
