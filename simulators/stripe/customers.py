"""Customers and tax rates of a local Stripe account."""

from decimal import Decimal
from typing import Any

from simulators.stripe.errors import invalid
from simulators.stripe.totals import Rate
from simulators.stripe.world import Object, StripeWorld, metadata_after, random_text, shown

Params = dict[str, Any]
PLAIN = ("address", "business_name", "description", "email", "individual_name", "name", "phone", "preferred_locales")
CUSTOMER_UPDATE = frozenset({*PLAIN, "expand", "invoice_prefix", "metadata", "tax_exempt"})
CUSTOMER_CREATE = CUSTOMER_UPDATE | {"tax_id_data"}
TAX_RATE_PLAIN = ("active", "country", "description", "display_name", "jurisdiction", "state", "tax_type")
TAX_RATE_UPDATE = frozenset({*TAX_RATE_PLAIN, "expand", "metadata"})
TAX_RATE_CREATE = TAX_RATE_UPDATE | {"inclusive", "percentage"}
_ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")


def create_customer(world: StripeWorld, params: Params) -> Object:
    """Create a customer; emits customer.created."""
    customer = world.add("customers", "cus", {
        "address": None, "balance": 0, "currency": None, "default_source": None, "delinquent": False,
        "description": None, "email": None, "invoice_prefix": random_text(8).upper(),
        "invoice_settings": {
            "custom_fields": None, "default_payment_method": None, "footer": None, "rendering_options": None,
        },
        "metadata": metadata_after({}, params.get("metadata")), "name": None, "next_invoice_sequence": 1,
        "phone": None, "preferred_locales": [], "shipping": None, "tax_exempt": "none", "test_clock": None,
        "_tax_ids": [{"type": tax["type"], "value": tax["value"]} for tax in params.get("tax_id_data", [])],
    })  # fmt: skip
    _write_customer(customer, params)
    world.emit("customer.created", customer)
    return customer


def update_customer(world: StripeWorld, id: str, params: Params) -> Object:
    """Change a customer; emits customer.updated with the former values."""
    customer = world.get("customers", id)
    before = shown(customer)
    customer["metadata"] = metadata_after(customer["metadata"], params.get("metadata"))
    _write_customer(customer, params)
    world.emit("customer.updated", customer, previous=changed(before, shown(customer)))
    return customer


def delete_customer(world: StripeWorld, id: str, params: Params) -> Object:
    """Delete a customer; emits customer.deleted. Its invoices remain."""
    customer = world.get("customers", id)
    world.emit("customer.deleted", customer)
    return world.delete("customers", customer)


def create_tax_rate(world: StripeWorld, params: Params) -> Object:
    """Create a tax rate; emits tax_rate.created."""
    percentage: Decimal = params["percentage"]
    if not 0 <= percentage <= 100 or percentage != round(percentage, 4):
        raise invalid("Invalid percentage: between 0 and 100, with up to 4 decimals.", param="percentage")
    number = json_number(percentage)
    rate = world.add("tax_rates", "txr", {
        **dict.fromkeys(TAX_RATE_PLAIN), "active": True, "effective_percentage": number, "flat_amount": None,
        "inclusive": params["inclusive"], "jurisdiction_level": None,
        "metadata": metadata_after({}, params.get("metadata")), "percentage": number, "rate_type": "percentage",
        "_percentage": str(percentage),
    })  # fmt: skip
    rate |= {name: unset(params[name]) for name in TAX_RATE_PLAIN if name in params}
    world.emit("tax_rate.created", rate)
    return rate


def update_tax_rate(world: StripeWorld, id: str, params: Params) -> Object:
    """Change a tax rate (never its percentage); emits tax_rate.updated."""
    rate = world.get("tax_rates", id)
    before = shown(rate)
    rate["metadata"] = metadata_after(rate["metadata"], params.get("metadata"))
    rate |= {name: unset(params[name]) for name in TAX_RATE_PLAIN if name in params}
    world.emit("tax_rate.updated", rate, previous=changed(before, shown(rate)))
    return rate


def rates_of(world: StripeWorld, ids: list[str], *, param: str = "tax_rates") -> list[Rate]:
    """Tax rates by id; refuses unknown and inactive ones."""
    found = [world.get("tax_rates", id, param=f"{param}[{index}]") for index, id in enumerate(ids)]
    return [Rate(rate["id"], Decimal(rate["_percentage"]), rate["inclusive"]) for rate in found]


def unset(value: Any) -> Any:
    """The meaning of a sent value: an empty string unsets."""
    return None if value == "" else value


def changed(before: Object, after: Object) -> Object:
    """The former values of changed fields, as an event's previous_attributes."""
    return {key: before[key] for key in before if before[key] != after.get(key)}


def json_number(amount: Decimal) -> int | float:
    """A percentage in its JSON form; not used for computation."""
    return int(amount) if amount == int(amount) else float(amount)


def _write_customer(customer: Object, params: Params) -> None:
    customer |= {name: unset(params[name]) for name in PLAIN if name in params}
    if isinstance(customer["address"], dict):
        customer["address"] = dict.fromkeys(_ADDRESS) | customer["address"]
    customer["tax_exempt"] = params.get("tax_exempt") or "none" if "tax_exempt" in params else customer["tax_exempt"]
    if params.get("invoice_prefix"):
        customer["invoice_prefix"] = params["invoice_prefix"]
