"""Card buttons, forms and file consent in the Teams playground: activities whose answer is the result."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from simulators.courier import Delivery
from simulators.teams.messages import CARD
from simulators.teams.people import TeamsPeople, TeamsSaid, thread_root
from simulators.teams.world import Activity, Conversation

CONSENT_CARD = "application/vnd.microsoft.teams.card.file.consent"
CARD_MESSAGE = "application/vnd.microsoft.activity.message"


@dataclass(frozen=True)
class Invoked:
    """What the bot answered to an invoke, and what the person sees of it."""

    delivery: Delivery
    activity: Activity
    status: int | None
    body: Any

    @property
    def failed(self) -> bool:
        """Whether the person is told that something went wrong."""
        inner = self.body.get("statusCode", 200) if isinstance(self.body, Mapping) else 200
        return self.delivery.state != "delivered" or int(inner) >= 400

    def as_json(self) -> dict[str, Any]:
        """The act as the control door shows it."""
        return {
            "status": self.status, "failed": self.failed, "body": self.body, "activity": self.activity,
            "delivery": self.delivery.as_json(),
        }  # fmt: skip


class TeamsInvokes(TeamsPeople):
    """What people press and fill in."""

    def invoke(
        self, tenant: str, user: str, name: str, value: Any, *, conversation: str = "", reply_to: str = ""
    ) -> Invoked:
        """Send an invoke of any name (task/fetch, composeExtension/query, …) and return the answer."""
        person = self.person(tenant, user)
        place, root = self._chat(person, conversation), ""
        more: dict[str, Any] = {"name": name, "value": value}
        if reply_to:
            place, stored = self.find(reply_to)
            more["replyToId"] = reply_to
            root = thread_root(place, stored)
        more["channelData"] = {"source": {"name": "message"}}
        activity = self._activity(person, place, "invoke", self._event_id(), root=root, more=more)
        delivery = self.ask(activity)
        answer = delivery.answer
        return Invoked(delivery, activity, answer.status if answer else None, answer.json() if answer else None)

    def press(
        self, tenant: str, user: str, id: str, action: str, *, inputs: Mapping[str, Any] | None = None
    ) -> Invoked | TeamsSaid:
        """Press a button of a card; `action` is its verb, id or title, `inputs` what the fields hold.

        Action.Execute is an adaptiveCard/action invoke, and a card in the answer replaces the card
        for this person alone. Action.Submit is a message with a value, or a task/fetch where its
        data say so.
        """
        place, stored = self.find(id)
        button = next(b for b in _buttons(self.card_of(stored, user)) if action in _names(b))
        given = button.get("data")
        data = {**(given if isinstance(given, Mapping) else {}), **(inputs or {})}
        if button["type"] == "Action.Execute":
            return self._execute(tenant, user, place, stored, button, data)
        if (data.get("msteams") or {}).get("type") == "task/fetch":
            value = {"data": data, "context": {"theme": "default"}}
            return self.invoke(tenant, user, "task/fetch", value, reply_to=id)
        return self._submit(tenant, user, place, stored, data)

    def _execute(
        self, tenant: str, user: str, place: Conversation, stored: Activity, button: Mapping[str, Any],
        data: dict[str, Any],
    ) -> Invoked:  # fmt: skip
        pressed = {"type": "Action.Execute", "verb": button.get("verb", ""), "data": data}
        if "id" in button:
            pressed["id"] = button["id"]
        value = {"action": pressed, "trigger": "manual"}
        invoked = self.invoke(tenant, user, "adaptiveCard/action", value, reply_to=stored["id"])
        body = invoked.body if isinstance(invoked.body, Mapping) else {}
        if not invoked.failed and body.get("type") == CARD:
            stored["_views"][self.person(tenant, user).id] = body["value"]
            self.note("card_view", place, stored, user=user, card=body["value"])
        elif not invoked.failed and body.get("type") == CARD_MESSAGE:
            self.note("card_message", place, stored, user=user, text=body["value"])
        return invoked

    def _submit(self, tenant: str, user: str, place: Conversation, stored: Activity, data: dict[str, Any]) -> TeamsSaid:
        person = self.person(tenant, user)
        root = thread_root(place, stored)
        more = {"value": data, "replyToId": stored["id"], "channelData": {"source": {"name": "message"}}}
        activity = self._activity(person, place, "message", self._event_id(), root=root, more=more)
        return TeamsSaid(activity["id"], place.id, activity, self.post(activity, wait=True))

    def card_of(self, stored: Activity, user: str) -> dict[str, Any]:
        """The card of a message as this person sees it now."""
        found = self.world.user(user)
        view = stored["_views"].get(found.id if found else user)
        cards = (a["content"] for a in stored.get("attachments") or [] if a["contentType"] == CARD)
        card: dict[str, Any] | None = view or next(cards, None)
        if card is None:
            raise ValueError(f"message {stored['id']} has no card")
        return card

    def submit_task(
        self, tenant: str, user: str, data: Mapping[str, Any], *, conversation: str = "", reply_to: str = ""
    ) -> Invoked:
        """Send a dialog off: task/submit."""
        value = {"data": dict(data), "context": {"theme": "default"}}
        return self.invoke(tenant, user, "task/submit", value, conversation=conversation, reply_to=reply_to)

    def consent(self, tenant: str, user: str, id: str, *, accept: bool = True) -> Invoked:
        """Accept or decline the bot's file consent card; accepting gives it an address to upload to."""
        _, stored = self.find(id)
        offered = next(a for a in stored["attachments"] if a["contentType"] == CONSENT_CARD)
        content = offered["content"]
        key = "acceptContext" if accept else "declineContext"
        value: dict[str, Any] = {
            "type": "fileUpload", "action": "accept" if accept else "decline", "context": content.get(key),
        }  # fmt: skip
        if accept:
            kept = self.keep_file(offered.get("name", "file"), b"")
            kept.total = int(content.get("sizeInBytes", 0))
            value["uploadInfo"] = {
                "contentUrl": f"{self.url}/files/download/{kept.id}", "name": kept.name,
                "uploadUrl": f"{self.url}/files/upload/{kept.id}", "uniqueId": self.world.ids.uuid(),
                "fileType": kept.name.rpartition(".")[2].lower(),
            }  # fmt: skip
        return self.invoke(tenant, user, "fileConsent/invoke", value, reply_to=id)


def _buttons(node: Any) -> Iterator[Mapping[str, Any]]:
    """Every action in a card that can be pressed, wherever it is nested."""
    if isinstance(node, Mapping):
        if node.get("type") in ("Action.Execute", "Action.Submit"):
            yield node
        for inside in node.values():
            yield from _buttons(inside)
    elif isinstance(node, list):
        for inside in node:
            yield from _buttons(inside)


def _names(button: Mapping[str, Any]) -> tuple[Any, ...]:
    return button.get("verb"), button.get("id"), button.get("title")
