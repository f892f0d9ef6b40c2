"""People: the provider's staff and the employees of client companies."""

from typing import Any

from marshmallow import fields

from msp.clients.models import Client
from msp.clients.queries import access_client
from msp.kernel import clock
from msp.people.actions import LOCALES, add_person
from msp.people.models import CLIENT_ROLES, STAFF_ROLES
from msp.people.queries import people_page
from msp.web.api.access import caller, require
from msp.web.api.fields import Flag, Instant, Schema, Shown, TextField, Whole, one_of
from msp.web.api.pages import QUERY, PageQuery, page, page_of, uuid_cursor
from msp.web.api.resource import Answer, resource, settled

blueprint = resource("people", tag="People")


class PersonIn(Schema):
    """A new person; without `client_id`, a member of staff. Default language and time zone: the client's."""

    client_id = fields.UUID(allow_none=True, load_default=None)
    name = TextField(longest=200, blank=False, required=True)
    email = TextField(longest=254, allow_none=True, load_default=None)
    role = one_of((*STAFF_ROLES, *CLIENT_ROLES), required=True)
    title = TextField(longest=200, allow_none=True, load_default=None)
    locale = one_of(LOCALES)
    timezone = TextField(longest=64, metadata={"example": "Europe/Madrid"})
    tier = Whole(least=1, most=3, allow_none=True, load_default=None)
    is_guest = Flag(load_default=False, metadata={"description": "Guest from another company in the client's chat"})


class PersonOut(Shown):
    """A person."""

    id = fields.UUID()
    client_id = fields.UUID(allow_none=True)
    name = fields.String()
    email = fields.String(allow_none=True)
    role = fields.String()
    title = fields.String(allow_none=True)
    phone = fields.String(allow_none=True)
    locale = fields.String()
    timezone = fields.String()
    tier = fields.Integer(allow_none=True)
    is_vip = fields.Boolean()
    is_guest = fields.Boolean(metadata={"description": "Guest from another company in the client's chat"})
    active = fields.Boolean()
    created_at = Instant()


class PersonQuery(PageQuery):
    """Filters of the people list."""

    client_id = fields.UUID()
    is_staff = Flag()
    role = one_of((*STAFF_ROLES, *CLIENT_ROLES))
    email = TextField(longest=254)


@blueprint.get("/people")
@blueprint.input(PersonQuery, **QUERY)
@blueprint.output(page_of(PersonOut, "Person"))
def list_people(query_data: dict[str, Any]) -> Answer:
    """People of the clients that you have access to; with a client token, of your own company."""
    require("desk", "see_company")
    limit, cursor = query_data.pop("limit"), query_data.pop("cursor")
    if not caller().is_staff:
        query_data["is_staff"] = False  # names of staff stand on tickets; their addresses and roles are nobody's affair
    rows = people_page(**query_data, after=uuid_cursor(cursor), limit=limit + 1)
    return page(rows, limit=limit, key=lambda person: person.id)


@blueprint.post("/people")
@blueprint.input(PersonIn)
@blueprint.output(PersonOut, status_code=201)
def create_person(json_data: dict[str, Any]) -> Answer:
    """Add a contact of a client (any staff) or a member of staff (administrators)."""
    company = access_client(json_data["client_id"]) if json_data["client_id"] else None
    require("desk" if company else "administer")
    return settled(add_person(**_defaults(company) | json_data, at=clock.now()))


def _defaults(company: Client | None) -> dict[str, str]:
    whose = company or caller()
    return {"locale": whose.locale, "timezone": whose.timezone}
