"""How often somebody may try to sign in: counted for the account that is meant, and for the origin.

The account is the one that was found, however its address was spelled; an address that nobody has counts as it reads
when normalised, so that a refusal does not tell who has an account. A known device has a count of its own: neither an
account nor an office can be locked against its owner.
"""

import hashlib
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from msp.kernel import clock
from msp.kernel.attempts import AttemptRule, begin_attempt, forget_attempts, take_back_attempt
from msp.kernel.errors import TooMany
from msp.people.models import Account
from msp.web.known_devices import known_device
from msp.web.origin import client_address

MOST_FAILED = 10  # of an account, or of a known device with it
MOST_OF_ORIGIN = 50
MOST_RESETS = 20
IPV6_NETWORK = 64  # bits: what one subscriber gets
BY_ACCOUNT = AttemptRule(MOST_FAILED)
BY_ORIGIN = AttemptRule(MOST_OF_ORIGIN, is_window=True)
RESETS = AttemptRule(MOST_RESETS, is_window=True)


@dataclass(frozen=True, slots=True)
class SignInAttempt:
    """An attempt that has been counted, under these keys."""

    keys: tuple[str, ...]
    shared: tuple[str, ...]  # of these, the ones that count for others too

    def succeed(self) -> None:
        """Forget what went wrong before; what others of the origin got wrong stays."""
        for key in self.keys:
            (take_back_attempt if key in self.shared else forget_attempts)(key)

    def take_back(self) -> None:
        """It was not made after all."""
        for key in self.keys:
            take_back_attempt(key)


def begin_sign_in(account: Account | None, email: str) -> SignInAttempt:
    """Count an attempt to sign in with a normalised address; raises TooMany while it has to wait."""
    device = known_device(account.id) if account is not None else None
    if account is not None and device is not None:
        key = f"signin:device:{device}:{account.id.hex}"
        _begin(key, BY_ACCOUNT)
        return SignInAttempt((key,), ())
    origin, meant = f"signin:origin:{origin_here()}", _account_key(account, email)
    _begin(origin, BY_ORIGIN)
    try:
        _begin(meant, BY_ACCOUNT)
    except TooMany:
        take_back_attempt(origin)
        raise
    return SignInAttempt((origin, meant), (origin,))


def begin_reset() -> None:
    """Count that somebody asks for a link to a new password; raises TooMany for an origin that asks too often."""
    _begin(f"signin:reset:{origin_here()}", RESETS)


def forget_failures(account: Account) -> None:
    """Somebody proved by a link that the account is theirs: what failed before counts no more."""
    forget_attempts(_account_key(account, account.email))


def origin_here() -> str:
    """The address of the request, or its network where one subscriber has many."""
    address = client_address()
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((parsed, IPV6_NETWORK), strict=False)) if parsed.version == 6 else address


def _account_key(account: Account | None, email: str) -> str:
    if account is not None:
        return f"signin:account:{account.id.hex}"
    return f"signin:address:{hashlib.sha256(email.casefold().encode('utf-8', 'replace')).hexdigest()}"


def _begin(key: str, rule: AttemptRule) -> None:
    wait = begin_attempt(key, rule, at=clock.now())
    if wait:
        raise TooMany("too_many_attempts", retry_after=wait)
