"""Card buttons, forms and file consent in the simulated Teams: activities whose answer is the result.

Sources: learn.microsoft.com, "Universal Actions for Adaptive Cards" (HTTP 200 with statusCode, type and value; the
answer is for the person who pressed); microsoft/teams.ts#71, microsoft/botbuilder-js#4445, vercel/chat#731 (any other
answer shows "Unable to reach app" and the invoke is repeated); microsoft/botbuilder-dotnet#5005 (an unanswered invoke
is sent twice with one id, and about 30 s later twice with another).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from simulators.courier import Delivery
from simulators.teams.activities import timestamp
from simulators.teams.cards import CARD, problems
from simulators.teams.core import TeamsCore
from simulators.teams.files import keep_file
from simulators.teams.world import Activity, Conversation, TeamsUser, thread_root
from simulators.teams.writing import TeamsSaid

CONSENT_CARD = "application/vnd.microsoft.teams.card.file.consent"
CARD_MESSAGE = "application/vnd.microsoft.activity.message"
ERROR = "application/vnd.microsoft.error"
UNREACHABLE = "Unable to reach app. Please try again."
WENT_WRONG = "Something went wrong. Please try again."
CARD_ACTION = "adaptiveCard/action"
TRIES = 2


@dataclass(frozen=True)
class Invoked:
    """The bot's answer to an invoke; `shown` is the text for the person, `failed` means that it is Teams' own error."""

    delivery: Delivery
    activity: Activity
    status: int | None
    body: Any
    shown: str = ""
    failed: bool = False

    def as_json(self) -> dict[str, Any]:
        """The act as the control routes show it."""
        return {
            "status": self.status, "failed": self.failed, "shown": self.shown, "body": self.body,
            "activity": self.activity, "delivery": self.delivery.as_json(),
        }  # fmt: skip


class Invokes:
    """Acts of people on cards and dialogs."""

    def __init__(self, core: TeamsCore) -> None:
        self._core = core
        self._world = core.world

    def invoke(
        self, tenant: str, user: str, name: str, value: Any, *, conversation: str = "", reply_to: str = ""
    ) -> Invoked:
        """Send an invoke of any name (task/fetch, composeExtension/query, …) and return the answer.

        Without an answer, or with one that Teams does not accept, it is sent once more with the same id.
        """
        person = self._core.person(tenant, user)
        root, more = "", {"name": name, "value": value}
        data: dict[str, Any] = {"source": {"name": "message"}}
        if reply_to:
            place, stored = self._world.found(reply_to)
            more["replyToId"], root = reply_to, thread_root(place, stored)
            data["legacy"] = {"replyToId": stored.get("_legacy", reply_to)}
        elif conversation:
            place = self._world.conversations[conversation.partition(";")[0]]
        else:
            place = self._world.open_personal(person, installed=True)
        if not self._world.is_in(person, place):
            raise ValueError(f"{person.name} is not in {place.name or place.id}")
        more["channelData"] = data
        activity = self._core.activity(person, place, "invoke", self._core.event_id(), root=root, more=more)
        return self._ask(person, activity)

    def repeat(self, invoked: Invoked) -> Invoked:
        """Send an invoke once more as a Teams client does without a result: another id, half a minute later."""
        again = invoked.activity | {"id": self._core.event_id(), "timestamp": timestamp(self._core.now())}
        person = self._world.users[again["from"]["id"]]
        return self._ask(person, again)

    def _ask(self, person: TeamsUser, activity: Activity) -> Invoked:
        for _ in range(TRIES):
            delivery = self._core.ask(activity)
            answer = delivery.answer
            body = answer.json() if answer else None
            complaint = _complaint(activity["name"], delivery, body)
            if not complaint:
                break
        status = answer.status if answer else None
        message = str(activity.get("replyToId", ""))
        if complaint:
            self._core.screens.show(person.id, message, complaint, is_error=True)
            return Invoked(delivery, activity, status, body, shown=complaint, failed=True)
        shown, failed = self._show(person, message, body) if activity["name"] == CARD_ACTION else ("", False)
        return Invoked(delivery, activity, status, body, shown=shown, failed=failed)

    def _show(self, person: TeamsUser, message: str, body: Any) -> tuple[str, bool]:
        """Show the answer to a button to the person only."""
        place, stored = self._world.found(message)
        kind, value = body["type"], body["value"]
        if kind == CARD:
            stored["_views"][person.id] = value
            self._core.note("card_view", place, stored, user=person.id, card=value)
            return "", False
        is_error = body["statusCode"] >= 400 or kind == ERROR
        text = str(value.get("message") or WENT_WRONG) if isinstance(value, Mapping) else str(value)
        self._core.screens.show(person.id, message, text, is_error=is_error)
        self._core.note("card_message", place, stored, user=person.id, text=text)
        return text, is_error

    def press(
        self, tenant: str, user: str, id: str, action: str, *, inputs: Mapping[str, Any] | None = None
    ) -> Invoked | TeamsSaid:
        """Press a button of a card; `action` is its verb, id or title, `inputs` the values of the fields.

        Action.Execute is an adaptiveCard/action invoke, and a card in the answer replaces the card for this person
        only. Action.Submit is a message with a value, or a task/fetch if its data request one.
        """
        place, stored = self._world.found(id)
        button = next(b for b in _buttons(self.card_of(stored, user)) if action in _names(b))
        given = button.get("data")
        data = {**(given if isinstance(given, Mapping) else {}), **(inputs or {})}
        if button["type"] == "Action.Execute":
            kept = {key: button[key] for key in ("title", "verb", "id") if key in button}
            value = {"action": {"type": "Action.Execute", **kept, "data": data}, "trigger": "manual"}
            return self.invoke(tenant, user, CARD_ACTION, value, reply_to=id)
        if (data.get("msteams") or {}).get("type") == "task/fetch":
            return self.invoke(tenant, user, "task/fetch", {"data": data, "context": {"theme": "default"}}, reply_to=id)
        return self._submit(tenant, user, place, stored, data)

    def _submit(self, tenant: str, user: str, place: Conversation, stored: Activity, data: dict[str, Any]) -> TeamsSaid:
        person = self._core.person(tenant, user)
        root = thread_root(place, stored)
        more = {"value": data, "replyToId": stored["id"], "channelData": {"source": {"name": "message"}}}
        activity = self._core.activity(person, place, "message", self._core.event_id(), root=root, more=more)
        return TeamsSaid(activity["id"], place.id, activity, self._core.post(activity, wait=True))

    def card(self, user: str, id: str) -> dict[str, Any]:
        """The card of a message as this person sees it now."""
        return self.card_of(self._world.found(id)[1], user)

    def card_of(self, stored: Activity, user: str) -> dict[str, Any]:
        """The card of a message as this person sees it now; raises ValueError if Teams shows them none."""
        found = self._world.user(user)
        view = stored["_views"].get(found.id if found else user)
        cards = (a["content"] for a in stored.get("attachments") or [] if a["contentType"] == CARD)
        card: dict[str, Any] | None = view or next(cards, None)
        if card is None:
            raise ValueError(f"message {stored['id']} has no card")
        wrong = problems(card)
        if wrong:
            raise ValueError(f"Teams does not show this card: {'; '.join(wrong)}")
        return card

    def submit_task(
        self, tenant: str, user: str, data: Mapping[str, Any], *, conversation: str = "", reply_to: str = ""
    ) -> Invoked:
        """Submit a dialog: task/submit."""
        value = {"data": dict(data), "context": {"theme": "default"}}
        return self.invoke(tenant, user, "task/submit", value, conversation=conversation, reply_to=reply_to)

    def consent(self, tenant: str, user: str, id: str, *, accept: bool = True) -> Invoked:
        """Accept or decline the bot's file consent card; accepting gives it an upload address."""
        _, stored = self._world.found(id)
        offered = next(a for a in stored["attachments"] if a["contentType"] == CONSENT_CARD)
        content = offered["content"]
        key = "acceptContext" if accept else "declineContext"
        value: dict[str, Any] = {
            "type": "fileUpload", "action": "accept" if accept else "decline", "context": content.get(key),
        }  # fmt: skip
        if accept:
            kept = keep_file(self._core, offered.get("name", "file"), b"")
            kept.total = int(content.get("sizeInBytes", 0))
            value["uploadInfo"] = {
                "contentUrl": f"{self._core.url}/files/download/{kept.id}", "name": kept.name,
                "uploadUrl": f"{self._core.url}/files/upload/{kept.id}", "uniqueId": self._world.ids.uuid(),
                "fileType": kept.name.rpartition(".")[2].lower(),
            }  # fmt: skip
        return self.invoke(tenant, user, "fileConsent/invoke", value, reply_to=id)


def _complaint(name: str, delivery: Delivery, body: Any) -> str:
    """The error that Teams shows for an answer, or "" for a valid one."""
    if delivery.state != "delivered":
        return UNREACHABLE
    if name != CARD_ACTION:
        return ""
    if delivery.answer is None or delivery.answer.status != 200 or not isinstance(body, Mapping):
        return UNREACHABLE
    is_whole = isinstance(body.get("statusCode"), int) and isinstance(body.get("type"), str) and body.get("value")
    if not is_whole:
        return UNREACHABLE
    if body["type"] == CARD:
        return "" if isinstance(body["value"], Mapping) and not problems(body["value"]) else WENT_WRONG
    return ""


def _buttons(node: Any) -> Iterator[Mapping[str, Any]]:
    """Every action in a card that can be pressed, at any depth."""
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
