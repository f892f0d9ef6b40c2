"""Who calls the API, and what their token and their role let them do."""

import time

from flask import g, request

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.errors import Denied, NotFound
from msp.people.access import may
from msp.people.models import Person
from msp.people.tokens import Bearer, read_token
from msp.tickets.models import Ticket
from msp.web.api.problems import Unauthenticated
from msp.web.request_scope import work_as

KEPT_SECONDS = 1.0
MOST_KEPT = 1000
_known: dict[str, tuple[float, Bearer]] = {}
# What a token's role takes away from its person; a client token is held to its company by the database.
_BEYOND = {"admin": frozenset[str](), "staff": frozenset({"administer"}), "client": frozenset[str]()}


def authenticate() -> None:
    """Work as the person of the bearer token for the rest of this request; raises Unauthenticated."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("token_missing")
    found = _bearer_of(token.strip())
    if found is None:
        raise Unauthenticated("token_invalid")
    g.bearer = found
    work_as(found.person, client_ids=found.client_ids)


def _bearer_of(token: str) -> Bearer | None:
    """Whose token it is, asked of the database once a second at most: so long may a revoked one still work."""
    moment = time.monotonic()
    kept = _known.get(token)
    if kept is not None and moment - kept[0] < KEPT_SECONDS:
        return kept[1]
    with work(Scope.system()):
        found = read_token(token, at=clock.now())
    if len(_known) >= MOST_KEPT:
        _known.clear()
    if found is not None:
        _known[token] = (moment, found)
    else:
        _known.pop(token, None)
    return found


def caller() -> Person:
    """The person whose token was sent."""
    bearer: Bearer = g.bearer
    return bearer.person


def is_allowed(what: str) -> bool:
    """Whether person and token may both do `what` (a key of msp/people/access.py)."""
    bearer: Bearer = g.bearer
    return may(bearer.person, what) and what not in _BEYOND[bearer.role]


def is_own_only() -> bool:
    """Whether the caller sees their own tickets only, as in the portal: employees of a client, unlike its managers."""
    return not caller().is_staff and not is_allowed("see_company")


def check_own(ticket: Ticket) -> Ticket:
    """The ticket, unless it is a colleague's and the caller sees their own only: then NotFound."""
    if is_own_only() and ticket.requester_id != caller().id:
        raise NotFound("ticket")
    return ticket


def require(*alternatives: str) -> None:
    """Refuse with Denied unless one of these is allowed. Look the object up first: a stranger's is NotFound."""
    if not any(is_allowed(what) for what in alternatives):
        raise Denied("not_allowed")
