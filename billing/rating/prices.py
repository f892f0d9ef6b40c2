"""The hourly price of a piece of work and the multiplier of its band.

Precedence: the entry's own override; the most specific row of the rate card valid on the worked day (work type, then
role, then tier); the general row. A change of rates does not affect work of earlier days.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal, NamedTuple, TypeAlias

from billing.rating.terms import NORMAL, Band, RatedEntry, RateRow, Terms

Standing: TypeAlias = Literal[
    "charged", "excluded", "prepaid", "covered_block", "overage", "covered_fee", "non_billable"
]
PAID: frozenset[Standing] = frozenset(("charged", "excluded", "overage"))


class Price(NamedTuple):
    """An hour's price and its factors; `row` is its row of the rate card, None for another source."""

    source: Literal["card", "override", "overage"]
    per_hour: Decimal
    row: RateRow | None
    band_factor: Decimal
    work_factor: Decimal

    @property
    def unit_price(self) -> Decimal:
        """The exact hourly price with its factors, in major units."""
        return self.per_hour * self.band_factor * self.work_factor


def rate_row(terms: Terms, entry: RatedEntry) -> RateRow | None:
    """The rate card's row for an entry on its worked day; None if there is none."""
    rows = [row for row in terms.rates if _holds(row, entry)]
    return max(rows, key=_nearness, default=None)


def price_of(terms: Terms, entry: RatedEntry, band: Band, standing: Standing) -> Price | None:
    """The hourly price of this work; None if there is none."""
    factors = band_factor(terms, band, standing), work_factor(terms, entry)
    if entry.rate is not None:
        return Price("override", entry.rate, None, *factors)
    if standing == "overage" and terms.overage_rate is not None:
        return Price("overage", terms.overage_rate, None, *factors)
    row = rate_row(terms, entry)
    return Price("card", row.per_hour, row, *factors) if row else None


def band_factor(terms: Terms, band: Band, standing: Standing) -> Decimal:
    """The band's factor on the price. Overage of hours has none unless `overage_multiplier` asks for it.

    With that flag it is the band's price multiplier, else the one with which the band drains the block; the default
    off and the meaning of on are Autotask's. Money of a retainer is always priced with the band's multiplier.
    """
    priced = terms.multipliers.get(band)
    if standing == "overage" and terms.pricing.block_unit != "money":
        if not terms.overage_multiplier:
            return NORMAL
        return priced if priced is not None else terms.drain_multipliers.get(band, NORMAL)
    return NORMAL if priced is None else priced


def work_factor(terms: Terms, entry: RatedEntry) -> Decimal:
    """The work type's factor on price and drain (such as travel time at half)."""
    return terms.work_type_multipliers.get(entry.work_type, NORMAL)


def drain_factor(terms: Terms, entry: RatedEntry, band: Band, *, of: Mapping[Band, Decimal] | None = None) -> Decimal:
    """Prepaid minutes per worked minute; `of` are the drain multipliers of another contract's block."""
    factors = terms.drain_multipliers if of is None else of
    return factors.get(band, NORMAL) * work_factor(terms, entry)


def band_label(terms: Terms, band: Band, standing: Standing) -> Band | None:
    """The band if it affects the line (price, drain, exclusion), else None."""
    drains = terms.pricing.block_unit == "minutes" and terms.drain_multipliers.get(band, NORMAL) != NORMAL
    matters = {
        "charged": band_factor(terms, band, standing) != NORMAL,
        "excluded": band in terms.excluded_bands or band_factor(terms, band, standing) != NORMAL,
        "prepaid": drains or band_factor(terms, band, "overage") != NORMAL,
        "covered_block": drains
        if terms.pricing.block_unit == "minutes"
        else band_factor(terms, band, standing) != NORMAL,
        "overage": band_factor(terms, band, standing) != NORMAL,
    }
    return band if matters.get(standing, False) else None


def _holds(row: RateRow, entry: RatedEntry) -> bool:
    return (
        row.valid_from <= entry.worked_on
        and (row.valid_to is None or entry.worked_on <= row.valid_to)
        and row.work_type in (None, entry.work_type)
        and row.role in (None, entry.role)
        and row.tier in (None, entry.tier)
    )


def _nearness(row: RateRow) -> tuple[bool, bool, bool, object]:
    return row.work_type is not None, row.role is not None, row.tier is not None, row.valid_from
