"""The billing cases with exact answers, read from GOLDEN_DIR (default: tests/golden), against rating and tax.

Every case is calculated from its inputs and compared with all its expected values. The file omits what some documents
bill: WORK (golden_cases.py) supplies it. A case without anything to calculate fails, and so does one with a key unknown
to the adapter, so that no case passes unread.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

import pytest

from tests.billing.golden_cases import ALL, GIVEN, OWN, check

pytestmark = pytest.mark.unit
FILES = ("billing.json", "business_time.json", "verifactu.json")


@pytest.mark.parametrize("case", ALL, ids=lambda case: case["id"])
def test_gives_what_the_case_expects(case: dict[str, Any]) -> None:
    check(case)


@pytest.mark.parametrize("case", ALL, ids=lambda case: case["id"])
def test_a_changed_expectation_fails(case: dict[str, Any]) -> None:
    for path in leaves(case["expected"]):
        changed = deepcopy(case)
        change(changed["expected"], path)
        assert not passes(changed), f"nothing depends on {path}"


@pytest.mark.parametrize("case", ALL, ids=lambda case: case["id"])
def test_changed_inputs_fail(case: dict[str, Any]) -> None:
    """A case without inputs that WORK does not supply either is refused."""
    assert not passes(case | {"id": "new", "inputs": {}})


def passes(case: Mapping[str, Any]) -> bool:
    try:
        check(case)
    except (AssertionError, pytest.fail.Exception, KeyError, ValueError):
        return False
    return True


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all expected values of a case, except the names of its lines."""
    if isinstance(value, Mapping):
        for name, each in value.items():
            if name != "key":
                yield from leaves(each, (*path, name))
    elif isinstance(value, list):
        for at, each in enumerate(value):
            yield from leaves(each, (*path, at))
        yield (*path, "+")
    else:
        yield path


def change(expected: Any, path: tuple[Any, ...]) -> None:
    """Change one expected value: a figure, a word, or the length of a list."""
    *before, last = path
    for name in before:
        expected = expected[name]
    if last == "+":
        expected.pop() if expected else expected.append({})
    elif isinstance(expected[last], bool):
        expected[last] = not expected[last]
    elif isinstance(expected[last], int):
        expected[last] += 1
    else:
        expected[last] = {"S": "E", "IVA": "IGIC"}.get(expected[last], f"1{expected[last]}")


def test_there_are_cases() -> None:
    """A mistyped GOLDEN_DIR or an empty file does not pass."""
    if GIVEN == OWN:
        assert len(ALL) >= 28
    assert any((GIVEN / name).exists() for name in FILES), f"no golden file in {GIVEN}"
    assert ALL or not (GIVEN / "billing.json").exists(), "billing.json has no case"
