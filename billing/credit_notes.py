"""Credit notes by differences (RD 1619/2012 art. 15), for a whole invoice or parts of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, func, select

from billing.events import InvoiceCredited
from billing.faults import blaming, refusing
from billing.invoices import locked
from billing.issuing import issue_document
from billing.models import BilledEntry, BlockMovement, Invoice, InvoiceLine
from billing.payments import locked_payment, restate
from billing.rating import hours, labour_net
from msp.clients.queries import access_client
from msp.kernel.db import Json, db
from msp.kernel.errors import Conflict, Invalid
from msp.kernel.events import emit
from msp.kernel.ids import new_id
from msp.kernel.money import Money, half_up
from msp.worklog.billed import release

RECORD_TYPES = ("R1", "R4")
LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Part:
    """How much of a line to credit: minutes or a net amount; without either, all that is not credited yet."""

    line_id: UUID
    minutes: int | None = None
    net: Money | None = None


class _Left(NamedTuple):
    """What of a line is not credited yet."""

    line: InvoiceLine
    net: int
    minutes: int | None
    is_whole: bool


class _Correction(NamedTuple):
    line: InvoiceLine
    net: int  # the credit note's line has the opposite sign
    minutes: int | None
    quantity: Decimal
    unit_price: Decimal


def credit(
    invoice_id: UUID, *, reason: str, at: datetime, parts: Sequence[Part] | None = None, record_type: str = "R1"
) -> Invoice:
    """Issue a credit note for an issued invoice; for all that is not credited yet if `parts` is None.

    Emits `invoice.issued` for the note and `invoice.credited` for the invoice. A full credit note releases the time
    entries and refills the blocks, so that they can be billed again; of a block's hours, the share whose price was not
    credited stays. `record_type` is R1 (error founded in law, LIVA art. 80.1, 80.2, 80.6) or R4 (other). Raises Invalid
    or Conflict if more is credited than is left, or if no document can be made of the data ("data_fault").
    """
    _check(reason, record_type)
    original = locked(invoice_id)
    if original.state != "issued" or original.kind != "invoice":
        raise Conflict("invoice_not_creditable")
    left = _left(original)
    if parts is None and (not left or _is_credited(original)):
        raise Conflict("invoice_credited")
    corrections = _all(left, original.currency) if parts is None else _some(left, parts, original.currency)
    _refuse_too_much(original, corrections)
    corrects_all = parts is None or _nothing_left(left, corrections)
    with refusing("an invoice cannot be credited", invoice_id), blaming("fault.draft"):
        note = _write(
            original, corrections, reason=reason.strip(), record_type=record_type, all_of_it=corrects_all, at=at
        )
        issue_document(note, access_client(original.client_id), "credit_note", at=at)
        if corrects_all:
            _release(original, note, at=at)
        _restate_payment(original, at=at)
    credited = InvoiceCredited(number=note.number, credit_note_id=note.id, corrects_all=corrects_all)
    emit(credited, original.id, client_id=original.client_id, at=at)
    return note


def _check(reason: str, record_type: str) -> None:
    fields: dict[str, list[str]] = {}
    if not reason.strip():
        fields["reason"] = ["required"]
    elif len(reason) > LONGEST_REASON:
        fields["reason"] = ["too_long"]
    if record_type not in RECORD_TYPES:
        fields["record_type"] = ["unknown"]
    if fields:
        raise Invalid(fields=fields)


def _notes(original: Invoice) -> list[Invoice]:
    query = select(Invoice).where(Invoice.client_id == original.client_id, Invoice.corrects_id == original.id)
    return list(db.session.scalars(query))


def _is_credited(original: Invoice) -> bool:
    return any(note.corrects_all for note in _notes(original))


def _left(original: Invoice) -> list[_Left]:
    query = (
        select(InvoiceLine.corrects_line_id, func.sum(InvoiceLine.net), func.sum(InvoiceLine.minutes))
        .where(InvoiceLine.corrects_line_id.in_([line.id for line in original.lines]))
        .group_by(InvoiceLine.corrects_line_id)
    )
    before = {line_id: (int(net), int(minutes or 0)) for line_id, net, minutes in db.session.execute(query)}
    return [
        _Left(
            line,
            line.net + before.get(line.id, (0, 0))[0],
            None if line.minutes is None else line.minutes + before.get(line.id, (0, 0))[1],
            line.id not in before,
        )
        for line in original.lines
    ]


def _all(left: Sequence[_Left], currency: str) -> list[_Correction]:
    return [_whole(each, currency) for each in left if each.net or each.is_whole]


def _whole(each: _Left, currency: str) -> _Correction:
    line = each.line
    if each.is_whole:
        return _Correction(line, -line.net, _minus(line.minutes), -line.quantity, line.unit_price)
    return _lump(each, each.net, _minus(each.minutes), currency)


def _lump(each: _Left, net: int, minutes: int | None, currency: str) -> _Correction:
    """A part of a line as one unit at its amount."""
    sign = -1 if net >= 0 else 1
    price = Money(abs(net), currency).decimal
    return _Correction(each.line, -net, minutes, Decimal(sign), price)


def _minus(value: int | None) -> int | None:
    return None if value is None else -value


def _some(left: Sequence[_Left], parts: Sequence[Part], currency: str) -> list[_Correction]:
    by_line = {each.line.id: each for each in left}
    wrong: dict[str, list[str]] = {}
    result: list[_Correction] = []
    if not parts:
        wrong["lines"] = ["required"]
    for at, part in enumerate(parts):
        each = by_line.pop(part.line_id, None)  # a repeated line id is unknown the second time
        if each is None:
            wrong[f"lines.{at}.line_id"] = ["unknown"]
        elif (correction := _part(each, part, currency)) is None:
            wrong[f"lines.{at}"] = ["out_of_range"]
        else:
            result.append(correction)
    if wrong:
        raise Invalid(fields=wrong)
    return result


def _part(each: _Left, part: Part, currency: str) -> _Correction | None:
    """The credit for one part; None if the line has not that much left, or no amount."""
    line = each.line
    if not each.net:
        return None
    if part.minutes is not None:
        if each.minutes is None or not 0 < part.minutes <= each.minutes:
            return None
        net = labour_net(part.minutes, line.unit_price, currency=currency).amount
        net = each.net if part.minutes == each.minutes else min(net, each.net)
        if not net:
            return None
        return _Correction(line, -net, -part.minutes, -hours(part.minutes), line.unit_price)
    if part.net is None:
        return _whole(each, currency)
    if part.net.currency != currency or not 0 < _along(part.net.amount, each.net) <= abs(each.net):
        return None
    return _lump(each, part.net.amount, None, currency)


def _along(amount: int, of: int) -> int:
    """The amount in the direction of another: positive if both have the same sign."""
    return amount if of >= 0 else -amount


def _nothing_left(left: Sequence[_Left], corrections: Sequence[_Correction]) -> bool:
    taken = {correction.line.id: correction.net for correction in corrections}
    return all(each.net + taken.get(each.line.id, 0) == 0 for each in left)


def _write(
    original: Invoice,
    corrections: Sequence[_Correction],
    *,
    reason: str,
    record_type: str,
    all_of_it: bool,
    at: datetime,
) -> Invoice:
    taxes = _taxes(original, corrections, all_of_it=all_of_it)
    net, tax = sum(row["base"] for row in taxes), sum(row["amount"] for row in taxes)
    withholding = _withholding(original, net, all_of_it=all_of_it)
    note = Invoice(
        id=new_id(),
        client_id=original.client_id,
        kind="credit_note",
        corrects_id=original.id,
        correction_reason=reason,
        corrects_all=all_of_it,
        record_type=record_type,
        state="draft",
        period_start=original.period_start,
        period_end=original.period_end,
        currency=original.currency,
        locale=original.locale,
        po_number=original.po_number,
        issuer={},
        customer={},
        taxes=taxes,
        legal_mentions=[{"code": row["mention"]} for row in taxes if row["mention"]],
        net=net,
        tax=tax,
        total=net + tax,
        withholding=withholding,
        payable=net + tax - withholding,
        warnings=[],
        created_at=at,
    )
    db.session.add(note)
    db.session.flush()
    db.session.add_all(_line(note, correction, at) for at, correction in enumerate(corrections, start=1))
    db.session.flush()
    db.session.expire(note, ["lines"])
    return note


def _line(note: Invoice, correction: _Correction, position: int) -> InvoiceLine:
    line = correction.line
    return InvoiceLine(
        id=new_id(),
        client_id=note.client_id,
        invoice_id=note.id,
        corrects_line_id=line.id,
        contract_id=line.contract_id,
        contract_name=line.contract_name,
        position=position,
        kind=line.kind,
        description=line.description,
        minutes=correction.minutes,
        quantity=correction.quantity,
        unit=line.unit if correction.unit_price == line.unit_price else "C62",
        unit_price=correction.unit_price,
        net=correction.net,
        tax_category=line.tax_category,
        tax_name=line.tax_name,
        tax_rate=line.tax_rate,
        reasons=[],
    )


def _refuse_too_much(original: Invoice, corrections: Sequence[_Correction]) -> None:
    """Raise if more is credited than the treatment's taxed base; discounts are credited with what they reduced."""
    notes = _notes(original)
    for row in original.taxes:
        before = _credited(notes, row).base
        base = sum(each.net for each in corrections if _treatment(each.line) == _row_treatment(row))
        if base and not 0 <= _along(before - base, row["base"]) <= abs(row["base"]):
            raise Invalid(fields={"lines": ["out_of_range"]})


def _taxes(original: Invoice, corrections: Sequence[_Correction], *, all_of_it: bool) -> list[Json]:
    """Tax once per treatment, on the sum of all that was credited of it."""
    notes = _notes(original)
    rows: list[Json] = []
    for row in original.taxes:
        base = sum(each.net for each in corrections if _treatment(each.line) == _row_treatment(row))
        charged = Share(row["base"], row["amount"])
        amount = -next_share(charged, _credited(notes, row), of=-base, whole=all_of_it)
        if base or amount or all_of_it:
            rows.append(row | {"base": base, "amount": amount})
    return rows


class Share(NamedTuple):
    """A base and the tax or withholding on it, in minor units."""

    base: int
    amount: int


def next_share(charged: Share, credited: Share, *, of: int, whole: bool) -> int:
    """The tax or withholding to credit for `of` more of its base.

    Calculated on the cumulative credit, so that many small notes never credit more than was charged, and never less
    than zero; with `whole` it is the exact remainder.
    """
    if whole:
        return charged.amount - credited.amount
    share = Fraction(charged.amount) * (credited.base + of) / charged.base if charged.base else Fraction(0)
    sign = -1 if charged.amount < 0 else 1
    target = min(int(half_up(abs(share), 0)), abs(charged.amount))
    return sign * max(target - abs(credited.amount), 0)


def _credited(notes: Sequence[Invoice], row: Json) -> Share:
    """What earlier credit notes credited of one treatment."""
    rows = [each for note in notes for each in note.taxes if _row_treatment(each) == _row_treatment(row)]
    return Share(-sum(each["base"] for each in rows), -sum(each["amount"] for each in rows))


def _treatment(line: InvoiceLine) -> tuple[str, str, Decimal]:
    return line.tax_name, line.tax_category, Decimal(line.tax_rate)


def _row_treatment(row: Json) -> tuple[str, str, Decimal]:
    return row["name"], row["category"], Decimal(row["rate"])


def _withholding(original: Invoice, net: int, *, all_of_it: bool) -> int:
    notes = _notes(original)
    credited = Share(-sum(note.net for note in notes), -sum(note.withholding for note in notes))
    charged = Share(original.net, original.withholding)
    return -next_share(charged, credited, of=-net, whole=all_of_it)


def _release(original: Invoice, note: Invoice, *, at: datetime) -> None:
    """Release the entries and refill the blocks of a fully credited invoice; it no longer needs payment."""
    freed = db.session.scalars(
        delete(BilledEntry).where(BilledEntry.invoice_id == original.id).returning(BilledEntry.entry_id)
    ).all()
    release(original.client_id, freed)
    for move in db.session.scalars(select(BlockMovement).where(BlockMovement.invoice_id == original.id)).all():
        db.session.add(
            BlockMovement(
                id=new_id(),
                client_id=move.client_id,
                contract_id=move.contract_id,
                invoice_id=note.id,
                entry_id=move.entry_id,
                block=move.block,
                on_day=move.on_day,
                units=-move.units,
                reason="returned",
                created_at=at,
            )
        )
    db.session.flush()


def _restate_payment(original: Invoice, *, at: datetime) -> None:
    """Update the payment: credited amounts are no longer owed."""
    payment = locked_payment(original)
    restate(original, payment, at=at)
