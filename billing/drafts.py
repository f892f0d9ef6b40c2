"""A client's drafts for a period: which contract pays for which work, prices, tax, and what is left out."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from billing.faults import blaming
from billing.inputs import BilledShare, BillingInputs
from billing.parties import treatment
from billing.phrases import remark
from billing.rating import Period, RatedLine
from billing.sections import LeftOutOfDraft, Section, sections_of
from billing.tax import Regime, TaxRow, Totals, Withholding, settle, small_invoice, withholding_rate
from billing.terms import minimum_of
from msp.contracts.models import Contract
from msp.kernel.db import Json
from msp.kernel.money import Money, half_up

TWICE = 2
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class InvoiceDraft:
    """The content of one invoice: sections by contract, in one currency, for one purchase order."""

    currency: str
    po_number: str | None
    sections: tuple[Section, ...]
    totals: Totals
    warnings: tuple[Json, ...]


@dataclass(frozen=True, slots=True)
class DraftPlan:
    """A client's period: its drafts and what is left out."""

    drafts: tuple[InvoiceDraft, ...]
    left_out: tuple[LeftOutOfDraft, ...]


def plan(
    books: BillingInputs, period: Period, *, today: date, issuer: Mapping[str, Any], may_carry: bool = True
) -> DraftPlan:
    """Calculate a client's drafts for a period; stores nothing. Raises DataFault if its data do not allow it.

    `issuer` is the provider's data, `today` the client's local day. A net below the minimum is carried to the next
    period while the legal term allows (unless `may_carry` is False). A contract on an issued invoice of the period
    stays as issued.
    """
    with blaming("fault.client"):
        parties = treatment(books.client, issuer)
    with blaming("fault.draft"):
        sections, left_out = sections_of(books, period, parties.regime)
        drafts: list[InvoiceDraft] = []
        for (currency, po_number), group in sections.items():
            if not group:
                continue
            percent = _withheld(issuer, parties.regime, period)
            draft = _draft(books, period, currency, po_number, group, today=today, percent=percent)
            draft = replace(draft, warnings=(*parties.problems, *_inactive_client(books), *draft.warnings))
            if reason := _reason_to_hold(draft, books, period, today=today, may_carry=may_carry):
                left_out += [LeftOutOfDraft(section.contract.id, None, reason) for section in group]
            else:
                drafts.append(draft)
        return DraftPlan(tuple(_with_unassigned_work(drafts, books, left_out)), tuple(left_out))


def _inactive_client(books: BillingInputs) -> Iterator[Json]:
    """Warning for a deactivated client: its last months are billed, but a person should check."""
    if not books.client.active:
        yield remark("draft.client_inactive")


def _withheld(issuer: Mapping[str, Any], regime: Regime, period: Period) -> Decimal:
    """The IRPF withholding percentage: only for sales with Spanish tax."""
    kind: Withholding = issuer.get("withholding", "none") if regime == "national" else "none"
    return withholding_rate(kind, on=period.last)


def line_values(draft: InvoiceDraft) -> Iterator[tuple[Json, RatedLine]]:
    """A draft's lines as columns of `InvoiceLine`, section by section, with the rated line of each."""
    position = 0
    for section in draft.sections:
        detail = section.contract.terms.get("detail", "summary")
        for line in section.rated.lines:
            position += 1
            yield _columns(section.contract, line, position, with_tickets=detail != "summary"), line


def tax_row(row: TaxRow) -> Json:
    """One treatment's base and tax as stored on an invoice; amounts in minor units, the rate as text."""
    tax = row.tax
    return {
        "name": tax.name,
        "category": tax.category,
        "rate": f"{tax.rate:f}",
        "impuesto": tax.impuesto,
        "operation": tax.operation,
        "scheme": tax.scheme,
        "mention": tax.mention,
        "base": row.base.amount,
        "amount": row.amount.amount,
    }


def _columns(contract: Contract, line: RatedLine, position: int, *, with_tickets: bool) -> Json:
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


def _draft(
    books: BillingInputs,
    period: Period,
    currency: str,
    po_number: str | None,
    sections: list[Section],
    *,
    today: date,
    percent: Decimal,
) -> InvoiceDraft:
    totals = settle(
        (taxed for section in sections for taxed in section.rated.taxed), currency=currency, withholding=percent
    )
    warnings = [warning.to_json() for section in sections for warning in section.rated.warnings]
    warnings += [warning for section in sections for warning in section.warnings]
    before = _net_before(books.issued, period, currency, po_number)
    if before and totals.net.amount >= TWICE * before:
        warnings.append(remark("draft.twice_before", before=Money(before, currency), currency=currency))
    if period.last >= today:
        warnings.append(remark("draft.period_open", last=period.last))
    return InvoiceDraft(currency, po_number, tuple(sections), totals, tuple(warnings))


def _net_before(issued: Iterable[BilledShare], period: Period, currency: str, po_number: str | None) -> int:
    """The net issued for the previous period, in the same currency and for the same purchase order."""
    nets = {
        share.invoice_id: share.net
        for share in issued
        if share.period.last + timedelta(days=1) == period.first
        and (share.currency, share.po_number) == (currency, po_number)
    }
    return sum(nets.values())


def _reason_to_hold(
    draft: InvoiceDraft, books: BillingInputs, period: Period, *, today: date, may_carry: bool
) -> Json | None:
    """Why no draft is made: its total is negative, or below the minimum and may still be carried."""
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


def _operations(draft: InvoiceDraft, books: BillingInputs) -> Iterator[date]:
    days = {str(entry.id): entry.worked_on for entry in books.entries}
    for section in draft.sections:
        for line in section.rated.lines:
            yield from (days[share.entry] for share in line.entries)


def _with_unassigned_work(
    drafts: list[InvoiceDraft], books: BillingInputs, left_out: list[LeftOutOfDraft]
) -> Iterator[InvoiceDraft]:
    """Adds to the client's first draft how much work no contract pays for."""
    minutes = {entry.id: entry.minutes for entry in books.entries}
    loose = [out.entry_id for out in left_out if out.reason["code"] == "left_out.without_contract" and out.entry_id]
    for position, draft in enumerate(drafts):
        if loose and position == 0:
            total = sum(minutes[entry] for entry in loose)
            more = remark("draft.without_contract", minutes=total, entries=[str(entry) for entry in loose])
            yield InvoiceDraft(draft.currency, draft.po_number, draft.sections, draft.totals, (*draft.warnings, more))
        else:
            yield draft
