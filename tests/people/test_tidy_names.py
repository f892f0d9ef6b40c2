"""Stored names of people: no invisible characters, never empty."""

from uuid import UUID

import pytest

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.errors import Invalid
from msp.people.actions import add_person
from msp.people.editing import edit_person
from msp.people.models import Person
from msp.people.names import tidy_name
from tests.world import World


def added(client_id: UUID, name: str) -> Person:
    return add_person(
        client_id=client_id,
        name=name,
        email=None,
        role="client_employee",
        locale="es",
        timezone="Europe/Madrid",
        at=clock.now(),
    )


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Pepa \t Gómez\n", "Pepa Gómez"),
        ("Z\u202e", "Z"),
        ("A\u200bna", "Ana"),
        ("\u202dPepe\u2069", "Pepe"),
        ("👩\u200d💻", "👩\u200d💻"),
        ("Nu\u0301ria", "Núria"),
        ("a\x1b[31mb", "a[31mb"),
    ],
)
def test_a_name_is_kept_without_what_nobody_sees(world: World, typed: str, kept: str) -> None:
    assert tidy_name(typed) == kept
    with work(Scope.system()) as session:
        assert added(world.lozano.id, typed).name == kept
        marta = session.get_one(Person, world.marta.id)
        edit_person(marta, at=clock.now(), name=typed)
        assert marta.name == kept


@pytest.mark.parametrize("typed", ["", " ", "\u200b\u200b", "\u202e", "\u200d", "\ufeff", "\x00\x01"])
def test_a_name_that_nobody_sees_is_refused(world: World, typed: str) -> None:
    with pytest.raises(Invalid), work(Scope.system()):
        added(world.lozano.id, typed)
    with pytest.raises(Invalid), work(Scope.system()) as session:
        edit_person(session.get_one(Person, world.marta.id), at=clock.now(), name=typed)
