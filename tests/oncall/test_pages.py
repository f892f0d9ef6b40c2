"""On-call page, its administration and its API: display, swaps in two clicks, refused to others."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.events import StoredEvent
from msp.oncall.actions import note_absence
from msp.oncall.models import OnCallLayer, OnCallSwap
from msp.oncall.queries import on_call
from tests.oncall.desk import add_rota
from tests.web.api.conftest import Program, program, staff, stranger  # noqa: F401
from tests.world import World, sign_in


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


@pytest.fixture
def rosa(web: FlaskClient, world: World) -> FlaskClient:
    return sign_in(web, world.rosa)


def test_who_is_on_now_and_next(rosa: FlaskClient, world: World) -> None:
    add_rota(world)
    page = text_of(rosa.get("/desk/on-call").text)
    assert "Irene Navas hasta 30 nov 8:00" in page
    assert "Después Tomás Rey, desde" in page and page.count("Irene") > 7
    assert "De guardia: Irene, hasta" in page  # in the navigation rail
    assert "Solo avisos en la consola" in page  # no chat and no mail here


def test_without_a_rota_the_page_says_what_one_is_for(rosa: FlaskClient) -> None:
    assert "Aún no hay calendario de guardias" in rosa.get("/desk/on-call").text


def test_gaps_are_named_in_red(rosa: FlaskClient, world: World) -> None:
    add_rota(world)
    start = clock.now() + timedelta(days=3)
    with work(Scope.staff()):
        note_absence(world.rosa, start=start, end=start + timedelta(days=1), note="", at=clock.now())
    page = rosa.get("/desk/on-call").text
    assert "Hueco en Secondary: sin guardia desde" in page and "stretch is-gap" in page


def test_a_swap_in_two_clicks(rosa: FlaskClient, world: World) -> None:
    first, _ = add_rota(world)
    page = rosa.get("/desk/on-call").text
    form = page[page.index(f'action="/desk/on-call/{first.id}/swaps"') :]
    start, end = (re.search(rf'name="{name}" value="([^"]+)"', form)[1] for name in ("start", "end"))  # type: ignore[index]
    answer = rosa.post(
        f"/desk/on-call/{first.id}/swaps", data={"person_id": str(world.tomas.id), "start": start, "end": end}
    )
    assert answer.status_code == 303
    page = rosa.get("/desk/on-call").text
    assert "Tomás Rey cubre la guardia." in page and "cambio" in page
    with work(Scope.staff()) as session:
        made = session.scalars(select(OnCallSwap)).one()
        event = session.scalars(select(StoredEvent).where(StoredEvent.kind == "oncall.swapped")).one()
        assert (event.actor_id, event.data["person_id"]) == (world.rosa.id, str(world.tomas.id))
        assert on_call(clock.now())[0].person == session.get(type(world.tomas), world.tomas.id)
    assert made.ends_at == datetime(2026, 11, 24, 7, 0, tzinfo=UTC)  # until the next handover
    assert rosa.post(f"/desk/on-call/swaps/{made.id}/cancel").status_code == 303
    with work(Scope.staff()):
        found = on_call(clock.now())[0].person
        assert found is not None and found.id == world.irene.id


def test_absences_by_days(rosa: FlaskClient, world: World) -> None:
    add_rota(world)
    days = {"person_id": str(world.irene.id), "first_day": "2026-11-23", "last_day": "2026-11-24", "note": "Médico"}
    assert rosa.post("/desk/on-call/absences", data=days).status_code == 303
    page = rosa.get("/desk/on-call").text
    assert "Médico" in page and "cubre la guardia" in page
    url = re.search(r"/desk/on-call/absences/[0-9a-f-]+/cancel", page)
    assert url and rosa.post(url[0]).status_code == 303
    assert "Médico" not in rosa.get("/desk/on-call").text


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2026-12-05", "2026-12-01"),
        ("9999-12-31", "9999-12-31"),
        ("0001-01-01", "2026-12-01"),
        ("2026-12-01", "2226-12-01"),
        ("mañana", "2026-12-01"),
    ],
)
def test_an_absence_that_cannot_be_is_refused(rosa: FlaskClient, world: World, first: str, last: str) -> None:
    add_rota(world)
    days = {"person_id": str(world.irene.id), "first_day": first, "last_day": last}
    assert rosa.post("/desk/on-call/absences", data=days).status_code == 422
    assert rosa.get("/desk/on-call").status_code == 200


@pytest.mark.parametrize("who", ["nuria", "carmen"])
def test_who_may_not_change_it(web: FlaskClient, world: World, who: str) -> None:
    first, _ = add_rota(world)
    sign_in(web, getattr(world, who))
    assert web.get("/desk/on-call").status_code == 200
    data = {"person_id": str(world.tomas.id), "start": clock.now().isoformat(), "end": "2026-12-01T00:00:00+00:00"}
    assert web.post(f"/desk/on-call/{first.id}/swaps", data=data).status_code == 403
    with work(Scope.staff()) as session:
        assert session.scalars(select(OnCallSwap)).all() == []


LAYER = {
    "name": "Noches", "timezone": "Europe/Madrid", "first_day": "2026-11-23", "handover": "08:00", "every_days": "7",
    "day_0": "20:00-8:00", "day_4": "20:00-24:00",
}  # fmt: skip


def test_layers_are_administered(web: FlaskClient, world: World) -> None:
    ana = sign_in(web, world.ana)
    assert ana.get("/admin/on-call/new").status_code == 200
    people = {"person_0": str(world.tomas.id), "person_2": str(world.irene.id)}
    assert ana.post("/admin/on-call/new", data=LAYER | people).status_code == 303
    with work(Scope.staff()) as session:
        layer = session.scalars(select(OnCallLayer)).one()
        assert [member.person_id for member in layer.members] == [world.tomas.id, world.irene.id]
        assert layer.windows == {"0": [[1200, 1920]], "4": [[1200, 1440]]} and layer.handover_minute == 480
    assert "20:00-8:00" in ana.get(f"/admin/on-call/{layer.id}").text
    assert ana.post(f"/admin/on-call/{layer.id}", data=LAYER | {"every_days": "0"}).status_code == 422
    assert ana.post(f"/admin/on-call/{layer.id}", data=LAYER | people | {"name": "Nights"}).status_code == 303
    assert "Nights" in ana.get("/desk/on-call").text
    assert ana.post(f"/admin/on-call/{layer.id}/remove").status_code == 303
    assert "Aún no hay calendario de guardias" in ana.get("/desk/on-call").text


def test_the_api_reads_and_swaps(staff: Program, world: World) -> None:  # noqa: F811
    first, _ = add_rota(world)
    now = staff.get("/on-call").get_json()["items"]
    assert [each["name"] for each in now] == ["Irene Navas", "Rosa Gil"]
    assert (now[0]["until"], now[0]["next_name"]) == ("2026-11-30T07:00:00Z", "Tomás Rey")
    later = staff.get("/on-call", query_string={"at": "2026-12-01T00:00:00Z"}).get_json()["items"]
    assert later[0]["name"] == "Tomás Rey"
    stretch = {"start": "2026-11-24T07:00:00Z", "end": "2026-11-25T07:00:00Z"}
    made = staff.post("/on-call/swaps", {"layer_id": str(first.id), "person_id": str(world.tomas.id), **stretch})
    assert made.status_code == 201, made.data
    found = staff.get("/on-call/shifts", query_string=stretch).get_json()["items"]
    assert [(each["person_id"], each["why"]) for each in found] == [
        (str(world.tomas.id), "swap"),
        (str(world.rosa.id), "turn"),
    ]
    assert staff.delete(f"/on-call/swaps/{made.get_json()['id']}").status_code == 204
    assert staff.get("/on-call/shifts", query_string=stretch).get_json()["items"][0]["why"] == "turn"


def test_the_api_refuses(staff: Program, stranger: Program, world: World) -> None:  # noqa: F811
    first, _ = add_rota(world)
    assert stranger.get("/on-call").status_code in (403, 404)
    long = {"start": "2026-01-01T00:00:00Z", "end": "2027-01-01T00:00:00Z"}
    assert staff.get("/on-call/shifts", query_string=long).status_code == 422
    swap = {"layer_id": str(first.id), "person_id": str(world.marta.id)}
    swap |= {"start": "2026-11-24T07:00:00Z", "end": "2026-11-25T07:00:00Z"}
    assert staff.post("/on-call/swaps", swap).status_code == 422
