"""Subjects, parts and times as displayed to people."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from integrations.channels import relative_time
from msp.kernel.i18n import reading_as
from msp.richtext import Document, read_text, split, write_text
from msp.tickets.subject import subject_of

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # Monday, 10:00 in Madrid


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("El TPV no cobra. Hay cola 😕", "El TPV no cobra"),
        ("Hola. El TPV no cobra.", "El TPV no cobra"),
        ("Buenos días a todos: la impresora no imprime", "La impresora no imprime"),
        ("Hola\n\nNo abre la VPN\nDesde las 8:40", "No abre la VPN"),
        ("hi team, nobody can log in since 8:40!", "Nobody can log in since 8:40!"),
        ("Hola", "Hola"),
        ("¿Puedo tener Visio?", "¿Puedo tener Visio?"),
        ("Pasa algo raro...", "Pasa algo raro..."),
        ("v2.1 no arranca", "V2.1 no arranca"),
        ("Holanda no factura", "Holanda no factura"),
        ("", ""),
        ("palabra " * 40, ("Palabra " + "palabra " * 13).strip() + "…"),
    ],
)
def test_the_subject_is_the_first_sentence_without_the_greeting(text: str, subject: str) -> None:
    assert subject_of(text) == subject
    assert len(subject_of(text)) <= 120


def measure(document: Document) -> int:
    return len(write_text(document))


@pytest.mark.parametrize("limit", [20, 100, 2800])
def test_parts_hold_everything_in_order(limit: int) -> None:
    text = "\n".join(f"Línea {number} con algo que decir." for number in range(60))
    parts = [write_text(part) for part in split(read_text(text), limit, measure)]
    assert all(0 < len(part) <= limit for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


def test_a_text_without_a_gap_is_cut_all_the_same() -> None:
    parts = split(read_text("x" * 25), 10, measure)
    assert [write_text(part) for part in parts] == ["x" * 10, "x" * 10, "x" * 5]


@pytest.mark.parametrize(
    ("locale", "after", "said"),
    [
        ("es", timedelta(minutes=32), "antes de las 10:32"),
        ("es", timedelta(hours=15, minutes=15), "antes de mañana a la 1:15"),
        ("es", timedelta(days=1), "antes de mañana a las 10:00"),
        ("es", timedelta(days=3), "antes del jueves 26 a las 10:00"),
        ("es", timedelta(days=9), "antes del miércoles 2 de diciembre a las 10:00"),
        ("en", timedelta(minutes=32), "before 10:32"),
        ("en", timedelta(days=1), "before 10:00 tomorrow"),
        ("en", timedelta(days=3), "before 10:00 on Thursday 26"),
        ("en", timedelta(days=9), "before 10:00 on Wednesday 2 December"),
    ],
)
def test_due_dates_name_the_day_when_it_is_not_today(app: Flask, locale: str, after: timedelta, said: str) -> None:
    with reading_as(locale, "Europe/Madrid"):
        assert relative_time.before(NOW + after, now=NOW) == said


def test_today_is_the_readers_today(app: Flask) -> None:
    at = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
    with reading_as("en", "Europe/Madrid"):
        assert relative_time.moment(at, now=NOW) == "0:30 tomorrow"
    with reading_as("en", "Atlantic/Canary"):
        assert relative_time.moment(at, now=NOW) == "23:30 today"


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(30, "30 minutos"), (60, "1 hora"), (240, "4 horas"), (90, "1 hora y 30 minutos"), (1, "1 minuto")],
)
def test_budgets_in_words(app: Flask, minutes: int, said: str) -> None:
    with reading_as("es", "Europe/Madrid"):
        assert relative_time.budget(timedelta(minutes=minutes)) == said
