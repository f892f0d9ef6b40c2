"""The SLA targets behind a figure, for pages and CSV files: due date, time met, margin and reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from flask import url_for
from flask_babel import gettext

from msp.reports.attainment import NONE, ReportLine
from msp.reports.names import names
from msp.reports.period import ReportPeriod, month_of
from msp.reports.reasons import Reason
from msp.web.reporting import tables
from msp.web.reporting.report_params import ReportParams
from msp.words import formats
from msp.words.deadline_explanations import sentences
from msp.words.vocabulary import word

Nameable = UUID | None  # the only technician whose name is shown; None: all names are shown


@dataclass(frozen=True, slots=True)
class DrilldownRow:
    """An SLA target as a row of a list."""

    line: ReportLine
    url: str
    margin: str
    technician: str
    why: list[str]


def row_of(line: ReportLine, why: Mapping[UUID, Reason], *, endpoint: str, nameable: Nameable = None) -> DrilldownRow:
    """The row of an SLA target, with its margin and the reason for its due date in the reader's language."""
    reason = why.get(line.clock_id) if line.clock_id else None
    return DrilldownRow(
        line=line,
        url=url_for(endpoint, label=line.label),
        margin=margin(line, reason.left) if reason else "",
        technician=_name(line, nameable),
        why=sentences(reason.then, reason.contract, reason.explanation) if reason else [],
    )


def margin(line: ReportLine, left: int) -> str:
    """Margin to the due date in business minutes, early or late."""
    if line.outcome in ("met", "met_late") and line.met_at is not None:
        text = gettext("%(minutes)s early") if left >= 0 and line.outcome == "met" else gettext("%(minutes)s late")
    elif line.outcome == "breached":
        text = gettext("overdue by %(minutes)s")
    else:
        text = gettext("%(minutes)s left")
    return text % {"minutes": formats.minutes(abs(left))}


def heading(asked: ReportParams) -> str:
    """The filters of the question as text: values and outcomes."""
    keys = {name: None if value == NONE else value for name, value in asked.question.only.items()}
    parts = [tables.label(name, key, names(name, [key])) for name, key in keys.items()]
    ends = ", ".join(word(each, "outcome") for each in asked.outcomes)
    return " · ".join([*parts, ends] if ends else parts)


def whole_heading(asked: ReportParams) -> str:
    """The period and the filters as text."""
    return " · ".join(part for part in (period(asked.question.period), heading(asked)) if part)


def period(asked: ReportPeriod) -> str:
    """A period as text: month names for whole months, days otherwise."""
    if asked.first.day == 1 and asked.last == month_of(asked.last).last:
        first, last = formats.month(asked.first), formats.month(asked.last)
        return first if first == last else f"{first} – {last}"
    return f"{formats.day(asked.first, year=True)} – {formats.day(asked.last, year=True)}"


def pages(asked: ReportParams, endpoint: str, *, number: int, size: int) -> dict[str, object]:
    """URLs of the previous and next page of a drill-down list, and which rows are shown."""
    return pages_of(asked, endpoint, number=number, size=size, by=None, outcome=",".join(asked.outcomes))


def pages_of(asked: ReportParams, endpoint: str, *, number: int, size: int, **changed: str | None) -> dict[str, object]:
    """URLs of the previous and next page, with changes to the question, and which rows are shown."""

    def url(page: int) -> str:
        return asked.url(endpoint, **changed, page=str(page))

    first = (asked.page - 1) * size + 1
    last = min(asked.page * size, number)
    return {
        "before_url": url(asked.page - 1) if asked.page > 1 else None,
        "after_url": url(asked.page + 1) if asked.page * size < number else None,
        "shown": gettext("%(first)d–%(last)d of %(number)d", first=first, last=last, number=number),
    }


def file_head(zone: str) -> list[str]:
    """Column headings of a CSV file of SLA targets; times are in the reader's zone."""
    return [
        gettext("Ticket"),
        gettext("Subject"),
        gettext("Client"),
        gettext("SLA target"),
        gettext("Priority"),
        gettext("Type"),
        gettext("Tier"),
        gettext("Outcome"),
        gettext("Start (%(zone)s)", zone=zone),
        gettext("Due (%(zone)s)", zone=zone),
        gettext("Met (%(zone)s)", zone=zone),
        gettext("Business minutes left (negative if overdue)"),
        gettext("Technician"),
    ]


def file_row(line: ReportLine, left: Mapping[UUID, int], *, nameable: Nameable = None) -> list[object]:
    """An SLA target as a row of a CSV file."""
    return [
        line.label,
        line.subject,
        line.client,
        word(line.kind, "clock_long") if line.kind else None,
        word(line.priority, "priority"),
        word(line.type, "type"),
        word(line.tier, "tier"),
        word(line.outcome, "outcome"),
        line.started_at,
        line.due_at,
        line.met_at,
        left.get(line.clock_id) if line.clock_id else None,
        _name(line, nameable),
    ]


def _name(line: ReportLine, nameable: Nameable) -> str:
    return line.technician or "" if nameable in (None, line.technician_id) else ""
