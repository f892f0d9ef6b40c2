"""Satisfaction reports: ratings of a period by group, and the tickets behind them."""

from typing import Any

from marshmallow import fields

from msp.reports.attainment import ReportQuery
from msp.reports.figures import OTHERS
from msp.reports.names import names
from msp.reports.satisfaction import (
    DIMENSIONS,
    RatedTicket,
    Satisfaction,
    rated_tickets,
    satisfaction,
    sum_of,
    without_other_technicians,
)
from msp.tickets.rating_models import RATINGS
from msp.web.api.access import caller, is_allowed
from msp.web.api.fields import Instant, Schema, Shown, TextField, one_of
from msp.web.api.pages import QUERY, PageQuery, number_cursor, page_of, write_cursor
from msp.web.api.reports import PeriodShape, question_of
from msp.web.api.resource import Answer, resource
from msp.web.api.ticket_shapes import Assignee

blueprint = resource("satisfaction", tag="Reports")


class SatisfactionQuery(Schema):
    """Ratings of a period; days are in each client's time zone."""

    period_start = TextField(
        longest=10,
        data_key="from",
        metadata={"description": "First day or month (2026-10); default: the current month"},
    )
    period_end = TextField(longest=10, data_key="to", metadata={"description": "Last day or month, included"})
    client_id = fields.UUID()
    technician_id = Assignee(metadata={"description": "Person id, or `none` for unassigned"})


class GroupedRatingsQuery(SatisfactionQuery):
    """Filters and grouping of ratings."""

    by = one_of(DIMENSIONS, load_default="client")


class RatedTicketsQuery(PageQuery, SatisfactionQuery):
    """Filters and page of rated tickets."""

    rating = one_of(RATINGS)
    month = TextField(longest=7, metadata={"description": "Tickets rated in this month of the period (2026-10)"})


class SatisfactionOut(Shown):
    """Ratings of a group."""

    key = fields.String(allow_none=True, metadata={"description": "Id or month of the group; null: none"})
    name = fields.String(allow_none=True, metadata={"description": "Name of the client or technician"})
    rated = fields.Integer()
    good = fields.Integer()
    bad = fields.Integer()
    satisfaction = fields.Decimal(
        allow_none=True, as_string=True, metadata={"description": "good / rated, from 0 to 1, rounded down"}
    )


class SatisfactionsOut(Shown):
    """The ratings of a period by group, and the total."""

    period = fields.Nested(PeriodShape)
    by = fields.String()
    groups = fields.List(fields.Nested(SatisfactionOut))
    total = fields.Nested(SatisfactionOut)


class RatedTicketOut(Shown):
    """A rated ticket."""

    ticket_id = fields.UUID()
    number = fields.String(metadata={"example": "LOZ-42"})
    subject = fields.String()
    client_id = fields.UUID()
    technician_id = fields.UUID(allow_none=True, metadata={"description": "Staff only"})
    rating = fields.String()
    comment = fields.String(allow_none=True)
    rated_at = Instant()


@blueprint.get("/reports/satisfaction")
@blueprint.input(GroupedRatingsQuery, **QUERY)
@blueprint.output(SatisfactionsOut)
def read_satisfaction(query_data: dict[str, Any]) -> Answer:
    """Ratings of a period, by group.

    With a client manager's token: its own company, not by technician. A technician's token sees its own figures and the
    others' as one group with the key `others`.
    """
    by = query_data.pop("by")
    question = question_of(query_data, by=by)
    found = satisfaction(question, by=by)
    if by == "technician" and not is_allowed("see_team_reports"):
        found = without_other_technicians(found, str(caller().id))
    named = names(by, [each.key for each in found if each.key != OTHERS])
    period = {"first": question.period.first, "last": question.period.last}
    groups = [_group(each, named.get(each.key or "")) for each in found]
    return {"period": period, "by": by, "groups": groups, "total": _group(sum_of(found), None)}


@blueprint.get("/reports/satisfaction/tickets")
@blueprint.input(RatedTicketsQuery, **QUERY)
@blueprint.output(page_of(RatedTicketOut, "RatedTicket"))
def list_rated_tickets(query_data: dict[str, Any]) -> Answer:
    """The rated tickets of a period, last rated first."""
    limit, offset = query_data.pop("limit"), number_cursor(query_data.pop("cursor")) or 0
    rating = query_data.pop("rating", "")
    question: ReportQuery = question_of(query_data)
    found, number = rated_tickets(question, rating=rating, limit=limit, offset=offset)
    more = offset + limit < number
    return {"items": [_shown(each) for each in found], "next_cursor": write_cursor(offset + limit) if more else None}


def _group(each: Satisfaction, name: str | None) -> dict[str, object]:
    return {
        "key": each.key,
        "name": name,
        "rated": each.rated,
        "good": each.good,
        "bad": each.bad,
        "satisfaction": each.share,
    }


def _shown(each: RatedTicket) -> dict[str, object]:
    may_name = is_allowed("see_team_reports") or each.technician_id == caller().id
    return {name: getattr(each, name) for name in each.__slots__} | {
        "number": each.label,
        "technician_id": each.technician_id if may_name else None,
    }
