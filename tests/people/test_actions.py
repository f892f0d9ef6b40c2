"""People: an address is unique within a company, and is optional."""

import pytest

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.errors import Conflict, Invalid
from msp.people.actions import add_person, link_identity
from msp.people.models import Person
from tests.world import World


def add(world: World, name: str, email: str | None) -> Person:
    return add_person(
        client_id=world.lozano.id,
        name=name,
        email=email,
        role="client_employee",
        locale="es",
        timezone="Europe/Madrid",
        at=clock.now(),
    )


def test_several_people_of_a_company_may_have_no_address(world: World) -> None:
    with work(Scope.client(world.lozano.id)) as session:
        add(world, "Pau Serra", None)
        add(world, "Lola Gil", None)
        session.flush()
        assert session.query(Person).filter(Person.email.is_(None)).count() == 2


def test_an_address_is_somebodys_once_whatever_its_case(world: World) -> None:
    with pytest.raises(Conflict), work(Scope.client(world.lozano.id)):
        add(world, "Otra Marta", "MARTA@lozano.example")


def test_an_identity_is_of_an_installed_platform(world: World) -> None:
    with pytest.raises(Invalid), work(Scope.system()):
        link_identity(world.marta, platform="pager", workspace="W", external_id="U1", reference={}, at=clock.now())
