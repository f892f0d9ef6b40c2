"""SLA compliance of a company for its managers: public data only, no names of staff."""

from flask import Blueprint, render_template, request
from flask_babel import lazy_gettext

from msp.clients.queries import access_client
from msp.kernel import clock
from msp.reports.attainment import ReportQuery, figures, lines
from msp.reports.reasons import reasons
from msp.web.guards import Answer, needs
from msp.web.portal.frame import Tab, add_tab, client_of, frame
from msp.web.reporting import drilldown, tables
from msp.web.reporting.report_params import ReportParams, months_offered, read_params
from msp.web.request_scope import current_person

PAGE = 50
MONTHS = 6
DIMENSIONS = ("kind", "priority", "type", "month")
BEHIND = "portal.report_targets"


def add_routes(blueprint: Blueprint) -> None:
    """The routes of these pages."""
    guard = needs("see_company")
    blueprint.add_url_rule("/reports", "reports", guard(attainment))
    blueprint.add_url_rule("/reports/targets", "report_targets", guard(targets))
    add_tab(Tab(lazy_gettext("Reports"), "portal.reports", "see_company"))


def attainment() -> Answer:
    """The company's figures of a month, grouped, with exclusions and the trend of previous months."""
    asked = _asked()
    found = figures(asked.question, by=asked.by)
    total = tables.total_of(found, asked, endpoint=BEHIND)
    return render_template(
        "portal/reports.html",
        portal=frame(current="portal.reports"),
        period=drilldown.period(asked.question.period),
        asked=asked,
        dimension=tables.dimension(asked.by),
        groups=[(each, tables.dimension(each)) for each in DIMENSIONS if each != "month"],
        rows=tables.rows_of(found, asked, endpoint=BEHIND),
        total=total,
        excluded=tables.excluded_rows(total),
        trend=_trend(asked),
        month_options=months_offered(asked.question),
        chosen=f"{asked.question.period.first:%Y-%m}",
    )


def targets() -> Answer:
    """The SLA targets behind a figure, each with the reason for its due date."""
    asked = _asked()
    found, number = lines(asked.question, outcomes=asked.outcomes, limit=PAGE, offset=(asked.page - 1) * PAGE)
    why = reasons(found, at=asked.question.at)
    nobody = client_of(current_person())  # no names of staff
    return render_template(
        "portal/report_targets.html",
        portal=frame(current="portal.reports"),
        heading=drilldown.whole_heading(asked),
        number=number,
        rows=[drilldown.row_of(line, why, endpoint="portal.ticket", nameable=nobody) for line in found],
        report_url=asked.url("portal.reports"),
        **drilldown.pages(asked, BEHIND, number=number, size=PAGE),
    )


def _asked() -> ReportParams:
    zone = access_client(client_of(current_person())).timezone
    return read_params(request.args, at=clock.now(), zone=zone, dimensions=DIMENSIONS, by="kind")


def _trend(asked: ReportParams) -> list[dict[str, object]]:
    period = asked.question.period.reaching_back(MONTHS)
    found = figures(ReportQuery(period, asked.question.at), by="month")
    return tables.columns_of(
        period.months(), found, lambda key: asked.url("portal.reports", **{"from": key, "to": key})
    )
