"""The bot: Microsoft's TeamsActivityHandler dispatches an activity, in a job or, for invokes, in the web request.

Authentication, tokens and the Connector are our own (`tokens`, `connector`, `transport`). botbuilder-core gets only the
fields that it needs to dispatch: its classes drop fields that we read (the ids of attachments, the content of entities)
and refuse whole activities for one unexpected value. Everything else is read from the JSON that Teams sent.
"""

import logging
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

from botbuilder.core import BotAdapter, InvokeResponse, TurnContext
from botbuilder.core.teams import TeamsActivityHandler
from botbuilder.schema import (
    Activity,
    ActivityTypes,
    ChannelAccount,
    ConversationAccount,
    ConversationReference,
    MessageReaction,
    ResourceResponse,
)
from botframework.connector import Channels

from integrations.channels import deleted
from integrations.channels.interactions import answer_now, handle_interaction
from integrations.channels.payloads import dict_of, dicts_of
from integrations.channels.reachability import note_removed, note_working
from integrations.teams.inbound import place_of, receive, receive_edit, receive_undelete
from integrations.teams.installations import note_installed
from integrations.teams.interactions import interactions_of, invoke_answer
from integrations.teams.platform import TEAMS
from integrations.teams.transport import TeamsTransport
from msp.kernel.db import Json
from msp.kernel.inbox import Received
from msp.kernel.unhandled import count_unhandled

log = logging.getLogger(__name__)

INSTALLATION_ACTIONS = ("add", "add-upgrade", "remove", "remove-upgrade")


def handle(transport: TeamsTransport, received: Received) -> None:
    """Handle one stored activity; irrelevant ones are ignored. Idempotent."""
    run_turn(transport, received.payload)


def run_turn(transport: TeamsTransport, payload: Json) -> InvokeResponse | None:
    """Run the bot for a verified activity; returns the answer to an invoke. Raises as its handlers do."""
    adapter, bot = _Adapter(), Bot(transport, payload)
    _run(adapter.run_pipeline(TurnContext(adapter, dispatched(payload)), bot.on_turn))
    return adapter.answer


def _run(turn: Coroutine[Any, Any, Any]) -> None:
    """Run a turn to its end without an event loop: handlers are synchronous, so that nothing in it ever waits."""
    try:
        turn.send(None)
    except StopIteration:
        return
    turn.close()
    raise RuntimeError("a handler of the bot awaits something")


def dispatched(payload: Json) -> Activity:
    """The fields that the library needs to dispatch an activity. Local Teams clients may use another channel id."""
    data = dict_of(payload.get("channelData"))
    return Activity(
        type=payload["type"],
        id=payload.get("id"),
        name=payload.get("name"),
        action=payload.get("action"),
        channel_id=Channels.ms_teams,
        service_url=payload["serviceUrl"],
        locale=payload.get("locale"),
        from_property=ChannelAccount(id=payload["from"]["id"]),
        recipient=ChannelAccount(id=payload["recipient"]["id"]),
        conversation=ConversationAccount(id=payload["conversation"]["id"]),
        channel_data={"eventType": data["eventType"]} if isinstance(data.get("eventType"), str) else {},
        members_removed=[ChannelAccount(id=str(each.get("id"))) for each in dicts_of(payload.get("membersRemoved"))],
        reactions_added=_reactions(payload.get("reactionsAdded")),
        reactions_removed=_reactions(payload.get("reactionsRemoved")),
        value=payload.get("value"),
    )


def _reactions(value: object) -> list[MessageReaction]:
    return [MessageReaction(type=str(each.get("type"))) for each in dicts_of(value)]


class Bot(TeamsActivityHandler):
    """Handles one activity; the names of the hooks are those of Microsoft's handler, which calls them."""

    def __init__(self, transport: TeamsTransport, payload: Json) -> None:
        self.payload, self.place = payload, place_of(payload)
        self.transport = replace(transport, here=self.place)
        self.was_removed = False

    async def on_message_activity(self, turn_context: TurnContext) -> None:
        """A message was written."""
        note_working(self.place)
        receive(self.transport, self.payload, self.place)

    async def on_teams_message_edit(self, turn_context: TurnContext) -> None:
        """A message was edited."""
        note_working(self.place)
        receive_edit(self.transport, self.payload, self.place)

    async def on_teams_message_undelete(self, turn_context: TurnContext) -> None:
        """A deletion was undone."""
        note_working(self.place)
        receive_undelete(self.transport, self.payload, self.place)

    async def on_message_update_activity(self, turn_context: TurnContext) -> None:
        """A change without a hook of its own: local clients do not mark an edit."""
        await super().on_message_update_activity(turn_context)
        if "eventType" not in turn_context.activity.channel_data:
            await self.on_teams_message_edit(turn_context)

    async def on_message_delete_activity(self, turn_context: TurnContext) -> None:
        """A message was deleted, by `softDeleteMessage` or an event that local clients do not mark."""
        note_working(self.place)
        deleted(self.place, str(self.payload.get("id") or ""))

    async def on_message_reaction_activity(self, turn_context: TurnContext) -> None:
        """Reactions to our messages were added or removed."""
        note_working(self.place)
        for each in interactions_of(self.payload, self.place):
            handle_interaction(self.transport, each)

    async def on_installation_update(self, turn_context: TurnContext) -> None:
        """The app was installed or removed; an action that is neither is counted and changes nothing."""
        action = str(turn_context.activity.action or "")
        if action not in INSTALLATION_ACTIONS:
            log.warning("an installation update was not handled", extra={"action": action[:100]})
            count_unhandled(TEAMS.name, "installation_update")
        await super().on_installation_update(turn_context)

    async def on_installation_update_add(self, turn_context: TurnContext) -> None:
        """The app was installed in a team or chat, or upgraded there."""
        note_installed(self.place)

    async def on_installation_update_remove(self, turn_context: TurnContext) -> None:
        """The app was removed. An upgrade sends a removal and an addition; its removal is ignored."""
        if turn_context.activity.action == "remove":
            note_removed(self.place)

    async def on_conversation_update_activity(self, turn_context: TurnContext) -> None:
        """Members, channels or a team changed; unless the app was removed, the conversation works."""
        await super().on_conversation_update_activity(turn_context)
        (note_removed if self.was_removed else note_working)(self.place)

    async def on_members_removed_activity(
        self, members_removed: list[ChannelAccount], turn_context: TurnContext
    ) -> None:
        """People or the app left a conversation."""
        self.was_removed = turn_context.activity.recipient.id in {each.id for each in members_removed}

    async def on_teams_team_deleted(self, team_info: Any, turn_context: TurnContext) -> None:
        """A team was deleted, and the app with it."""
        self.was_removed = True

    async def on_teams_team_hard_deleted(self, team_info: Any, turn_context: TurnContext) -> None:
        """A deleted team can no longer be restored."""
        self.was_removed = True

    async def on_invoke_activity(self, turn_context: TurnContext) -> InvokeResponse:
        """Finds the handler of every invoke by kind and name among the interactions.

        The library's own hooks for single invokes raise on values of another shape and answer 501 for other names.
        """
        [interaction] = interactions_of(self.payload, self.place)
        return invoke_answer(self.payload, answer_now(self.transport, interaction))


class _Adapter(BotAdapter):
    """Keeps the answer to an invoke. Messages are sent by the outbox and our own transport, never in a turn."""

    def __init__(self) -> None:
        super().__init__()
        self.answer: InvokeResponse | None = None

    async def send_activities(self, context: TurnContext, activities: list[Activity]) -> list[ResourceResponse]:
        for each in activities:
            if each.type != ActivityTypes.invoke_response:
                raise RuntimeError("The bot adapter cannot send messages: the outbox sends them")
            self.answer = each.value
        return [ResourceResponse() for _ in activities]

    async def update_activity(self, context: TurnContext, activity: Activity) -> None:
        raise RuntimeError("The bot adapter cannot update messages: the outbox updates them")

    async def delete_activity(self, context: TurnContext, reference: ConversationReference) -> None:
        raise RuntimeError("The bot adapter cannot delete messages")
