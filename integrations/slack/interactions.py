"""Converts Slack's interactions: buttons, menus, forms, shortcuts, commands, the Home tab and reactions.

Sources: docs.slack.dev, "Interaction payloads", "app_home_opened", "reaction_added". Only the shape that
`integrations.slack.shapes` checks is trusted.
"""

from integrations.channels.commands import command_answer
from integrations.channels.interactions import (
    ANY,
    BUTTON,
    COMMAND,
    FORM_CLOSED,
    FORM_SUBMITTED,
    HOME_OPENED,
    OPTIONS,
    REACTION_ADDED,
    REACTION_REMOVED,
    SHORTCUT,
    Interaction,
    InteractionAnswer,
    register_interaction,
)
from integrations.channels.payloads import dict_of
from integrations.channels.refusals import command_refusal
from integrations.channels.transport import Transport
from integrations.channels.values import ThreadRef
from msp.kernel import inbox
from msp.kernel.db import Json

SOURCE = "slack"
INTERACTION_EVENTS = {
    "app_home_opened": HOME_OPENED,
    "reaction_added": REACTION_ADDED,
    "reaction_removed": REACTION_REMOVED,
}
_VIEWS = {"view_submission": FORM_SUBMITTED, "view_closed": FORM_CLOSED}
_SHORTCUTS = ("shortcut", "message_action")


def register_commands() -> None:
    """Handle every slash command that has no handler of its own: its text is a message that opens a ticket."""
    register_interaction(COMMAND, ANY, _open_ticket, is_synchronous=True)


def interactions_of(payload: Json, *, key: str) -> list[Interaction]:
    """The interactions in a request of Slack, one for each control that was used under a message."""
    kind = payload["type"]
    if kind == "event_callback":
        return _of_event(payload, key=key)
    if kind == "block_actions":
        return [
            _interaction(payload, BUTTON, each.get("action_id"), key=key, value=each.get("value"))
            for each in payload["actions"]
        ]
    if kind in _VIEWS:
        return [_interaction(payload, _VIEWS[kind], dict_of(payload.get("view")).get("callback_id"), key=key)]
    if kind in _SHORTCUTS:
        return [_interaction(payload, SHORTCUT, payload.get("callback_id"), key=key)]
    if kind == "block_suggestion":
        return [_interaction(payload, OPTIONS, payload.get("action_id"), key=key, value=payload.get("value"))]
    return [_interaction(payload, kind, "", key=key)]


def command_of(fields: dict[str, str], *, key: str) -> Interaction:
    """A slash command, with its text as the value."""
    place = ThreadRef("slack", fields["team_id"], fields["channel_id"], "")
    return Interaction(
        COMMAND, fields["command"], key, place, fields["user_id"], value=fields.get("text", ""), payload=fields
    )


def _of_event(envelope: Json, *, key: str) -> list[Interaction]:
    event, team = envelope["event"], envelope["team_id"]
    kind, author = INTERACTION_EVENTS.get(event["type"]), str(event.get("user") or "")
    if kind is None:
        return []
    if kind == HOME_OPENED:
        place = ThreadRef("slack", team, str(event.get("channel") or ""), "", is_personal=True)
        return [Interaction(kind, str(event.get("tab") or ""), key, place, author, payload=envelope)]
    item = dict_of(event.get("item"))
    channel, message = str(item.get("channel") or ""), str(item.get("ts") or "")
    place = ThreadRef("slack", team, channel, message, is_personal=channel.startswith("D"))
    return [Interaction(kind, str(event.get("reaction") or ""), key, place, author, value=message, payload=envelope)]


def _interaction(payload: Json, kind: str, name: object, *, key: str, value: object = "") -> Interaction:
    """An interaction with its place: the message's thread, else none, as in a form or the Home tab."""
    container = payload.get("container") or {}
    channel = container.get("channel_id") or (payload.get("channel") or {}).get("id") or ""
    thread = container.get("thread_ts") or container.get("message_ts") or ""
    return Interaction(
        kind,
        str(name or ""),
        key,
        ThreadRef("slack", payload["team"]["id"], channel, thread, is_personal=channel.startswith("D")),
        payload["user"]["id"],
        value=str(value or ""),
        is_outside_threads=container.get("thread_ts") in (None, "", container.get("message_ts")),
        payload=payload,
    )


def _open_ticket(_transport: Transport, command: Interaction) -> InteractionAnswer:
    """Store the text of a command for a job that opens a ticket, and confirm it.

    Known people who may not open tickets get the reason; their text is not stored.
    """
    team, channel, author = command.place.workspace, command.place.channel, command.author
    if refusal := command_refusal("slack", team, author):
        return InteractionAnswer(refusal)
    if command.value.strip():
        payload = {"type": "slash_command", "command": command.payload}
        inbox.store(SOURCE, command.key, payload, key=f"{team}:{channel}:{author}")
    return InteractionAnswer(command_answer("slack", team, author, text=command.value, command=command.name))
