"""The app comes into a team, a chat or a person's own chat, and goes: learn.microsoft.com, «Conversation events»."""

from integrations.channels import ThreadRef, find_link
from integrations.channels.reachability import note_heard, note_removed
from msp.clients.actions import note_unknown
from msp.kernel import clock
from msp.kernel.db import Json, Scope, work

GONE = ("teamDeleted", "teamHardDeleted")
WITHOUT_TOKEN = {"answers_without_token": True}


def note_installation(activity: Json, place: ThreadRef) -> None:
    """Follow what an activity says of the app where it comes from: taken out there, added, or simply at work."""
    if _is_removal(activity):
        note_removed(place)
        return
    if activity["type"] == "installationUpdate":
        with work(Scope.system()):
            if find_link("teams", place.workspace) is None:
                note_unknown("teams", place.workspace, at=clock.now(), settings=WITHOUT_TOKEN, messages=0)
    note_heard(place)


def team_of(activity: Json) -> str | None:
    """The team that an activity comes from; None in chats."""
    data = activity.get("channelData")
    team = data.get("team") if isinstance(data, dict) else None
    named = team.get("id") if isinstance(team, dict) else None
    return named if isinstance(named, str) and named else None


def _is_removal(activity: Json) -> bool:
    """Whether the app was taken out; an upgrade that takes it out comes with one that adds it, and counts for none."""
    if activity["type"] == "installationUpdate":
        return activity.get("action") == "remove"
    if activity["type"] != "conversationUpdate":
        return False
    data = activity.get("channelData")
    if isinstance(data, dict) and data.get("eventType") in GONE:
        return True
    gone = activity.get("membersRemoved")
    members = gone if isinstance(gone, list) else []
    return any(isinstance(each, dict) and each.get("id") == activity["recipient"]["id"] for each in members)
