"""Satisfaction reports for staff: ratings by client, technician or month, the tickets behind each, a CSV file."""

from collections.abc import Iterable
from dataclasses import dataclass

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext, pgettext

from msp.kernel.collation import name_key
from msp.kernel.errors import NotFound
from msp.reports.attainment import NONE
from msp.reports.figures import OTHERS
from msp.reports.names import names
from msp.reports.satisfaction import (
    DIMENSIONS,
    Satisfaction,
    rated_tickets,
    satisfaction,
    sum_of,
    without_other_technicians,
)
from msp.tickets.queries import client_names
from msp.tickets.rating_models import RATINGS
from msp.web.desk.report_access import asked_report, only_technician
from msp.web.desk.reports import tabs, technicians_offered
from msp.web.guards import Answer, needs
from msp.web.reporting import drilldown, tables
from msp.web.reporting.files import csv_file
from msp.web.reporting.report_params import ReportParams, months_offered
from msp.web.shell import shell

PAGE = 50
ROWS = 100
PAGE_OF_FIGURES, PAGE_OF_TICKETS = "desk.satisfaction", "desk.rated_tickets"


@dataclass(frozen=True, slots=True)
class SatisfactionRow:
    """A row of the table: label, ratings, and URLs of the tickets behind each figure (none for several people)."""

    label: str
    figures: Satisfaction
    share: str
    urls: dict[str, str]


def add_routes(blueprint: Blueprint) -> None:
    """The routes of these pages."""
    guard = needs("desk")
    blueprint.add_url_rule("/reports/satisfaction", "satisfaction", guard(figures))
    blueprint.add_url_rule("/reports/satisfaction/tickets", "rated_tickets", guard(tickets))
    blueprint.add_url_rule("/reports/satisfaction.csv", "export_satisfaction", guard(figures_file))


def figures() -> Answer:
    """The ratings of a period, grouped."""
    asked = asked_report(DIMENSIONS)
    rows, total = _rows(asked)
    first = (asked.page - 1) * ROWS
    if first and first >= len(rows):
        raise NotFound("page")
    return render_template(
        "desk/satisfaction.html",
        shell=shell(current="desk.reports"),
        asked=asked,
        period=drilldown.period(asked.question.period),
        heading=drilldown.heading(asked),
        dimension=tables.dimension(asked.by),
        rows=rows[first : first + ROWS],
        total=total,
        form=_form(asked),
        file_url=asked.url("desk.export_satisfaction"),
        tabs=tabs(PAGE_OF_FIGURES),
        **drilldown.pages_of(asked, PAGE_OF_FIGURES, number=len(rows), size=ROWS),
    )


def tickets() -> Answer:
    """The rated tickets behind a figure, with their comments."""
    asked, rating = asked_report(DIMENSIONS), request.args.get("rating", "")
    if rating and rating not in RATINGS:
        raise NotFound("report")
    found, number = rated_tickets(asked.question, rating=rating, limit=PAGE, offset=(asked.page - 1) * PAGE)
    return render_template(
        "desk/rated_tickets.html",
        shell=shell(current="desk.reports"),
        heading=drilldown.whole_heading(asked),
        number=number,
        rows=found,
        nameable=only_technician(),
        report_url=asked.url(PAGE_OF_FIGURES),
        **drilldown.pages_of(asked, PAGE_OF_TICKETS, number=number, size=PAGE, by=None, rating=rating or None),
    )


def figures_file() -> Response:
    """The table as a CSV file."""
    asked = asked_report(DIMENSIONS)
    rows, total = _rows(asked)
    head = [
        tables.dimension(asked.by),
        gettext("Rated"),
        gettext("Good"),
        gettext("Bad"),
        pgettext("report", "Satisfaction %"),
    ]
    return csv_file("satisfaction", head, [_file_row(row) for row in [*rows, total]])


def _file_row(row: SatisfactionRow) -> list[object]:
    got = row.figures
    return [row.label, got.rated, got.good, got.bad, None if got.share is None else got.share * 100]


def _rows(asked: ReportParams) -> tuple[list[SatisfactionRow], SatisfactionRow]:
    found, own = satisfaction(asked.question, by=asked.by), only_technician()
    if asked.by == "technician" and own is not None:
        found = without_other_technicians(found, str(own))
    total = SatisfactionRow(gettext("Total"), sum_of(found), tables.share(sum_of(found).share), _urls(asked))
    return list(_labelled(found, asked)), total


def _labelled(found: Iterable[Satisfaction], asked: ReportParams) -> Iterable[SatisfactionRow]:
    groups = list(found)
    named = names(asked.by, [each.key for each in groups if each.key != OTHERS])
    if asked.by != "month":
        groups.sort(key=lambda each: (each.key is None, each.key == OTHERS, name_key(named.get(each.key or "", ""))))
    for each in groups:
        key = NONE if each.key is None else each.key
        urls = {} if each.key == OTHERS else _urls(asked, **{asked.by: key})
        yield SatisfactionRow(tables.label(asked.by, each.key, named), each, tables.share(each.share), urls)


def _urls(asked: ReportParams, **narrowed: str) -> dict[str, str]:
    changes: dict[str, str | None] = {"by": None, **narrowed}
    return {
        "rated": asked.url(PAGE_OF_TICKETS, **changes),
        "good": asked.url(PAGE_OF_TICKETS, **changes, rating="good"),
        "bad": asked.url(PAGE_OF_TICKETS, **changes, rating="bad"),
    }


def _form(asked: ReportParams) -> dict[str, object]:
    only, period = asked.question.only, asked.question.period
    return {
        "selects": [
            (
                "client",
                gettext("Client"),
                [(str(each.id), each.name) for each in client_names()],
                only.get("client", ""),
            ),
            ("technician", gettext("Technician"), technicians_offered(), only.get("technician", "")),
        ],
        "groups": [(each, tables.dimension(each)) for each in DIMENSIONS],
        "by": asked.by,
        "months": months_offered(asked.question),
        "from": f"{period.first:%Y-%m}",
        "to": f"{period.last:%Y-%m}",
    }
