"""The workspaces and tenants that a client company writes from. What opens them is never given back."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from marshmallow import ValidationError, fields, validates_schema

from msp.clients.actions import connect, disconnect
from msp.clients.models import Connection
from msp.clients.platforms import ConnectionField, connectable_platforms, platform_named
from msp.clients.queries import access_client, access_connection, connections_page
from msp.kernel import clock
from msp.kernel.errors import Invalid
from msp.web.api.access import require
from msp.web.api.fields import Instant, Schema, Shown, TextField, one_of
from msp.web.api.pages import QUERY, PageQuery, page, page_of, uuid_cursor
from msp.web.api.resource import Answer, Resource, resource, settled


class _ConnectionIn(Schema):
    """A workspace or tenant, with the fields of its platform for manual connection."""

    name = TextField(longest=200)

    @validates_schema
    def check_kind(self, data: dict[str, Any], **_: Any) -> None:
        """Each kind has its own fields."""
        platform = platform_named(data["kind"])
        assert platform is not None  # `kind` is one of theirs
        own = {each.name for each in platform.connection_fields}
        faults = {name: ["unknown_field"] for name in data.keys() - own - {"kind", "name"}}
        try:
            platform.connection_values(data)
        except Invalid as wrong:
            faults |= wrong.fields
        if faults:
            raise ValidationError(faults)


class _ConnectionOut(Shown):
    """A connection without its secrets; `broken_reason` is why it must be renewed."""

    id = fields.UUID()
    client_id = fields.UUID()
    kind = fields.String()
    name = fields.String(allow_none=True)
    has_token = fields.Boolean()
    broken_reason = fields.String(allow_none=True)
    created_at = Instant()


def make_blueprint() -> Resource:
    """The resource, with the fields of every registered platform."""
    blueprint = resource("connections", tag="Connections")
    known = [field for platform in connectable_platforms() for field in platform.connection_fields]
    kinds = one_of([each.name for each in connectable_platforms()], required=True)
    given = _with_fields(_ConnectionIn, {"kind": kinds} | {each.name: _text(each) for each in known})
    shown_as = _with_fields(
        _ConnectionOut, {each.name: fields.String(allow_none=True) for each in known if not each.is_secret}
    )

    @blueprint.get("/clients/<uuid:client_id>/connections")
    @blueprint.input(PageQuery, **QUERY)
    @blueprint.output(page_of(shown_as, "Connection"))
    def list_connections(client_id: UUID, query_data: dict[str, Any]) -> Answer:
        """The connections of a client."""
        client = access_client(client_id)
        require("desk", "see_company")
        limit = query_data["limit"]
        rows = connections_page(client.id, after=uuid_cursor(query_data["cursor"]), limit=limit + 1)
        return page([shown(row) for row in rows], limit=limit, key=lambda each: each["id"])

    @blueprint.post("/clients/<uuid:client_id>/connections")
    @blueprint.input(given)
    @blueprint.output(shown_as, status_code=201)
    def create_connection(client_id: UUID, json_data: dict[str, Any]) -> Answer:
        """Connect a workspace or tenant, or renew its token (administrators)."""
        client = access_client(client_id)
        require("administer")
        platform = platform_named(json_data["kind"])
        assert platform is not None
        values = platform.connection_values(json_data)
        connection = connect(client, kind=platform.name, name=json_data.get("name"), at=clock.now(), **values)
        return shown(settled(connection))

    @blueprint.delete("/connections/<uuid:connection_id>")
    @blueprint.output({}, status_code=204)
    def delete_connection(connection_id: UUID) -> Answer:
        """Delete a connection and its token (administrators)."""
        connection = access_connection(connection_id)
        require("administer")
        disconnect(connection, at=clock.now())
        return ""

    return blueprint


def _with_fields(base: type[Schema], more: Mapping[str, fields.Field[Any]]) -> type[Schema]:
    made: type[Schema] = type(base.__name__.removeprefix("_"), (base,), dict(more))
    return made


def _text(field: ConnectionField) -> TextField:
    described = {"description": str(field.help), "example": field.example}
    return TextField(
        longest=field.max_length,
        blank=False,
        load_only=field.is_secret,
        metadata={name: value for name, value in described.items() if value},
    )


def shown(connection: Connection) -> dict[str, object]:
    """A connection as the API shows it: the fields of its own kind, null for those of others."""
    platform = platform_named(connection.kind)
    values = {
        each.name: connection.external_id if each.is_external_id else connection.settings.get(each.name)
        for each in (platform.connection_fields if platform else ())
        if not each.is_secret
    }
    others = {each.name: None for platform in connectable_platforms() for each in platform.connection_fields}
    return (
        others
        | values
        | {
            "id": connection.id,
            "client_id": connection.client_id,
            "kind": connection.kind,
            "name": connection.name,
            "has_token": connection.secret is not None,
            "broken_reason": connection.broken_reason,
            "created_at": connection.created_at,
        }
    )
