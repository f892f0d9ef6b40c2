"""API requests that match its description, and requests that do not (schemathesis).

Schemathesis generates valid and invalid cases. Path parameters are replaced by existing ids, since a 404 tests nothing
further; every second valid body is mutated as well.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import quote, urlencode

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.core.result import Ok

from tests.fuzz.calls import Call
from tests.fuzz.mutators import content_type, mutated_bytes, mutated_form, mutated_json, written
from tests.fuzz.values import odd_text
from tests.world import TEAMS_TENANT

JSON = "application/json"
PLAUSIBLE: dict[str, Any] = {  # fields that the description cannot express
    "timezone": "Europe/Madrid", "locale": "es", "email": "x@lozano.example", "country": "ES", "region": "MD",
    "currency": "EUR", "started_at": "2026-11-20T09:00:00Z", "start": "2026-11-24T09:00:00Z", "year": "2026",
    "end": "2026-11-25T09:00:00Z", "at": "2026-11-24T09:00:00Z", "starts_on": "2026-12-01", "ends_on": "2027-11-30",
    "work_type": "remote", "subject": "No hay red", "body": "Desde ayer.", "name": "Nueva", "minutes": 30, "tier": 2,
    "code": "NUE", "role": "client_employee", "from": "2026-11-01", "to": "2026-11-23", "month": "2026-11",
    "period_start": "2026-10-01", "period_end": "2026-10-31", "tax_id": "B84562388", "limit": 10, "note": "Cambio",
    "expires_at": "2027-01-01T00:00:00Z", "quiet_from": "22:00", "quiet_until": "07:00", "team_id": "T0OTHER",
    "mail_domains": ["otra.example"], "tags": ["red"], "years": [2026], "title": "Jefa", "tenant_id": TEAMS_TENANT,
    "escalation_policy": [], "exceptions": [], "holidays": [], "timetables": [], "cursor": None, "q": "red",
}  # fmt: skip
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
NOT_OURS = ("authorization", "host", "content-length", "content-type", "cookie")


@dataclass
class Api:
    """Makes API calls from its description."""

    description: dict[str, Any]
    operations: list[Any] = field(init=False)

    def __post_init__(self) -> None:
        schema = schemathesis.openapi.from_dict(self.description)
        self.operations = [each.ok() for each in schema.get_all_operations() if isinstance(each, Ok)]

    def cases(self, operation: Any, *, count: int, seed_of_run: int) -> Iterator[Any]:
        """So many cases of an operation, half of them valid according to the description."""
        for number, mode in enumerate(MODES):
            share = (count + 1 - number) // len(MODES)
            if share:
                yield from _generated(operation.as_strategy(generation_mode=mode), share, seed_of_run)

    def call(self, case: Any, known: Mapping[str, str], token: str, random: Random, *, by: str) -> Call:
        """Send the case as a person; `known` holds the path parameters."""
        said_so = case.query or {}
        if random.random() < 0.5:
            said_so = _likely(said_so, known, random)
        query = [(str(name), _text(value)) for name, value in said_so.items()]
        if random.random() < 0.3:
            query = mutated_form(query, random)
        path = _path(case, known, random)
        path += f"?{urlencode(query, errors='replace')}" if query else ""
        headers = {"Authorization": f"Bearer {token}"} if random.random() < 0.97 else {}
        headers |= {
            name: _header(value) for name, value in (case.headers or {}).items() if name.lower() not in NOT_OURS
        }
        body, kind = _body(case, known, random)
        return Call(case.method.upper(), path, body, kind, headers, by)


def _generated(strategy: Any, count: int, seed_of_run: int) -> list[Any]:
    made: list[Any] = []

    @seed(seed_of_run)
    @settings(
        max_examples=count,
        database=None,
        phases=[Phase.generate],
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def keep(case: Any) -> None:
        made.append(case)

    keep()
    return made[:count]


def _path(case: Any, known: Mapping[str, str], random: Random) -> str:
    path: str = case.path
    for name, value in (case.path_parameters or {}).items():
        said = known.get(name, str(value)) if random.random() < 0.9 else odd_text(random)
        path = path.replace(f"{{{name}}}", quote(said, safe="", errors="replace"))
    return path


def _body(case: Any, known: Mapping[str, str], random: Random) -> tuple[bytes, str]:
    if case.body is None or type(case.body).__name__ == "NotSet":
        return (b"", "") if random.random() < 0.97 else (b"{", JSON)
    if isinstance(case.body, bytes):
        return case.body, content_type(JSON, random)
    body = _likely(case.body, known, random) if random.random() < 0.5 else _with_known(case.body, known, random)
    if random.random() < 0.5:
        return mutated_json(body, random), content_type(JSON, random)
    return mutated_bytes(written(body).encode(), random), content_type(JSON, random)


def _with_known(body: Any, known: Mapping[str, str], random: Random) -> Any:
    """The body with existing ids in fields of known names."""
    if not isinstance(body, dict):
        return body
    return {
        name: known[name] if name in known and random.random() < 0.8 else _with_known(value, known, random)
        for name, value in body.items()
    }


def _likely(body: Any, known: Mapping[str, str], random: Random) -> Any:
    """Some of the fields, with existing or plausible values if known: likely to be accepted."""
    if not isinstance(body, Mapping):
        return body
    kept = {name: value for name, value in body.items() if name in known or random.random() < 0.7}
    values = {**PLAUSIBLE, **known}
    filled = {name: values.get(name, value) for name, value in kept.items()}
    return {name: value for name, value in filled.items() if value is not None}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _header(value: Any) -> str:
    """A text in a form that a header can hold."""
    return _text(value).replace("\r", "").replace("\n", "").encode("latin-1", "replace").decode("latin-1")
