"""Read access to a local Stripe account: lists with cursors and filters, searches by metadata, expanded objects."""

import re
from collections.abc import Callable
from typing import Any

from simulators.stripe.customers import Params
from simulators.stripe.errors import StripeRefusal, invalid
from simulators.stripe.world import Object, StripeWorld, listed, shown

PAGING = frozenset({"ending_before", "expand", "limit", "starting_after"})
FILTERS = {
    "customers": {"created", "email"}, "tax_rates": {"active", "created", "inclusive"},
    "invoiceitems": {"created", "customer", "invoice", "pending"},
    "invoices": {"collection_method", "created", "customer", "due_date", "status"},
    "credit_notes": {"created", "customer", "invoice"}, "refunds": {"charge", "created", "payment_intent"},
    "disputes": {"charge", "created", "payment_intent"},
    "invoice_payments": {"created", "invoice", "payment", "status"}, "events": {"created", "type", "types"},
}  # fmt: skip
SEARCH = frozenset({"expand", "limit", "page", "query"})
SEARCHED = {
    "customers": {"email", "name", "phone"}, "invoices": {"currency", "customer", "number", "status"},
}  # fmt: skip
_POINTERS = {
    "charge": "charges", "customer": "customers", "invoice": "invoices", "latest_charge": "charges",
    "payment_intent": "payment_intents", "refund": "refunds",
}  # fmt: skip
_CLAUSE = re.compile(r"""(?P<field>\w+)(?:\[["'](?P<key>[^"']+)["']\])?(?P<sign>[:~])["'](?P<value>[^"']*)["']""")
_COMPARE: dict[str, Callable[[int, int], bool]] = {
    "gt": lambda a, b: a > b, "gte": lambda a, b: a >= b, "lt": lambda a, b: a < b, "lte": lambda a, b: a <= b,
}  # fmt: skip
_DEEPEST = 4


def list_objects(world: StripeWorld, kind: str, params: Params) -> Object:
    """One page of a kind, newest first."""
    wanted = {name: params[name] for name in FILTERS[kind] if params.get(name) is not None}
    kept = [
        object
        for object in reversed(world.all(kind))
        if all(_matches(object, name, value) for name, value in wanted.items())
    ]
    return page([shown(object) for object in kept], params, url=f"/v1/{kind}")


def page(objects: list[Object], params: Params, *, url: str) -> Object:
    """The page of a list for a cursor and a limit (1 to 100, by default 10)."""
    limit = _limit(params)
    ids = [object["id"] for object in objects]
    if params.get("starting_after"):
        objects = objects[_place(ids, params["starting_after"], "starting_after") + 1 :]
    elif params.get("ending_before"):
        before = objects[: _place(ids, params["ending_before"], "ending_before")]
        return listed(before[-limit:], url=url, limit=limit) | {"has_more": len(before) > limit}
    return listed(objects, url=url, limit=limit)


def search_objects(world: StripeWorld, kind: str, params: Params) -> Object:
    """Objects that match every clause of a query such as `metadata['tenant']:'acme' AND status:'open'`.

    Unlike Stripe's search, this one includes the latest changes at once.
    """
    clauses = [_clause(kind, part) for part in re.split(r"\s+AND\s+", params["query"].strip())]
    found = [
        shown(object) for object in reversed(world.all(kind)) if all(_found(object, *clause) for clause in clauses)
    ]
    limit = _limit(params)
    return {
        "object": "search_result", "data": found[:limit], "has_more": False, "next_page": None,
        "url": f"/v1/{kind}/search",
    }  # fmt: skip


def expand(world: StripeWorld, answer: Object, paths: list[str]) -> Object:
    """Replace ids by whole objects according to `expand`; refuses paths that cannot be expanded."""
    for path in paths:
        parts = path.split(".")
        if len(parts) > _DEEPEST:
            raise StripeRefusal("You cannot expand more than 4 levels of a property.", param="expand")
        _expand(world, answer, parts, path)
    return answer


def _expand(world: StripeWorld, at: Any, parts: list[str], path: str) -> None:
    if isinstance(at, list):
        for one in at:
            _expand(world, one, parts, path)
        return
    head, rest = parts[0], parts[1:]
    if head == "payments" and at.get("object") == "invoice":
        of = [shown(payment) for payment in world.all("invoice_payments", invoice=at["id"])]
        at["payments"] = listed(of, url="/v1/invoice_payments", limit=10)
    elif head in _POINTERS and isinstance(at.get(head), str):
        at[head] = shown(world.objects[_POINTERS[head]][at[head]])
    elif head not in at or not (rest or head in _POINTERS):
        raise StripeRefusal(f"This property cannot be expanded ({path}).", param="expand")
    if rest and at.get(head) is not None:
        _expand(world, at[head], rest, path)


def _matches(object: Object, name: str, value: Any) -> bool:
    if name in ("created", "due_date"):
        return _in_range(object[name] if name in object else object["date"], value)
    if name == "pending":
        return bool((object["invoice"] is None) == value)
    if name == "type" or name == "types":
        return any(_is_type(object["type"], pattern) for pattern in ([value] if name == "type" else value))
    if name == "payment":
        return all(object["payment"].get(key) == wanted for key, wanted in value.items())
    return bool(object.get(name) == value)


def _in_range(moment: int | None, value: int | dict[str, int]) -> bool:
    if moment is None:
        return False
    if isinstance(value, int):
        return moment == value
    return all(_COMPARE[sign](moment, limit) for sign, limit in value.items())


def _is_type(type: str, pattern: str) -> bool:
    return type.startswith(pattern[:-1]) if pattern.endswith("*") else type == pattern


def _limit(params: Params) -> int:
    limit = int(params.get("limit") or 10)
    if not 1 <= limit <= 100:
        raise invalid("Invalid limit: between 1 and 100.", param="limit")
    return limit


def _place(ids: list[str], id: str, param: str) -> int:
    if id not in ids:
        raise invalid(f"No such object: '{id}'", param=param, code="resource_missing")
    return ids.index(id)


def _clause(kind: str, text: str) -> tuple[str, str | None, str, str]:
    found = _CLAUSE.fullmatch(text.strip())
    if found is None:
        raise invalid(f"We were unable to parse your search query: {text}", param="query")
    field, key = found["field"], found["key"]
    if not (field == "metadata" and key) and not (field in SEARCHED[kind] and key is None):
        raise invalid(f"Field `{field}` is an unsupported search field for resource `{kind}`.", param="query")
    return field, key, found["sign"], found["value"]


def _found(object: Object, field: str, key: str | None, sign: str, value: str) -> bool:
    held = object["metadata"].get(key) if key else object.get(field)
    if held is None:
        return False
    return value.lower() in str(held).lower() if sign == "~" else str(held) == value
