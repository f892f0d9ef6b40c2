"""A mail that may have arrived more than once is shown to administrators, and counted in metrics."""

from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection, event, text

from integrations.mail.doubts import count_in_doubt, page_in_doubt
from msp.kernel import clock
from msp.kernel.db import Scope, db, work
from msp.tickets.models import Ticket
from simulators.smtp.server import MailServer
from tests.mail.test_notices import escalate, ticket_of
from tests.operations.test_metrics import figures
from tests.world import World, sign_in

Drain = Callable[[], int]
PAGE = "/admin/deliveries/in-doubt?what=mail"


@pytest.fixture
def ticket(world: World, drain: Drain) -> Ticket:
    return ticket_of(world, "VPN caída")


@pytest.fixture
def ana(web: FlaskClient, world: World) -> FlaskClient:
    return sign_in(web, world.ana)


def in_doubt(web: FlaskClient) -> float:
    return figures(web)['msp_in_doubt{what="mail"}']


def lose_an_answer(mail_server: MailServer, world: World, ticket: Ticket, drain: Drain) -> None:
    """The server accepts a mail to Tomás and the connection is cut before its answer."""
    mail_server.faults.add("message", "drop")
    escalate(ticket, f"person:{world.tomas.id}")
    drain()
    mail_server.faults.clear()


def test_a_quiet_desk_has_nothing_in_doubt(ana: FlaskClient, world: World) -> None:
    page = ana.get(PAGE).text
    assert "Inciertos · 0" in page and "Sin envíos inciertos" in page
    assert "/admin/deliveries/in-doubt" in ana.get("/admin/deliveries").text
    assert in_doubt(ana) == 0


def test_what_came_twice_says_to_whom_and_about_what(
    ana: FlaskClient, mail_server: MailServer, drain: Drain, world: World, ticket: Ticket
) -> None:
    lose_an_answer(mail_server, world, ticket, drain)
    assert in_doubt(ana) == 0  # it may be in flight
    clock.advance(timedelta(minutes=1))
    drain()
    first, again = mail_server.messages()
    assert first.message_id == again.message_id and in_doubt(ana) == 1
    page = unescape(ana.get(PAGE).text)
    assert "Inciertos · 1" in page and "Correo a Tomás Rey sobre LOZ-1" in page and "/desk/tickets/LOZ-1" in page
    assert first.message_id in page and "2 intentos" in page
    assert "Aceptado; puede haberse entregado una vez más" in page


def test_what_nobody_tried_again_stays_unknown(
    ana: FlaskClient, mail_server: MailServer, drain: Drain, world: World, ticket: Ticket
) -> None:
    """The workers were stopped, or a person discarded it meanwhile."""
    lose_an_answer(mail_server, world, ticket, drain)
    clock.advance(timedelta(minutes=6))
    page = unescape(ana.get(PAGE).text)
    assert in_doubt(ana) == 1 and "puede haberse entregado" in page and "1 intento " in page


def test_a_mail_that_was_answered_is_none_of_them(
    ana: FlaskClient, mail_server: MailServer, drain: Drain, world: World, ticket: Ticket
) -> None:
    escalate(ticket, f"person:{world.tomas.id}")
    drain()
    clock.advance(timedelta(hours=1))
    assert len(mail_server.messages()) == 1 and in_doubt(ana) == 0 and "Tomás" not in ana.get(PAGE).text


def test_only_administrators_see_them(web: FlaskClient, world: World) -> None:
    assert sign_in(web, world.rosa).get(PAGE).status_code == 403
    assert sign_in(web, world.ana).get("/admin/deliveries/in-doubt?what=pigeons").status_code == 200


def test_counting_reads_what_is_in_doubt_and_not_what_was_sent(world: World) -> None:
    with work(Scope.system()) as session:
        session.execute(text("set local enable_seqscan = off"))
        read: list[str] = []

        def explain(connection: Connection, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
            if statement.startswith("SELECT") and "mail_post" in statement:
                read.extend(row[0] for row in connection.exec_driver_sql(f"explain {statement}", parameters))

        event.listen(db.engine, "before_cursor_execute", explain)
        count_in_doubt(clock.now())
        page_in_doubt(clock.now(), 0, 50)
        event.remove(db.engine, "before_cursor_execute", explain)
    assert sum("ix_mail_post_in_doubt" in line for line in read) == 3, read  # plain or bitmap scan
