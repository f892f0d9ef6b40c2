"""The REST API v1: resources under /api/v1, its OpenAPI description, its page.

Other packages add theirs: `blueprint = resource("invoices", tag="Invoices")`, views with `@blueprint.input(Shape)`,
`@blueprint.output(Shape)`, and `app.register_blueprint(blueprint)`.

- `access`: caller, token scope and rights
- `resource`: what each blueprint shares: token, limits, idempotency, problems
- `multipart`: bodies with files
- `fields`: types of values, strict on input
- `pages`: lists with limit and cursor
- `problems`: errors as problem+json (RFC 9457)
- `rates`: rate limits
- `description`: OpenAPI 3.1
- `unknown_paths`: 404 and 405
- `calendar_shapes`, `contract_shapes`, `ticket_shapes`: shapes of several resources
- `bulk_changes`, `calendars`, `clients`, `connections`, `contracts`, `conversation`, `followers`, `hand_offs`, `links`,
  `macros`, `merges`, `notification_preferences`, `oncall`, `people`, `places`, `ratings`, `reports`, `satisfaction`,
  `search`, `tickets`, `time_entries`, `tokens`, `views`: one resource each
"""

from flask import Flask

from msp.web.api import (
    bulk_changes,
    calendars,
    clients,
    connections,
    contracts,
    conversation,
    description,
    followers,
    hand_offs,
    links,
    macros,
    merges,
    notification_preferences,
    oncall,
    people,
    places,
    ratings,
    reports,
    satisfaction,
    search,
    tickets,
    time_entries,
    tokens,
    unknown_paths,
    views,
)
from msp.web.api.access import caller, is_allowed, require
from msp.web.api.pages import QUERY, page, page_of, uuid_cursor
from msp.web.api.resource import Answer, resource, settled

RESOURCES = (
    clients, people, notification_preferences, places, calendars, oncall, contracts, tickets, links, followers,
    bulk_changes, views,
    hand_offs, ratings,
    conversation, merges, macros, search, time_entries, reports, satisfaction, tokens,
)  # fmt: skip


def register(app: Flask) -> None:
    """Add the API to the application."""
    for module in RESOURCES:
        app.register_blueprint(module.blueprint)
    app.register_blueprint(connections.make_blueprint())
    app.register_blueprint(unknown_paths.blueprint)
    description.register(app)


__all__ = [
    "QUERY",
    "Answer",
    "caller",
    "is_allowed",
    "page",
    "page_of",
    "register",
    "require",
    "resource",
    "settled",
    "uuid_cursor",
]
