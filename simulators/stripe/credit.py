"""Credit notes of a local Stripe account: the amount due is reduced first, the rest refunded, credited or outside.

Source: docs.stripe.com/api/credit_notes/create.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from simulators.stripe.customers import Params, rates_of
from simulators.stripe.errors import StripeRefusal, invalid
from simulators.stripe.invoices import cancel_payments, settle
from simulators.stripe.payments import charge_of, create_refund
from simulators.stripe.totals import Rate, line_taxes, minor, sums, total_taxes
from simulators.stripe.world import Object, StripeWorld, metadata_after, random_text

CREDIT_NOTE_CREATE = frozenset({
    "amount", "credit_amount", "effective_at", "email_type", "expand", "invoice", "lines", "memo", "metadata",
    "out_of_band_amount", "reason", "refund_amount", "refunds",
})  # fmt: skip
CREDIT_NOTE_UPDATE = frozenset({"expand", "memo", "metadata"})


def create_credit_note(world: StripeWorld, params: Params) -> Object:
    """Credit part or all of a finalized invoice; emits credit_note.created.

    The amount due is reduced first, and an invoice with nothing due becomes paid; refund_amount, refunds, credit_amount
    and out_of_band_amount together must equal the excess.
    """
    invoice = world.get("invoices", params["invoice"], param="invoice")
    if invoice["status"] in ("draft", "void"):
        raise StripeRefusal(f"You cannot issue a credit note for an invoice that is {invoice['status']}.")
    lines = _lines(world, invoice, params)
    taxes = total_taxes([(line["amount"], line["_rates"]) for line in lines], rounding=world.settings["tax_rounding"])
    totals = sums([line["amount"] for line in lines], taxes)
    before = min(totals["total"], invoice["amount_remaining"])
    after = totals["total"] - before
    _check(world, invoice, params, total=totals["total"], after=after)
    refunds = _refunds(world, invoice, params)
    note = _store(world, invoice, params, lines, totals | {"total_taxes": taxes}, before=before, refunds=refunds)
    _apply(world, invoice, note)
    world.emit("credit_note.created", note)
    return note


def update_credit_note(world: StripeWorld, id: str, params: Params) -> Object:
    """Change memo and metadata; emits credit_note.updated."""
    note = world.get("credit_notes", id)
    note["metadata"] = metadata_after(note["metadata"], params.get("metadata"))
    note["memo"] = params.get("memo", note["memo"])
    world.emit("credit_note.updated", note)
    return note


def void_credit_note(world: StripeWorld, id: str, params: Params) -> Object:
    """Void a credit note on an invoice that is still open; emits credit_note.voided."""
    note = world.get("credit_notes", id)
    invoice = world.get("invoices", note["invoice"])
    if note["status"] == "void" or invoice["status"] != "open" or note["post_payment_amount"]:
        raise StripeRefusal("You can only void a credit note on an open invoice, once.")
    for name, sign in (("amount_due", 1), ("amount_remaining", 1), ("pre_payment_credit_notes_amount", -1)):
        invoice[name] += sign * note["pre_payment_amount"]
    note |= {"status": "void", "voided_at": world.stamp()}
    world.emit("credit_note.voided", note)
    return note


def _check(world: StripeWorld, invoice: Object, params: Params, *, total: int, after: int) -> None:
    creditable = invoice["amount_remaining"] + invoice["amount_paid"] - _given_back(world, invoice)
    if total <= 0:
        raise StripeRefusal("The credit note amount must be greater than zero.", param="amount")
    if total > creditable:
        raise StripeRefusal(
            f"The credit note amount ({total}) exceeds what can still be credited on this invoice ({creditable}).",
            param="amount",
        )
    metadata_after({}, params.get("metadata"))
    linked = sum(_linked_amount(world, link) for link in params.get("refunds", []))
    given = sum(params.get(name) or 0 for name in ("refund_amount", "credit_amount", "out_of_band_amount"))
    if given + linked != after:
        raise StripeRefusal(
            "The sum of credit amount, refund amount and out of band amount"
            f" ({given + linked}) must equal the credit note amount that is not taken off what is due ({after})."
        )
    if params.get("refund_amount") and charge_of(world, invoice) is None:
        raise StripeRefusal("This invoice was not paid by a charge that could be refunded.", param="refund_amount")


def _given_back(world: StripeWorld, invoice: Object) -> int:
    """The part of the paid amount that credit notes and separate refunds have already returned."""
    charged = charge_of(world, invoice)
    noted = sum(
        refund["amount_refunded"]
        for note in world.all("credit_notes", invoice=invoice["id"], status="issued")
        for refund in note["refunds"]
    )
    alone = charged["amount_refunded"] - noted if charged else 0
    return int(invoice["post_payment_credit_notes_amount"]) + alone


def _linked_amount(world: StripeWorld, link: Params) -> int:
    if not link.get("refund"):
        raise invalid("Missing required param: refunds[refund].", param="refunds", code="parameter_missing")
    refund = world.get("refunds", link["refund"], param="refunds[refund]")
    return int(link.get("amount_refunded") or refund["amount"])


def _refunds(world: StripeWorld, invoice: Object, params: Params) -> list[Object]:
    links = [(link["refund"], _linked_amount(world, link)) for link in params.get("refunds", [])]
    charged = charge_of(world, invoice)
    if params.get("refund_amount") and charged:
        refund = create_refund(world, {"charge": charged["id"], "amount": params["refund_amount"]})
        links.append((refund["id"], refund["amount"]))
    return [
        {"amount_refunded": amount, "payment_record_refund": None, "refund": id, "type": "refund"}
        for id, amount in links
    ]


def _lines(world: StripeWorld, invoice: Object, params: Params) -> list[Object]:
    if (params.get("amount") is None) == (not params.get("lines")):
        raise invalid("You must specify one of `amount` or `lines`.", param="amount", code="parameter_missing")
    if params.get("amount") is not None:
        return [_line({"description": params.get("memo") or "Credit"}, params["amount"], [], kind="custom_line_item")]
    return [_line_for(world, invoice, line, index) for index, line in enumerate(params["lines"])]


def _line_for(world: StripeWorld, invoice: Object, line: Params, index: int) -> Object:
    if line["type"] == "custom_line_item":
        unit = line["unit_amount_decimal"] if "unit_amount_decimal" in line else Decimal(line.get("unit_amount") or 0)
        amount = minor(unit * (line.get("quantity") or 1))
        return _line(line, amount, rates_of(world, line.get("tax_rates") or []), kind="custom_line_item")
    credited = next((one for one in invoice["_lines"] if one["id"] == line.get("invoice_line_item")), None)
    if credited is None:
        param = f"lines[{index}][invoice_line_item]"
        raise StripeRefusal(
            f"No such invoice line item: '{line.get('invoice_line_item')}'", code="resource_missing", param=param
        )
    if line.get("amount") is not None:
        net = int(line["amount"])
    else:
        net = minor(Decimal(credited["amount"]) * (line.get("quantity") or 1) / (credited["quantity"] or 1))
    rates = credited["_tax_rates"] or [rate["id"] for rate in invoice["default_tax_rates"]]
    text = {"description": credited["description"]} | line
    return _line(text, net, rates_of(world, rates), kind="invoice_line_item")


def _line(line: Params, amount: int, rates: Sequence[Rate], *, kind: str) -> Object:
    quantity = line.get("quantity") or 1
    unit = line.get("unit_amount_decimal", line.get("unit_amount"))
    return {
        "id": f"cnli_{random_text(24)}", "object": "credit_note_line_item", "amount": amount,
        "description": line.get("description"), "discount_amount": 0, "discount_amounts": [],
        "invoice_line_item": line.get("invoice_line_item"), "livemode": False,
        "metadata": metadata_after({}, line.get("metadata")), "pretax_credit_amounts": [], "quantity": quantity,
        "tax_rates": [], "taxes": line_taxes(amount, rates), "type": kind,
        "unit_amount": line.get("unit_amount"), "unit_amount_decimal": None if unit is None else str(unit),
        "_rates": rates,
    }  # fmt: skip


def _store(
    world: StripeWorld, invoice: Object, params: Params, lines: list[Object], totals: dict[str, Any], *,
    before: int, refunds: list[Object],
) -> Object:  # fmt: skip
    after = totals["total"] - before
    kind = "pre_payment" if not after else "mixed" if before else "post_payment"
    count = len(world.all("credit_notes", invoice=invoice["id"])) + 1
    for line in lines:
        del line["_rates"]
    return world.add("credit_notes", "cn", totals | {
        "amount": totals["total"], "amount_shipping": 0, "currency": invoice["currency"],
        "customer": invoice["customer"], "customer_account": None, "customer_balance_transaction": None,
        "discount_amount": 0, "discount_amounts": [],
        "effective_at": params.get("effective_at") or world.stamp(), "invoice": invoice["id"],
        "memo": params.get("memo"), "metadata": metadata_after({}, params.get("metadata")),
        "number": f"{invoice['number']}-CN-{count:02d}", "out_of_band_amount": params.get("out_of_band_amount"),
        "pdf": f"{invoice['hosted_invoice_url']}/credit-notes/{count}", "post_payment_amount": after,
        "pre_payment_amount": before, "pretax_credit_amounts": [], "reason": params.get("reason"),
        "refunds": refunds, "shipping_cost": None, "status": "issued", "type": kind, "voided_at": None,
        "_lines": lines, "_credited": params.get("credit_amount") or 0,
    })  # fmt: skip


def _apply(world: StripeWorld, invoice: Object, note: Object) -> None:
    invoice["amount_due"] -= note["pre_payment_amount"]
    invoice["amount_remaining"] -= note["pre_payment_amount"]
    invoice["pre_payment_credit_notes_amount"] += note["pre_payment_amount"]
    invoice["post_payment_credit_notes_amount"] += note["post_payment_amount"]
    world.objects["customers"][invoice["customer"]]["balance"] -= note["_credited"]
    if invoice["status"] == "open" and not invoice["amount_remaining"]:
        cancel_payments(world, invoice)
        settle(world, invoice)
