"""Macros: who may write them, what is refused, what applying one does, all or nothing."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.exc import ProgrammingError

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.errors import Conflict, Denied, Invalid
from msp.kernel.events import StoredEvent, deliver_one
from msp.macros.actions import edit_macro, remove_macro
from msp.macros.applying import Written, apply_macro
from msp.macros.models import Macro
from msp.macros.queries import macros_for
from msp.people.models import Person
from msp.tickets.models import Message, Ticket
from msp.tickets.queries import access_ticket
from msp.worklog.actions import entries_of
from tests.macros.conftest import GREETING, AddMacro
from tests.world import World, sign_in


def fresh(ticket: Ticket) -> Ticket:
    with work(Scope.staff()) as session:
        return session.get_one(Ticket, ticket.id)


def bodies(ticket: Ticket) -> list[tuple[str, str]]:
    with work(Scope.staff()) as session:
        rows = session.execute(
            select(Message.visibility, Message.body).where(Message.ticket_id == ticket.id).order_by(Message.id)
        )
        return [(row.visibility, row.body) for row in rows][1:]


def applied(macro: Macro, ticket: Ticket, person: Person) -> None:
    with work(Scope.staff()) as session:
        found, this = session.get_one(Macro, macro.id), access_ticket(ticket.id, lock=True)
        apply_macro(found, this, person=person, at=clock.now(), written=Written("Hola", "public"))


def later(seconds: int) -> None:
    clock.advance(timedelta(seconds=seconds))
    while deliver_one():
        pass


@pytest.mark.parametrize(
    ("values", "field", "code"),
    [
        ({"text_es": "{{requester.fistname}}"}, "text_es", "unknown_variable"),
        ({"text_en": "Hi {{"}, "text_en", "unknown_variable"),
        ({}, "text_es", "macro_empty"),
        ({"status": "scheduled"}, "status", "unknown"),
        ({"minutes": 0}, "minutes", "out_of_range"),
        ({"tags": ("x" * 51,)}, "tags", "too_long"),
        ({"assignee_id": UUID(int=1)}, "assignee_id", "unknown"),
        ({"name": "  ", "priority": "high"}, "name", "required"),
    ],
)
def test_values_that_are_refused(add: AddMacro, values: dict[str, Any], field: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        add(**({"name": "Macro"} | values))
    assert code in refused.value.fields[field]


def test_who_may_write_which(add: AddMacro, world: World) -> None:
    own, team = add(owner=world.tomas, priority="high"), add(priority="low")
    of_client = add(client_id=world.azcarate.id, priority="low")

    def edit(macro: Macro, by: Person) -> None:
        with work(Scope.staff()) as session:
            edit_macro(session.get_one(Macro, macro.id), by=by, at=clock.now(), name="Otro")

    for macro, by in ((own, world.ana), (team, world.tomas), (of_client, world.tomas), (team, world.nuria)):
        with pytest.raises(Denied):
            edit(macro, by)
    for macro, by in ((own, world.tomas), (team, world.rosa), (of_client, world.ana)):
        edit(macro, by)
    with pytest.raises(Denied), work(Scope.staff()) as session:
        remove_macro(session.get_one(Macro, own.id), by=world.rosa, at=clock.now())


def test_a_ticket_is_offered_own_team_and_client_macros(add: AddMacro, world: World, ticket: Ticket) -> None:
    add("Equipo", priority="high")
    add("Lozano", client_id=world.lozano.id, priority="high")
    add("Azcárate", client_id=world.azcarate.id, priority="high")
    add("De Tomás", owner=world.tomas, priority="high")
    add("De Irene", owner=world.irene, priority="high")
    inactive = add("Antigua", priority="high")
    with work(Scope.staff()) as session:
        edit_macro(session.get_one(Macro, inactive.id), by=world.ana, at=clock.now(), active=False)
        assert [each.name for each in macros_for(ticket, world.tomas)] == ["De Tomás", "Lozano", "Equipo"]
    with pytest.raises(ProgrammingError, match="permission denied"), work(Scope.client(world.lozano.id)):
        macros_for(ticket, world.tomas)


def test_everything_in_one_step(add: AddMacro, world: World, ticket: Ticket) -> None:
    macro = add(
        **GREETING, priority="urgent", tier=2, assigns_to_self=True, tags=("vpn", "tpv"), minutes=15,
        work_type="onsite", status="waiting_client",
    )  # fmt: skip
    applied(macro, ticket, world.tomas)
    after = fresh(ticket)
    assert (after.status, after.priority, after.tier) == ("waiting_client", "urgent", 2)
    assert (after.assignee_id, after.tags) == (world.tomas.id, ["tpv", "vpn"])
    assert bodies(ticket) == [("public", "Hola")]
    with work(Scope.staff()) as session:
        [entry] = entries_of(ticket.id)
        assert (entry.minutes, entry.work_type, entry.person_id) == (15, "onsite", world.tomas.id)
        kinds = session.scalars(select(StoredEvent.kind).where(StoredEvent.subject_id == ticket.id)).all()
        assert "ticket.macro_applied" in kinds


def test_all_or_nothing(add: AddMacro, world: World, ticket: Ticket) -> None:
    macro = add(**GREETING, priority="urgent", minutes=15, status="closed")
    with pytest.raises(Conflict):
        applied(macro, ticket, world.tomas)
    after = fresh(ticket)
    assert (after.status, after.priority) == ("new", "normal")
    assert bodies(ticket) == []


def test_the_composer_in_the_language_of_the_requester(
    web: FlaskClient, add: AddMacro, world: World, ticket: Ticket
) -> None:
    macro = add(**GREETING, status="waiting_client")
    page = sign_in(web, world.tomas).get("/desk/tickets/LOZ-1/macros").text
    assert "Hola, Marta: mira LOZ-1. Tomás" in page
    with work(Scope.system()) as session:
        session.get_one(Person, world.marta.id).locale = "en"
    shown = web.post("/desk/tickets/LOZ-1/macros", data={"macro": macro.id}, follow_redirects=True).text
    assert "Hi Marta, see LOZ-1. Tomás</textarea>" in shown and f'value="{macro.id}"' in shown
    assert fresh(ticket).status == "new"  # nothing happens before it is sent
    sent = {"body": "Hi Marta, ready.", "visibility": "public", "macro_id": macro.id}
    assert web.post("/desk/tickets/LOZ-1/reply", data=sent).status_code == 303
    assert bodies(ticket) == [("public", "Hi Marta, ready.")]
    assert (fresh(ticket).status, fresh(ticket).assignee_id) == ("waiting_client", world.tomas.id)


def test_a_macro_without_text_is_applied_at_once_and_resolving_can_be_undone(
    web: FlaskClient, add: AddMacro, world: World, ticket: Ticket
) -> None:
    macro = add(priority="high", status="resolved")
    page = sign_in(web, world.tomas).post("/desk/tickets/LOZ-1/macros", data={"macro": macro.id}, follow_redirects=True)
    assert "data-undo-until" in page.text
    assert (fresh(ticket).priority, fresh(ticket).status) == ("high", "new")
    later(10)
    assert fresh(ticket).status == "resolved"


def test_others_macros_are_not_found(web: FlaskClient, add: AddMacro, world: World, ticket: Ticket) -> None:
    foreign = [add(owner=world.irene, priority="high"), add(client_id=world.azcarate.id, priority="high")]
    sign_in(web, world.tomas)
    for macro in foreign:
        assert web.post("/desk/tickets/LOZ-1/macros", data={"macro": macro.id}).status_code == 404
        reply = {"body": "x", "visibility": "public", "macro_id": macro.id}
        assert web.post("/desk/tickets/LOZ-1/reply", data=reply).status_code == 404
    assert web.get(f"/account/macros/{foreign[0].id}").status_code == 404
    assert bodies(ticket) == [] and fresh(ticket).priority == "normal"


def test_the_pages_of_macros(app: Flask, web: FlaskClient, world: World) -> None:
    sign_in(web, world.rosa)
    bad = web.post("/admin/macros/new", data={"name": "VPN", "text_es": "{{x}}", "visibility": "public"})
    assert bad.status_code == 422 and "Variable desconocida" in bad.text and "{{x}}" in bad.text
    good = {"name": "VPN", "text_es": "Reinicia", "visibility": "internal", "tags": "vpn, red", "assignee_id": "self"}
    assert web.post("/admin/macros/new", data=good).status_code == 303
    with work(Scope.staff()) as session:
        macro = session.scalars(select(Macro)).one()
        assert (macro.tags, macro.assigns_to_self, macro.visibility) == (["vpn", "red"], True, "internal")
    assert "VPN" in web.get("/admin/macros").text
    assert "vpn, red" in web.get(f"/admin/macros/{macro.id}").text
    assert web.post(f"/admin/macros/{macro.id}/active", data={}).status_code == 303
    with work(Scope.staff()) as session:
        assert not session.get_one(Macro, macro.id).active
    tomas = sign_in(app.test_client(), world.tomas)
    assert tomas.get("/admin/macros").status_code == 403
    assert tomas.post("/account/macros/new", data=good | {"name": "Mía"}).status_code == 303
    assert "Mía" in tomas.get("/account/macros").text and "VPN" not in tomas.get("/account/macros").text


def test_the_palette_finds_macros_on_the_page_of_a_ticket(
    web: FlaskClient, add: AddMacro, world: World, ticket: Ticket
) -> None:
    macro = add("Contraseña restablecida", priority="high")
    sign_in(web, world.tomas)
    headers = {"HX-Request": "true", "HX-Target": "div#palette-list"}
    here = headers | {"HX-Current-URL": "http://localhost/desk/tickets/LOZ-1"}
    assert f"/desk/tickets/LOZ-1/macros?macro={macro.id}" in web.get("/desk/search?q=contrasena", headers=here).text
    assert str(macro.id) not in web.get("/desk/search?q=contrasena", headers=headers).text
