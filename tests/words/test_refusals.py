"""Every refusal code in the source has its sentence, in both languages."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from msp.kernel.errors import Conflict, Invalid, NotFound, TooMany
from msp.kernel.i18n import reading_as
from msp.words.refusals import MESSAGES, field_messages, message

ROOT = Path(__file__).parents[2]
REFUSALS = {"Refusal", "Invalid", "Denied", "Conflict", "PreconditionFailed", "TooMany"}  # NotFound has one for all
CODE = re.compile(r"[a-z]+(_[a-z]+)*")
NO_CODES = {"assignee"}  # lists of one word that mean something else
PARAMS = {
    "retry_after": 30, "number": "F2026-0001", "reason": {"code": "fault.draft", "params": {}}, "missing": ["city"],
    "stated": "national", "given": "igic", "why": "tax_territory",
}  # fmt: skip


def raised() -> Iterator[tuple[str, str]]:
    """Each code with the place where it is raised or noted as a field error."""
    for package in ("msp", "integrations", "billing"):
        for path in sorted((ROOT / package).rglob("*.py")):
            text = path.read_text()
            if re.search(r"\b(Refusal|Invalid|Conflict|Denied|Faults|TooMany|PreconditionFailed|Form)\b", text):
                for node in ast.walk(ast.parse(text)):
                    for code in _codes(node):
                        yield code, f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"


def _codes(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[first, *_]) if name in REFUSALS:
            yield from _texts(first)
        case ast.Call(func=ast.Attribute(attr="fault"), args=[_, code]):  # of a form
            yield from _texts(code)
        case ast.Dict(values=values):
            yield from (code for value in values for code in _in_list(value))
        case ast.DictComp(value=value) | ast.Assign(targets=[ast.Subscript()], value=value):
            yield from _in_list(value)
        case ast.Assign(targets=[ast.Name(id="code")], value=value):
            yield from _texts(value)
        case ast.Return(value=ast.Tuple(elts=[_, code])):
            yield from _texts(code)


def _in_list(value: ast.expr) -> Iterator[str]:
    match value:
        case ast.List(elts=[code]):
            yield from _texts(code)
        case ast.IfExp(body=body, orelse=orelse):
            yield from _in_list(body)
            yield from _in_list(orelse)


def _texts(value: ast.expr) -> Iterator[str]:
    match value:
        case ast.Constant(value=str(code)) if CODE.fullmatch(code):
            yield code
        case ast.IfExp(body=body, orelse=orelse):
            yield from _texts(body)
            yield from _texts(orelse)


@pytest.mark.parametrize("locale", ["en", "es"])
def test_every_code_has_a_sentence(app: Flask, locale: str) -> None:
    found = dict(raised())
    assert len(found) > 80 and {"ticket_taken", "invoice_held", "nif_shape", "too_many_sign_ins"} <= found.keys()
    with app.app_context(), reading_as(locale, "Europe/Madrid"):
        general = message(Conflict("nobody raises this"))
        known = {code.rpartition(".")[2] for code in MESSAGES} | NO_CODES  # files.empty is `empty` of a field
        without = {code: place for code, place in found.items() if code not in known}
        assert without == {}
        said = {code: message(Conflict(code, **PARAMS)) for code in MESSAGES}
    assert {code for code, text in said.items() if not text or text == general} == set()


def test_every_sentence_has_two_languages(app: Flask) -> None:
    said = []
    for locale in ("en", "es"):
        with app.app_context(), reading_as(locale, "Europe/Madrid"):
            said.append({code: message(Conflict(code, **PARAMS)) for code in MESSAGES})
    english, spanish = said
    assert [code for code in english if english[code] == spanish[code]] == []


def test_fields(app: Flask) -> None:
    with app.app_context(), reading_as("en", "Europe/Madrid"):
        assert field_messages({"minutes": ["out_of_range"], "year": ["out_of_range"], "x": ["odd"], "y": []}) == {
            "minutes": ["Between one minute and a day."], "year": ["Out of range."], "x": ["Not valid."]
        }  # fmt: skip
        assert message(Invalid(fields={"a": ["required"], "b": ["required", "too_long"]})) == "Required. Too long."
        assert message(Invalid()) == "Not valid."


def test_other_refusals(app: Flask) -> None:
    with app.app_context(), reading_as("en", "Europe/Madrid"):
        assert message(NotFound("ticket")) == message(NotFound("anything")) != ""
        assert "30 seconds" in message(TooMany("too_many_requests", retry_after=30))
        assert "2 minutes" in message(TooMany("too_many_attempts", retry_after=61))
        assert "city" not in message(Conflict("address_missing", missing=["city"]))
