"""A cache of values that are the same for all readers of one language and time zone."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import ParamSpec, TypeVar

from msp.kernel.i18n import Reader, current_reader

Given = ParamSpec("Given")
Made = TypeVar("Made")


def cached_per_locale(make: Callable[Given, Made], *, kept: int = 8192) -> Callable[Given, Made]:
    """Cache the result of `make` by its arguments and the reader's language and zone, on which alone it may depend."""

    @lru_cache(maxsize=kept)
    def made(_reader: Reader, *args: Given.args, **kwargs: Given.kwargs) -> Made:
        return make(*args, **kwargs)

    @wraps(make)
    def drawn(*args: Given.args, **kwargs: Given.kwargs) -> Made:
        return made(current_reader(), *args, **kwargs)  # type: ignore[arg-type]  # what cannot be hashed says so

    return drawn
