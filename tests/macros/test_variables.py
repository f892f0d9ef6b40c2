"""Variables of macros: which names are known, and how values replace them."""

import pytest

from msp.macros.variables import VARIABLES, expand, unknown_variables
from msp.words.macro_texts import TABLE


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("Hola", []),
        ("Hola, {{requester.first_name}}: {{ ticket.label }}", []),
        ("{{requester.firstname}} {{ticket.label}}", ["requester.firstname"]),
        ("{{}}", [""]),
        ("{{ticket.label", ["{{"]),
        ("ticket.label}}", ["}}"]),
        ("{{{ticket.label}}}", []),  # a variable in braces
        ("{ticket.label} { }", []),  # single braces are text
        ("{{__class__}}", ["__class__"]),
    ],
)
def test_unknown_variables(text: str, unknown: list[str]) -> None:
    assert unknown_variables(text) == unknown


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Hola, {{requester.first_name}}:", "Hola, Marta:"),
        ("{{ ticket.label }}/{{ticket.label}}", "LOZ-1/LOZ-1"),
        ("Hola {{client.name}}, adiós", "Hola, adiós"),  # an empty value takes the space before it along
        ("{{agent.name}}", "{{ticket.label}}"),  # a value is not expanded again
        ("{{nothing.known}}", "{{nothing.known}}"),
        ("a\n{{client.name}}\nb", "a\n\nb"),
    ],
)
def test_expansion(text: str, written: str) -> None:
    values = {
        "requester.first_name": "Marta", "ticket.label": "LOZ-1", "client.name": "", "agent.name": "{{ticket.label}}",
    }  # fmt: skip
    assert expand(text, values) == written


def test_every_variable_has_a_value_and_a_description() -> None:
    assert tuple(TABLE) == VARIABLES
