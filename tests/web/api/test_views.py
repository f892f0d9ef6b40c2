"""Saved views through the API, and the list of a view's tickets."""

from typing import Any

from tests.web.api.conftest import Program, Programs, codes
from tests.web.api.test_tickets import opened
from tests.world import World

URGENT = {"priority": ["urgent"], "order": "newest"}


def added(api: Program, **more: object) -> dict[str, Any]:
    answer = api.post("/views", {"name": "Urgentes", "definition": URGENT} | more)
    assert answer.status_code == 201, answer.data
    return dict(answer.get_json())


def test_a_view_is_saved_listed_changed_and_removed(staff: Program, world: World) -> None:
    made = [opened(staff, world)["id"] for _ in range(3)] + [opened(staff, world, priority="low")["id"]]
    view = added(staff)
    assert (view["definition"], view["count"], view["is_shared"]) == (URGENT, 3, False)
    first = staff.get(f"/tickets?view={view['id']}&limit=2").get_json()
    rest = staff.get(f"/tickets?view={view['id']}&limit=2&cursor={first['next_cursor']}").get_json()
    assert [each["id"] for each in first["items"] + rest["items"]] == made[2::-1] and rest["next_cursor"] is None
    changed = staff.patch(f"/views/{view['id']}", {"definition": {"priority": ["low"]}}).get_json()
    assert changed["definition"] == {"priority": ["low"]} and changed["name"] == "Urgentes"
    assert [each["name"] for each in staff.get("/views").get_json()["items"]] == ["Urgentes"]
    assert staff.delete(f"/views/{view['id']}").status_code == 204
    assert staff.get(f"/views/{view['id']}").status_code == 404


def test_views_of_others_are_not_found(staff: Program, program: Programs, manager: Program, world: World) -> None:
    view = added(staff)
    irene, rosa = program(world.irene), program(world.rosa)
    for answer in (irene.get(f"/views/{view['id']}"), irene.get(f"/tickets?view={view['id']}")):
        assert answer.status_code == 404
    assert manager.get("/views").status_code == 403 and manager.get(f"/tickets?view={view['id']}").status_code == 403
    assert staff.post("/views", {"name": "x", "is_shared": True}).status_code == 403
    shared = added(rosa, is_shared=True)
    assert irene.get(f"/tickets?view={shared['id']}").status_code == 200
    assert irene.patch(f"/views/{shared['id']}", {"name": "x"}).status_code == 403
    assert irene.delete(f"/views/{shared['id']}").status_code == 403


def test_what_does_not_fit_is_named(staff: Program) -> None:
    wrong = staff.post("/views", {"name": "x", "definition": {"priority": ["p1"], "size": 1}})
    assert codes(wrong) == {"definition.priority": ["unknown"], "definition.size": ["unknown_field"]}
    assert codes(staff.post("/views", {"name": "x", "definition": []})) == {"definition": ["invalid"]}
    view = added(staff)
    assert codes(staff.post("/views", {"name": "Urgentes"})) == {"name": ["duplicate"]}
    assert codes(staff.get(f"/tickets?view={view['id']}&priority=low")) == {"priority": ["not_with_view"]}
    assert codes(staff.get(f"/tickets?view={view['id']}&cursor=WzFd")) == {"cursor": ["invalid"]}
