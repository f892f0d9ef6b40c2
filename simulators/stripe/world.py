"""State of a local Stripe account: objects in Stripe's JSON shape, events, idempotency keys."""

import copy
import json
import secrets
import string
import threading
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from simulators.ids import Now
from simulators.stripe.errors import invalid, missing
from simulators.stripe.params import pinned_version

Object = dict[str, Any]
"""An object as the API shows it; keys that begin with an underscore are internal."""

NOUNS = {
    "customers": "customer", "tax_rates": "tax_rate", "invoiceitems": "invoiceitem", "invoices": "invoice",
    "credit_notes": "credit_note", "refunds": "refund", "invoice_payments": "invoice_payment",
    "payment_intents": "payment_intent", "charges": "charge", "disputes": "dispute", "events": "event",
}  # fmt: skip
KEYS_LIVE = timedelta(hours=24)
_MOST_EVENTS = 5_000
_ALPHABET = string.ascii_letters + string.digits
_MOST_METADATA, _LONGEST_KEY, _LONGEST_VALUE = 50, 40, 500


class StripeWorld:
    """All state in memory behind one lock; with `state` also in a file, so that a demo survives a restart."""

    def __init__(self, *, now: Now, state: Path | None = None, account_name: str, country: str) -> None:
        self.now = now
        self.account_name = account_name
        self.country = country
        self.api_version = pinned_version()
        self.origin = ""
        self.lock = threading.RLock()
        self._state = state
        self.clear()
        if state is not None and state.exists():
            self._load(state)

    def clear(self) -> None:
        """Clear everything, settings included."""
        with self.lock:
            self.objects: dict[str, dict[str, Object]] = {kind: {} for kind in NOUNS}
            self.keys: dict[str, dict[str, Any]] = {}
            self.settings: dict[str, str] = {"tax_rounding": "line"}
            self.request: dict[str, Any] = {"id": None, "idempotency_key": None}
            self._fresh: list[Object] = []

    def stamp(self) -> int:
        """Now, in whole seconds since 1970."""
        return int(self.now().timestamp())

    def add(self, kind: str, prefix: str, fields: Mapping[str, Any]) -> Object:
        """Store a new object with an id, its time and the fields common to all Stripe objects."""
        object: Object = {
            "id": f"{prefix}_{random_text(24)}", "object": NOUNS[kind], "created": self.stamp(), "livemode": False,
        }  # fmt: skip
        object |= fields
        self.objects[kind][object["id"]] = object
        return object

    def get(self, kind: str, id: str, *, param: str | None = None) -> Object:
        """One object; unknown or deleted is Stripe's resource_missing, 404 or, for a parameter, 400."""
        found = self.objects[kind].get(id)
        if found is None or found.get("_deleted"):
            raise missing(NOUNS[kind], id, param=param or "id", status=400 if param else 404)
        return found

    def all(self, kind: str, **where: Any) -> list[Object]:
        """The objects of a kind, oldest first, filtered by these values."""
        return [
            object
            for object in self.objects[kind].values()
            if not object.get("_deleted") and all(object.get(name) == value for name, value in where.items())
        ]

    def delete(self, kind: str, object: Object) -> Object:
        """Delete an object and return the API's answer."""
        object["_deleted"] = True
        return {"id": object["id"], "object": NOUNS[kind], "deleted": True}

    def emit(self, type: str, object: Object, *, previous: Mapping[str, Any] | None = None) -> None:
        """Record an event with the current object; it is sent at the end of the request."""
        data: Object = {"object": copy.deepcopy(shown(object))}
        if previous:
            data["previous_attributes"] = dict(previous)
        event = self.add("events", "evt", {
            "api_version": self.api_version, "data": data, "pending_webhooks": 0,
            "request": dict(self.request), "type": type,
        })  # fmt: skip
        self._fresh.append(event)
        while len(self.objects["events"]) > _MOST_EVENTS:
            del self.objects["events"][next(iter(self.objects["events"]))]

    def take_events(self) -> list[Object]:
        """Return the events since the last call, in order."""
        fresh, self._fresh = self._fresh, []
        return fresh

    def forget_old_keys(self) -> None:
        """Drop idempotency keys after their 24 hours."""
        oldest = self.stamp() - int(KEYS_LIVE.total_seconds())
        for key in [key for key, kept in self.keys.items() if kept["at"] < oldest]:
            del self.keys[key]

    def save(self) -> None:
        """Write the state file atomically."""
        if self._state is None:
            return
        self._state.parent.mkdir(parents=True, exist_ok=True)
        draft = self._state.with_suffix(".new")
        draft.write_text(json.dumps({"objects": self.objects, "keys": self.keys}))
        draft.replace(self._state)

    def _load(self, state: Path) -> None:
        kept = json.loads(state.read_text())
        self.keys = kept["keys"]
        for kind, objects in kept["objects"].items():
            self.objects[kind] = objects


def random_text(length: int) -> str:
    """Letters and digits, as in Stripe's ids; random, so that a new server never repeats earlier ids."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def shown(object: Mapping[str, Any]) -> Object:
    """An object as the API shows it: without internal keys, its lines as a list object."""
    visible = {key: value for key, value in object.items() if not key.startswith("_")}
    if "_lines" in object:
        url = f"/v1/{object['object']}s/{object['id']}/lines"
        visible["lines"] = listed([shown(line) for line in object["_lines"]], url=url, limit=10)
    return visible


def listed(objects: Iterable[Object], *, url: str, limit: int) -> Object:
    """A list object of the first `limit` objects."""
    found = list(objects)
    return {
        "object": "list", "data": found[:limit], "has_more": len(found) > limit,
        "url": url,
    }  # fmt: skip


def metadata_after(before: Mapping[str, str], sent: Any) -> dict[str, str]:
    """Metadata merged with the sent values: an empty value drops a key, an empty string drops all."""
    if sent is None:
        return dict(before)
    merged = {key: value for key, value in ({} if sent == "" else {**before, **sent}).items() if value != ""}
    if len(merged) > _MOST_METADATA:
        raise invalid("Metadata can have up to 50 keys.", param="metadata")
    for key, value in merged.items():
        if len(key) > _LONGEST_KEY or len(value) > _LONGEST_VALUE:
            raise invalid(
                "Metadata keys can have up to 40 characters, their values up to 500.", param=f"metadata[{key}]"
            )
    return merged
