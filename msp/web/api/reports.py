"""Reports: SLA compliance, the targets behind its figures, and the forecast."""

from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from marshmallow import ValidationError, fields

from msp.kernel import clock
from msp.kernel.errors import Denied, Invalid
from msp.reports.attainment import CODES, DIMENSIONS, NONE, ReportLine, ReportQuery, figures, lines
from msp.reports.figures import OTHERS, Figures, sum_of, without_others
from msp.reports.forecast import AT_RISK
from msp.reports.late_chance import FEWEST
from msp.reports.names import names
from msp.reports.outcome import COUNTED, EXCLUDED
from msp.reports.outlook import HORIZONS, Expected, outlook
from msp.reports.period import ReportPeriod, read_period
from msp.reports.reasons import Reason, reasons
from msp.web.api.access import caller, is_allowed, require
from msp.web.api.fields import Instant, Schema, Shown, TextField, one_of
from msp.web.api.pages import QUERY, PageQuery, number_cursor, page_of, write_cursor
from msp.web.api.resource import Answer, resource
from msp.web.api.ticket_shapes import Assignee, ExplanationOut, explanation_out

blueprint = resource("reports", tag="Reports")
PUBLIC = ("client", "contract", "priority", "type", "tier", "month", "kind")


class Outcomes(fields.String):
    """One or more outcomes of SLA targets, separated by commas."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        codes = str(super()._deserialize(value, attr, data, **kwargs)).split(",")
        if not set(codes) <= {*COUNTED, *EXCLUDED}:
            raise ValidationError("unknown")
        return codes


class AttainmentQuery(Schema):
    """SLA targets that were active in a period; days are in each client's time zone."""

    period_start = TextField(
        longest=10,
        data_key="from",
        metadata={"description": "First day or month (2026-10); default: the current month"},
    )
    period_end = TextField(longest=10, data_key="to", metadata={"description": "Last day or month, included"})
    kind = one_of(CODES["kind"])
    client_id = fields.UUID()
    contract_id = Assignee(metadata={"description": "Contract id, or `none`"})
    priority = one_of(CODES["priority"])
    type = one_of(CODES["type"])
    tier = one_of(CODES["tier"])
    technician_id = Assignee(metadata={"description": "Person id, or `none` for unassigned"})


class GroupedQuery(AttainmentQuery):
    """Filters and grouping of SLA targets."""

    by = one_of(DIMENSIONS, load_default="client")


class ReportedTargetsQuery(PageQuery, AttainmentQuery):
    """Filters, outcomes and page of SLA targets."""

    outcome = Outcomes(
        metadata={"description": f"One or more, separated by commas: {', '.join((*COUNTED, *EXCLUDED))}"}
    )
    month = TextField(longest=7, metadata={"description": "SLA targets decided in this month of the period (2026-10)"})


class PeriodShape(Shown):
    """Days, both included."""

    first = fields.Date()
    last = fields.Date()


class FiguresOut(Shown):
    """Number of SLA targets by outcome. counted + excluded = total."""

    key = fields.String(allow_none=True, metadata={"description": "Id, code or month of the group; null: none"})
    name = fields.String(allow_none=True, metadata={"description": "Name of the client, contract or technician"})
    total = fields.Integer()
    counted = fields.Integer()
    excluded = fields.Integer()
    attainment = fields.Decimal(
        allow_none=True,
        as_string=True,
        metadata={"description": "SLA compliance: met / counted, from 0 to 1, rounded down"},
    )
    outcomes = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        metadata={"description": f"Counted: {', '.join(COUNTED)}. Excluded: {', '.join(EXCLUDED)}"},
    )


class AttainmentOut(Shown):
    """The figures of a period by group, and the total."""

    period = fields.Nested(PeriodShape)
    by = fields.String()
    groups = fields.List(fields.Nested(FiguresOut))
    total = fields.Nested(FiguresOut)


class ReportedTargetOut(Shown):
    """An SLA target behind a figure; a ticket without targets has null values."""

    clock_id = fields.UUID(allow_none=True)
    ticket_id = fields.UUID()
    number = fields.String(metadata={"example": "LOZ-42"})
    subject = fields.String()
    client_id = fields.UUID()
    kind = fields.String(allow_none=True)
    priority = fields.String()
    type = fields.String()
    tier = fields.Integer()
    outcome = fields.String()
    started_at = Instant()
    due_at = Instant(allow_none=True)
    met_at = Instant(allow_none=True)
    minutes_left = fields.Integer(
        allow_none=True, metadata={"description": "Business minutes left when met (now if unmet); negative: overdue"}
    )
    technician_id = fields.UUID(allow_none=True, metadata={"description": "Staff only"})
    is_reopened = fields.Boolean()
    explanation = fields.Nested(ExplanationOut, allow_none=True)


class ForecastQuery(Schema):
    """Forecast horizon and filters."""

    hours = one_of([str(each) for each in HORIZONS], load_default="4")
    client_id = fields.UUID()
    tier = one_of(CODES["tier"])


class ExpectedOut(Shown):
    """An SLA target due in the next hours, with its forecast."""

    clock_id = fields.UUID()
    ticket_id = fields.UUID()
    number = fields.String(metadata={"example": "LOZ-42"})
    client_id = fields.UUID()
    kind = fields.String()
    tier = fields.Integer()
    assignee_id = fields.UUID(allow_none=True)
    due_at = Instant()
    verdict = fields.String(
        metadata={
            "description": f"at_risk: late_chance is {AT_RISK} or more; unknown: not enough data; in_time: on track"
        }
    )
    late_chance = fields.Float(
        allow_none=True,
        metadata={
            "description": "Share of similar targets that were missed, 0 to 1; null if there is not enough data",
            "example": 0.31,
        },
    )
    compared_with = fields.Integer(
        metadata={
            "description": "Past targets of the group that were open after the same share of their time; "
            f"fewer than {FEWEST} are not enough"
        }
    )
    group = fields.String(
        metadata={
            "description": "Group of past targets. client_target: same client, kind and target time; target: same "
            "kind and target time; kind: same kind; all: every target"
        }
    )
    minutes_target = fields.Integer(metadata={"description": "SLA target in business minutes"})
    minutes_open = fields.Integer(metadata={"description": "Business minutes until it is due"})


class AccuracyOut(Shown):
    """Past forecasts, made with only what was known then, compared with the outcomes."""

    times = fields.Integer(
        metadata={"description": "Compared forecasts: mornings (9:00, Monday to Friday) of the last four weeks"}
    )
    at_risk = fields.Integer(metadata={"description": "Targets forecast at risk"})
    at_risk_late = fields.Integer(metadata={"description": "Number of these that were missed"})
    in_time = fields.Integer(metadata={"description": "Targets forecast on track"})
    in_time_late = fields.Integer(metadata={"description": "Number of these that were missed"})
    not_enough_history = fields.Integer(attribute="unknown", metadata={"description": "Not compared: not enough data"})
    undecided = fields.Integer(metadata={"description": "Not compared: not decided yet, or cancelled"})
    changed = fields.Integer(metadata={"description": "Not compared: the target was changed later"})


class ForecastOut(Shown):
    """The forecast, sorted by due date."""

    at = Instant()
    hours = fields.Integer()
    tickets = fields.Integer(metadata={"description": "Open tickets with a target due in these hours"})
    tickets_at_risk = fields.Integer(metadata={"description": "Number of these with a target at risk"})
    late_already = fields.Integer(metadata={"description": "Open targets that are already breached"})
    accuracy = fields.Nested(AccuracyOut)
    items = fields.List(fields.Nested(ExpectedOut))


@blueprint.get("/reports/attainment")
@blueprint.input(GroupedQuery, **QUERY)
@blueprint.output(AttainmentOut)
def read_attainment(query_data: dict[str, Any]) -> Answer:
    """SLA compliance of a period, by group.

    With a client's token: its own company, not by technician. A technician's token sees its own figures and the
    others' as one group with the key `others`.
    """
    by = query_data.pop("by")
    question = question_of(query_data, by=by)
    found = figures(question, by=by)
    if by == "technician" and not is_allowed("see_team_reports"):
        found = without_others(found, str(caller().id))
    named = names(by, [each.key for each in found if each.key != OTHERS])
    period = {"first": question.period.first, "last": question.period.last}
    groups = [_figures(each, named.get(each.key or "")) for each in found]
    return {"period": period, "by": by, "groups": groups, "total": _figures(sum_of(found), None)}


@blueprint.get("/reports/attainment/tickets")
@blueprint.input(ReportedTargetsQuery, **QUERY)
@blueprint.output(page_of(ReportedTargetOut, "ReportedTarget"))
def list_reported_targets(query_data: dict[str, Any]) -> Answer:
    """The SLA targets behind the figures, most recently decided first, with explanations of their due dates."""
    limit, offset = query_data.pop("limit"), number_cursor(query_data.pop("cursor")) or 0
    outcomes = query_data.pop("outcome", ())
    question = question_of(query_data)
    found, number = lines(question, outcomes=outcomes, limit=limit, offset=offset)
    why = reasons(found, at=question.at)
    items = [_target(line, why.get(line.clock_id) if line.clock_id else None) for line in found]
    more = offset + limit < number
    return {"items": items, "next_cursor": write_cursor(offset + limit) if more else None}


@blueprint.get("/reports/forecast")
@blueprint.input(ForecastQuery, **QUERY)
@blueprint.output(ForecastOut)
def read_forecast(query_data: dict[str, Any]) -> Answer:
    """Which SLA targets due in the next hours are at risk, and how often such forecasts were right.

    Each target is compared with past ones of the last 90 days, as far as the token may see: with a client's token,
    that company's only. `accuracy` is about all that the token may see, however the rest is narrowed.
    """
    require("desk", "see_company")
    at, hours, tier = clock.now(), int(query_data["hours"]), query_data.get("tier")
    found = outlook(at=at, hours=hours, client_id=query_data.get("client_id"), tier=int(tier) if tier else None)
    items = [_expected(each) for each in found.expected if _may_see(each)]
    return {
        "at": at,
        "hours": hours,
        "tickets": found.tickets,
        "tickets_at_risk": found.tickets_at_risk,
        "late_already": found.late_already,
        "accuracy": found.accuracy,
        "items": items,
    }


def question_of(data: dict[str, Any], *, by: str = "") -> ReportQuery:
    """The question of a query; raises Denied for technicians the caller may not see, Invalid for a wrong period."""
    require("desk", "see_company")
    at, period = clock.now(), _period(data)
    only = {name.removesuffix("_id"): str(value) for name, value in data.items()}
    technician = only.get("technician")
    if not caller().is_staff and "technician" in (by, *only):
        raise Denied("not_allowed")
    if technician not in (None, NONE, str(caller().id)) and not is_allowed("see_team_reports"):
        raise Denied("not_allowed")
    return ReportQuery(period, at, only)


def _period(data: dict[str, Any]) -> ReportPeriod:
    month = data.get("month")
    if month is not None and (len(month) != len("2026-10") or read_period(month, None, today=_today()) is None):
        raise Invalid(fields={"month": ["invalid"]})
    period = read_period(data.pop("period_start", None), data.pop("period_end", None), today=_today())
    if period is None:
        raise Invalid(fields={"from": ["invalid"]})
    return period


def _today() -> date:
    return clock.now().astimezone(ZoneInfo(caller().timezone)).date()


def _figures(each: Figures, name: str | None) -> dict[str, object]:
    return {
        "key": each.key,
        "name": name,
        "total": each.total,
        "counted": each.counted,
        "excluded": each.excluded,
        "attainment": each.attainment,
        "outcomes": {code: each.of(code) for code in (*COUNTED, *EXCLUDED)},
    }


def _target(line: ReportLine, reason: Reason | None) -> dict[str, object]:
    shown = {name: getattr(line, name) for name in line.__slots__}
    return shown | {
        "number": line.label,
        "technician_id": line.technician_id if _may_name(line.technician_id) else None,
        "minutes_left": reason.left if reason else None,
        "explanation": explanation_out(reason.explanation) if reason else None,
    }


def _may_name(technician_id: UUID | None) -> bool:
    return is_allowed("see_team_reports") or technician_id == caller().id


def _may_see(each: Expected) -> bool:
    """Technicians see their own and what nobody has, as on the page."""
    person = caller()
    free = not person.is_staff or is_allowed("see_team_reports")
    return free or each.forecast.waiting.assignee_id in (None, person.id)


def _expected(each: Expected) -> dict[str, object]:
    found, waiting = each.forecast, each.forecast.waiting
    return {
        "clock_id": waiting.clock_id,
        "ticket_id": each.ticket_id,
        "number": each.label,
        "client_id": each.client_id,
        "kind": waiting.alike.kind,
        "tier": waiting.tier,
        "assignee_id": waiting.assignee_id,
        "due_at": waiting.due_at,
        "verdict": found.verdict,
        "late_chance": None if found.chance.late is None else round(found.chance.late, 3),
        "compared_with": found.chance.cases,
        "group": found.chance.group,
        "minutes_target": waiting.alike.seconds // 60,
        "minutes_open": int(waiting.open_for.total_seconds() // 60),
    }
