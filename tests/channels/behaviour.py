"""Marks the tests of the suite, and holds what docs/channels.md says of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

Test = TypeVar("Test", bound=Callable[..., None])


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One line of the table: what people experience, and what happens where the platform lacks a capability."""

    group: str
    text: str
    needs: str
    otherwise: str
    is_basic: bool
    is_outgoing: bool


def behaviour(
    group: str, *, needs: str = "", otherwise: str = "", basic: bool = False, outgoing: bool = False
) -> Callable[[Test], Test]:
    """Make a test a behaviour of `group`, told by its docstring.

    `needs` is the capability without which the test asserts `otherwise`. Every platform has the `basic` ones. The
    `outgoing` ones begin with a ticket that `Desk.asked` opens, also where people's messages do not come in.
    """
    if bool(needs) != bool(otherwise):
        raise ValueError("a behaviour that needs a capability says what happens without it")

    def mark(test: Test) -> Test:
        text = " ".join((test.__doc__ or "").split())
        if not text:
            raise ValueError(f"{test.__name__} has no docstring, which is its line in the table")
        test.behaviour = Behaviour(group, text, needs, otherwise, basic, outgoing)  # type: ignore[attr-defined]
        return test

    return mark
