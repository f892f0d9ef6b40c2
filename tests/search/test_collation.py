"""Lists of names in the alphabetical order of the reader's language, on every page that has one."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from msp.calendars.actions import add_calendar
from msp.calendars.queries import all_calendars
from msp.clients.actions import add_client
from msp.clients.queries import all_clients
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.folding import name_sort_key
from msp.kernel.i18n import reading_as
from msp.people.actions import add_person
from msp.people.models import Person
from msp.people.queries import people_of, staff
from tests.world import World, sign_in

NAMES = ["Óscar", "Zoe", "Clínica", "ñu", "Cárnicas", "nz", "oviedo", "Álava", "Núñez", "Ana", "Nuria", "Ñandú"]
SORTED = {
    "es": ["Álava", "Ana", "Cárnicas", "Clínica", "Núñez", "Nuria", "nz", "Ñandú", "ñu", "Óscar", "oviedo", "Zoe"],
    "en": ["Álava", "Ana", "Cárnicas", "Clínica", "Ñandú", "ñu", "Núñez", "Nuria", "nz", "Óscar", "oviedo", "Zoe"],
}


@pytest.fixture
def named(world: World) -> World:
    """A company, a calendar, a technician and a contact of Lozano for each of the names."""
    with work(Scope.system()):
        for number, name in enumerate(NAMES):
            add_client(code=f"X{number}", name=name, at=clock.now())
            hours = dict.fromkeys(range(5), ((540, 1020),))
            add_calendar(name=name, timezone="Europe/Madrid", weekly=hours, holidays={}, at=clock.now())
            for client, role in ((None, "technician"), (world.lozano, "client_employee")):
                person(client.id if client else None, name, role, number)
    return world


def person(client_id: object, name: str, role: str, number: int) -> Person:
    return add_person(
        client_id=client_id,  # type: ignore[arg-type]
        name=name,
        email=f"{role}{number}@x.example",
        role=role,
        locale="es",
        timezone="Europe/Madrid",
        at=clock.now(),
    )


@pytest.mark.parametrize("locale", ["es", "en"])
def test_lists_are_in_the_readers_alphabet(named: World, locale: str) -> None:
    with reading_as(locale, "Europe/Madrid"), work(Scope.staff()):
        for found in (all_clients(), all_calendars(), staff(), people_of(named.lozano.id)):
            assert [each.name for each in found if each.name in NAMES] == SORTED[locale]


@pytest.mark.parametrize(
    "path",
    ["/admin/clients", "/admin/people", "/admin/people?kind=clients", "/admin/calendars", "/desk/team", "/desk/new"],
)
def test_pages_are_in_the_readers_alphabet(named: World, web: FlaskClient, path: str) -> None:
    page = sign_in(web, named.ana).get(path).text
    places = [page.find(f">{name}<") for name in SORTED["es"]]
    assert places == sorted(places) and places[0] > 0, path


def test_who_reads_english_gets_the_english_order_in_the_same_second(named: World, web: FlaskClient) -> None:
    with work(Scope.system()) as session:
        session.merge(named.rosa).locale = "en"
    for who, locale in ((named.tomas, "es"), (named.rosa, "en")):
        page = sign_in(web, who).get("/desk/team").text
        places = [page.find(f">{name}<") for name in SORTED[locale]]
        assert places == sorted(places) and places[0] > 0


def test_database_and_program_sort_alike(app: Flask, named: World) -> None:
    for locale in ("es", "en"):
        with reading_as(locale, "Europe/Madrid"), work(Scope.staff()):
            names = [each.name for each in all_clients()]
        assert names == sorted(names, key=lambda name: name_sort_key(name, locale))
