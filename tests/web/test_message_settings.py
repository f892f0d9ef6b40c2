"""The time span of message grouping is a setting for administrators."""

import pytest
from flask.testing import FlaskClient

from msp.kernel.db import Scope, work
from msp.tickets.grouping import DEFAULT_SECONDS, grouping_seconds
from tests.world import World, sign_in


def kept() -> int:
    with work(Scope.staff()):
        return grouping_seconds()


def test_an_administrator_changes_it(web: FlaskClient, world: World) -> None:
    ana = sign_in(web, world.ana)
    assert f'value="{DEFAULT_SECONDS}"' in ana.get("/admin/settings").text
    assert ana.post("/admin/settings/messages", data={"grouping_seconds": "30"}).status_code == 303
    assert kept() == 30


@pytest.mark.parametrize("typed", ["", "-1", "3601", "1.5", "９０", "9" * 5000])
def test_what_cannot_be_is_refused_beside_its_field(web: FlaskClient, world: World, typed: str) -> None:
    answer = sign_in(web, world.ana).post("/admin/settings/messages", data={"grouping_seconds": typed})
    assert answer.status_code == 422 and "0 a 3600" in answer.text
    assert kept() == DEFAULT_SECONDS


def test_nobody_else_may(web: FlaskClient, world: World) -> None:
    assert (
        sign_in(web, world.tomas).post("/admin/settings/messages", data={"grouping_seconds": "30"}).status_code == 403
    )
