"""Web API methods for modals and the Home tab."""

from datetime import timedelta
from typing import Any

from simulators.slack.blocks import completed, view_faults
from simulators.slack.core import SlackCore
from simulators.slack.shapes import is_stranger
from simulators.slack.web import Call, SlackRefusal, method
from simulators.slack.world import Workspace

TRIGGER_LIFE = timedelta(seconds=3)
STACK_MAX = 3
VIEW_FIELDS = (
    "type", "title", "submit", "close", "blocks", "private_metadata", "callback_id", "external_id",
    "clear_on_close", "notify_on_close",
)  # fmt: skip


@method("views.open", tier=4, takes_json=True)
def views_open(call: Call) -> dict[str, Any]:
    """Open a modal for the person behind a trigger_id."""
    view = _checked(call)
    user = _spend_trigger(call)
    return {"view": store_view(call.core, call.workspace, view, user=user)}


@method("views.push", tier=4, takes_json=True)
def views_push(call: Call) -> dict[str, Any]:
    """Open a modal on top of the current one; the stack has at most three."""
    view = _checked(call)
    user = _spend_trigger(call)
    open_views = open_modals(call.core, call.workspace.team_id, user)
    if not open_views:
        raise SlackRefusal("not_found")
    if len(open_views) >= STACK_MAX:
        raise SlackRefusal("push_limit_reached")
    return {"view": store_view(call.core, call.workspace, view, user=user, below=open_views[-1])}


@method("views.update", tier=4, takes_json=True)
def views_update(call: Call) -> dict[str, Any]:
    """Replace a view named by view_id or external_id, if its hash is still the given one."""
    view = _checked(call)
    wanted, external = call.text("view_id"), call.text("external_id")
    if not wanted and not external:
        raise SlackRefusal("invalid_arguments")
    mine = [v for v in call.world.views.values() if v["team_id"] == call.workspace.team_id and not v["_closed"]]
    found = next((v for v in mine if v["id"] == wanted or (external and v["external_id"] == external)), None)
    if found is None:
        raise SlackRefusal("not_found")
    _match_hash(call, found)
    return {"view": replace_view(call.core, found, view)}


@method("views.publish", tier=4, takes_json=True)
def views_publish(call: Call) -> dict[str, Any]:
    """Set a person's Home tab."""
    view = _checked(call)
    person = call.world.users.get(call.need("user_id"))
    if person is None or is_stranger(person, call.workspace):
        raise SlackRefusal("user_not_found")
    if view["type"] != "home":
        raise SlackRefusal("invalid_arguments")
    home = home_view(call.core, call.workspace.team_id, person.id)
    if home is None:
        return {"view": store_view(call.core, call.workspace, view, user=person.id)}
    _match_hash(call, home)
    return {"view": replace_view(call.core, home, view)}


def _checked(call: Call) -> dict[str, Any]:
    view = call.structure("view", error="invalid_arguments")
    faults = view_faults(view)
    if faults:
        raise SlackRefusal("invalid_arguments", response_metadata={"messages": faults})
    return dict(view)


def _spend_trigger(call: Call) -> str:
    trigger = call.world.triggers.get(call.text("trigger_id"))
    if trigger is None or trigger.team_id != call.workspace.team_id:
        raise SlackRefusal("invalid_trigger_id")
    if trigger.used:
        raise SlackRefusal("exchanged_trigger_id")
    if call.core.now() - trigger.made > TRIGGER_LIFE:
        raise SlackRefusal("expired_trigger_id")
    trigger.used = True
    return trigger.user


def _match_hash(call: Call, view: dict[str, Any]) -> None:
    if call.text("hash") and call.text("hash") != view["hash"]:
        raise SlackRefusal("hash_conflict")


def store_view(
    core: SlackCore,
    workspace: Workspace,
    view: dict[str, Any],
    *,
    user: str,
    below: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Store a new view and return it as the API shows it."""
    view_id = core.world.ids.upper("V")
    stored = {
        "id": view_id, "team_id": workspace.team_id, "app_id": core.world.app_id,
        "app_installed_team_id": workspace.team_id, "bot_id": workspace.bot_id,
        "root_view_id": below["root_view_id"] if below else view_id,
        "previous_view_id": below["id"] if below else None, "_user": user, "_closed": False,
    }  # fmt: skip
    core.world.views[view_id] = stored
    return replace_view(core, stored, view)


def replace_view(core: SlackCore, stored: dict[str, Any], view: dict[str, Any]) -> dict[str, Any]:
    """Set a stored view's new content and hash, add it to the feed, and return it as shown."""
    plain = {"title": None, "submit": None, "close": None, "private_metadata": "", "callback_id": "",
             "external_id": "", "clear_on_close": False, "notify_on_close": False}  # fmt: skip
    stored |= plain | {key: view[key] for key in VIEW_FIELDS if key in view}
    stored["blocks"] = completed(view["blocks"], core.world.ids)
    stored["state"] = {"values": {}}
    stored["hash"] = f"{int(core.now().timestamp())}.{core.world.ids.secret(8)}"
    shown = shown_view(stored)
    core.feed.add("view", team=stored["team_id"], user=stored["_user"], view=shown)
    return shown


def shown_view(stored: dict[str, Any]) -> dict[str, Any]:
    """A stored view as the API and the interactions show it."""
    return {key: value for key, value in stored.items() if not key.startswith("_")}


def open_modals(core: SlackCore, team_id: str, user: str) -> list[dict[str, Any]]:
    """A person's open modals, the lowest first."""
    return [
        view for view in core.world.views.values()
        if view["team_id"] == team_id and view["_user"] == user and view["type"] == "modal"
        and not view["_closed"]
    ]  # fmt: skip


def home_view(core: SlackCore, team_id: str, user: str) -> dict[str, Any] | None:
    """A person's Home tab, once the app has published one."""
    views = core.world.views.values()
    mine = (v for v in views if v["team_id"] == team_id and v["_user"] == user and v["type"] == "home")
    return next(mine, None)
