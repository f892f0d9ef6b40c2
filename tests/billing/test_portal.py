"""A client's manager reads the company's issued invoices; others cannot."""

from datetime import date

import pytest
from flask.testing import FlaskClient

from billing.invoices import issue
from billing.models import Invoice
from billing.rating import Period
from billing.runs import drafts_of, run_invoices
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.tickets.opening import Request, open_ticket
from msp.worklog.actions import log_time
from tests.world import World, sign_in


@pytest.fixture
def issued(world: World) -> Invoice:
    at = clock.now()
    wanted = Request(subject="TPV", body="No cobra", source="portal")
    with work(Scope.staff(actor_id=world.carmen.id)) as session:
        ticket, _ = open_ticket(world.lozano, requester=world.marta, request=wanted, at=at)
        log_time(ticket, person=world.tomas, started_at=at, minutes=60, work_type="remote", note="Revisado", at=at)
        session.flush()
        run = run_invoices(Period(date(2026, 11, 1), date(2026, 11, 30)), at=at, clients=[world.lozano])
        return issue(drafts_of(run)[0].id, at=at)


def test_the_manager_reads_it(web: FlaskClient, world: World, issued: Invoice) -> None:
    sign_in(web, world.dolores)
    assert (issued.number or "-") in web.get("/portal/invoices/").text
    pdf = web.get(f"/portal/invoices/{issued.id}/pdf")
    assert pdf.data.startswith(b"%PDF")


@pytest.mark.parametrize("who", ["marta", "inigo"])
def test_nobody_else_does(web: FlaskClient, world: World, issued: Invoice, who: str) -> None:
    sign_in(web, getattr(world, who))
    assert web.get(f"/portal/invoices/{issued.id}/pdf").status_code in (403, 404)
    assert (issued.number or "-") not in web.get("/portal/invoices/").text
