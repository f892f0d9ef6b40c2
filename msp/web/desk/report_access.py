"""What staff may ask of the reports: technicians see their own figures and the team's, not a colleague's."""

from collections.abc import Sequence
from uuid import UUID

from flask import request

from msp.kernel import clock
from msp.kernel.errors import NotFound
from msp.people.access import may
from msp.reports.attainment import NONE
from msp.web.reporting.report_params import ReportParams, read_params
from msp.web.request_scope import current_person


def asked_report(dimensions: Sequence[str]) -> ReportParams:
    """The parameters of the request, grouped by client unless it says otherwise; raises NotFound for a colleague."""
    person = current_person()
    asked = read_params(request.args, at=clock.now(), zone=person.timezone, dimensions=dimensions, by="client")
    technician = asked.question.only.get("technician", NONE)
    if only_technician() is not None and technician not in (NONE, str(person.id)):
        raise NotFound("report")
    return asked


def only_technician() -> UUID | None:
    """The technician whose own figures the person may see besides the team's; None: everybody's."""
    person = current_person()
    return None if may(person, "see_team_reports") else person.id
