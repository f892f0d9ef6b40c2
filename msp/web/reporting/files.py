"""Tables as CSV files for spreadsheets, protected against formula injection."""

import csv
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from io import StringIO

from flask import Response

from msp.words import formats

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\N{FULLWIDTH EQUALS SIGN}", "\N{FULLWIDTH PLUS SIGN}")


def csv_file(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """A CSV download in UTF-8 with BOM, with the reader's column and decimal separators.

    Values that a spreadsheet would run as a formula are prefixed with an apostrophe (OWASP, «CSV Injection»).
    """
    written = StringIO()
    writer = csv.writer(written, delimiter=";" if formats.reader_locale() == "es" else ",")
    writer.writerow([_cell(each) for each in head])
    writer.writerows([_cell(each) for each in row] for row in rows)
    answer = Response("\N{ZERO WIDTH NO-BREAK SPACE}" + written.getvalue(), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        text = f"{value:.1f}"
        return text.replace(".", ",") if formats.reader_locale() == "es" else text
    if isinstance(value, datetime):
        return formats.here(value).strftime("%Y-%m-%d %H:%M")
    text = str(value)
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text
