"""From a client's books to its drafts of a period: which contract pays for what, priced, taxed, and what stays out."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from billing.books import Billed, Books, Worked, holds, in_force
from billing.faults import blaming, is_outage, of_contract
from billing.parties import treatment
from billing.phrases import remark
from billing.rating import Entry, Line, Period, Rated, rate_period
from billing.rating.terms import in_order
from billing.tax import Regime, Totals, Withholding, settle, small_invoice, withholding_rate
from billing.terms import blocks_of, minimum_of, terms_of, usage_of
from msp.calendars import bands
from msp.calendars.queries import working_calendar
from msp.contracts.models import Contract
from msp.kernel.db import Json
from msp.kernel.money import Money, half_up

TWICE = 2
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Section:
    """One contract's part of a draft."""

    contract: Contract
    rated: Rated


@dataclass(frozen=True, slots=True)
class Draft:
    """What would be on one invoice: sections by contract in one currency, for one purchase order."""

    currency: str
    po_number: str | None
    sections: tuple[Section, ...]
    totals: Totals
    warnings: tuple[Json, ...]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An entry, or all of a contract where there is none, that is on no draft, and why."""

    contract_id: UUID | None
    entry_id: UUID | None
    reason: Json


@dataclass(frozen=True, slots=True)
class Plan:
    """A client's period: its drafts and what stays out."""

    drafts: tuple[Draft, ...]
    left_out: tuple[LeftOut, ...]


def plan(books: Books, period: Period, *, today: date, issuer: Mapping[str, Any], may_carry: bool = True) -> Plan:
    """Work out a client's drafts for a period; stores nothing. Raises DataFault where its data do not allow it.

    `issuer` is the provider's data, `today` the client's local day: while the law lets one wait, a net below the
    minimum is carried (unless `may_carry` is False). A contract that an issued invoice of the period holds stays as
    issued.
    """
    with blaming("fault.client"):
        parties = treatment(books.client, issuer)
    with blaming("fault.draft"):
        sections, left_out = _sections(books, period, parties.regime)
        drafts: list[Draft] = []
        for (currency, po_number), group in sections.items():
            if not group:
                continue
            percent = _withheld(issuer, parties.regime, period)
            draft = _draft(books, period, currency, po_number, group, today=today, percent=percent)
            draft = replace(draft, warnings=(*parties.problems, *draft.warnings))
            if reason := _kept_back(draft, books, period, today=today, may_carry=may_carry):
                left_out += [LeftOut(section.contract.id, None, reason) for section in group]
            else:
                drafts.append(draft)
        return Plan(tuple(_with_loose_work(drafts, books, left_out)), tuple(left_out))


def _withheld(issuer: Mapping[str, Any], regime: Regime, period: Period) -> Decimal:
    """The IRPF percentage: only of sales that have Spanish tax."""
    kind: Withholding = issuer.get("withholding", "none") if regime == "national" else "none"
    return withholding_rate(kind, on=period.last)


def _sections(
    books: Books, period: Period, regime: Regime
) -> tuple[dict[tuple[str, str | None], list[Section]], list[LeftOut]]:
    """The rated part of each contract, by currency and purchase order, and what is left out."""
    placed, left_out = _place(books, period)
    sections: dict[tuple[str, str | None], list[Section]] = {}
    for contract, version in books.contracts:
        entries = placed.get(contract.id, [])
        if not entries and contract.ends_on is not None and contract.ends_on < period.first:
            continue
        if reason := _stands_aside(books, contract, period):
            left_out += [LeftOut(contract.id, entry.id, reason) for entry in entries]
            continue
        group = sections.setdefault((contract.currency, contract.po_number), [])
        rated = _rate_or_blame(books, contract, version, entries, period, regime, before=group)
        left_out += [LeftOut(contract.id, UUID(out.entry), out.reason.to_json()) for out in rated.left_out]
        if rated.lines:
            group.append(Section(contract, rated))
    return sections, left_out


def line_values(draft: Draft) -> Iterator[tuple[Json, Line]]:
    """A draft's lines as columns of `InvoiceLine`, sections one after another, with the rated line of each."""
    position = 0
    for section in draft.sections:
        detail = section.contract.terms.get("detail", "summary")
        for line in section.rated.lines:
            position += 1
            yield _columns(section.contract, line, position, with_tickets=detail != "summary"), line


def _columns(contract: Contract, line: Line, position: int, *, with_tickets: bool) -> Json:
    description = line.description.to_json()
    return {
        "contract_id": contract.id,
        "contract_name": contract.name,
        "position": position,
        "kind": line.kind,
        "description": description | {"by_ticket": True} if with_tickets and line.entries else description,
        "minutes": line.minutes,
        "quantity": half_up(line.quantity, 4),
        "unit": line.unit,
        "unit_price": half_up(line.unit_price, 4),
        "net": line.net.amount,
        "tax_category": line.tax.category,
        "tax_name": line.tax.name,
        "tax_rate": half_up(line.tax.rate, 2),
        "reasons": [reason.to_json() for reason in line.reason],
    }


def _place(books: Books, period: Period) -> tuple[dict[UUID, list[Worked]], list[LeftOut]]:
    """Entries by the contract that pays for them: the ticket's own while it holds, else the oldest in force."""
    contracts = {contract.id: contract for contract, _ in books.contracts}
    placed: dict[UUID, list[Worked]] = {}
    left_out: list[LeftOut] = []
    for entry in books.entries:
        named = contracts.get(entry.contract_id) if entry.contract_id else None
        contract = named if named and holds(named, entry.worked_on) else in_force(books.contracts, entry.worked_on)
        if entry.id in books.on_drafts:
            reason = remark("left_out.on_other_draft", first=books.on_drafts[entry.id])
            left_out.append(LeftOut(contract.id if contract else None, entry.id, reason))
        elif contract is None:
            left_out.append(LeftOut(None, entry.id, remark("left_out.without_contract", on=entry.worked_on)))
        else:
            placed.setdefault(contract.id, []).append(entry)
    return placed, left_out


def _stands_aside(books: Books, contract: Contract, period: Period) -> Json | None:
    """Why a contract has no part in this period's drafts: what it costs in these days is billed, or drafted."""
    for share in books.issued:
        if share.contract_id == contract.id and _overlap(share.period, period):
            first, last = share.period
            return remark("left_out.already_issued", number=share.number, first=first, last=last)
    for share in books.drafted:
        if share.contract_id == contract.id and _overlap(share.period, period):
            return remark("left_out.overlaps_draft", first=share.period.first, last=share.period.last)
    return None


def _overlap(one: Period, other: Period) -> bool:
    return one.first <= other.last and other.first <= one.last


def _rate_or_blame(
    books: Books,
    contract: Contract,
    calendar_version: int,
    entries: list[Worked],
    period: Period,
    regime: Regime,
    *,
    before: list[Section],
) -> Rated:
    """The contract's part rated; raises DataFault that names the contract, and those of its terms that are to blame."""

    def attempt(with_terms: Contract) -> Rated:
        minimum_of(with_terms)
        return _rate(books, with_terms, calendar_version, entries, period, regime, before=before)

    try:
        return attempt(contract)
    except Exception as fault:
        if is_outage(fault):
            raise
        raise of_contract(contract, fault, attempt) from fault


def _rate(
    books: Books,
    contract: Contract,
    calendar_version: int,
    entries: list[Worked],
    period: Period,
    regime: Regime,
    *,
    before: list[Section],
) -> Rated:
    used = Money(books.order_used.get(contract.po_number or "", 0), contract.currency)
    for section in before:
        used += section.rated.net
    days = [entry.worked_on for entry in entries]
    return rate_period(
        terms_of(contract, order_used=used),
        [_entry(entry, contract, calendar_version) for entry in entries],
        period,
        blocks=blocks_of(contract, period, worked_on=days, moved=books.moved.get(contract.id, {})),
        usage=usage_of(contract, period, completed_tickets=_completed(books, contract)),
        regime=regime,
    )


def _completed(books: Books, contract: Contract) -> list[str]:
    if contract.kind != "per_ticket":
        return []
    before = books.completed_before.get(contract.id, set())
    return [
        label
        for label, contract_id, day in books.completed
        if label not in before and _pays(books, contract, contract_id, day)
    ]


def _pays(books: Books, contract: Contract, contract_id: UUID | None, day: date) -> bool:
    if contract_id is not None:
        return contract_id == contract.id
    return in_force(books.contracts, day) is contract


def _entry(entry: Worked, contract: Contract, calendar_version: int) -> Entry:
    calendar = working_calendar(contract.calendar_id, version=calendar_version)
    end = entry.started_at + timedelta(minutes=entry.minutes)
    last = next(iter(bands(calendar, end - _MINUTE, end)))
    return Entry(
        id=str(entry.id),
        worked_on=entry.worked_on,
        bands=in_order(bands(calendar, entry.started_at, end), ends_in=last),
        work_type=entry.work_type,
        ticket=entry.ticket,
        started_at=entry.started_at,
        billable=entry.is_billable,
        approved=entry.is_approved,
        write_down=entry.write_down,
    )


def _draft(
    books: Books,
    period: Period,
    currency: str,
    po_number: str | None,
    sections: list[Section],
    *,
    today: date,
    percent: Decimal,
) -> Draft:
    totals = settle(
        (taxed for section in sections for taxed in section.rated.taxed), currency=currency, withholding=percent
    )
    warnings = [warning.to_json() for section in sections for warning in section.rated.warnings]
    before = _net_before(books.issued, period, currency, po_number)
    if before and totals.net.amount >= TWICE * before:
        warnings.append(remark("draft.twice_before", before=Money(before, currency), currency=currency))
    if period.last >= today:
        warnings.append(remark("draft.period_open", last=period.last))
    return Draft(currency, po_number, tuple(sections), totals, tuple(warnings))


def _net_before(issued: Iterable[Billed], period: Period, currency: str, po_number: str | None) -> int:
    """What was issued for the period just before this one, in the same currency and for the same order."""
    nets = {
        share.invoice_id: share.net
        for share in issued
        if share.period.last + timedelta(days=1) == period.first
        and (share.currency, share.po_number) == (currency, po_number)
    }
    return sum(nets.values())


def _kept_back(draft: Draft, books: Books, period: Period, *, today: date, may_carry: bool) -> Json | None:
    """Why a draft is not made: it would be negative, or it is below the minimum and may still wait."""
    net = draft.totals.net
    if net.amount < 0:
        return remark("left_out.negative", net=net, currency=net.currency)
    minimum = max(
        (least for section in draft.sections if (least := minimum_of(section.contract))),
        key=lambda least: least.amount,
        default=None,
    )
    if not may_carry or minimum is None:
        return None
    first = min(_operations(draft, books), default=period.first)
    too_late = small_invoice(net, minimum=minimum, first_operation=first)
    if too_late.issued or today >= too_late.issue_by:
        return None
    return remark("left_out.carried", net=net, minimum=minimum, currency=net.currency, issue_by=too_late.issue_by)


def _operations(draft: Draft, books: Books) -> Iterator[date]:
    days = {str(entry.id): entry.worked_on for entry in books.entries}
    for section in draft.sections:
        for line in section.rated.lines:
            yield from (days[share.entry] for share in line.entries)


def _with_loose_work(drafts: list[Draft], books: Books, left_out: list[LeftOut]) -> Iterator[Draft]:
    """The client's first draft says how much work no contract pays for."""
    minutes = {entry.id: entry.minutes for entry in books.entries}
    loose = [out.entry_id for out in left_out if out.reason["code"] == "left_out.without_contract" and out.entry_id]
    for position, draft in enumerate(drafts):
        if loose and position == 0:
            total = sum(minutes[entry] for entry in loose)
            more = remark("draft.without_contract", minutes=total, entries=[str(entry) for entry in loose])
            yield Draft(draft.currency, draft.po_number, draft.sections, draft.totals, (*draft.warnings, more))
        else:
            yield draft
