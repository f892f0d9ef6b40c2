"""The error answers of the Bot Connector: status, code, message, and the two shapes of a body.

Source: learn.microsoft.com, "Send and receive messages", status codes from bot conversational APIs.
"""

import json
from typing import Any

from flask import Response, jsonify

STATUS = {
    "BotDisabledByAdmin": 403, "BotNotInConversationRoster": 403, "ConversationBlockedByUser": 403,
    "MessageWritesBlocked": 403, "ForbiddenOperationException": 403, "NotEnoughPermissions": 403,
    "ConversationNotFound": 404, "ActivityNotFoundInConversation": 404, "MemberNotFoundInConversation": 404,
    "BotNotRegistered": 401, "PreconditionFailed": 412, "MessageSizeTooBig": 413, "Throttled": 429,
}  # fmt: skip
MESSAGES = {
    "BotDisabledByAdmin": "The tenant admin disabled this bot",
    "BotNotInConversationRoster": "The bot is not part of the conversation roster.",
    "ConversationBlockedByUser": "User blocked the conversation with the bot.",
    "MessageWritesBlocked": "Thread is blocked from message writes.",
    "ForbiddenOperationException": "Bot is not installed in user's personal scope",
    "NotEnoughPermissions": "The bot may only change its own messages.",
    "ConversationNotFound": "Conversation not found.",
    "ActivityNotFoundInConversation": "Message does not exist in the thread.",
    "MemberNotFoundInConversation": "Member not found in conversation.",
    "BotNotRegistered": "No registration found for this bot.",
    "PreconditionFailed": "Precondition failed, please try again.",
    "MessageSizeTooBig": "Message size too large.",
    "Throttled": "Too many requests.",
    "ServiceError": "Unknown",
}
SPLIT = "Activity resulted into multiple skype activities"


class TeamsRefusal(Exception):
    """An error answer of the Connector; `retry_after` 0 sends no Retry-After header."""

    def __init__(self, status: int, code: str, message: str, *, retry_after: int = 0) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.message = message
        self.retry_after = retry_after


def refusal(code: str) -> TeamsRefusal:
    """The documented error with this code."""
    return TeamsRefusal(STATUS[code], code, MESSAGES[code])


def bad_request(message: str, *, code: str = "BadSyntax") -> TeamsRefusal:
    """A 400 with a specific message."""
    return TeamsRefusal(400, code, message)


def response_of(refused: TeamsRefusal) -> Response:
    """The HTTP answer; MessageWritesBlocked has its subCode as JSON inside the message of errorCode 209."""
    if refused.status == 401 and not refused.code:
        answer = jsonify({"message": refused.message})
    elif refused.code == "MessageWritesBlocked":
        answer = jsonify(_writes_blocked())
    else:
        answer = jsonify({"error": {"code": refused.code, "message": refused.message}})
    if refused.retry_after:
        answer.headers["Retry-After"] = str(refused.retry_after)
    answer.status_code = refused.status
    return answer


def _writes_blocked() -> dict[str, Any]:
    told = {
        "subCode": "MessageWritesBlocked", "details": MESSAGES["MessageWritesBlocked"],
        "errorCode": None, "errorSubCode": None,
    }  # fmt: skip
    return {"errorCode": 209, "message": json.dumps(told, indent=2).replace("\n", "\r\n")}
