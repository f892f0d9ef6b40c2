"""Request parameters as stripe-python declares them: parameters that the library does not type are refused.

The declarations are read from the installed library's source, so that they match its version; the library is not
imported. Parameters arrive form-encoded with brackets: `metadata[key]=v`, `lines[0][amount]=5`.
"""

import ast
import importlib.util
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path
from typing import Any

from simulators.stripe.errors import invalid

_KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_SCALARS = {"str": "str", "int": "int", "bool": "bool", "float": "decimal", "Decimal": "decimal"}
MOST_ITEMS = 250


@dataclass
class Node:
    """The possible values of one parameter: scalars, one of `choices`, a list, a free mapping, or an object."""

    required: bool = True
    scalars: set[str] = field(default_factory=set)
    choices: set[str] = field(default_factory=set)
    items: "Node | None" = None
    values: "Node | None" = None
    members: "dict[str, Node] | None" = None

    @property
    def may_be_unset(self) -> bool:
        """Whether an empty string is a value: it unsets the field."""
        return "" in self.choices or "str" in self.scalars


def pinned_version() -> str:
    """The API version of the installed stripe-python."""
    tree = ast.parse((_library() / "_api_version.py").read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "CURRENT":
            return str(ast.literal_eval(node.value))
    raise RuntimeError("stripe-python no longer says which API version it speaks")


@lru_cache(maxsize=64)
def declared(operation: str) -> dict[str, Node]:
    """The parameters of an operation such as "invoice_create", by name."""
    tree = ast.parse((_library() / "params" / f"_{operation}_params.py").read_text())
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    return _members(classes[next(iter(classes))], classes)


def parse_form(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Nest bracketed keys into dicts; raises a Stripe error if two keys contradict each other."""
    nested: dict[str, Any] = {}
    for key, value in pairs:
        found = _KEY.fullmatch(key)
        if found is None:
            raise invalid(f"Invalid request: malformed parameter name {key!r}.")
        *path, last = [found[1], *re.findall(r"\[([^\[\]]*)\]", found[2])]
        at = nested
        for name in path:
            at = at.setdefault(name, {})
            if not isinstance(at, dict):
                raise invalid(f"Invalid {found[1]}: it is both a value and an object.", param=found[1])
        at[last or str(len(at))] = value
    return nested


def read_params(operation: str, pairs: Iterable[tuple[str, str]], *, ours: frozenset[str]) -> dict[str, Any]:
    """Check parameters against the declaration; returns them as int, bool, Decimal, str, list and dict.

    `ours` are those this server implements; other declared ones are refused with an explanation, so that no parameter
    is ignored. Raises Stripe's errors for unknown, missing and ill-typed ones.
    """
    members = declared(operation)
    sent = parse_form(pairs)
    values = _object(members, sent, "")
    for name in values.keys() - ours:
        raise invalid(
            f"The parameter '{name}' exists in Stripe, but this local server does not implement it.",
            param=name,
            code="parameter_unsupported_here",
        )
    return values


def _object(members: Mapping[str, Node], sent: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    unknown = [_named(prefix, name) for name in sent if name not in members]
    if unknown:
        plural = "s" if len(unknown) > 1 else ""
        raise invalid(
            f"Received unknown parameter{plural}: {', '.join(unknown)}",
            param=unknown[0],
            code="parameter_unknown",
        )
    for name, node in members.items():
        if node.required and name not in sent:
            param = _named(prefix, name)
            raise invalid(f"Missing required param: {param}.", param=param, code="parameter_missing")
    return {name: _value(members[name], value, _named(prefix, name)) for name, value in sent.items()}


def _value(node: Node, value: Any, param: str) -> Any:
    if isinstance(value, str):
        return _text(node, value, param)
    if node.items is not None and all(key.isdecimal() for key in value):
        if len(value) > MOST_ITEMS:
            raise invalid(f"Invalid array: {param} has too many items.", param=param)
        ordered = sorted(value.items(), key=lambda pair: int(pair[0]))
        return [_value(node.items, item, f"{param}[{index}]") for index, item in ordered]
    if node.values is not None:
        return {key: _value(node.values, item, f"{param}[{key}]") for key, item in value.items()}
    if node.members is not None:
        return _object(node.members, value, param)
    raise invalid(f"Invalid {param}: an object is not expected here.", param=param)


def _text(node: Node, text: str, param: str) -> Any:
    if text == "" and not node.may_be_unset:
        raise invalid(
            f"You passed an empty string for '{param}'. We assume empty values are an attempt to unset a field;"
            f" however '{param}' cannot be unset.",
            param=param,
            code="parameter_invalid_empty",
        )
    if text == "":
        return ""
    choices = node.choices - {""}
    if choices:
        if text not in choices:
            raise invalid(f"Invalid {param}: must be one of {', '.join(sorted(choices))}", param=param)
        return text
    return _scalar(node.scalars, text, param)


def _scalar(scalars: set[str], text: str, param: str) -> Any:
    if "str" in scalars:
        return text
    if "bool" in scalars and text in ("true", "false"):
        return text == "true"
    if "int" in scalars and re.fullmatch(r"-?\d{1,18}", text):
        return int(text)
    if "decimal" in scalars:
        return _decimal(text, param)
    kind, code = ("integer", "parameter_invalid_integer") if "int" in scalars else ("value", None)
    raise invalid(f"Invalid {kind}: {text}", param=param, code=code)


def _decimal(text: str, param: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise invalid(f"Invalid decimal: {text}", param=param)
    return number


def _named(prefix: str, name: str) -> str:
    return f"{prefix}[{name}]" if prefix else name


# --- reading the declarations


def _library() -> Path:
    spec = importlib.util.find_spec("stripe")
    if spec is None or spec.origin is None:
        raise RuntimeError("stripe-python is not installed")
    return Path(spec.origin).parent


def _members(owner: ast.ClassDef, classes: Mapping[str, ast.ClassDef]) -> dict[str, Node]:
    return {
        line.target.id: _node(line.annotation, classes)
        for line in owner.body
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
    }


def _node(annotation: ast.expr, classes: Mapping[str, ast.ClassDef]) -> Node:
    node = Node()
    _read(annotation, node, classes)
    return node


def _read(annotation: ast.expr, node: Node, classes: Mapping[str, ast.ClassDef]) -> None:
    """Add to a node the values that an annotation allows."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        _read(ast.parse(annotation.value, mode="eval").body, node, classes)
    elif isinstance(annotation, ast.BinOp):
        _read(annotation.left, node, classes)
        _read(annotation.right, node, classes)
    elif isinstance(annotation, ast.Subscript) and isinstance(annotation.value, ast.Name):
        _read_generic(annotation.value.id, annotation.slice, node, classes)
    elif isinstance(annotation, ast.Name) and annotation.id in _SCALARS:
        node.scalars.add(_SCALARS[annotation.id])
    elif isinstance(annotation, ast.Name) and annotation.id in classes:
        node.members = (node.members or {}) | _members(classes[annotation.id], classes)


def _read_generic(name: str, inside: ast.expr, node: Node, classes: Mapping[str, ast.ClassDef]) -> None:
    parts = inside.elts if isinstance(inside, ast.Tuple) else [inside]
    if name == "NotRequired":
        node.required = False
        _read(inside, node, classes)
    elif name == "Literal":
        node.choices |= {str(part.value) for part in parts if isinstance(part, ast.Constant)}
    elif name == "Union":
        for part in parts:
            _read(part, node, classes)
    elif name == "List":
        node.items = _node(inside, classes)
    elif name == "Dict":
        node.values = _node(parts[1], classes)
