"""Report figures as rows of a page or file: labelled, sorted, each figure with the URL of its drill-down list."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from babel.numbers import format_percent
from flask_babel import gettext, pgettext

from msp.kernel.collation import name_key
from msp.reports.attainment import CODES, NONE
from msp.reports.figures import OTHERS, Figures, sum_of, without_others
from msp.reports.names import names
from msp.reports.outcome import COUNTED, EXCLUDED
from msp.web.reporting.report_params import ReportParams
from msp.words import formats
from msp.words.vocabulary import word

TONES = ("green", "amber", "red")  # of the outcomes that count
_WORDS = {"priority": "priority", "type": "type", "tier": "tier", "kind": "clock_long"}


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: label, figures, and URLs of the SLA targets behind them."""

    label: str
    figures: Figures
    urls: dict[str, str]

    @property
    def share(self) -> str:
        """The SLA compliance as text."""
        return share(self.figures.attainment)

    @property
    def parts(self) -> list[tuple[str, float, float]]:
        """Colour, start and width (of 100) of each outcome that counts, for a bar."""
        return parts_of([self.figures.of(each) for each in COUNTED])


def rows_of(
    found: Sequence[Figures], asked: ReportParams, *, endpoint: str, only_technician: UUID | None = None
) -> list[Row]:
    """The rows of a table, in display order.

    With `only_technician`, the figures of all other technicians are one row without a link.
    """
    by = asked.by
    if by == "technician" and only_technician is not None:
        found = without_others(found, str(only_technician))
    named = names(by, [each.key for each in found if each.key != OTHERS])
    rows = [
        (
            _place(by, each.key, named),
            Row(label(by, each.key, named), each, urls(asked, endpoint, **_key(by, each.key))),
        )
        for each in found
    ]
    return [row for _, row in sorted(rows, key=lambda pair: pair[0])]


def total_of(found: Iterable[Figures], asked: ReportParams, *, endpoint: str) -> Row:
    """The last row: the total."""
    return Row(gettext("Total"), sum_of(found), urls(asked, endpoint))


def excluded_rows(total: Row) -> list[tuple[str, str, int, str]]:
    """Exclusions by count, highest first: code, reason, count and the URL of their list."""
    found = [(total.figures.of(each), each) for each in EXCLUDED]
    return [
        (formats.capital(word(each, "outcome")), reason_of(each), number, total.urls[each])
        for number, each in sorted(found, key=lambda pair: -pair[0])
        if number
    ]


def label(by: str, key: str | None, named: dict[str, str]) -> str:
    """The label of a row."""
    if key == OTHERS:
        return gettext("Other technicians")
    if key is None:
        return {
            "contract": gettext("No contract"),
            "technician": gettext("Unassigned"),
            "month": gettext("No outcome in the period"),
            "kind": gettext("No SLA target"),
        }.get(by, "–")
    if by == "month":
        return formats.month(date.fromisoformat(f"{key}-01")).capitalize()
    return named.get(key, "–") if by not in _WORDS else word(key, _WORDS[by])


def urls(asked: ReportParams, endpoint: str, **narrowed: str | None) -> dict[str, str]:
    """URLs of the SLA targets behind each figure of a row; empty for a row that combines several."""
    if OTHERS in narrowed.values():
        return {}
    groups = {each: each for each in (*COUNTED, *EXCLUDED)}
    groups |= {"counted": ",".join(COUNTED), "excluded": ",".join(EXCLUDED), "late": "met_late,breached", "total": ""}
    whole = asked.url(endpoint, by=None, **narrowed)  # it names a period, so more filters may follow
    return {name: f"{whole}&outcome={codes}" if codes else whole for name, codes in groups.items()}


def share(value: Decimal | None) -> str:
    """A share in per cent with one decimal, in the reader's format; a dash if there is none."""
    if value is None:
        return "–"
    shown = "#,##0%" if value == 1 else "#,##0.0%"
    if formats.reader_locale() == "es":
        shown = shown.replace("%", f"{formats.THIN}%")
    return str(format_percent(value, format=shown, locale=formats.reader_locale()))


def columns_of(months: Sequence[date], found: Sequence[Figures], url: Callable[[str], str]) -> list[dict[str, object]]:
    """Months as columns of a chart, scaled by decided targets; `url` makes the link of a month (`2026-10`)."""
    by_key = {each.key: each for each in found}
    all_of_them = [by_key.get(f"{month:%Y-%m}", Figures(f"{month:%Y-%m}")) for month in months]
    most = max((each.counted for each in all_of_them), default=0)
    return [
        {
            "label": formats.short_month(month),
            "url": url(each.key or ""),
            "share": share(each.attainment),
            "figures": each,
            "parts": stack([(tone, each.of(end)) for tone, end in zip(TONES, COUNTED, strict=True)], most=most),
        }
        for month, each in zip(months, all_of_them, strict=True)
    ]


def stack(counts: Sequence[tuple[str, int]], *, most: int) -> list[tuple[str, float, float]]:
    """Colour, top and height (of 100) of the parts of a column, from the bottom; `most` is the largest total."""
    top, parts = 100.0, []
    for tone, number in counts:
        height = 100 * number / most if most else 0.0
        if height:
            top -= height
            parts.append((tone, round(max(top, 0.0), 2), round(height, 2)))
    return parts


def parts_of(counts: Sequence[int]) -> list[tuple[str, float, float]]:
    """Counts of met, late and open targets as segments of a bar of 100."""
    whole, at = sum(counts), 0.0
    stretches = []
    for tone, number in zip(TONES, counts, strict=True):
        width = round(100 * number / whole, 2) if whole else 0.0
        stretches.append((tone, round(at, 2), width))
        at += width
    return stretches


def reason_of(outcome: str) -> str:
    """The reason why SLA targets of this kind are excluded, as a sentence."""
    return {
        "running": gettext("Not due by the end of the period."),
        "paused": gettext("SLA paused: pending client, scheduled or resolved."),
        "cancelled": gettext("No longer applied before they were due."),
        "no_contract": gettext("The client had no contract when the ticket was created."),
        "no_target": gettext("The contract has no SLA target for these tickets."),
    }[outcome]


def file_head(by: str) -> list[str]:
    """Column headings of a CSV file of figures."""
    return [
        dimension(by),
        gettext("Measured"),
        *(formats.capital(word(each, "outcome")) for each in COUNTED),
        pgettext("report", "SLA compliance %"),
        gettext("Excluded"),
        *(formats.capital(word(each, "outcome")) for each in EXCLUDED),
        gettext("Total"),
    ]


def file_row(row: Row) -> list[object]:
    """A row of figures as a row of a CSV file."""
    got = row.figures
    return [
        row.label,
        got.counted,
        *(got.of(each) for each in COUNTED),
        None if got.attainment is None else got.attainment * 100,
        got.excluded,
        *(got.of(each) for each in EXCLUDED),
        got.total,
    ]


def dimension(by: str) -> str:
    """The column heading of a dimension."""
    return {
        "client": gettext("Client"),
        "contract": gettext("Contract"),
        "priority": gettext("Priority"),
        "type": gettext("Type"),
        "technician": gettext("Technician"),
        "tier": gettext("Tier"),
        "month": gettext("Month"),
        "kind": gettext("SLA target"),
    }[by]


def _key(by: str, key: str | None) -> dict[str, str | None]:
    return {by: NONE if key is None else key}


def _place(by: str, key: str | None, named: dict[str, str]) -> tuple[bool, bool, object, tuple[str, str]]:
    codes = CODES.get(by, ())
    known = codes.index(key) if key in codes else 0
    return key is None, key == OTHERS, known, name_key(named.get(key or "", key or ""))
