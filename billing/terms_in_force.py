"""Which version of a contract's terms applies on which day; changes do not affect earlier days."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple, cast

from billing.rating import Period
from billing.rating.terms import SeatChange, Usage
from msp.contracts.kinds import KINDS
from msp.contracts.models import Contract
from msp.kernel.db import Json

_ONE_DAY = timedelta(days=1)


class DatedTerms(NamedTuple):
    """Terms of a version of a contract, the first day they apply, and when they were recorded."""

    version: int
    valid_from: date
    kind: str
    terms: Json
    recorded_at: datetime


class Stretch(NamedTuple):
    """Days on which one version of the terms applies."""

    days: Period
    contract: Contract


class _Earlier:
    """A contract with an earlier kind and terms; the stored one is not changed."""

    def __init__(self, contract: Contract, kind: str, terms: Json) -> None:
        self.kind, self.terms = kind, terms
        self._contract = contract

    def __getattr__(self, name: str) -> Any:
        return getattr(self._contract, name)


def terms_on(history: Sequence[DatedTerms], contract: Contract, day: date) -> Contract:
    """The contract as it was agreed for a day; `history` has every version. The newest is the contract itself.

    Milestones and seat changes have days of their own: those recorded later count for the days that they name.
    """
    if not history:
        return contract
    newest, found = _newest(history), dated_on(history, day)
    terms = _with_later_days(history, found)
    if found is newest and terms == found.terms:
        return contract
    return cast(Contract, _Earlier(contract, found.kind, terms))


def dated_on(history: Sequence[DatedTerms], day: date) -> DatedTerms:
    """The version that applies on a day, the first one for all earlier days; `history` is not empty."""
    held = [dated for dated in history if dated.valid_from <= day]
    return _newest(held) if held else min(history, key=lambda dated: dated.version)


def recorded_at(history: Sequence[DatedTerms], day: date) -> datetime | None:
    """When the terms that apply on a day were recorded; None for a contract without history."""
    return dated_on(history, day).recorded_at if history else None


def days_recorded_at(history: Sequence[DatedTerms], day: date) -> datetime | None:
    """When the milestones or seat changes that count on a day were recorded; None without history."""
    return _dating(history, dated_on(history, day)).recorded_at if history else None


def stretches(history: Sequence[DatedTerms], contract: Contract, *, until: date) -> Iterator[Stretch]:
    """The contract's days up to `until`, split where its terms change; the first stretch has no beginning."""
    begins = sorted({dated.valid_from for dated in history if date.min < dated.valid_from <= until})
    first = date.min
    for following in (*begins, None):
        last = until if following is None else following - _ONE_DAY
        if first <= last:
            yield Stretch(Period(first, last), terms_on(history, contract, last))
        first = following or first


def seats_in(history: Sequence[DatedTerms], contract: Contract, days: Period) -> Usage:
    """The seats on the first active day of a range, and their changes in it.

    Terms that state another number of seats from a day on change it on that day.
    """
    first = max(days.first, contract.starts_on)
    changes: list[SeatChange] = []
    seats = level = _seats_on(terms_on(history, contract, first), first)
    for stretch in stretches(history, contract, until=days.last):
        begins = max(stretch.days.first, first)
        if stretch.days.last < first or KINDS[stretch.contract.kind].fee_unit != "seat":
            continue
        if jump := _seats_on(stretch.contract, begins) - level:
            changes.append(SeatChange(begins, jump))
        changes += [change for change in _changes(stretch.contract) if begins < change.on <= stretch.days.last]
        level = _seats_on(stretch.contract, stretch.days.last)
    return Usage(seats=seats, seat_changes=tuple(sorted(changes)))


def _seats_on(contract: Contract, day: date) -> int:
    return int(contract.terms.get("seats", 0)) + sum(change.delta for change in _changes(contract) if change.on <= day)


def _changes(contract: Contract) -> list[SeatChange]:
    rows = contract.terms.get("seat_changes", ())
    return [SeatChange(date.fromisoformat(row["on"]), row["delta"]) for row in rows]


def _newest(history: Sequence[DatedTerms]) -> DatedTerms:
    return max(history, key=lambda dated: dated.version)


def _with_later_days(history: Sequence[DatedTerms], found: DatedTerms) -> Json:
    """Terms with the dated items of a later version."""
    name = KINDS[found.kind].dated_term
    later = _dating(history, found)
    if name is None or later is found:
        return found.terms
    kept = {key: value for key, value in found.terms.items() if key != name}
    return kept | ({name: later.terms[name]} if name in later.terms else {})


def _dating(history: Sequence[DatedTerms], found: DatedTerms) -> DatedTerms:
    """The newest version whose dated items apply to another version too: same kind, same initial seats."""
    if KINDS[found.kind].dated_term is None:
        return found
    alike = [
        dated for dated in history
        if dated.kind == found.kind and dated.terms.get("seats") == found.terms.get("seats")
    ]  # fmt: skip
    return _newest(alike)
