"""The reader's language and time zone, for pages, chat, mail and PDF."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

import flask
from flask import Flask
from flask_babel import Babel, refresh

LOCALES = ("es", "en")


@dataclass(frozen=True, slots=True)
class Reader:
    """The language and time zone for which texts are made."""

    locale: str
    timezone: str


_reader: ContextVar[Reader | None] = ContextVar("reader", default=None)


def init_app(app: Flask) -> None:
    """Make Flask-Babel use the current reader."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(Path(__file__).parents[1] / "translations")
    Babel(
        app,
        default_locale="es",
        default_timezone="Europe/Madrid",
        locale_selector=lambda: current_reader().locale,
        timezone_selector=lambda: current_reader().timezone,
    )


def current_reader() -> Reader:
    """The reader set by `reading_as`, else by the browser's languages, else Spanish in Madrid."""
    reader = _reader.get()
    if reader is None and flask.has_request_context():
        wanted = flask.request.accept_languages.best_match(LOCALES, default="es")
        return Reader(wanted or "es", "Europe/Madrid")
    return reader or Reader("es", "Europe/Madrid")


def set_reader(locale: str, timezone: str) -> None:
    """Set the reader for the rest of this request."""
    _reader.set(Reader(locale, timezone))
    refresh()


def forget_reader() -> None:
    """Use the browser's language again."""
    _reader.set(None)


@contextmanager
def reading_as(locale: str, timezone: str) -> Iterator[None]:
    """Use another reader within a block (a chat card, a mail, a PDF)."""
    token = _reader.set(Reader(locale, timezone))
    refresh()
    try:
        yield
    finally:
        _reader.reset(token)
        refresh()
