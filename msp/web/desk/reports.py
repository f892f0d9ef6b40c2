"""SLA compliance reports for staff: figures, the tickets behind each, and CSV files."""

from flask import Blueprint, Response, render_template, url_for
from flask_babel import gettext, lazy_gettext

from msp.kernel.errors import NotFound
from msp.kernel.i18n import current_reader
from msp.kernel.ttl_cache import cached
from msp.people.access import may
from msp.people.queries import staff
from msp.reports.attainment import CODES, DIMENSIONS, NONE, ReportQuery, figures, lines
from msp.reports.names import names
from msp.reports.reasons import margins, reasons
from msp.tickets.queries import client_names
from msp.web.desk.report_access import asked_report, only_technician
from msp.web.guards import Answer, needs
from msp.web.reporting import drilldown, tables
from msp.web.reporting.files import csv_file
from msp.web.reporting.report_params import ReportParams, months_offered
from msp.web.request_scope import current_person
from msp.web.shell import MenuEntry, add_menu, shell
from msp.words.vocabulary import word

PAGE = 50
ROWS = 100  # rows of the table, to keep the page small for hundreds of clients
MOST_IN_FILE = 10_000
TREND_MONTHS = 6
TREND_SECONDS = 60.0
BEHIND = "desk.report_targets"


def add_routes(blueprint: Blueprint) -> None:
    """The routes of these pages and their menu entry."""
    guard = needs("desk")
    for rule, name, view in (
        ("/reports", "reports", attainment),
        ("/reports/targets", "report_targets", targets),
        ("/reports/attainment.csv", "export_attainment", attainment_file),
        ("/reports/targets.csv", "export_targets", targets_file),
    ):
        blueprint.add_url_rule(rule, name, guard(view))
    add_menu(MenuEntry("desk", lazy_gettext("Reports"), "chart-no-axes-column", "desk.reports", "desk", 40))


def attainment() -> Answer:
    """The figures of a period, grouped, with exclusions and the trend of previous months."""
    asked, technician_id = asked_report(DIMENSIONS), only_technician()
    found = figures(asked.question, by=asked.by)
    total = tables.total_of(found, asked, endpoint=BEHIND)
    rows = tables.rows_of(found, asked, endpoint=BEHIND, only_technician=technician_id)
    first = (asked.page - 1) * ROWS
    if first and first >= len(rows):
        raise NotFound("page")
    return render_template(
        "desk/reports.html",
        shell=shell(current="desk.reports"),
        asked=asked,
        period=drilldown.period(asked.question.period),
        heading=drilldown.heading(asked),
        dimension=tables.dimension(asked.by),
        rows=rows[first : first + ROWS],
        total=total,
        excluded=tables.excluded_rows(total),
        trend=_trend(asked),
        form=_form(asked),
        file_url=asked.url("desk.export_attainment"),
        tabs=tabs("desk.reports"),
        **drilldown.pages_of(asked, "desk.reports", number=len(rows), size=ROWS),
    )


def targets() -> Answer:
    """The SLA targets behind a figure, each with the reason for its due date."""
    asked = asked_report(DIMENSIONS)
    found, number = lines(asked.question, outcomes=asked.outcomes, limit=PAGE, offset=(asked.page - 1) * PAGE)
    why = reasons(found, at=asked.question.at)
    return render_template(
        "desk/report_targets.html",
        shell=shell(current="desk.reports"),
        heading=drilldown.whole_heading(asked),
        number=number,
        rows=[drilldown.row_of(line, why, endpoint="desk.ticket", nameable=only_technician()) for line in found],
        report_url=asked.url("desk.reports"),
        file_url=asked.url("desk.export_targets", by=None, outcome=",".join(asked.outcomes)),
        is_cut=number > MOST_IN_FILE,
        **drilldown.pages(asked, BEHIND, number=number, size=PAGE),
    )


def attainment_file() -> Response:
    """The table of figures as a CSV file."""
    asked = asked_report(DIMENSIONS)
    found = figures(asked.question, by=asked.by)
    rows = tables.rows_of(found, asked, endpoint=BEHIND, only_technician=only_technician())
    rows.append(tables.total_of(found, asked, endpoint=BEHIND))
    return csv_file("attainment", tables.file_head(asked.by), [tables.file_row(row) for row in rows])


def targets_file() -> Response:
    """The SLA targets behind a figure as a CSV file, at most ten thousand."""
    asked = asked_report(DIMENSIONS)
    found, _ = lines(asked.question, outcomes=asked.outcomes, limit=MOST_IN_FILE)
    left = margins(found, at=asked.question.at)
    head = drilldown.file_head(current_reader().timezone)
    return csv_file("sla_targets", head, [drilldown.file_row(line, left, nameable=only_technician()) for line in found])


def tabs(current: str) -> list[dict[str, object]]:
    """Tabs of the report pages."""
    pages = (
        ("desk.reports", gettext("SLA compliance")),
        ("desk.report_forecast", gettext("Forecast")),
        ("desk.satisfaction", gettext("Satisfaction")),
    )
    return [{"label": text, "url": url_for(endpoint), "current": endpoint == current} for endpoint, text in pages]


def _trend(asked: ReportParams) -> list[dict[str, object]]:
    """The months up to the period's end as columns; cached for a minute."""
    question = asked.question
    period = question.period.reaching_back(TREND_MONTHS)
    wider = ReportQuery(period, question.at, {name: each for name, each in question.only.items() if name != "month"})
    known = (period, tuple(sorted(wider.only.items())))
    found = cached(lambda: figures(wider, by="month"), name="trend of attainment", of=known, seconds=TREND_SECONDS)
    return tables.columns_of(
        period.months(), found, lambda key: asked.url("desk.reports", **{"from": key, "to": key, "month": None})
    )


def _form(asked: ReportParams) -> dict[str, object]:
    """The select fields of the form, and the other filters with links that remove them."""
    only = asked.question.only
    selects = [
        ("client", gettext("Client"), [(str(each.id), each.name) for each in client_names()]),
        ("kind", gettext("SLA target"), [(each, word(each, "clock_long")) for each in CODES["kind"]]),
        ("priority", gettext("Priority"), [(each, word(each, "priority")) for each in CODES["priority"]]),
        ("type", gettext("Type"), [(each, word(each, "type")) for each in CODES["type"]]),
        ("tier", gettext("Tier"), [(each, word(each, "tier")) for each in CODES["tier"]]),
        ("technician", gettext("Technician"), technicians_offered()),
    ]
    offered = {name for name, _, _ in selects}
    period = asked.question.period
    return {
        "selects": [(name, text, options, only.get(name, "")) for name, text, options in selects],
        "groups": [(each, tables.dimension(each)) for each in DIMENSIONS],
        "by": asked.by,
        "months": months_offered(asked.question),
        "from": f"{period.first:%Y-%m}",
        "to": f"{period.last:%Y-%m}",
        "more": [
            (name, each, tables.label(name, None if each == NONE else each, names(name, [each])),
             asked.url("desk.reports", **{name: None}))
            for name, each in only.items() if name not in offered and each != NONE
        ],
    }  # fmt: skip


def technicians_offered() -> list[tuple[str, str]]:
    """The technicians to filter by: all, or only the person themself."""
    person = current_person()
    if not may(person, "see_team_reports"):
        return [(str(person.id), person.name)]
    roles = ("technician", "team_lead", "administrator")
    return [(str(each.id), each.name) for each in staff(roles=roles)]
