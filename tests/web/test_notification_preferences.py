"""Notification preferences on one's own account page and in the API; not changeable for others."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict

from msp.kernel.db import Scope, work
from msp.notify.preferences import NotificationPreferences, preferences_of
from msp.notify.quiet_hours import QuietHours
from tests.web.api.conftest import Program, admin, manager, program, staff  # noqa: F401
from tests.world import World, sign_in


def kept(person: Any) -> NotificationPreferences:
    with work(Scope.system()):
        return preferences_of(person.id)


@pytest.mark.parametrize("who", ["tomas", "nuria", "dolores"])
def test_each_says_for_themselves(web: FlaskClient, world: World, who: str) -> None:
    person = getattr(world, who)
    sign_in(web, person)
    page = web.get("/account").text
    assert 'value="20:00"' in page and 'value="08:00"' in page
    said = MultiDict([("by_mail", "1"), ("quiet_from", "22:30"), ("quiet_until", "07:15")])
    said.setlist("quiet_days", ["5", "6"])
    said.add("allow_urgent", "1")
    said.add("by_mention", "1")
    assert web.post("/account/notification-preferences", data=said).status_code == 303
    assert kept(person) == NotificationPreferences(False, True, True, QuietHours((1350, 435), frozenset({5, 6})))
    assert 'value="22:30"' in web.get("/account").text


def test_no_quiet_at_all(web: FlaskClient, world: World) -> None:
    sign_in(web, world.tomas)
    assert web.post("/account/notification-preferences", data={"by_chat": "1"}).status_code == 303
    assert kept(world.tomas) == NotificationPreferences(True, False, False, QuietHours(), by_mention=False)


@pytest.mark.parametrize(
    "said",
    [
        {"quiet_from": "22:00"},
        {"quiet_from": "25:00", "quiet_until": "07:00"},
        {"quiet_days": ["0", "1", "2", "3", "4", "5", "6"]},
    ],
)
def test_what_cannot_be(web: FlaskClient, world: World, said: dict[str, Any]) -> None:
    sign_in(web, world.tomas)
    answer = web.post("/account/notification-preferences", data=said)
    assert answer.status_code == 422 and "field-error" in answer.text
    assert kept(world.tomas) == NotificationPreferences()


def test_employees_are_not_asked_and_strangers_sign_in(web: FlaskClient, world: World) -> None:
    assert web.post("/account/notification-preferences", data={}).location.startswith("/signin")
    sign_in(web, world.marta)
    assert "quiet_from" not in web.get("/account").text


def test_by_the_api(staff: Program, admin: Program, manager: Program, world: World) -> None:  # noqa: F811
    mine = f"/people/{world.tomas.id}/notification-preferences"
    assert staff.get(mine).get_json()["quiet_from"] == "20:00"
    changed = staff.patch(mine, {"quiet_from": None, "quiet_until": None, "quiet_days": [6]})
    assert changed.status_code == 200 and changed.get_json()["quiet_days"] == [6]
    assert kept(world.tomas).quiet == QuietHours(None, frozenset({6}))
    assert staff.patch(mine, {"quiet_from": "21:00"}).status_code == 422
    assert staff.patch(mine, {"quiet_days": list(range(7))}).status_code == 422
    assert admin.patch(mine, {"by_mail": False}).status_code == 200 and not kept(world.tomas).by_mail
    for other in (world.irene, world.dolores):
        assert staff.get(f"/people/{other.id}/notification-preferences").status_code == 404
    assert manager.get(f"/people/{world.dolores.id}/notification-preferences").status_code == 200
    assert manager.patch(mine, {"by_mail": True}).status_code == 404
