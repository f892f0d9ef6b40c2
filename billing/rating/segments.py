"""Splits entries by band, rounds their time within the contract's scope, and applies write-downs."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from fractions import Fraction

from billing.rating.prices import Standing, band_label, price_of
from billing.rating.terms import Band, RatedEntry, Rounding, Terms


@dataclass(frozen=True, slots=True)
class Segment:
    """Minutes of one entry in one band with one coverage: worked, billable by the rules, billed after write-downs.

    `exact` are the priced minutes if a money block ran out inside a minute: money is split to the cent, displayed
    minutes stay whole.
    """

    entry: RatedEntry
    band: Band
    standing: Standing
    worked: int
    billable: int
    billed: int
    block: str | None = None
    exact: Fraction | None = None

    @property
    def priced(self) -> Fraction:
        """The minutes to price."""
        return Fraction(self.billed) if self.exact is None else self.exact


def split_by_band(terms: Terms, entries: Iterable[RatedEntry]) -> list[Segment]:
    """Entries as pieces in the order of the work, rounded and with write-downs applied."""
    pieces = [
        Segment(entry, band, coverage_of(terms, entry, band), minutes, minutes, minutes)
        for entry in entries
        for band, minutes in entry.bands or (("business", 0),)
    ]
    return _written_down(_rounded(terms, pieces))


def coverage_of(terms: Terms, entry: RatedEntry, band: Band) -> Standing:
    """The coverage of work under a contract: charged, drawn from a block, covered by a fee, or excluded."""
    if not entry.billable:
        return "non_billable"
    if terms.pricing.work == "charged":
        return "charged"
    if entry.work_type in terms.excluded_work_types or band in terms.excluded_bands:
        return "excluded"
    return "prepaid" if terms.pricing.work == "prepaid" else "covered_fee"


def round_minutes(minutes: int, policy: Rounding) -> int:
    """Round minutes to the increment (up, nearest with ties up, or down), then to at least the minimum; 0 stays 0."""
    if minutes == 0:
        return 0
    spare = {"up": policy.increment - 1, "nearest": policy.increment // 2, "down": 0}[policy.mode]
    rounded = (minutes + spare) // policy.increment * policy.increment
    return max(rounded, policy.minimum)


def split(piece: Segment, priced: Fraction) -> tuple[Segment, Segment]:
    """Split a piece: the first `priced` minutes, and the rest, which keeps what rounding added.

    If the split is inside a minute, that minute stays with the rest.
    """
    minutes = int(priced)
    worked = min(piece.worked, minutes)
    is_whole = piece.exact is None and priced == minutes
    first = replace(piece, worked=worked, billable=minutes, billed=minutes, exact=None if is_whole else priced)
    rest = replace(
        piece,
        worked=piece.worked - worked,
        billable=piece.billable - minutes,
        billed=piece.billed - minutes,
        exact=None if is_whole else piece.priced - priced,
    )
    return first, rest


def _rounded(terms: Terms, pieces: list[Segment]) -> list[Segment]:
    groups: dict[Hashable, list[int]] = {}
    for at, piece in enumerate(pieces):
        if piece.standing != "non_billable":
            groups.setdefault(_rounding_group(terms, piece), []).append(at)
    result = [replace(piece, billable=0, billed=0) for piece in pieces]
    for places in groups.values():
        policy = terms.rounding_of(pieces[places[0]].entry.work_type)
        worked = [pieces[at].worked for at in places]
        for at, minutes in zip(places, _spread(worked, round_minutes(sum(worked), policy)), strict=True):
            result[at] = replace(pieces[at], billable=minutes, billed=minutes)
    return result


def _rounding_group(terms: Terms, piece: Segment) -> Hashable:
    entry = piece.entry
    scope = terms.rounding_of(entry.work_type).scope
    ticket = ("ticket", entry.ticket) if entry.ticket is not None else ("entry", entry.id)
    if scope == "ticket":
        return scope, entry.work_type, ticket
    if scope == "ticket_day":
        return scope, entry.work_type, ticket, entry.worked_on
    if scope == "invoice_line":
        standing = "overage" if piece.standing == "prepaid" else piece.standing
        price = price_of(terms, entry, piece.band, standing)
        return scope, entry.work_type, piece.standing, band_label(terms, piece.band, piece.standing), price
    return scope, entry.id


def _spread(worked: list[int], total: int) -> list[int]:
    """Distribute rounded minutes over the pieces: added minutes go to the last, dropped minutes come off the end."""
    result = list(worked)
    change = total - sum(worked)
    if change > 0:
        result[-1] += change
    for at in reversed(range(len(result))):
        taken = min(result[at], max(-change, 0))
        result[at] -= taken
        change += taken
    return result


def _written_down(pieces: list[Segment]) -> list[Segment]:
    left: dict[str, int] = {piece.entry.id: piece.entry.write_down for piece in pieces}
    result: list[Segment] = []
    for piece in reversed(pieces):
        taken = min(piece.billed, left[piece.entry.id])
        left[piece.entry.id] -= taken
        result.append(replace(piece, billed=piece.billed - taken))
    return result[::-1]
