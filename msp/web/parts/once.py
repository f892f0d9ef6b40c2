"""Templates that depend only on the reader's language and time zone, rendered once and cached."""

from flask import render_template
from markupsafe import Markup

from msp.words.per_locale import cached_per_locale


@cached_per_locale
def once(template: str) -> Markup:
    """A cached template that depends only on the reader's language and zone."""
    return Markup(render_template(template))  # noqa: S704 (a template of ours)
