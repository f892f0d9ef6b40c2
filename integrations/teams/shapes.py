"""Checks the shape of an activity before it is stored, and reads its plain fields."""

from datetime import datetime

from msp.kernel import clock
from msp.kernel.db import Json
from msp.kernel.foreign_json import NotJson, parse_object


class InvalidActivity(Exception):
    """The body is not an activity; `code` describes the problem."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


_TEXTS = ("id", "text", "textFormat", "name", "replyToId", "locale", "localTimezone", "channelId")
_LISTS = ("entities", "attachments", "membersAdded", "membersRemoved", "reactionsAdded", "reactionsRemoved")


def read_activity(raw: bytes) -> Json:
    """The activity of a body; raises InvalidActivity. Fields that we do not read are not checked."""
    try:
        activity = parse_object(raw)
    except NotJson as wrong:
        raise InvalidActivity(wrong.code) from wrong
    for name in ("type", "serviceUrl"):
        if not isinstance(activity.get(name), str) or not activity[name]:
            raise InvalidActivity(f"{name}_missing")
    for name in ("conversation", "from", "recipient"):
        part = activity.get(name)
        if not isinstance(part, dict) or not isinstance(part.get("id"), str) or not part["id"]:
            raise InvalidActivity(f"{name}_missing")
    if not tenant_of(activity):
        raise InvalidActivity("tenant_missing")
    for name in _TEXTS:
        if not isinstance(activity.get(name), str | None):
            raise InvalidActivity(f"{name}_not_text")
    for name in _LISTS:
        if not isinstance(activity.get(name), list | None):
            raise InvalidActivity(f"{name}_not_a_list")
    return activity


def tenant_of(activity: Json) -> str:
    """The Entra tenant of the activity, or an empty string."""
    data = activity.get("channelData")
    tenant = data.get("tenant") if isinstance(data, dict) else None
    found = tenant.get("id") if isinstance(tenant, dict) else None
    found = found or activity.get("conversation", {}).get("tenantId")
    return found if isinstance(found, str) else ""


def instant_of(activity: Json) -> datetime:
    """The time of the activity; our own time if it has no valid one."""
    try:
        at = datetime.fromisoformat(str(activity.get("timestamp")))
    except ValueError:
        return clock.now()
    return at if at.tzinfo else clock.now()
