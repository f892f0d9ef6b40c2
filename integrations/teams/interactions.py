"""Converts Teams' invokes and reactions to interactions, and answers to the form that each invoke requires.

Sources: learn.microsoft.com, "Universal Actions for Adaptive Cards", "Use dialogs with bots", "Search commands"; Teams
repeats an invoke that is answered in another form (microsoft/teams.ts#71, microsoft/botbuilder-dotnet#5005).
"""

from botbuilder.core import InvokeResponse

from integrations.channels import ThreadRef, sentences
from integrations.channels.interactions import (
    BUTTON,
    FORM_OPENED,
    FORM_SUBMITTED,
    REACTION_ADDED,
    REACTION_REMOVED,
    SEARCH,
    Interaction,
    InteractionAnswer,
)
from integrations.channels.payloads import dict_of
from msp.kernel.db import Json
from msp.kernel.i18n import LOCALES, reading_as

CARD_ACTION = "adaptiveCard/action"
CARD_MESSAGE = "application/vnd.microsoft.activity.message"
NO_RESULTS = {"composeExtension": {"type": "result", "attachmentLayout": "list", "attachments": []}}
_DIALOGS = {"task/fetch": FORM_OPENED, "task/submit": FORM_SUBMITTED}
_EXTENSION = "composeExtension/"
_COMMANDS = {"fetchTask": FORM_OPENED, "submitAction": FORM_SUBMITTED, "query": SEARCH}
_RESULTS = ("query", "queryLink", "anonymousQueryLink", "selectItem")
_REACTIONS = {"reactionsAdded": REACTION_ADDED, "reactionsRemoved": REACTION_REMOVED}


def interactions_of(activity: Json, place: ThreadRef) -> list[Interaction]:
    """The interactions of an invoke (always one), of a button of an older client, or of reactions.

    A button is named by its verb, a dialog by the `code` of its data, an extension by its command; for other invokes
    the kind is their own name.
    """
    if activity["type"] == "messageReaction":
        message = str(activity.get("replyToId") or "")
        return [
            _interaction(activity, place, kind, each.get("type"), value=message)
            for name, kind in _REACTIONS.items()
            for each in activity.get(name) or []
            if isinstance(each, dict)
        ]
    value, name = dict_of(activity.get("value")), str(activity.get("name") or "")
    if activity["type"] == "message":
        return [_interaction(activity, place, BUTTON, value.get("code"), value=value.get("ticket"))]
    if name == CARD_ACTION:
        action = dict_of(value.get("action"))
        ticket = dict_of(action.get("data")).get("ticket")
        return [_interaction(activity, place, BUTTON, action.get("verb"), value=ticket)]
    if name in _DIALOGS:
        data = dict_of(value.get("data"))
        return [_interaction(activity, place, _DIALOGS[name], data.get("code"), value=data.get("ticket"))]
    if name.startswith(_EXTENSION):
        kind = _COMMANDS.get(name.removeprefix(_EXTENSION), name)
        return [_interaction(activity, place, kind, value.get("commandId"))]
    return [_interaction(activity, place, name, "")]


def invoke_answer(activity: Json, answer: InteractionAnswer | None) -> InvokeResponse:
    """The answer in the form of this invoke; empty if it has no handler or the answer has no text.

    A card's button requires text, which only that person sees.
    """
    name = str(activity.get("name") or "")
    if answer is not None and answer.body is not None:
        return InvokeResponse(status=200, body=answer.body)
    if name == CARD_ACTION:
        text = answer.text if answer and answer.text else _excuse(activity, answer)
        return InvokeResponse(status=200, body={"statusCode": 200, "type": CARD_MESSAGE, "value": text})
    if answer is not None and answer.has_failed:
        return InvokeResponse(status=500, body={})
    if answer is not None and answer.text and name in _DIALOGS:
        return InvokeResponse(status=200, body={"task": {"type": "message", "value": answer.text}})
    if name.startswith(_EXTENSION) and name.removeprefix(_EXTENSION) in _RESULTS:
        return InvokeResponse(status=200, body=NO_RESULTS)
    return InvokeResponse(status=200, body={})


def _excuse(activity: Json, answer: InteractionAnswer | None) -> str:
    language = str(activity.get("locale") or "")[:2].lower()
    with reading_as(language if language in LOCALES else "es", "Europe/Madrid"):
        return sentences.failed() if answer and answer.has_failed else sentences.not_yours()


def _interaction(activity: Json, place: ThreadRef, kind: str, name: object, *, value: object = "") -> Interaction:
    return Interaction(
        kind,
        str(name or ""),
        key=f"{activity['conversation']['id']}:{activity.get('id') or ''}",
        place=place,
        author=activity["from"]["id"],
        value=str(value or ""),
        payload=activity,
    )
