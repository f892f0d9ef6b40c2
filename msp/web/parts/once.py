"""Templates that look the same to every reader of one language and time zone: rendered once and kept."""

from flask import render_template
from markupsafe import Markup

from msp.words.per_locale import cached_per_locale


@cached_per_locale
def once(template: str) -> Markup:
    """A template that needs nothing but the reader's language and zone."""
    return Markup(render_template(template))  # noqa: S704 (a template of ours)
