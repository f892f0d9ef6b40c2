"""Routes of Stripe's API: method, path, declared parameters, supported parameters, function."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from simulators.stripe import credit, customers, invoices, items, payments, reading
from simulators.stripe.customers import Params
from simulators.stripe.world import Object, StripeWorld, shown

Act = Callable[[StripeWorld, str, Params], Object]
Create = Callable[[StripeWorld, Params], Object]
EXPAND = frozenset({"expand"})


@dataclass(frozen=True)
class Route:
    """One operation; `name` is its name in faults and the call log, `reads` means that it changes nothing."""

    method: str
    path: str
    name: str
    declared: str
    ours: frozenset[str]
    act: Act
    reads: bool = False

    def match(self, method: str, path: str) -> str | None:
        """The id in a path that matches this route ("" without an id); None if it does not match."""
        if method != self.method:
            return None
        found = re.fullmatch(self.path.replace("{id}", "([A-Za-z0-9_]+)"), path)
        return None if found is None else (found[1] if found.groups() else "")


def find(method: str, path: str) -> tuple[Route, str] | None:
    """The route for a request with the id it names; literal paths precede ids."""
    for route in ROUTES:
        id = route.match(method, path)
        if id is not None:
            return route, id
    return None


def _create(kind: str, declared: str, ours: frozenset[str], create: Create) -> Route:
    return Route("POST", f"/v1/{kind}", f"{kind}.create", f"{declared}_create", ours, lambda w, _, p: create(w, p))


def _update(kind: str, declared: str, ours: frozenset[str], act: Act) -> Route:
    return Route("POST", f"/v1/{kind}/{{id}}", f"{kind}.update", f"{declared}_update", ours, act)


def _delete(kind: str, declared: str, act: Act) -> Route:
    return Route("DELETE", f"/v1/{kind}/{{id}}", f"{kind}.delete", f"{declared}_delete", EXPAND, act)


def _move(kind: str, move: str, declared: str, act: Act, ours: frozenset[str] = EXPAND) -> Route:
    return Route("POST", f"/v1/{kind}/{{id}}/{move}", f"{kind}.{move}", declared, ours, act)


def _get(kind: str, declared: str) -> Route:
    def act(world: StripeWorld, id: str, params: Params) -> Object:
        found = world.objects[kind].get(id)
        if found is not None and kind == "customers" and found.get("_deleted"):
            return {"id": id, "object": "customer", "deleted": True}
        return world.get(kind, id)

    path = f"/v1/{kind}/{{id}}"
    return Route("GET", path, f"{kind}.get", f"{declared}_retrieve", EXPAND, act, reads=True)


def _list(kind: str, declared: str) -> Route:
    ours = reading.PAGING | reading.FILTERS[kind]
    return Route(
        "GET", f"/v1/{kind}", f"{kind}.list", f"{declared}_list", ours,
        lambda world, _, params: reading.list_objects(world, kind, params), reads=True,
    )  # fmt: skip


def _search(kind: str, declared: str) -> Route:
    return Route(
        "GET", f"/v1/{kind}/search", f"{kind}.search", f"{declared}_search", reading.SEARCH,
        lambda world, _, params: reading.search_objects(world, kind, params), reads=True,
    )  # fmt: skip


def _lines(kind: str, declared: str) -> Route:
    def act(world: StripeWorld, id: str, params: Params) -> Object:
        lines = [shown(line) for line in world.get(kind, id)["_lines"]]
        return reading.page(lines, params, url=f"/v1/{kind}/{id}/lines")

    path = f"/v1/{kind}/{{id}}/lines"
    return Route("GET", path, f"{kind}.lines", f"{declared}_line_item_list", reading.PAGING, act, reads=True)


ROUTES: tuple[Route, ...] = (
    _search("customers", "customer"),
    _create("customers", "customer", customers.CUSTOMER_CREATE, customers.create_customer),
    _list("customers", "customer"),
    _get("customers", "customer"),
    _update("customers", "customer", customers.CUSTOMER_UPDATE, customers.update_customer),
    _delete("customers", "customer", customers.delete_customer),
    _create("tax_rates", "tax_rate", customers.TAX_RATE_CREATE, customers.create_tax_rate),
    _list("tax_rates", "tax_rate"),
    _get("tax_rates", "tax_rate"),
    _update("tax_rates", "tax_rate", customers.TAX_RATE_UPDATE, customers.update_tax_rate),
    _create("invoiceitems", "invoice_item", items.ITEM_CREATE, items.create_item),
    _list("invoiceitems", "invoice_item"),
    _get("invoiceitems", "invoice_item"),
    _update("invoiceitems", "invoice_item", items.ITEM_UPDATE, items.update_item),
    _delete("invoiceitems", "invoice_item", items.delete_item),
    _search("invoices", "invoice"),
    _create("invoices", "invoice", invoices.INVOICE_CREATE, invoices.create_invoice),
    _list("invoices", "invoice"),
    _get("invoices", "invoice"),
    _lines("invoices", "invoice"),
    _update("invoices", "invoice", invoices.INVOICE_UPDATE, invoices.update_invoice),
    _delete("invoices", "invoice", invoices.delete_invoice),
    _move("invoices", "finalize", "invoice_finalize_invoice", invoices.finalize, EXPAND | {"auto_advance"}),
    _move("invoices", "pay", "invoice_pay", payments.pay, payments.PAY),
    _move("invoices", "send", "invoice_send_invoice", invoices.send),
    _move("invoices", "void", "invoice_void_invoice", invoices.void),
    _move("invoices", "mark_uncollectible", "invoice_mark_uncollectible", invoices.mark_uncollectible),
    _create("credit_notes", "credit_note", credit.CREDIT_NOTE_CREATE, credit.create_credit_note),
    _list("credit_notes", "credit_note"),
    _get("credit_notes", "credit_note"),
    _lines("credit_notes", "credit_note"),
    _update("credit_notes", "credit_note", credit.CREDIT_NOTE_UPDATE, credit.update_credit_note),
    _move("credit_notes", "void", "credit_note_void_credit_note", credit.void_credit_note),
    _create("refunds", "refund", payments.REFUND_CREATE, payments.create_refund),
    _list("refunds", "refund"),
    _get("refunds", "refund"),
    _update("refunds", "refund", payments.REFUND_UPDATE, payments.update_refund),
    _list("disputes", "dispute"),
    _get("disputes", "dispute"),
    _list("invoice_payments", "invoice_payment"),
    _get("invoice_payments", "invoice_payment"),
    _get("payment_intents", "payment_intent"),
    _get("charges", "charge"),
    _list("events", "event"),
    _get("events", "event"),
)
