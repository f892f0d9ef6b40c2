"""The SLA forecast for staff: targets likely to be missed in the next hours, as a page and a CSV file."""

from uuid import UUID

from flask import Blueprint, Response, render_template, request, url_for
from flask_babel import gettext

from msp.kernel import clock
from msp.kernel.errors import NotFound
from msp.people.access import may
from msp.reports.forecast import RISKS, Verdict, count_by_hour
from msp.reports.outlook import HORIZONS, Expected, Outlook, outlook
from msp.tickets.queries import client_names
from msp.web.desk.reports import tabs
from msp.web.guards import Answer, needs
from msp.web.reporting import tables
from msp.web.reporting.files import csv_file
from msp.web.request_scope import current_person
from msp.web.shell import shell
from msp.words import forecast_texts
from msp.words.vocabulary import word

SHOWN = 200
USUAL = 4
_ORDER: dict[Verdict, int] = {verdict: place for place, verdict in enumerate((*RISKS, "in_time"))}
_TONES: tuple[tuple[Verdict, str], ...] = (
    ("in_time", "green"),
    ("unknown", "ink"),
    ("at_risk", "amber"),
)


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this page."""
    guard = needs("desk")
    blueprint.add_url_rule("/reports/forecast", "report_forecast", guard(forecast_page))
    blueprint.add_url_rule("/reports/forecast.csv", "export_forecast", guard(forecast_file))


def forecast_page() -> Answer:
    """Targets due in the next hours: those at risk, why, and how accurate such forecasts were."""
    hours = _hours()
    found = _outlook(hours)
    at_risk = _listed(found)
    counts = {verdict: sum(1 for each in found.expected if each.forecast.verdict == verdict) for verdict in _ORDER}
    return render_template(
        "desk/report_forecast.html",
        shell=shell(current="desk.reports"),
        hours=hours,
        counts=counts,
        due=len(found.expected),
        tickets=found.tickets,
        tickets_at_risk=found.tickets_at_risk,
        accuracy=forecast_texts.accuracy(found.accuracy),
        basis=forecast_texts.basis(found.accuracy),
        late_already=found.late_already,
        columns=_columns(found, hours),
        rows=[_row(each) for each in at_risk[:SHOWN]],
        hidden=max(0, len(at_risk) - SHOWN),
        tabs=tabs("desk.report_forecast"),
        horizons=[(each, _url("desk.report_forecast", each), each == hours) for each in HORIZONS],
        clients=[(str(each.id), each.name) for each in client_names()],
        wanted=request.args.get("client", ""),
        tier=request.args.get("tier", ""),
        only_own=not may(current_person(), "see_team_reports"),
        late_url=url_for("desk.queue", view="soon"),
        file_url=_url("desk.export_forecast", hours),
    )


def forecast_file() -> Response:
    """All targets due in the next hours as a CSV file."""
    head = [
        gettext("Ticket"),
        gettext("Subject"),
        gettext("Client"),
        gettext("SLA target"),
        gettext("Due"),
        gettext("Technician"),
        gettext("Missed, %"),
        gettext("Compared with"),
        gettext("Forecast"),
        gettext("Why"),
    ]
    return csv_file("forecast", head, [_file_row(each) for each in _listed(_outlook(_hours()), is_whole=True)])


def _outlook(hours: int) -> Outlook:
    client, tier = request.args.get("client"), request.args.get("tier")
    try:
        client_id = UUID(client) if client else None
    except ValueError as wrong:
        raise NotFound("client") from wrong
    if tier and tier not in ("1", "2", "3"):
        raise NotFound("tier")
    return outlook(at=clock.now(), hours=hours, client_id=client_id, tier=int(tier) if tier else None)


def _hours() -> int:
    wanted = request.args.get("hours", str(USUAL))
    if wanted not in {str(each) for each in HORIZONS}:
        raise NotFound("report")
    return int(wanted)


def _listed(found: Outlook, *, is_whole: bool = False) -> list[Expected]:
    """Targets at risk (or all), highest risk first; technicians see their own and unassigned ones."""
    person = current_person()
    own = (None, person.id)
    sees_all = may(person, "see_team_reports")
    listed = [
        each
        for each in found.expected
        if (is_whole or each.forecast.verdict != "in_time") and (sees_all or each.forecast.waiting.assignee_id in own)
    ]
    return sorted(listed, key=lambda each: (_ORDER[each.forecast.verdict], each.forecast.waiting.due_at))


def _columns(found: Outlook, hours: int) -> list[dict[str, object]]:
    """The next hours as columns: number of targets due in each, by verdict."""
    at = clock.now()
    by_hour = count_by_hour([each.forecast for each in found.expected], at=at, hours=hours)
    most = max((sum(each.values()) for each in by_hour), default=0)
    return [
        {"label": f"+{number + 1}", "total": sum(each.values()), "parts": _parts(each, most), "counts": each}
        for number, each in enumerate(by_hour)
    ]


def _parts(counts: dict[Verdict, int], most: int) -> list[tuple[str, float, float]]:
    return tables.stack([(tone, counts.get(verdict, 0)) for verdict, tone in _TONES], most=most)


def _row(each: Expected) -> dict[str, object]:
    return {
        "expected": each,
        "verdict": each.forecast.verdict,
        "waiting": each.forecast.waiting,
        "url": url_for("desk.ticket", label=each.label),
        "why": forecast_texts.why(each.forecast),
    }


def _file_row(each: Expected) -> list[object]:
    waiting, chance = each.forecast.waiting, each.forecast.chance
    return [
        each.label,
        each.subject,
        each.client,
        word(waiting.alike.kind, "clock_long"),
        waiting.due_at,
        each.assignee,
        None if chance.late is None else round(chance.late * 100),
        chance.cases,
        word(each.forecast.verdict, "verdict"),
        forecast_texts.why(each.forecast),
    ]


def _url(endpoint: str, hours: int) -> str:
    kept = {name: request.args[name] for name in ("client", "tier") if request.args.get(name)}
    return url_for(endpoint, hours=hours, **kept)  # type: ignore[arg-type]
