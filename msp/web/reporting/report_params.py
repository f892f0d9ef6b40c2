"""Report questions as URL parameters, and the URLs of related questions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import url_for

from msp.kernel.errors import NotFound
from msp.reports.attainment import CODES, DIMENSIONS, NONE, ReportQuery
from msp.reports.outcome import COUNTED, EXCLUDED
from msp.reports.period import ReportPeriod, month_of, read_period
from msp.words import formats

MAX_PAGE = 10_000
MONTHS_OFFERED = 24
_UUIDS = ("client", "contract", "technician")


@dataclass(frozen=True, slots=True)
class ReportParams:
    """A question, its grouping, the selected outcomes, and the page of a list."""

    question: ReportQuery
    by: str
    outcomes: tuple[str, ...]
    page: int

    def url(self, endpoint: str, **changes: str | None) -> str:
        """The URL of a page for this question with some parameters changed; None removes one."""
        period = self.question.period
        parts: dict[str, str | None] = {
            "from": _written(period)[0],
            "to": _written(period)[1],
            "by": self.by,
            **self.question.only,
            **changes,
        }
        return url_for(endpoint, **{name: value for name, value in parts.items() if value})  # type: ignore[arg-type]


def read_params(
    args: Mapping[str, str], *, at: datetime, zone: str, dimensions: Sequence[str], by: str
) -> ReportParams:
    """The question of a URL; defaults to the current month in `zone`, grouped `by`.

    Raises NotFound for unknown periods, groups, filters and outcomes, and for dimensions that are not offered.
    """
    period = read_period(args.get("from"), args.get("to"), today=at.astimezone(ZoneInfo(zone)).date())
    grouped = args.get("by") or by
    only = {name: args[name] for name in DIMENSIONS if args.get(name)}
    outcomes = tuple(each for each in args.get("outcome", "").split(",") if each)
    page = args.get("page", "1")
    if (
        period is None
        or grouped not in dimensions
        or not all(name in dimensions and is_known(name, value) for name, value in only.items())
        or not set(outcomes) <= {*COUNTED, *EXCLUDED}
        or not (page.isdecimal() and page.isascii() and 0 < int(page[:6]) <= MAX_PAGE)
    ):
        raise NotFound("report")
    return ReportParams(ReportQuery(period, at, only), grouped, outcomes, int(page))


def is_known(name: str, value: str) -> bool:
    """Whether a dimension may have this value; ids need not exist: an unknown id gives an empty report."""
    if value == NONE:
        return True
    if name in _UUIDS:
        return _is_uuid(value)
    if name == "month":
        return len(value) == len("2026-10") and read_period(value, None, today=date.min) is not None
    return value in CODES[name]


def months_offered(question: ReportQuery) -> list[tuple[str, str]]:
    """Months to choose from, newest first, including those of the period."""
    newest = max(question.at.date().replace(day=1), question.period.last.replace(day=1))
    months = [newest]
    while len(months) < MONTHS_OFFERED or months[-1] > question.period.first:
        months.append((months[-1] - timedelta(days=1)).replace(day=1))
    return [(f"{each:%Y-%m}", formats.month(each)) for each in months]


def _written(period: ReportPeriod) -> tuple[str, str]:
    """Whole months as months, other periods as days."""
    if period.first.day == 1 and period.last == month_of(period.last).last:
        return f"{period.first:%Y-%m}", f"{period.last:%Y-%m}"
    return period.first.isoformat(), period.last.isoformat()


def _is_uuid(value: str) -> bool:
    try:
        return str(UUID(value)) == value
    except ValueError:
        return False
