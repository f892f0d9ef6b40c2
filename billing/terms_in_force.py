"""Which terms of a contract hold on which day: a change counts from a day on, and never reaches earlier ones."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple, cast

from billing.rating import Period
from msp.contracts.models import Contract
from msp.kernel.db import Json

_ONE_DAY = timedelta(days=1)


class DatedTerms(NamedTuple):
    """Terms of a version of a contract, and the day from which they hold."""

    version: int
    valid_from: date
    kind: str
    terms: Json


class Stretch(NamedTuple):
    """Days on which one version of the terms holds."""

    days: Period
    contract: Contract


class _Earlier:
    """A contract with the kind and the terms that it had; the stored one stays untouched."""

    def __init__(self, contract: Contract, dated: DatedTerms) -> None:
        self.kind, self.terms = dated.kind, dated.terms
        self._contract = contract

    def __getattr__(self, name: str) -> Any:
        return getattr(self._contract, name)


def terms_on(history: Sequence[DatedTerms], contract: Contract, day: date) -> Contract:
    """The contract as it was agreed for a day; `history` holds every version. The newest is the contract itself."""
    if not history:
        return contract
    newest = max(history, key=lambda dated: dated.version)
    held = [dated for dated in history if dated.valid_from <= day]
    found = max(held, key=lambda dated: dated.version, default=min(history, key=lambda dated: dated.version))
    return contract if found is newest else cast(Contract, _Earlier(contract, found))


def stretches(history: Sequence[DatedTerms], contract: Contract, *, until: date) -> Iterator[Stretch]:
    """The contract's days up to `until`, split where its terms change; the first stretch reaches back for ever."""
    begins = sorted({dated.valid_from for dated in history if date.min < dated.valid_from <= until})
    first = date.min
    for following in (*begins, None):
        last = until if following is None else following - _ONE_DAY
        if first <= last:
            yield Stretch(Period(first, last), terms_on(history, contract, last))
        first = following or first
