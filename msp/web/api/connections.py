"""The Slack workspaces and Teams tenants that a client company writes from. What opens them is never given back."""

from typing import Any
from uuid import UUID

from marshmallow import ValidationError, fields, validates_schema

from msp.clients.actions import connect, disconnect
from msp.clients.models import Connection
from msp.clients.queries import access_client, access_connection, connections_page
from msp.kernel import clock
from msp.web.api.access import require
from msp.web.api.fields import Instant, Schema, Shown, Text, one_of
from msp.web.api.pages import QUERY, PageQuery, page, page_of, uuid_cursor
from msp.web.api.resource import Answer, resource, settled

blueprint = resource("connections", tag="Connections")

REQUIRED = {"slack": ("team_id", "bot_token"), "teams": ("tenant_id",)}
OPTIONAL = {"slack": ("bot_user_id", "app_id"), "teams": ()}


class ConnectionIn(Schema):
    """A Slack workspace (what OAuth would have brought, for apps built by hand) or a Teams tenant."""

    kind = one_of(("slack", "teams"), required=True)
    name = Text(longest=200)
    team_id = Text(longest=40, blank=False, metadata={"description": "Slack's workspace", "example": "T0LOZANO1"})
    bot_token = Text(longest=400, blank=False, load_only=True, metadata={"example": "xoxb-…"})
    bot_user_id = Text(longest=40, blank=False)
    app_id = Text(longest=40, blank=False)
    tenant_id = Text(longest=40, blank=False, metadata={"description": "The Microsoft 365 tenant"})

    @validates_schema
    def check_kind(self, data: dict[str, Any], **_: Any) -> None:
        """Each kind has its own fields."""
        kind = data["kind"]
        faults = {name: ["required"] for name in REQUIRED[kind] if name not in data}
        foreign = data.keys() - {"kind", "name", *REQUIRED[kind], *OPTIONAL[kind]}
        if faults := faults | {name: ["unknown_field"] for name in foreign}:
            raise ValidationError(faults)


class ConnectionOut(Shown):
    """A connection without its secrets; `broken_reason` says why it needs to be made anew."""

    id = fields.UUID()
    client_id = fields.UUID()
    kind = fields.String()
    name = fields.String(allow_none=True)
    team_id = fields.String(allow_none=True)
    bot_user_id = fields.String(allow_none=True)
    app_id = fields.String(allow_none=True)
    tenant_id = fields.String(allow_none=True)
    has_token = fields.Boolean()
    broken_reason = fields.String(allow_none=True)
    created_at = Instant()


@blueprint.get("/clients/<uuid:client_id>/connections")
@blueprint.input(PageQuery, **QUERY)
@blueprint.output(page_of(ConnectionOut, "Connection"))
def list_connections(client_id: UUID, query_data: dict[str, Any]) -> Answer:
    """A client company's connections."""
    client = access_client(client_id)
    require("desk", "see_company")
    limit = query_data["limit"]
    rows = connections_page(client.id, after=uuid_cursor(query_data["cursor"]), limit=limit + 1)
    return page([shown(row) for row in rows], limit=limit, key=lambda each: each["id"])


@blueprint.post("/clients/<uuid:client_id>/connections")
@blueprint.input(ConnectionIn)
@blueprint.output(ConnectionOut, status_code=201)
def create_connection(client_id: UUID, json_data: dict[str, Any]) -> Answer:
    """Connect a workspace or tenant, or renew its token (administrators)."""
    client = access_client(client_id)
    require("administer")
    kind = json_data["kind"]
    connection = connect(
        client,
        kind=kind,
        external_id=json_data["team_id" if kind == "slack" else "tenant_id"],
        name=json_data.get("name"),
        settings={name: json_data[name] for name in OPTIONAL[kind] if name in json_data},
        secret=json_data.get("bot_token"),
        at=clock.now(),
    )
    return shown(settled(connection))


@blueprint.delete("/connections/<uuid:connection_id>")
@blueprint.output({}, status_code=204)
def delete_connection(connection_id: UUID) -> Answer:
    """Forget a connection and its token (administrators)."""
    connection = access_connection(connection_id)
    require("administer")
    disconnect(connection, at=clock.now())
    return ""


def shown(connection: Connection) -> dict[str, object]:
    """A connection as the API shows it."""
    is_slack = connection.kind == "slack"
    return {
        "id": connection.id,
        "client_id": connection.client_id,
        "kind": connection.kind,
        "name": connection.name,
        "team_id": connection.external_id if is_slack else None,
        "bot_user_id": connection.settings.get("bot_user_id"),
        "app_id": connection.settings.get("app_id"),
        "tenant_id": None if is_slack else connection.external_id,
        "has_token": connection.secret is not None,
        "broken_reason": connection.broken_reason,
        "created_at": connection.created_at,
    }
