"""Lines of work: pieces at one price form one line, rounded once, with the reasons for its price."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from billing.rating.blocks import RanOut
from billing.rating.fees import granted
from billing.rating.messages import RatingMessage, message
from billing.rating.prices import PAID, Price, Standing, band_label, drain_factor, price_of
from billing.rating.result import BlockState, EntryShare, RatedLine
from billing.rating.segments import Segment
from billing.rating.terms import NORMAL, Band, Block, RatedEntry, Terms
from billing.tax import Tax
from msp.kernel.money import Exact, Money, half_up, plain, total

_NOTHING = Decimal("0.00")
_DESCRIPTION: dict[Standing, str] = {
    "charged": "line.labour",
    "excluded": "line.excluded",
    "overage": "line.overage",
    "covered_block": "line.covered_block",
    "covered_fee": "line.covered_fee",
    "non_billable": "line.non_billable",
}


class Taxes(NamedTuple):
    """The tax of ordinary lines, and of work that the contract names as exempt."""

    usual: Tax
    exempt: Tax

    def of(self, terms: Terms, work_type: str) -> Tax:
        """The tax of a work type."""
        return self.exempt if work_type in terms.exempt_work_types else self.usual


class Blocks(NamedTuple):
    """What the reasons of prepaid lines need: the blocks, their balances, and when they ran out."""

    given: Sequence[Block]
    states: Sequence[BlockState]
    ran_out: Sequence[RanOut]


class _Group(NamedTuple):
    """The key by which pieces are grouped into lines."""

    standing: Standing
    work_type: str
    band: Band | None
    price: Price | None
    block: str | None
    part: str | None

    @property
    def unit_price(self) -> Decimal:
        return self.price.unit_price if self.price else _NOTHING


@dataclass(frozen=True, slots=True)
class _Draft:
    group: _Group
    pieces: list[Segment]

    @property
    def minutes(self) -> int:
        if self.group.standing == "non_billable":
            return sum(piece.worked for piece in self.pieces)
        return sum(piece.billed for piece in self.pieces)

    @property
    def priced(self) -> Fraction:
        """The priced minutes: those of `minutes`, except for a split inside one."""
        if self.group.standing == "non_billable":
            return Fraction(self.minutes)
        return sum((piece.priced for piece in self.pieces), Fraction(0))


def labour_net(minutes: Exact, price: Exact, *, currency: str, factor: Exact = 1) -> Money:
    """The net of a labour line: exact minutes x hourly price x factor / 60, rounded half up once."""
    return Money.half_up(Fraction(minutes) * Fraction(price) * Fraction(factor) / 60, currency)


def hours(minutes: Exact) -> Decimal:
    """Minutes as the quantity on the document: hours with up to four decimals."""
    return Decimal(plain(half_up(Fraction(minutes) / 60, 4)))


def labour_lines(terms: Terms, pieces: Iterable[Segment], *, blocks: Blocks, taxes: Taxes) -> list[RatedLine]:
    """One line for each price, in the order of the work; work that is not billable comes last."""
    groups: dict[_Group, list[Segment]] = {}
    for piece in pieces:
        groups.setdefault(_group(terms, piece), []).append(piece)
    drafts = [_Draft(group, members) for group, members in groups.items()]
    drafts.sort(key=lambda draft: draft.group.standing == "non_billable")
    return [_line(terms, draft, blocks, taxes.of(terms, draft.group.work_type)) for draft in drafts]


def unpriced(terms: Terms, pieces: Iterable[Segment]) -> dict[str, RatedEntry]:
    """Entries with hourly work for which there is no price."""
    return {
        piece.entry.id: piece.entry
        for piece in pieces
        if piece.standing in PAID and price_of(terms, piece.entry, piece.band, piece.standing) is None
    }


def km_lines(terms: Terms, entries: Iterable[RatedEntry], *, taxes: Taxes) -> list[RatedLine]:
    """Kilometres at the contract's rate: part of the price, with its tax, not a disbursement."""
    travelled = [entry for entry in entries if entry.billable and entry.km]
    rate = terms.km_rate
    if rate is None or not travelled:
        return []
    distance = sum((entry.km for entry in travelled), Decimal(0))
    return [
        RatedLine(
            key="km",
            kind="fixed",
            description=message("line.km"),
            minutes=None,
            quantity=Decimal(plain(distance)),
            unit="KMT",
            unit_price=rate,
            net=Money.half_up(Fraction(distance) * Fraction(rate), terms.currency),
            tax=taxes.usual,
            prorate=None,
            entries=tuple(EntryShare(entry.id, 0, 0, 0, entry.km) for entry in travelled),
            reason=(message("price.km", rate=rate, currency=terms.currency, clause=terms.clauses.get("km")),),
        )
    ]


def discount_lines(terms: Terms, lines: Iterable[RatedLine]) -> list[RatedLine]:
    """The contract's discount on labour, a line for each tax: it lowers the base (LIVA art. 78.Tres.2)."""
    bases: dict[Tax, list[Money]] = {}
    for line in lines:
        if line.kind == "labour" and line.net:
            bases.setdefault(line.tax, []).append(line.net)
    if not terms.labour_discount:
        return []
    return [_discount(terms, tax, total(nets, terms.currency)) for tax, nets in bases.items()]


def _discount(terms: Terms, tax: Tax, base: Money) -> RatedLine:
    net = -base.percent(terms.labour_discount)
    clause = terms.clauses.get("discount")
    percent = terms.labour_discount
    return RatedLine(
        key=f"discount:{tax.category}",
        kind="fixed",
        description=message("line.discount", percent=percent),
        minutes=None,
        quantity=Decimal(1),
        unit="C62",
        unit_price=net.decimal,
        net=net,
        tax=tax,
        prorate=None,
        entries=(),
        reason=(message("price.discount", percent=percent, base=base, currency=terms.currency, clause=clause),),
    )


def _group(terms: Terms, piece: Segment) -> _Group:
    entry = piece.entry
    paid = piece.standing in PAID
    part = {"summary": None, "ticket": entry.ticket or entry.id, "entry": entry.id}[terms.detail]
    return _Group(
        piece.standing,
        entry.work_type,
        band_label(terms, piece.band, piece.standing),
        price_of(terms, entry, piece.band, piece.standing) if paid else None,
        piece.block,
        part,
    )


def _line(terms: Terms, draft: _Draft, blocks: Blocks, tax: Tax) -> RatedLine:
    group, minutes = draft.group, draft.minutes
    return RatedLine(
        key=_key(group),
        kind="labour",
        description=_description(group),
        minutes=minutes,
        quantity=hours(draft.priced),
        unit="HUR",
        unit_price=group.unit_price,
        net=labour_net(draft.priced, group.unit_price, currency=terms.currency),
        tax=tax,
        prorate=None,
        entries=_shares(draft.pieces),
        reason=tuple(_reasons(terms, draft, blocks)),
    )


def _key(group: _Group) -> str:
    row = group.price.row if group.price else None
    parts = (
        group.standing,
        group.work_type,
        group.band,
        group.price and f"{group.price.source}@{plain(group.unit_price, least=2)}",
        row and f"{row.valid_from}/{row.role or ''}/{row.tier or ''}",
        group.block,
        group.part,
    )
    return ":".join(str(part) for part in parts if part)


def _description(group: _Group) -> RatingMessage:
    row = group.price.row if group.price else None
    params: dict[str, object] = {
        "work_type": group.work_type,
        "bands": [group.band] if group.band else [],
        "role": row.role if row else None,
        "tier": row.tier if row else None,
    }
    if group.standing == "covered_block":
        params["block"] = group.block
    return message(_DESCRIPTION[group.standing], **params)


def _shares(pieces: Iterable[Segment]) -> tuple[EntryShare, ...]:
    shares: dict[str, EntryShare] = {}
    for piece in pieces:
        old = shares.get(piece.entry.id, EntryShare(piece.entry.id, 0, 0, 0))
        shares[piece.entry.id] = EntryShare(
            old.entry, old.worked + piece.worked, old.billable + piece.billable, old.billed + piece.billed
        )
    return tuple(shares.values())


def _reasons(terms: Terms, draft: _Draft, blocks: Blocks) -> list[RatingMessage]:
    standing = draft.group.standing
    if standing == "non_billable":
        return [message("price.non_billable")]
    reasons = [_price_reason(terms, draft, blocks)]
    if standing in PAID:
        reasons += _factor_reasons(terms, draft)
    if standing == "covered_block":
        reasons += _drain_reasons(terms, draft)
    reasons.append(_rounding_reason(terms, draft.group.work_type))
    reasons += _write_down_reasons(draft.pieces)
    if standing == "overage":
        reasons += _block_reasons(terms, draft.pieces, blocks)
    return reasons


def _price_reason(terms: Terms, draft: _Draft, blocks: Blocks) -> RatingMessage:
    group = draft.group
    if group.price is None:
        return _coverage_reason(terms, group, blocks)
    rate, currency, row = plain(group.price.per_hour, least=2), terms.currency, group.price.row
    if group.standing == "excluded":
        return message(
            "price.excluded",
            rate=rate,
            currency=currency,
            work_types=[group.work_type] if group.work_type in terms.excluded_work_types else [],
            bands=[group.band] if group.band in terms.excluded_bands else [],
            clause=terms.clauses.get("excluded"),
        )
    if group.price.source == "override":
        return message("price.override", rate=rate, currency=currency)
    if group.standing == "overage":
        return message("price.overage", rate=rate, currency=currency, clause=terms.clauses.get("overage"))
    since = row.valid_from if row and row.valid_from.year > 1 else None
    return message("price.rate", rate=rate, currency=currency, since=since, clause=terms.clauses.get("rates"))


def _coverage_reason(terms: Terms, group: _Group, blocks: Blocks) -> RatingMessage:
    if group.standing == "covered_fee":
        return message("price.covered_fee", kind=terms.kind, clause=terms.clauses.get("coverage"))
    block = next(block for block in blocks.given if block.id == group.block)
    state = next(state for state in blocks.states if state.block == group.block)
    left = state.opening - state.drained
    return message(
        "price.covered_block",
        block=block.id,
        unit=block.unit,
        granted=granted(terms, block),
        left=left if block.unit == "minutes" else Money(left, terms.currency),
        clause=terms.clauses.get("block"),
    )


def _factor_reasons(terms: Terms, draft: _Draft) -> list[RatingMessage]:
    price, clause = draft.group.price, terms.clauses.get("multipliers")
    if price is None:
        return []
    bands = sorted({piece.band for piece in draft.pieces})
    if price.band_factor != NORMAL:
        reasons = [message("multiplier", bands=bands, factor=price.band_factor, clause=clause)]
    else:
        reasons = [message("multiplier.none", bands=bands, clause=clause)]
    if price.work_factor != NORMAL:
        reasons.append(
            message(
                "multiplier.work_type",
                work_type=draft.group.work_type,
                factor=price.work_factor,
                clause=clause,
            )
        )
    return reasons


def _drain_reasons(terms: Terms, draft: _Draft) -> list[RatingMessage]:
    bands: dict[Decimal, set[Band]] = {}
    for piece in draft.pieces:
        bands.setdefault(drain_factor(terms, piece.entry, piece.band), set()).add(piece.band)
    clause = terms.clauses.get("multipliers")
    return [
        message("drain", bands=sorted(names), factor=factor, clause=clause)
        for factor, names in bands.items()
        if factor != NORMAL and terms.pricing.block_unit == "minutes"
    ]


def _rounding_reason(terms: Terms, work_type: str) -> RatingMessage:
    policy, clause = terms.rounding_of(work_type), terms.clauses.get("rounding")
    if policy.increment == 1 and not policy.minimum:
        return message("rounding.none", clause=clause)
    return message(
        "rounding",
        scope=policy.scope,
        mode=policy.mode,
        increment=policy.increment,
        minimum=policy.minimum,
        clause=clause,
    )


def _write_down_reasons(pieces: Iterable[Segment]) -> list[RatingMessage]:
    down = [piece for piece in pieces if piece.billed < piece.billable]
    minutes = sum(piece.billable - piece.billed for piece in down)
    entries = list(dict.fromkeys(piece.entry.id for piece in down))
    return [message("write_down", minutes=minutes, entries=entries)] if down else []


def _block_reasons(terms: Terms, pieces: Sequence[Segment], blocks: Blocks) -> list[RatingMessage]:
    """When the blocks that this overage would have drawn from ran out, or that there was none."""
    entries = [piece.entry for piece in pieces]
    uncovered = [entry for entry in entries if not any(block.holds_on(entry.worked_on) for block in blocks.given)]
    reasons = [message("block.none", on=uncovered[0].worked_on)] if uncovered else []
    ids = list(dict.fromkeys(entry.id for entry in entries))
    for ran_out in blocks.ran_out:
        block = ran_out.block
        if any(block.holds_on(entry.worked_on) for entry in entries):
            reasons.append(
                message(
                    "block.exhausted",
                    block=block.id,
                    unit=block.unit,
                    granted=granted(terms, block),
                    on=ran_out.on,
                    at=ran_out.at,
                    entry=ran_out.entry,
                    position=ids.index(ran_out.entry) + 1 if ran_out.entry in ids else None,
                    inside=ran_out.inside,
                )
            )
    return reasons
