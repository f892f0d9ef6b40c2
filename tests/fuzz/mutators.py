"""Mutations of valid bodies: fields dropped, duplicated, retyped and renamed, bytes cut or replaced."""

import json
from collections.abc import Sequence
from copy import deepcopy
from random import Random
from typing import Any
from urllib.parse import quote_from_bytes

from tests.fuzz.values import RAW, odd_json, odd_text

Form = list[tuple[str, str]]
CONTENT_TYPES = (
    "", "text/plain", "application/json", "application/json; charset=utf-16", "application/x-www-form-urlencoded",
    "multipart/form-data", "multipart/form-data; boundary=x", "application/octet-stream", "a/b/c", "\u00ff",
)  # fmt: skip
USUAL = 0.93  # how often bytes and content type stay correct


def mutated_json(body: Any, random: Random) -> bytes:
    """The body with one to three changes, as bytes, sometimes no longer valid JSON."""
    changed = deepcopy(body)
    for _ in range(random.randint(1, 3)):
        changed = _changed(changed, random)
    text = _with_double_key(written(changed), random)
    return mutated_bytes(text.encode("utf-8", "surrogatepass"), random)


def written(value: Any) -> str:
    """JSON as text, including values that Python's own writer refuses."""
    text = json.dumps(value)
    for name, raw in RAW.items():
        text = text.replace(f'"{name}"', raw)
    return text


def mutated_form(fields: Sequence[tuple[str, str]], random: Random, *, extra: Sequence[str] = ()) -> Form:
    """The fields with one to three changes; `extra` names further fields of the form."""
    form = list(fields)
    for _ in range(random.randint(1, 3)):
        kind = random.randrange(8)
        if kind == 0 and form:
            del form[random.randrange(len(form))]
        elif kind == 1 and form:
            name, _value = random.choice(form)
            form.append((name, odd_text(random)))
        elif kind == 2 and extra:
            form.append((random.choice(extra), odd_text(random)))
        elif kind == 3:
            form.append((odd_text(random), odd_text(random)))
        elif form:
            at = random.randrange(len(form))
            form[at] = (form[at][0], odd_text(random))
    return form


def form_bytes(fields: Sequence[tuple[str, str]]) -> bytes:
    """The fields as a browser would send them; lone surrogates as their three (invalid) bytes."""
    pairs = ((_quoted(name), _quoted(value)) for name, value in fields)
    return "&".join(f"{name}={value}" for name, value in pairs).encode()


def mutated_bytes(raw: bytes, random: Random) -> bytes:
    """Mostly the same bytes; otherwise cut off, changed, doubled or in another encoding."""
    if random.random() < USUAL or not raw:
        return raw
    at, kind = random.randrange(len(raw)), random.randrange(7)
    if kind == 0:
        return raw[:at]
    if kind == 1:
        return raw[:at] + random.randbytes(random.randint(1, 4)) + raw[at:]
    if kind == 2:
        return raw[:at] + b"\x00" + raw[at + 1 :]
    if kind == 3:
        return b"\xef\xbb\xbf" + raw
    if kind == 4:
        return raw.decode("utf-8", "replace").encode("utf-16")
    return raw + raw if kind == 5 else b""


def content_type(usual: str, random: Random) -> str:
    """Mostly the body's own content type."""
    return usual if random.random() < USUAL else random.choice(CONTENT_TYPES)


def _quoted(text: str) -> str:
    return quote_from_bytes(text.encode("utf-8", "surrogatepass"))


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) within a value."""
    found: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting:
        each = waiting.pop()
        keys = list(each) if isinstance(each, dict) else range(len(each)) if isinstance(each, list) else ()
        for key in keys:
            found.append((each, key))
            waiting.append(each[key])
    return found


def _changed(body: Any, random: Random) -> Any:
    places = _places(body)
    if not places or random.random() < 0.01:
        return odd_json(random)
    container, key = random.choice(places)
    kind = random.randrange(8)
    if kind == 0:
        del container[key]
    elif kind == 1:
        _double(container, key, random)
    elif kind == 2:
        other, at = random.choice(places)
        try:
            container[key] = deepcopy(other[at])
        except (KeyError, IndexError):  # removed by an earlier change
            pass
    else:
        container[key] = odd_json(random)
    return body


def _double(container: Any, key: Any, random: Random) -> None:
    if isinstance(container, list):
        container.extend([container[key]] * random.choice((1, 2, 300)))
    else:
        container[odd_text(random)] = container[key]


def _with_double_key(text: str, random: Random) -> str:
    """Sometimes one of the body's keys twice, with an odd value first or last."""
    if random.random() > 0.05 or not text.startswith('{"'):
        return text
    key = text[1 : text.index('"', 2) + 1]
    pair = f"{key}: {written(odd_json(random))}"
    return f"{{{pair}, {text[1:]}" if random.random() < 0.5 else f"{text[:-1]}, {pair}}}"
