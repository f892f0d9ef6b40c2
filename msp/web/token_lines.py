"""API tokens as rows of the token pages."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from flask_babel import gettext

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.people.models import ApiToken
from msp.people.tokens import tokens_page
from msp.web.confirm import confirmation

MOST_SHOWN = 200


def token_lines(person_id: UUID, *, revoke_url: Callable[[UUID], str]) -> list[dict[str, Any]]:
    """A row for each token of a person, newest first."""
    with work(Scope.system()):
        return lines_of(tokens_page(person_id=person_id, limit=MOST_SHOWN), revoke_url=revoke_url)


def lines_of(found: Sequence[ApiToken], *, revoke_url: Callable[[UUID], str]) -> list[dict[str, Any]]:
    """A row for each of these tokens; expired and revoked ones have no button."""
    return [_line(each, revoke_url(each.id)) for each in found]


def scope_name(scope: str) -> str:
    """The highest permission of a token, in the reader's language."""
    names = {"admin": gettext("Administration"), "staff": gettext("Console"), "client": gettext("Client portal")}
    return names[scope]


def _line(token: ApiToken, revoke_url: str) -> dict[str, Any]:
    is_expired = token.expires_at is not None and token.expires_at <= clock.now()
    state = "revoked" if token.revoked_at else "expired" if is_expired else "active"
    return {
        "token": token,
        "person": token.person.name,
        "scope": scope_name(token.role),
        "state": state,
        "revoke_url": "" if token.revoked_at else revoke_url,
    }


def asked_to_revoke(*, back_url: str) -> str:
    """The confirmation page for revoking a token."""
    return confirmation(
        gettext("Revoke the token"),
        gettext("Integrations that use it stop working immediately and need a new token."),
        button=gettext("Revoke"),
        back_url=back_url,
    )
