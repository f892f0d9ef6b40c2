"""What looks the same for every reader of one language and zone is made once and kept."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import ParamSpec, TypeVar

from flask import render_template
from markupsafe import Markup

from msp.kernel.i18n import Reader, current_reader

Given = ParamSpec("Given")
Made = TypeVar("Made")


def cached_per_locale(make: Callable[Given, Made], *, kept: int = 8192) -> Callable[Given, Made]:
    """Keep what `make` returns for its arguments and the reader's language and zone, on which alone it may depend."""

    @lru_cache(maxsize=kept)
    def made(_reader: Reader, *args: Given.args, **kwargs: Given.kwargs) -> Made:
        return make(*args, **kwargs)

    @wraps(make)
    def drawn(*args: Given.args, **kwargs: Given.kwargs) -> Made:
        return made(current_reader(), *args, **kwargs)  # type: ignore[arg-type]  # what cannot be hashed says so

    return drawn


@cached_per_locale
def once(template: str) -> Markup:
    """A template that needs nothing but the reader's language and zone."""
    return Markup(render_template(template))  # noqa: S704 (a template of ours)
