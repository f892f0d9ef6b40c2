"""Connections, dead letters, and the provider's data."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from msp.clients.actions import connect, note_unknown
from msp.clients.models import Connection, UnknownSource
from msp.clients.queries import find_connection
from msp.config import declared_settings
from msp.kernel import clock, crypto, inbox, leases, settings
from msp.kernel.db import Scope, work
from msp.kernel.errors import Permanent
from msp.kernel.event_types import Event
from msp.kernel.events import Delivery, StoredEvent, emit, subscribe
from msp.kernel.inbox import Inbound, Received
from msp.tickets.opening import Request, open_ticket
from tests.web.forms import posted
from tests.world import SLACK_TEAM, World, sign_in

TENANT = "0f1e2d3c-4b5a-4678-9abc-def012345678"
SLACK = {"kind": "slack", "team_id": "T0NUEVO", "bot_token": "xoxb-1", "bot_user_id": "U1", "app_id": "A1"}


@pytest.fixture
def ana(web: FlaskClient, world: World) -> FlaskClient:
    return sign_in(web, world.ana)


def connection(kind: str, external_id: str) -> Connection | None:
    with work(Scope.staff()):
        return find_connection(kind, external_id)


def unknown(external_id: str) -> UnknownSource:
    with work(Scope.staff()) as session:
        return session.scalars(select(UnknownSource).where(UnknownSource.external_id == external_id)).one()


def test_a_slack_app_built_by_hand(ana: FlaskClient, world: World) -> None:
    answer = ana.post("/admin/connections/new", data=SLACK | {"client_id": str(world.lozano.id), "name": "Taller"})
    assert answer.location.endswith(f"/admin/clients/{world.lozano.id}")
    made = connection("slack", "T0NUEVO")
    assert made is not None and made.client_id == world.lozano.id and made.secret not in (None, "xoxb-1")
    assert crypto.unseal(made.secret or "") == "xoxb-1"
    assert made.settings == {"bot_user_id": "U1", "app_id": "A1"}
    assert "xoxb-1" not in ana.get("/admin/connections").text


def test_a_teams_tenant_and_the_providers_own_workspace(ana: FlaskClient, world: World) -> None:
    form = {"kind": "teams", "tenant_id": TENANT.upper(), "client_id": str(world.azcarate.id)}
    assert ana.post("/admin/connections/new", data=form).status_code == 303
    tenant = connection("teams", TENANT)
    assert tenant is not None and tenant.client_id == world.azcarate.id
    assert ana.post("/admin/connections/new", data=SLACK).status_code == 303
    own = connection("slack", "T0NUEVO")
    assert own is not None and own.client_id is None
    assert "para el equipo" in ana.get("/admin/connections").text


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        (SLACK | {"bot_token": ""}, "Campo obligatorio"),
        (SLACK | {"team_id": " "}, "Campo obligatorio"),
        (SLACK | {"client_id": "00000000-0000-7000-8000-000000000000"}, "Valor desconocido"),
        (SLACK | {"team_id": SLACK_TEAM}, "otro cliente"),
        ({"kind": "teams", "tenant_id": "contoso"}, "No es válido"),
    ],
)
def test_what_cannot_be_connected_says_why_and_never_repeats_the_token(
    ana: FlaskClient, world: World, form: dict[str, str], sentence: str
) -> None:
    answer = ana.post("/admin/connections/new", data=form)
    assert answer.status_code == 422 and sentence in answer.text and "xoxb-1" not in answer.text


def test_an_unknown_platform_is_refused_with_the_form(ana: FlaskClient) -> None:
    answer = ana.post("/admin/connections/new", data={"kind": "fax", "name": "Central"})
    assert answer.status_code == 422
    assert "Valor desconocido" in answer.text and 'value="Central"' in answer.text


def test_whoever_knocked_is_given_to_a_client_with_the_token_it_brought(ana: FlaskClient, world: World) -> None:
    with work(Scope.system()):
        note_unknown("slack", "T0KNOCK", at=clock.now(), name="Ibarra", secret="xoxb-knock", messages=3)
    page = ana.get("/admin/connections").text
    assert "Ibarra" in page and "3 mensajes" in page
    source = unknown("T0KNOCK")
    empty = ana.post(f"/admin/unknown/{source.id}/link", data={"client_id": ""}, follow_redirects=True)
    assert "Elige el cliente" in empty.text
    ana.post(f"/admin/unknown/{source.id}/link", data={"client_id": str(world.azcarate.id)})
    made = connection("slack", "T0KNOCK")
    assert made is not None and made.client_id == world.azcarate.id
    assert crypto.unseal(made.secret or "") == "xoxb-knock"
    assert "T0KNOCK" in ana.get(f"/admin/clients/{world.azcarate.id}").text


def test_the_ignored_stay_silent_until_they_install_again(ana: FlaskClient) -> None:
    with work(Scope.system()):
        note_unknown("slack", "T0KNOCK", at=clock.now())
    ana.post(f"/admin/unknown/{unknown('T0KNOCK').id}/ignore")
    with work(Scope.system()):
        note_unknown("slack", "T0KNOCK", at=clock.now())
    page = ana.get("/admin/connections").text
    assert "T0KNOCK" not in page and "count tone-red" not in page
    assert unknown("T0KNOCK").messages == 2
    with work(Scope.system()):
        note_unknown("slack", "T0KNOCK", at=clock.now(), secret="xoxb-again", messages=0)
    assert "T0KNOCK" in ana.get("/admin/connections").text


def test_a_broken_connection_is_red_with_its_reason_and_can_be_renewed(ana: FlaskClient, world: World) -> None:
    with work(Scope.system()) as session:
        made = connect(world.lozano, kind="slack", external_id="T0BROKE", at=clock.now(), secret="xoxb-old")
        session.get_one(Connection, made.id).broken_reason = "token_revoked"
    page = ana.get("/admin/connections").text
    assert (
        "Nuestro token en Slack se ha revocado." in page
        and "Renovar" in page
        and '<span class="count tone-red">1</span>' in page
    )
    form = SLACK | {"team_id": "T0BROKE", "client_id": str(world.lozano.id)}
    ana.post("/admin/connections/new", data=form)
    assert "revocado" not in ana.get("/admin/connections").text


def test_disconnecting_forgets_the_token(ana: FlaskClient, world: World) -> None:
    made = connection("slack", SLACK_TEAM)
    assert made is not None
    assert ana.post(f"/admin/connections/{made.id}/remove").status_code == 303
    assert connection("slack", SLACK_TEAM) is None


GONE = "El canal de Slack ya no existe, o la aplicación no tiene acceso a él."
MESSAGE = {"type": "message", "text": "Ayuda,\n por favor"}


class Refused(Event, kind="tests.refused"):
    """An event whose delivery is refused."""


@pytest.fixture
def dead(world: World) -> tuple[int, int]:
    """A Slack message and a delivery about LOZ-1, both dead letters; returns their ids."""

    def refuse(_: object) -> None:
        raise Permanent("channel_not_found")

    inbox.register_source("tests_refuse", refuse)
    subscribe("tests_refuse", to={Refused}, handler=refuse)
    inbox.store("tests_refuse", "e1", MESSAGE, key="k")
    with work(Scope.staff()):
        request = Request(subject="El TPV no cobra", body="Hay cola.", source="slack")
        ticket, _ = open_ticket(world.lozano, requester=world.marta, request=request, at=clock.now())
        emit(Refused(), ticket.id, client_id=world.lozano.id)
    while inbox.work_one():
        pass
    from msp.kernel.events import deliver_one

    with work(Scope.system()) as session:
        session.query(Delivery).filter(Delivery.subscriber != "tests_refuse").delete()
    while deliver_one():
        pass
    with work(Scope.system()) as session:
        inbound = session.scalars(select(Inbound.id).where(Inbound.state == "dead")).one()
        return inbound, session.scalars(select(Delivery.id).where(Delivery.state == "dead")).one()


def states() -> tuple[list[str], list[str]]:
    with work(Scope.system()) as session:
        return list(session.scalars(select(Inbound.state))), list(session.scalars(select(Delivery.state)))


def test_what_failed_for_good_stands_there_with_its_reason(ana: FlaskClient, dead: tuple[int, int]) -> None:
    page = ana.get("/admin/deliveries").text
    assert (
        page.count(GONE) == 2
        and "channel_not_found" not in page
        and "/desk/tickets/LOZ-1" in page
        and "Ferretería Lozano" in page
    )
    assert '<span class="count tone-red">2</span>' in page


def test_one_is_tried_again_and_one_given_up(ana: FlaskClient, dead: tuple[int, int]) -> None:
    ana.post(f"/admin/deliveries/inbound-{dead[0]}/retry")
    ana.post(f"/admin/deliveries/delivery-{dead[1]}/drop")
    assert states() == (["pending"], ["discarded"])
    ana.post(f"/admin/deliveries/delivery-{dead[1]}/retry")  # a discarded row stays discarded
    assert states() == (["pending"], ["discarded"])
    heard: list[Received] = []
    inbox.register_source("tests_refuse", heard.append)
    clock.advance(timedelta(seconds=1))
    assert inbox.work_one() and len(heard) == 1 and states()[0] == ["done"]


def test_who_tried_again_and_who_dropped_is_told(ana: FlaskClient, dead: tuple[int, int], world: World) -> None:
    ana.post(f"/admin/deliveries/inbound-{dead[0]}/retry")
    ana.post(f"/admin/deliveries/delivery-{dead[1]}/drop")
    with work(Scope.staff()) as session:
        told = session.scalars(
            select(StoredEvent).where(StoredEvent.kind.startswith("letter.")).order_by(StoredEvent.seq)
        ).all()
    assert [(each.kind, each.actor_id, each.data["reason"]) for each in told] == [
        ("letter.retried", world.ana.id, "channel_not_found"),
        ("letter.discarded", world.ana.id, "channel_not_found"),
    ]
    dropped = ana.get("/admin/deliveries?state=discarded").text
    assert "Descartada por Ana Lago" in dropped and "/desk/tickets/LOZ-1" in dropped
    clock.advance(timedelta(seconds=1))
    assert inbox.work_one()  # it is refused again
    assert "Reintentada por Ana Lago" in ana.get("/admin/deliveries").text


def test_narrowed_by_way_and_program_and_what_it_says(ana: FlaskClient, dead: tuple[int, int]) -> None:
    whole = ana.get("/admin/deliveries").text
    assert "<q>Ayuda, por favor</q>" in whole and "Descartada por" not in whole
    assert ana.get("/admin/deliveries?queue=inbound").text.count(GONE) == 1
    assert ana.get("/admin/deliveries?program=tests_refuse").text.count(GONE) == 2
    assert GONE not in ana.get("/admin/deliveries?program=stripe").text
    ana.post("/admin/deliveries/retry", data={"queue": "inbound", "program": "tests_refuse"})
    assert states() == (["pending"], ["dead"])
    assert "Ayuda" in ana.get("/admin/deliveries?state=pending").text


def test_what_failed_comes_in_pages(ana: FlaskClient, dead: tuple[int, int]) -> None:
    for number in range(60):
        inbox.store("tests_refuse", f"more {number}", {"text": f"Fallo {number}"}, key=str(number))
    while inbox.work_one():
        pass
    first, second = ana.get("/admin/deliveries").text, ana.get("/admin/deliveries?page=2").text
    assert first.count(GONE) == 50 and second.count(GONE) == 12
    assert "1–50 de 62" in first and "<q>Fallo 59</q>" in first


def test_what_killed_its_workers_says_so(ana: FlaskClient, world: World) -> None:
    inbox.store("tests_kill", "e1", {}, key="k")
    with work(Scope.system()) as session:
        session.execute(update(Inbound).values(crash_count=leases.MAX_CRASHES))
    assert inbox.work_one()
    assert "cinco veces seguidas" in ana.get("/admin/deliveries").text


def test_all_of_them_are_tried_again(ana: FlaskClient, dead: tuple[int, int]) -> None:
    answer = ana.post("/admin/deliveries/retry", follow_redirects=True)
    assert "Reintentando 2" in answer.text and "2 en curso" in answer.text
    assert states() == (["pending"], ["pending"]) and leases.is_due(Inbound)


def test_the_providers_data_are_kept_with_what_the_page_does_not_show(ana: FlaskClient) -> None:
    with work(Scope.system()):
        before = settings.read("provider") | {"website": "https://www.guardia.example"}
        settings.write("provider", before)
    form = posted(ana.get("/admin/settings").text)
    form |= {"iban": "ES91 2100 0418 4502 0005 1332", "tax_id": "b-86561412", "city": "Getafe"}
    assert ana.post("/admin/settings", data=form).status_code == 303
    with work(Scope.system()):
        after = settings.read("provider")
    assert after == before | {"address": before["address"] | {"city": "Getafe"}}


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("iban", "ES91 2100 0418 4502 0005 1333", "No es un IBAN válido"),
        ("tax_id", "B86561413", "carácter de control"),
        ("legal_name", "", "Campo obligatorio"),
        ("email", "facturas", "nombre@empresa.example"),
        ("registry", "x" * 301, "Demasiado largo"),
    ],
)
def test_wrong_data_of_the_provider_are_not_kept(ana: FlaskClient, field: str, value: str, sentence: str) -> None:
    with work(Scope.system()):
        before = settings.read("provider")
    answer = ana.post("/admin/settings", data=posted(ana.get("/admin/settings").text) | {field: value})
    assert answer.status_code == 422 and sentence in answer.text
    with work(Scope.system()):
        assert settings.read("provider") == before


def test_settings_say_what_is_on_and_show_no_secret(ana: FlaskClient) -> None:
    page = ana.get("/admin/settings").text
    given = ana.application.config["SETTINGS"]
    assert "SMTP_URL" in page and "Python" in page and "PostgreSQL" in page and "/api/docs" in page
    hidden = [given.declared[each.name] for each in declared_settings() if each.is_secret]
    for secret in (*filter(None, hidden), given.stripe_api_key, given.secret_key):
        assert secret not in page
