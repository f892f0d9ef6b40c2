"""Invoice items of a local Stripe account: pending ones, and lines of a draft."""

from decimal import Decimal
from typing import Any

from simulators.stripe.customers import Params, rates_of, unset
from simulators.stripe.errors import StripeRefusal, invalid
from simulators.stripe.invoices import add_line, not_editable, retotal
from simulators.stripe.totals import minor
from simulators.stripe.world import Object, StripeWorld, metadata_after

_SHARED = {
    "amount", "description", "discountable", "expand", "metadata", "period", "quantity", "quantity_decimal",
    "tax_rates", "unit_amount_decimal",
}  # fmt: skip
ITEM_UPDATE = frozenset(_SHARED)
ITEM_CREATE = frozenset(_SHARED | {"currency", "customer", "invoice"})
MOST_LINES = 250
_PRICED = {"amount", "quantity", "quantity_decimal", "unit_amount_decimal"}


def create_item(world: StripeWorld, params: Params) -> Object:
    """Create an item, on a draft or pending; emits invoiceitem.created."""
    invoice = world.get("invoices", params["invoice"], param="invoice") if params.get("invoice") else None
    customer_id = params.get("customer") or (invoice and invoice["customer"])
    if not customer_id:
        raise invalid("Missing required param: customer.", param="customer", code="parameter_missing")
    customer = world.get("customers", customer_id, param="customer")
    _check_place(invoice, customer)
    currency = (params.get("currency") or (invoice or customer)["currency"] or "eur").lower()
    if invoice is not None and currency != invoice["currency"]:
        raise StripeRefusal(
            f"The currency of the invoice item ({currency}) differs from that of the invoice ({invoice['currency']}).",
            param="currency",
        )
    rates_of(world, params.get("tax_rates") or [])
    item = world.add("invoiceitems", "ii", _fields(world, params) | {"currency": currency, "customer": customer_id})
    item["date"] = item.pop("created")
    if invoice is not None:
        add_line(world, invoice, item)
        retotal(world, invoice)
    world.emit("invoiceitem.created", item)
    return item


def update_item(world: StripeWorld, id: str, params: Params) -> Object:
    """Change a pending item or a line of a draft."""
    item = world.get("invoiceitems", id)
    invoice = _draft_of(world, item)
    rates_of(world, params.get("tax_rates") or [])
    item["metadata"] = metadata_after(item["metadata"], params.get("metadata"))
    item |= {name: unset(params[name]) for name in ("description", "discountable", "period") if name in params}
    if "tax_rates" in params:
        item |= _rates(world, params)
    if params.keys() & _PRICED:
        item |= _price(params)
    if invoice is not None:
        _take_off(invoice, item)
        add_line(world, invoice, item)
        retotal(world, invoice)
    return item


def delete_item(world: StripeWorld, id: str, params: Params) -> Object:
    """Delete a pending item or remove it from its draft; emits invoiceitem.deleted."""
    item = world.get("invoiceitems", id)
    invoice = _draft_of(world, item)
    if invoice is not None:
        _take_off(invoice, item)
        retotal(world, invoice)
    world.emit("invoiceitem.deleted", item)
    return world.delete("invoiceitems", item)


def _check_place(invoice: Object | None, customer: Object) -> None:
    if invoice is None:
        return
    if invoice["status"] != "draft":
        raise not_editable("This invoice is no longer editable: items can only be added to a draft.")
    if invoice["customer"] != customer["id"]:
        raise StripeRefusal("The invoice belongs to another customer.", param="invoice")
    if len(invoice["_lines"]) >= MOST_LINES:
        raise StripeRefusal("An invoice can have up to 250 items.", code="invoice_too_many_items")


def _draft_of(world: StripeWorld, item: Object) -> Object | None:
    if item["invoice"] is None:
        return None
    invoice = world.get("invoices", item["invoice"])
    if invoice["status"] != "draft":
        raise not_editable("This invoice item belongs to an invoice that is no longer editable.")
    return invoice


def _take_off(invoice: Object, item: Object) -> None:
    def stays(line: Object) -> bool:
        return bool(line["parent"]["invoice_item_details"]["invoice_item"] != item["id"])

    invoice["_lines"] = [line for line in invoice["_lines"] if stays(line)]


def _fields(world: StripeWorld, params: Params) -> dict[str, Any]:
    moment = world.stamp()
    return {
        "customer_account": None, "description": unset(params.get("description")),
        "discountable": params.get("discountable", True), "discounts": [], "frozen_fields": None, "invoice": None,
        "invoicing_rules": None, "metadata": metadata_after({}, params.get("metadata")), "parent": None,
        "period": params.get("period") or {"end": moment, "start": moment}, "proration": False,
        "proration_details": None, "test_clock": None,
    } | _price(params) | _rates(world, params)  # fmt: skip


def _rates(world: StripeWorld, params: Params) -> dict[str, Any]:
    ids = params.get("tax_rates") or []
    shown_rates = [world.get("tax_rates", id, param="tax_rates") for id in ids]
    public = [{key: value for key, value in rate.items() if key[0] != "_"} for rate in shown_rates]
    return {"tax_rates": public, "_tax_rates": ids}


def _price(params: Params) -> dict[str, Any]:
    """Amount, or unit price times quantity rounded half up to whole minor units."""
    if params.get("amount") is not None and params.keys() & (_PRICED - {"amount"}):
        other = min(params.keys() & (_PRICED - {"amount"}))
        raise invalid(f"You may only specify one of these parameters: amount, {other}.", param=other)
    if params.get("quantity") is not None and params.get("quantity_decimal") is not None:
        raise invalid(
            "You may only specify one of these parameters: quantity, quantity_decimal.", param="quantity_decimal"
        )
    quantity = params.get("quantity_decimal") or Decimal(params.get("quantity") or 1)
    unit = params.get("unit_amount_decimal")
    if unit is None and params.get("amount") is None:
        raise invalid("You must pass amount or unit_amount_decimal.", param="amount", code="parameter_missing")
    amount = params["amount"] if unit is None else minor(unit * quantity)
    return {
        "amount": amount, "net_amount": amount, "quantity": minor(quantity), "quantity_decimal": str(quantity),
        "pricing": {
            "price_details": None, "type": "price_details",
            "unit_amount_decimal": str(amount if unit is None else unit),
        },
    }  # fmt: skip
