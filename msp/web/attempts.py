"""Rate limits of sign-in attempts, counted per account and per origin.

Attempts are counted for the account that was found, whatever spelling of its address was used. An unknown address is
counted under its normalised form, so that a refusal does not reveal which accounts exist. A known device has a counter
of its own, so nobody can lock the owner out of the account, or out of an office.
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

MOST_FAILED = 10  # per account, or per account and known device
MOST_OF_ORIGIN = 50
MOST_RESETS = 20
IPV6_NETWORK = 64  # bits: the network of one subscriber
BY_ACCOUNT = AttemptRule(MOST_FAILED)
BY_ORIGIN = AttemptRule(MOST_OF_ORIGIN, is_window=True)
RESETS = AttemptRule(MOST_RESETS, is_window=True)


@dataclass(frozen=True, slots=True)
class SignInAttempt:
    """A counted sign-in attempt with the keys it was counted under."""

    keys: tuple[str, ...]
    shared: tuple[str, ...]  # the subset of keys that also counts for other accounts

    def succeed(self) -> None:
        """Reset the counters of this account; failures of other accounts from the same origin stay counted."""
        for key in self.keys:
            (take_back_attempt if key in self.shared else forget_attempts)(key)

    def take_back(self) -> None:
        """Remove this attempt from the counters."""
        for key in self.keys:
            take_back_attempt(key)


def begin_sign_in(account: Account | None, email: str) -> SignInAttempt:
    """Count a sign-in attempt with a normalised address; raises TooMany while the limit is reached."""
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
    """Count a request for a password reset link; raises TooMany if the origin sent too many."""
    _begin(f"signin:reset:{origin_here()}", RESETS)


def forget_failures(account: Account) -> None:
    """Reset the failure counters of an account whose owner proved ownership with an emailed link."""
    forget_attempts(_account_key(account, account.email))


def origin_here() -> str:
    """The IP address of the request, or its network for address families where one subscriber has many."""
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
