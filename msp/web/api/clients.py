"""Client companies."""

from typing import Any
from uuid import UUID

from marshmallow import fields

from msp.clients.actions import GUEST_POLICIES, add_client, edit_client
from msp.clients.billing_data import MOST_PAYMENT_DAYS
from msp.clients.models import Client
from msp.clients.queries import access_client, clients_page
from msp.clients.tax_regime import TAX_REGIMES
from msp.kernel import clock
from msp.people.actions import LOCALES
from msp.web.api.access import caller, is_allowed, require
from msp.web.api.fields import Flag, Instant, Schema, Shown, TextField, Whole, currency, one_of
from msp.web.api.pages import QUERY, PageQuery, page, page_of, uuid_cursor
from msp.web.api.resource import Answer, resource, settled

blueprint = resource("clients", tag="Clients")

BILLING = frozenset(
    ("legal_name", "tax_id", "tax_regime", "billing_address", "billing_email", "currency", "payment_days")
)
AGREED = frozenset(("sector", "mail_domains", "guest_policy"))  # between the provider and the client's managers
ADDRESS = "Postal address: line1, line2, postcode, city, province, country (ISO 3166-1 alpha-2)"


class ClientChange(Schema):
    """Changes to a client."""

    name = TextField(blank=False, longest=200)
    legal_name = TextField(longest=200, allow_none=True)
    tax_id = TextField(longest=40, allow_none=True)
    tax_regime = one_of(TAX_REGIMES, metadata={"description": "Must match the addresses and tax IDs of both parties"})
    billing_address = fields.Dict(
        keys=TextField(longest=40, blank=False), values=TextField(longest=200), metadata={"description": ADDRESS}
    )
    billing_email = TextField(longest=254, allow_none=True)
    locale = one_of(LOCALES)
    timezone = TextField(longest=64, metadata={"description": "IANA name", "example": "Europe/Madrid"})
    currency = currency()
    sector = TextField(longest=100, allow_none=True)
    mail_domains = fields.List(TextField(longest=253, blank=False))
    payment_days = Whole(least=0, most=MOST_PAYMENT_DAYS)
    guest_policy = one_of(
        GUEST_POLICIES,
        metadata={"description": "Whether guests from other companies in the client's chat can open tickets"},
    )
    asks_rating = Flag(metadata={"description": "Whether requesters are asked to rate finished tickets"})
    active = Flag()


class ClientIn(ClientChange):
    """A new client. Defaults: Spanish, time zone of Madrid, euros, and the tax treatment of its address."""

    name = TextField(blank=False, longest=200, required=True)
    code = TextField(
        blank=False, longest=8, required=True, metadata={"description": "2 to 8 capital letters and digits"}
    )


class ClientOut(Shown):
    """A client."""

    id = fields.UUID()
    code = fields.String()
    name = fields.String()
    legal_name = fields.String(allow_none=True)
    tax_id = fields.String(allow_none=True)
    tax_regime = fields.String()
    billing_address = fields.Dict(keys=fields.String(), values=fields.String())
    billing_email = fields.String(allow_none=True)
    locale = fields.String()
    timezone = fields.String()
    currency = fields.String()
    sector = fields.String(allow_none=True)
    mail_domains = fields.List(fields.String())
    payment_days = fields.Integer()
    guest_policy = fields.String(metadata={"description": "accept or refuse"})
    asks_rating = fields.Boolean()
    active = fields.Boolean()
    created_at = Instant()


class ClientQuery(PageQuery):
    """Filters of the client list."""

    code = TextField(longest=8, load_default=None)


@blueprint.get("/clients")
@blueprint.input(ClientQuery, **QUERY)
@blueprint.output(page_of(ClientOut, "Client"))
def list_clients(query_data: dict[str, Any]) -> Answer:
    """The clients that you have access to, or your own company. Tax and billing data as for a single client."""
    limit = query_data["limit"]
    rows = clients_page(code=query_data["code"], after=uuid_cursor(query_data["cursor"]), limit=limit + 1)
    listed = page(rows, limit=limit, key=lambda client: client.id)
    return listed | {"items": [_shown(client) for client in rows[:limit]]}


@blueprint.post("/clients")
@blueprint.input(ClientIn)
@blueprint.output(ClientOut, status_code=201)
def create_client(json_data: dict[str, Any]) -> Answer:
    """Add a client (administrators)."""
    require("administer")
    client = settled(add_client(**json_data, at=clock.now()))
    return client, 201, {"Location": f"/api/v1/clients/{client.id}"}


@blueprint.get("/clients/<uuid:client_id>")
@blueprint.output(ClientOut)
def read_client(client_id: UUID) -> Answer:
    """One client. Tax and billing data are returned only to those who also see them on the pages."""
    return _shown(access_client(client_id))


@blueprint.patch("/clients/<uuid:client_id>")
@blueprint.input(ClientChange(partial=True))
@blueprint.output(ClientOut)
def change_client(client_id: UUID, json_data: dict[str, Any]) -> Answer:
    """Change a client (administrators)."""
    client = access_client(client_id)
    require("administer")
    edit_client(client, at=clock.now(), **json_data)
    return settled(client)


def _shown(client: Client) -> dict[str, Any]:
    """What the caller may read of a client: everything with contracts or as its manager, else what is no billing."""
    hidden: frozenset[str] = frozenset()
    if not (is_allowed("see_contracts") or is_allowed("see_company")):
        hidden = BILLING if caller().is_staff else BILLING | AGREED
    return {name: getattr(client, name) for name in ClientOut().fields if name not in hidden}
