"""Who calls the API, and what their token and their role let them do."""

from datetime import datetime

from flask import g, request

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.errors import Denied, NotFound
from msp.kernel.shared_clear import times_cleared
from msp.kernel.ttl_cache import cached
from msp.people import tokens
from msp.people.access import may
from msp.people.models import Person
from msp.people.tokens import Bearer
from msp.tickets.following import may_see
from msp.tickets.models import Ticket
from msp.web.api.problems import Unauthenticated
from msp.web.api.rates import count_request, count_wrong_token
from msp.web.request_scope import work_as

KEPT_SECONDS = 1.0
# What a token's role takes away from its person; a client token is held to its company by the database.
_BEYOND = {"admin": frozenset[str](), "staff": frozenset({"administer"}), "client": frozenset[str]()}


def authenticate() -> None:
    """Work as the person of the bearer token for the rest of this request; raises Unauthenticated."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("token_missing")
    count_request(token.strip())
    found = _bearer_of(token.strip())
    if found is None:
        count_wrong_token()
        raise Unauthenticated("token_invalid")
    g.bearer = found
    work_as(found.person, client_ids=found.client_ids)


def _bearer_of(token: str) -> Bearer | None:
    """Whose token it is, a second old at most; a revoked one opens nothing from then on, in any process."""
    at = clock.now()
    of = (token, at.replace(second=0, microsecond=0), times_cleared(tokens.READ))
    return cached(lambda: _read(token, at=at), name=tokens.READ, of=of, seconds=KEPT_SECONDS)


def _read(token: str, *, at: datetime) -> Bearer | None:
    with work(Scope.system()):
        return tokens.read_token(token, at=at)


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
    """The ticket, unless it is a colleague's and the caller sees only their own and those in CC: then NotFound."""
    if is_own_only() and not may_see(ticket, caller()):
        raise NotFound("ticket")
    return ticket


def require(*alternatives: str) -> None:
    """Refuse with Denied unless one of these is allowed. Look the object up first: a stranger's is NotFound."""
    if not any(is_allowed(what) for what in alternatives):
        raise Denied("not_allowed")
