"""Before a button issues invoices, a page shows their numbers and amounts, and that it cannot be undone."""

import html
import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from billing.models import Invoice
from billing.rating import Period
from msp.kernel.db import Scope, work
from tests.billing.desk import log, run, ticket_of, utc
from tests.world import World, sign_in


@pytest.fixture
def carmen(web: FlaskClient, world: World) -> FlaskClient:
    return sign_in(web, world.carmen)


def draft_of(world: World, month: int) -> Invoice:
    log(ticket_of(world), world.tomas, utc(6, 8, month=month), 110)
    last = {10: 31, 11: 30}[month]
    first = utc(1, 0, month=month).date()
    return run(world, Period(first, first.replace(day=last)))[1][0]


def state(invoice: Invoice) -> str:
    with work(Scope.staff()) as session:
        return session.scalars(select(Invoice.state).where(Invoice.id == invoice.id)).one()


def form_of(page: str) -> dict[str, str]:
    """The hidden fields of the page's confirmation."""
    inside = page.partition('<form class="form page-pad"')[2].partition("</form>")[0]
    return {name: html.unescape(value) for name, value in re.findall(r'name="([^"]*)" value="([^"]*)"', inside)}


@pytest.mark.parametrize(("month", "is_early"), [(10, False), (11, True)])
def test_the_button_asks_with_number_and_amount(carmen: FlaskClient, world: World, month: int, is_early: bool) -> None:
    draft = draft_of(world, month)
    path = f"/billing/invoices/{draft.id}/issue"
    shown = carmen.get(f"/billing/?period=2026-{month}&invoice={draft.id}").text
    assert 'name="ask_first"' in shown.partition(f'action="{path}"')[2].partition("</form>")[0]
    asked = carmen.post(path, data={"ask_first": "1", "idempotency_key": f"k{month}"})
    amount = f"{draft.payable / 100:.2f}".replace(".", ",")
    assert asked.status_code == 200 and state(draft) == "draft"
    for told in ("F26-000001", amount, "Ferretería Lozano", "No se puede deshacer"):
        assert told in asked.text
    assert ("no ha terminado" in asked.text) is is_early
    done = carmen.post(path, data=form_of(asked.text))
    assert done.status_code == 303 and state(draft) == "issued"


def test_a_month_that_is_not_over_is_never_issued_by_one_request(carmen: FlaskClient, world: World) -> None:
    draft = draft_of(world, 11)
    assert "no ha terminado" in carmen.post(f"/billing/invoices/{draft.id}/issue").text and state(draft) == "draft"
    carmen.post("/billing/issue-ready", data={"period": "2026-11"})
    assert state(draft) == "draft"


def test_all_that_are_ready_and_credit_notes_ask_too(carmen: FlaskClient, world: World) -> None:
    draft = draft_of(world, 10)
    asked = carmen.post("/billing/issue-ready", data={"period": "2026-10", "ask_first": "1"})
    assert "F26-000001" in asked.text and "Emitir 1 factura" in asked.text and state(draft) == "draft"
    carmen.post("/billing/issue-ready", data=form_of(asked.text))
    form = {"reason": "Una hora de más", "record_type": "R4", "ask_first": "1"}
    asked = carmen.post(f"/billing/invoices/{draft.id}/credit", data=form)
    assert "R26-000001" in asked.text and "No se puede deshacer" in asked.text
    kept = form_of(asked.text)
    assert (kept["reason"], kept["record_type"]) == ("Una hora de más", "R4")
    assert carmen.post(f"/billing/invoices/{draft.id}/credit", data=kept).status_code == 303
