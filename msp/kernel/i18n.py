"""The reader's language and time zone: one person at a time, in pages, chat, mail and PDF alike."""

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
    """For whom words and times are made."""

    locale: str
    timezone: str


_reader: ContextVar[Reader | None] = ContextVar("reader", default=None)


def init_app(app: Flask) -> None:
    """Have Flask-Babel ask for the present reader."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(Path(__file__).parents[1] / "translations")
    Babel(
        app,
        default_locale="es",
        default_timezone="Europe/Madrid",
        locale_selector=lambda: current_reader().locale,
        timezone_selector=lambda: current_reader().timezone,
    )


def current_reader() -> Reader:
    """Who reads: the one set by `reading_as`, else what the browser asks for, else Spanish in Madrid."""
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
    """Back to the browser's language."""
    _reader.set(None)


@contextmanager
def reading_as(locale: str, timezone: str) -> Iterator[None]:
    """Make words and times for somebody else for a while (a chat card, a mail, a PDF)."""
    token = _reader.set(Reader(locale, timezone))
    refresh()
    try:
        yield
    finally:
        _reader.reset(token)
        refresh()
