"""A help desk with tickets to find, and search requests to console and API."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.ids import new_id
from msp.people.actions import add_person
from msp.people.models import Person
from msp.people.tokens import add_token
from msp.tickets.by_requester import add_detail
from msp.tickets.messages import note, reply
from msp.tickets.models import Attachment, Message, Ticket
from msp.tickets.opening import Request, open_ticket
from tests.world import World, sign_in

Found = set[str]
Ask = Callable[[Person, str], Found]
LABEL = re.compile(r'href="/(?:desk|portal)/tickets/([A-Z0-9]+-\d+)')


@pytest.fixture
def desk(world: World) -> World:
    """The fixtures with six tickets: LOZ-1 to LOZ-5 and AZC-1."""
    with work(Scope.system()):
        nunez = add_person(
            client_id=world.lozano.id,
            name="Óscar Núñez",
            email="oscar.nunez@lozano.example",
            role="client_employee",
            locale="es",
            timezone="Europe/Madrid",
            at=clock.now(),
        )
    printer = opened(world, world.marta, "La impresión sale en blanco", "Las hojas de la HP de recepción.")
    access = opened(world, world.dolores, "No recuerdo la contraseña", "La de la VPN, desde esta mañana.")
    server = opened(world, nunez, "Servidor lento", "El servidor 10.0.0.5 (intranet.acme.example) no contesta.")
    opened(world, world.marta, "Laptops and printers", "Two companies asked: the passwords were running out.")
    opened(world, nunez, "Error al instalar", "Sale 0x80070005 en el PC con MAC 00:1A:2B:3C:4D:5E, serie SN-4F2A/77.")
    with work(Scope.client(world.azcarate.id)):
        wanted = Request(subject="El escáner atasca el papel", body="El de la segunda planta.", source="portal")
        open_ticket(world.azcarate, requester=world.inigo, request=wanted, at=clock.now())
    said(server, world.tomas, "He reiniciado el conmutador y cambié el latiguillo de la sala.")
    said(access, world.tomas, "La clave del cofre es «ornitorrinco».", is_note=True)
    attached(said(printer, None, "Adjunto la prueba, factura FV-2026/0042."), "presupuesto_año.pdf")
    said(printer, None, "Escribid a ayuda+tpv@tienda.example o mirad https://docs.acme.example/guia/tpv?id=7")
    return world


def opened(world: World, requester: Person, subject: str, body: str) -> Ticket:
    """A ticket of Lozano."""
    with work(Scope.client(world.lozano.id)):
        wanted = Request(subject=subject, body=body, source="portal")
        return open_ticket(world.lozano, requester=requester, request=wanted, at=clock.now())[0]


def said(ticket: Ticket, author: Person | None, body: str, *, is_note: bool = False) -> Message:
    """Another message on a ticket, from its requester or a member of staff."""
    with work(Scope.system()) as session:
        mine = session.get_one(Ticket, ticket.id)
        if author is None:
            asker = session.get_one(Person, ticket.requester_id)
            return add_detail(mine, author=asker, body=body, channel="portal", at=clock.now())
        return (note if is_note else reply)(mine, author=author, body=body, at=clock.now())


def attached(message: Message, name: str) -> None:
    """A file on a message."""
    with work(Scope.system()) as session:
        file = Attachment(
            id=new_id(),
            client_id=message.client_id,
            message_id=message.id,
            name=name,
            content_type="application/octet-stream",
            size=1,
            remote={},
            created_at=clock.now(),
        )
        session.add(file)


@pytest.fixture
def console(app: Flask) -> Ask:
    """The labels of the tickets on the console's (or portal's) page of results."""

    def ask(person: Person, words: str) -> Found:
        web: FlaskClient = sign_in(app.test_client(), person)
        path = "/portal/search" if person.client_id else "/desk/search"
        answer = web.get(path, query_string={"q": words}, headers={"HX-Request": "true"})
        assert answer.status_code == 200
        return set(LABEL.findall(answer.text.partition('class="found"')[2]))

    return ask


@pytest.fixture
def api(app: Flask) -> Ask:
    """The numbers of the tickets that the API's list finds."""

    def ask(person: Person, words: str) -> Found:
        with work(Scope.system()):
            token = add_token(person, role="client" if person.client_id else "staff", name="tests", at=clock.now())
        bearer = {"Authorization": f"Bearer {token}"}
        answer = app.test_client().get("/api/v1/tickets", query_string={"q": words}, headers=bearer)
        assert answer.status_code == 200, answer.data
        return {each["number"] for each in answer.get_json()["items"]}

    return ask
