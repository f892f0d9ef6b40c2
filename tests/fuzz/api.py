"""Requests to the API as its own description says they are, and as it says they are not (schemathesis).

Schemathesis makes the cases, good and bad ones. What stands in a path is replaced by things that exist, for beyond a
404 there is nothing to find; every second good body is mutated besides.
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

JSON = "application/json"
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
NOT_OURS = ("authorization", "host", "content-length", "content-type", "cookie")


@dataclass
class Api:
    """Makes the calls of an API from its description."""

    description: dict[str, Any]
    operations: list[Any] = field(init=False)

    def __post_init__(self) -> None:
        schema = schemathesis.openapi.from_dict(self.description)
        self.operations = [each.ok() for each in schema.get_all_operations() if isinstance(each, Ok)]

    def cases(self, operation: Any, *, count: int, seed_of_run: int) -> Iterator[Any]:
        """So many cases of an operation, half of them good ones as far as the description goes."""
        for number, mode in enumerate(MODES):
            share = (count + 1 - number) // len(MODES)
            if share:
                yield from _generated(operation.as_strategy(generation_mode=mode), share, seed_of_run)

    def call(self, case: Any, known: Mapping[str, str], token: str, random: Random, *, by: str) -> Call:
        """The case as a request of somebody; `known` holds what stands in paths."""
        query = [(str(name), _text(value)) for name, value in (case.query or {}).items()]
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
    body = _with_known(case.body, known, random)
    if random.random() < 0.5:
        return mutated_json(body, random), content_type(JSON, random)
    return mutated_bytes(written(body).encode(), random), content_type(JSON, random)


def _with_known(body: Any, known: Mapping[str, str], random: Random) -> Any:
    """The body with ids that exist where it has ids of such names."""
    if not isinstance(body, dict):
        return body
    return {
        name: known[name] if name in known and random.random() < 0.8 else _with_known(value, known, random)
        for name, value in body.items()
    }


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _header(value: Any) -> str:
    """A text as a header can carry it."""
    return _text(value).replace("\r", "").replace("\n", "").encode("latin-1", "replace").decode("latin-1")
