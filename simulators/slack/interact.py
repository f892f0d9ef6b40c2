"""Buttons, forms, commands and shortcuts in the simulated Slack, and the app's answers to them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from simulators.courier import Delivery
from simulators.slack.chat import ephemeral, post_as_bot
from simulators.slack.core import SlackCore
from simulators.slack.envelopes import CHANNEL_TYPE_LETTER
from simulators.slack.speaking import names_in, place_of
from simulators.slack.text import command_text
from simulators.slack.views import open_modals, replace_view, shown_view, store_view
from simulators.slack.world import Message, ResponseUrl, SlackChannel

SINGLE = {"static_select", "radio_buttons", "external_select", "overflow"}
MULTIPLE = {"multi_static_select", "checkboxes", "multi_external_select"}
PICKED = {
    "users_select": "selected_user", "conversations_select": "selected_conversation",
    "channels_select": "selected_channel", "datepicker": "selected_date", "timepicker": "selected_time",
    "datetimepicker": "selected_date_time", "multi_users_select": "selected_users",
    "multi_conversations_select": "selected_conversations", "multi_channels_select": "selected_channels",
}  # fmt: skip


@dataclass(frozen=True)
class Interaction:
    """The app's answer to an act, and what the person sees of it."""

    delivery: Delivery
    status: int | None
    body: Any
    trigger_id: str
    response_url: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)
    view: Mapping[str, Any] | None = None

    @property
    def failed(self) -> bool:
        """Whether the person sees an error: no 2xx within three seconds."""
        return self.delivery.state != "delivered"

    def as_json(self) -> dict[str, Any]:
        """The act as the control routes show it."""
        return {
            "status": self.status, "failed": self.failed, "body": self.body, "errors": dict(self.errors),
            "view": self.view, "trigger_id": self.trigger_id, "response_url": self.response_url,
            "delivery": self.delivery.as_json(),
        }  # fmt: skip


class Interactions:
    """Acts of people: buttons, forms, commands."""

    def __init__(self, core: SlackCore) -> None:
        self._core = core
        self._world = core.world

    def click(self, team: str, user: str, channel: str, ts: str, action_id: str, *, value: Any = None) -> Interaction:
        """Press a button, or choose `value` in a menu, under a message (also an ephemeral one that the person sees).

        A person who presses something in a thread has that thread open.
        """
        place = place_of(self._core, team, user, channel)
        seen = self._core.screens.ephemerals(user, place)
        message = place.messages.get(ts) or next(m for m in seen if m["ts"] == ts)
        if message.get("thread_ts"):
            self._core.screens.open_thread(user, place, message["thread_ts"])
        shown = self._world.thread_view(place, message)
        container = {
            "type": "message", "message_ts": ts, "channel_id": place.id,
            "is_ephemeral": "_for" in message,
        } | ({"thread_ts": message["thread_ts"]} if "thread_ts" in message else {})  # fmt: skip
        where: dict[str, Any] = {
            "container": container, "channel": {"id": place.id, "name": _shown_name(place)},
            "message": shown, "state": {"values": {}},
        }  # fmt: skip
        target = ResponseUrl(team, place.id, user, self._core.now(), ts, message.get("thread_ts", ""))
        address = self._core.url + self._world.response_url(target)
        action = self._action(shown.get("blocks", []), action_id, value)
        return self._act(team, user, where | {"response_url": address, "actions": [action]}, address)

    def click_in_view(self, team: str, user: str, view_id: str, action_id: str, *, value: Any = None) -> Interaction:
        """Press a button, or choose in a menu, inside a modal or the Home tab."""
        view = self._world.views[view_id]
        where = {
            "container": {"type": "view", "view_id": view_id}, "view": shown_view(view),
            "actions": [self._action(view["blocks"], action_id, value)],
        }  # fmt: skip
        return self._act(team, user, where, "")

    def _act(self, team: str, user: str, where: Mapping[str, Any], address: str) -> Interaction:
        return self._send(self._who(team, user, "block_actions") | dict(where), address)

    def _send(self, payload: Mapping[str, Any], address: str = "") -> Interaction:
        delivery = self._core.interact(payload)
        answer = delivery.answer
        return Interaction(
            delivery, answer.status if answer else None, answer.json() if answer else None,
            str(payload.get("trigger_id", "")), address,
        )  # fmt: skip

    def _who(self, team: str, user: str, kind: str) -> dict[str, Any]:
        """The acting person; for an organization's installation the only workspace in the payload is the person's.

        Source: slackapi/bolt-python, request/internals.py ("payload.team in interactivity payloads can be None").
        """
        workspace, person = self._world.workspaces[team], self._world.users[user]
        organization = self._world.enterprises.get(workspace.enterprise_id)
        at = {"id": team, "domain": workspace.domain}
        return {
            "type": kind, "token": self._core.settings.verification_token, "api_app_id": self._core.settings.app_id,
            "team": None if workspace.is_org_wide else at,
            "enterprise": {"id": organization.id, "name": organization.name} if organization else None,
            "is_enterprise_install": workspace.is_org_wide, "trigger_id": self._world.trigger(team, user),
            "user": {
                "id": user, "username": person.name, "name": person.name, "team_id": person.team_id,
            },
        }  # fmt: skip

    def _action(self, blocks: list[dict[str, Any]], action_id: str, value: Any) -> dict[str, Any]:
        for block in blocks:
            for element in _elements(block):
                if element.get("action_id") == action_id:
                    made = {"block_id": block["block_id"], "action_ts": self._world.ts()}
                    return made | _filled(element, value)
        raise ValueError(f"there is nothing to press named {action_id}")

    # ----------------------------------------------------------------- forms

    def submit(self, team: str, user: str, view_id: str, values: Mapping[str, Mapping[str, Any]]) -> Interaction:
        """Submit a modal with `values` {block_id: {action_id: value}}.

        Input that Slack's own client would not send (a required field left empty, a text too long) is returned in
        `errors` and not sent to the app. The app's response_action is carried out.
        """
        view = self._world.views[view_id]
        state, errors = _state(view["blocks"], values)
        payload = self._who(team, user, "view_submission")
        if errors:
            unsent = Delivery(view_id, "view_submission", "", state="failed")
            return Interaction(unsent, None, None, payload["trigger_id"], errors=errors)
        view["state"] = {"values": state}
        sent = self._send(payload | {"view": shown_view(view), "response_urls": []})
        return self._carry_out(sent, view) if not sent.failed else sent

    def _carry_out(self, sent: Interaction, view: dict[str, Any]) -> Interaction:
        answer = sent.body if isinstance(sent.body, dict) else {}
        action = answer.get("response_action", "")
        if action == "errors":
            return Interaction(sent.delivery, sent.status, sent.body, sent.trigger_id, errors=answer.get("errors", {}))
        following: dict[str, Any] | None = None
        if action == "update":
            following = replace_view(self._core, view, answer["view"])
        elif action == "push":
            workspace = self._world.workspaces[view["team_id"]]
            following = store_view(self._core, workspace, answer["view"], user=view["_user"], below=view)
        elif action == "clear":
            for shown in open_modals(self._core, view["team_id"], view["_user"]):
                shown["_closed"] = True
        else:
            view["_closed"] = True
        return Interaction(sent.delivery, sent.status, sent.body, sent.trigger_id, view=following)

    def close_view(self, team: str, user: str, view_id: str, *, clear: bool = False) -> Interaction | None:
        """Dismiss a modal; view_closed is sent only if the view asked for it."""
        view = self._world.views[view_id]
        closing = open_modals(self._core, team, user) if clear else [view]
        for one in closing:
            one["_closed"] = True
        if not view["notify_on_close"]:
            return None
        payload = self._who(team, user, "view_closed")
        del payload["trigger_id"]
        return self._send(payload | {"view": shown_view(view), "is_cleared": clear})

    # ------------------------------------------------- commands and shortcuts

    def slash(self, team: str, user: str, channel: str, command: str, text: str = "") -> Interaction:
        """Use a slash command; the app's immediate answer is shown to the person or the channel."""
        place = place_of(self._core, team, user, channel)
        workspace, person = self._world.workspaces[team], self._world.users[user]
        sent = command_text(text, names=names_in(self._core, team)) if self._core.settings.escapes_commands else text
        target = ResponseUrl(team, place.id, user, self._core.now())
        address = self._core.url + self._world.response_url(target)
        fields = {
            "token": self._core.settings.verification_token, "team_id": team, "team_domain": workspace.domain,
            "channel_id": place.id, "channel_name": _shown_name(place), "user_id": user,
            "user_name": person.name, "command": command, "text": sent,
            "api_app_id": self._core.settings.app_id, "is_enterprise_install": str(workspace.is_org_wide).lower(),
            "response_url": address, "trigger_id": self._world.trigger(team, user),
        }  # fmt: skip
        if workspace.enterprise_id:
            fields["enterprise_id"] = workspace.enterprise_id
            fields["enterprise_name"] = self._world.enterprises[workspace.enterprise_id].name
        delivery = self._core.command(fields)
        answer = delivery.answer
        body = answer.json() if answer else None
        if answer is not None and answer.accepted and answer.body:
            shown = body if isinstance(body, dict) else {"text": answer.body.decode(errors="replace")}
            if shown.get("text") or shown.get("blocks"):
                self.respond(target, shown)
        status = answer.status if answer else None
        return Interaction(delivery, status, body, fields["trigger_id"], address)

    def shortcut(self, team: str, user: str, callback_id: str, *, channel: str = "", ts: str = "") -> Interaction:
        """Use a shortcut of the app: on a message when `channel` and `ts` are given, else a global one."""
        action_ts = {"callback_id": callback_id, "action_ts": self._world.ts()}
        if not channel:
            return self._send(self._who(team, user, "shortcut") | action_ts)
        place = place_of(self._core, team, user, channel)
        message = place.messages[ts]
        address = self._core.url + self._world.response_url(ResponseUrl(team, place.id, user, self._core.now()))
        payload = self._who(team, user, "message_action") | action_ts | {
            "channel": {"id": place.id, "name": _shown_name(place)}, "message_ts": ts,
            "message": self._world.thread_view(place, message), "response_url": address,
        }  # fmt: skip
        return self._send(payload, address)

    # ---------------------------------------------------------- response_url

    def respond(self, target: ResponseUrl, answer: Mapping[str, Any]) -> Message | None:
        """Apply a POST to a response_url: replace, delete, or add a message."""
        channel = self._world.channels[target.channel]
        content = {k: answer[k] for k in ("text", "blocks", "attachments") if k in answer}
        content.setdefault("text", "")
        original = _original(channel, target.message_ts)
        if original is not None and answer.get("delete_original"):
            self._take_away(channel, original)
            return None
        if original is not None and answer.get("replace_original"):
            original.update(content)
            self._core.note("message_changed", channel, original)
            return original
        thread_ts = answer.get("thread_ts") or target.thread_ts
        content |= {"thread_ts": thread_ts} if thread_ts else {}
        workspace = self._world.workspaces[target.team_id]
        if answer.get("response_type") == "in_channel":
            return post_as_bot(self._core, workspace, channel, content)
        return ephemeral(
            self._core, channel, target.user,
            content | {"user": workspace.bot_user_id, "bot_id": workspace.bot_id},
        )  # fmt: skip

    def _take_away(self, channel: SlackChannel, message: Message) -> None:
        self._core.note("message_deleted", channel, message)
        channel.messages.pop(message["ts"], None)
        channel.ephemerals[:] = [m for m in channel.ephemerals if m is not message]
        self._core.screens.take_away(message)


def _original(channel: SlackChannel, ts: str) -> Message | None:
    hidden = (m for m in channel.ephemerals if m["ts"] == ts)
    return channel.messages.get(ts) or next(hidden, None)


def _shown_name(channel: SlackChannel) -> str:
    return {"D": "directmessage", "G": "privategroup"}.get(CHANNEL_TYPE_LETTER[channel.kind], channel.name)


def _elements(block: Mapping[str, Any]) -> list[dict[str, Any]]:
    held = [block[key] for key in ("accessory", "element") if key in block]
    return [*block.get("elements", []), *held] if block["type"] != "rich_text" else []


def _filled(element: Mapping[str, Any], value: Any) -> dict[str, Any]:
    """An element as it is reported once used: with the pressed, chosen or typed value."""
    kind = element["type"]
    made: dict[str, Any] = {"type": kind, "action_id": element["action_id"]}
    if kind == "button":
        return made | {key: element[key] for key in ("text", "value", "url", "style") if key in element}
    if kind in SINGLE:
        return made | {"selected_option": _option(element, value)}
    if kind in MULTIPLE:
        return made | {"selected_options": [_option(element, one) for one in value or []]}
    if kind in PICKED:
        return made | {PICKED[kind]: value}
    if kind == "file_input":
        return made | {"files": value or []}
    if kind == "rich_text_input":
        return made | {"rich_text_value": value}
    return made | {"value": value}


def _option(element: Mapping[str, Any], value: Any) -> dict[str, Any] | None:
    if value is None:
        return None
    groups = element.get("option_groups", [])
    options = element.get("options") or [option for group in groups for option in group["options"]]
    found: dict[str, Any] | None = next((o for o in options if o["value"] == value), None)
    if found is None:
        raise ValueError(f"{element['action_id']} has no option {value}")
    return found


def _state(
    blocks: list[dict[str, Any]], values: Mapping[str, Mapping[str, Any]]
) -> tuple[dict[str, Any], dict[str, str]]:
    state: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for block in (block for block in blocks if block["type"] == "input"):
        element, name = block["element"], block["block_id"]
        entered = values.get(name, {}).get(element["action_id"], _initial(element))
        if entered in (None, "", []):
            if not block.get("optional"):
                errors[name] = "Please complete this required field."
            entered = [] if element["type"] in MULTIPLE else None
        elif isinstance(entered, str) and len(entered) > element.get("max_length", 3000):
            errors[name] = "Too long."
        elif isinstance(entered, str) and len(entered) < element.get("min_length", 0):
            errors[name] = "Too short."
        filled = _filled(element, entered)
        filled.pop("action_id")
        state.setdefault(name, {})[element["action_id"]] = filled
    unknown = values.keys() - {b["block_id"] for b in blocks}
    if unknown:
        raise ValueError(f"the view has no block {', '.join(sorted(unknown))}")
    return state, errors


def _initial(element: Mapping[str, Any]) -> Any:
    if "initial_option" in element:
        return element["initial_option"]["value"]
    if "initial_options" in element:
        return [option["value"] for option in element["initial_options"]]
    return next((value for key, value in element.items() if key.startswith("initial_")), None)
