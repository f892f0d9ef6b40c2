"""API tokens: seen and revoked by whom they act as, made by administrators."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from flask import g
from marshmallow import fields

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.errors import Denied, Invalid
from msp.people import tokens
from msp.people.models import ApiToken
from msp.people.queries import access_person
from msp.web.api.access import caller, is_allowed, require
from msp.web.api.fields import Instant, Schema, Shown, TextField, one_of
from msp.web.api.pages import QUERY, PageQuery, page, page_of, uuid_cursor
from msp.web.api.resource import Answer, resource

blueprint = resource("tokens", tag="Tokens")

_FIELDS = {"role": "scope"}
SCOPE = "Limit of its permissions: administration, console, or client portal"


class TokenIn(Schema):
    """A new token; without an expiry date it is valid until revoked."""

    person_id = fields.UUID(required=True, metadata={"description": "Person it acts as"})
    scope = one_of(tuple(tokens.TOKEN_ROLES), required=True, metadata={"description": SCOPE})
    name = TextField(longest=tokens.LONGEST_NAME, blank=False, required=True)
    expires_at = Instant(allow_none=True, load_default=None)


class TokenOut(Shown):
    """A token, without its secret."""

    id = fields.UUID()
    person_id = fields.UUID()
    scope = fields.String(attribute="role", metadata={"description": SCOPE})
    name = fields.String()
    created_at = Instant()
    last_used_at = Instant(allow_none=True, metadata={"description": "Precise to the minute"})
    expires_at = Instant(allow_none=True)
    revoked_at = Instant(allow_none=True)


class NewTokenOut(TokenOut):
    """A new token; only this response contains its secret, a repeated one does not."""

    token = fields.String(allow_none=True)


class TokenQuery(PageQuery):
    """Filters of the token list."""

    person_id = fields.UUID()


@blueprint.get("/tokens")
@blueprint.input(TokenQuery, **QUERY)
@blueprint.output(page_of(TokenOut, "Token"))
def list_tokens(query_data: dict[str, Any]) -> Answer:
    """Your own tokens, newest first; administrators, everyone's."""
    person_id, limit = query_data.get("person_id"), query_data["limit"]
    if not _administers():
        if person_id not in (None, caller().id):
            raise Denied("not_allowed")
        person_id = caller().id
    with _system():
        rows = tokens.tokens_page(person_id=person_id, after=uuid_cursor(query_data["cursor"]), limit=limit + 1)
    return page(rows, limit=limit, key=lambda token: token.id)


@blueprint.post("/tokens")
@blueprint.input(TokenIn)
@blueprint.output(NewTokenOut, status_code=201)
def create_token(json_data: dict[str, Any]) -> Answer:
    """Create a token (administrators, with a token of the scope `admin`)."""
    require("administer")
    if not _administers():
        raise Denied("not_allowed")
    with _system() as session:
        person = access_person(json_data["person_id"])
        values = {"name": json_data["name"], "expires_at": json_data["expires_at"]}
        try:
            made, secret = tokens.issue_token(person, role=json_data["scope"], at=clock.now(), **values)
        except Invalid as wrong:
            raise Invalid(
                wrong.code, fields={_FIELDS.get(name, name): codes for name, codes in wrong.fields.items()}
            ) from wrong
        session.flush()
    g.answer_to_keep = json.dumps(NewTokenOut().dump(made) | {"token": None}).encode()
    return _with_secret(made, secret), 201, {"Location": f"/api/v1/tokens/{made.id}"}


@blueprint.get("/tokens/<uuid:token_id>")
@blueprint.output(TokenOut)
def read_token(token_id: UUID) -> Answer:
    """One token."""
    with _system():
        return tokens.access_token(token_id, person_id=_whose())


@blueprint.delete("/tokens/<uuid:token_id>")
@blueprint.output({}, status_code=204)
def revoke_token(token_id: UUID) -> Answer:
    """Revoke a token. It is no longer valid and stays in the list."""
    with _system():
        tokens.revoke_token(token_id, person_id=_whose(), at=clock.now())
    return ""


def _administers() -> bool:
    return is_allowed("administer") and not caller().is_restricted


def _whose() -> UUID | None:
    """Whose tokens the caller may see and revoke; None for everybody's."""
    return None if _administers() else caller().id


def _with_secret(made: ApiToken, secret: str) -> dict[str, Any]:
    names = ("id", "person_id", "role", "name", "created_at", "last_used_at", "expires_at", "revoked_at")
    return {name: getattr(made, name) for name in names} | {"token": secret}


@contextmanager
def _system() -> Iterator[Any]:
    """The scope that may read and write tokens, with the caller answerable for it."""
    with work(Scope("msp_system", actor_id=caller().id)) as session:
        yield session
