"""Search: tickets with the text that was found, companies and people, in one answer."""

from typing import Any

from marshmallow import fields

from msp.tickets.search import Hit, Piece
from msp.tickets.search import search as find
from msp.web.api.access import caller, is_allowed, is_own_only
from msp.web.api.clients import ClientOut
from msp.web.api.fields import Schema, Shown, TextField, WholeInQuery
from msp.web.api.pages import QUERY
from msp.web.api.people import PersonOut
from msp.web.api.resource import Answer, resource

blueprint = resource("search", tag="Search")


class SearchQuery(Schema):
    """Search parameters."""

    q = TextField(
        longest=200, required=True, metadata={"description": "Words, a name, a file name, or a ticket number"}
    )
    limit = WholeInQuery(least=1, most=100, load_default=20, metadata={"description": "Maximum number of tickets"})


class FoundTextOut(Shown):
    """A matching text and the positions of the matches."""

    place = fields.String(metadata={"description": "subject, message, note, attachment, requester or client"})
    text = fields.String()
    matches = fields.List(
        fields.List(fields.Integer()), metadata={"description": "Start and end of each match, in characters"}
    )


class HitOut(Shown):
    """A ticket that was found."""

    id = fields.UUID()
    number = fields.String(metadata={"example": "LOZ-42"})
    subject = fields.String()
    status = fields.String()
    client_id = fields.UUID()
    requester_id = fields.UUID()
    excerpt = fields.Nested(FoundTextOut)


class FoundOut(Shown):
    """Results, best match first."""

    tickets = fields.List(fields.Nested(HitOut))
    clients = fields.List(fields.Nested(ClientOut))
    people = fields.List(fields.Nested(PersonOut))


@blueprint.get("/search")
@blueprint.input(SearchQuery, **QUERY)
@blueprint.output(FoundOut)
def list_found(query_data: dict[str, Any]) -> Answer:
    """Tickets, and for staff companies and people; with the token of a client's employee their own tickets.

    Finds what the console finds: words in any form, with or without accents, their beginnings, phrases in quotes,
    addresses and numbers as they are written, names that are almost right.
    """
    found = find(
        query_data["q"],
        requester_id=caller().id if is_own_only() else None,
        has_names=is_allowed("desk"),
        limit=query_data["limit"],
    )
    return {"tickets": [_hit(each) for each in found.tickets], "clients": found.clients, "people": found.people}


def _hit(hit: Hit) -> dict[str, object]:
    row = hit.row
    return {
        "id": row.id,
        "number": row.label,
        "subject": row.subject,
        "status": row.status,
        "client_id": row.client_id,
        "requester_id": row.requester_id,
        "excerpt": {"place": hit.excerpt.place, **_text(hit.excerpt.pieces)},
    }


def _text(pieces: list[Piece]) -> dict[str, object]:
    text, matches = "", []
    for piece in pieces:
        if piece.is_match:
            matches.append([len(text), len(text) + len(piece.text)])
        text += piece.text
    return {"text": text, "matches": matches}
