"""Where the app is installed (learn.microsoft.com, "Conversation events")."""

from integrations.channels import ThreadRef
from integrations.channels.links import find_link
from integrations.channels.reachability import note_working
from msp.clients.actions import note_unknown
from msp.kernel import clock
from msp.kernel.db import Json, Scope, work

WITHOUT_TOKEN = {"answers_without_token": True}


def note_installed(place: ThreadRef) -> None:
    """Record the installation in a team, a chat or a personal chat; an unconnected tenant is listed as unknown."""
    with work(Scope.system()):
        if find_link("teams", place.workspace) is None:
            note_unknown("teams", place.workspace, at=clock.now(), settings=WITHOUT_TOKEN, messages=0)
    note_working(place)


def team_of(activity: Json) -> str | None:
    """The team of an activity; None in chats."""
    data = activity.get("channelData")
    team = data.get("team") if isinstance(data, dict) else None
    named = team.get("id") if isinstance(team, dict) else None
    return named if isinstance(named, str) and named else None
