"""State of a simulated Teams: tenants, people, chats, teams with channels, activities, files."""

import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from simulators.ids import Ids, Now

Activity = dict[str, Any]
"""An activity in Bot Framework's JSON; keys that begin with an underscore are internal."""


@dataclass
class Tenant:
    """A company's Microsoft 365; `region` is the part of Microsoft's network that serves it."""

    id: str
    name: str
    domain: str
    region: str = "emea"
    country: str = "ES"
    is_disabled: bool = False  # its administrator blocked the app: 403 BotDisabledByAdmin

    def as_json(self) -> dict[str, Any]:
        """The tenant as the control routes show it."""
        return asdict(self)


@dataclass
class TeamsUser:
    """A person: `id` (29:…) is valid for this bot only, `aad_object_id` everywhere in Entra.

    Some guests have no `aad_object_id`, some people no `email`; `home_tenant_id` is a guest's own company, if Teams
    shows it.
    """

    id: str
    tenant_id: str
    aad_object_id: str
    name: str
    email: str
    upn: str
    locale: str
    tz: str
    is_guest: bool = False
    home_tenant_id: str = ""

    def as_json(self) -> dict[str, Any]:
        """The person as the control routes show them."""
        return asdict(self)


@dataclass
class Team:
    """A team with its channels; its id is that of its General channel."""

    id: str
    tenant_id: str
    name: str
    aad_group_id: str
    channels: dict[str, str] = field(default_factory=dict)  # id: name
    members: list[str] = field(default_factory=list)
    installed: bool = False
    hears_all: bool = False  # granted ChannelMessage.Read.Group

    def as_json(self) -> dict[str, Any]:
        """The team as the control routes show it."""
        return asdict(self)


@dataclass
class Conversation:
    """A personal chat, a groupChat, or a channel of a team, with its messages."""

    id: str
    tenant_id: str
    kind: str  # personal, groupChat, channel
    members: list[str]
    name: str = ""
    team_id: str = ""
    installed: bool = True
    blocked: str = ""  # the 403 code for posting; "" allows it
    is_welcomed: bool = False  # conversationUpdate was sent; a personal chat gets it once
    activities: dict[str, Activity] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The conversation as the control routes show it, without its messages."""
        shown = {key: value for key, value in vars(self).items() if key != "activities"}
        return shown | {"activities": len(self.activities)}

    def thread(self, root: str) -> list[Activity]:
        """The messages of one thread, the root first."""
        return [a for a in self.activities.values() if a["_thread"] == root]


@dataclass
class TeamsFile:
    """Bytes at a pre-authorised address, valid until `expires`."""

    id: str
    name: str
    content: bytes
    expires: datetime
    total: int = 0


class TeamsWorld:
    """All state in memory, behind one lock that callers hold while they read or change it."""

    def __init__(self, *, seed: int, now: Now) -> None:
        self.seed = seed
        self.now = now
        self.lock = threading.RLock()
        self.clear()

    def clear(self) -> None:
        """Empty the world; ids start again from the seed."""
        with self.lock:
            self.ids = Ids(self.seed, self.now)
            self.tenants: dict[str, Tenant] = {}
            self.users: dict[str, TeamsUser] = {}
            self.teams: dict[str, Team] = {}
            self.conversations: dict[str, Conversation] = {}
            self.files: dict[str, TeamsFile] = {}

    def forget(self) -> None:
        """Drop the messages; keep tenants, people and places."""
        with self.lock:
            self.files.clear()
            for conversation in self.conversations.values():
                conversation.activities.clear()

    def millis(self) -> str:
        """A new activity id: milliseconds since 1970, later than all earlier ones."""
        return str(self.ids.moment(step=1000) // 1000)

    def user(self, wanted: str, *, tenant_id: str = "") -> TeamsUser | None:
        """A person by 29: id, Entra object id, UPN or address."""
        found = self.users.get(wanted)
        if found is None and wanted:
            names = wanted.lower()
            found = next(
                (u for u in self.users.values() if names in (u.aad_object_id, u.upn.lower(), u.email.lower())), None
            )
        return found if found is not None and tenant_id in ("", found.tenant_id) else None

    def personal(self, user: TeamsUser) -> Conversation | None:
        """The chat between a person and the bot; None if there is none yet."""
        chats = (c for c in self.conversations.values() if c.kind == "personal" and c.members == [user.id])
        return next(chats, None)

    def open_personal(self, user: TeamsUser, *, installed: bool) -> Conversation:
        """The chat between a person and the bot, created if there is none."""
        with self.lock:
            chat = self.personal(user)
            if chat is None:
                chat = Conversation(f"a:1{self.ids.secret(86)}", user.tenant_id, "personal", [user.id])
                chat.installed = installed
                self.conversations[chat.id] = chat
            return chat

    def place(self, conversation_id: str) -> tuple[Conversation, str] | None:
        """The conversation of an id and, in a channel, the root of its thread.

        Only channels have threads: `;messageid=` after the id of a chat is ignored.
        """
        base, suffix, root = conversation_id.partition(";messageid=")
        conversation = self.conversations.get(base)
        if conversation is None or (suffix and conversation.kind != "channel"):
            return None
        return conversation, root

    def team_of(self, conversation: Conversation) -> Team | None:
        """The team a channel belongs to."""
        return self.teams.get(conversation.team_id)

    def bot_is_in(self, conversation: Conversation) -> bool:
        """Whether the app is installed there."""
        team = self.team_of(conversation)
        return team.installed if team is not None else conversation.installed

    def roster(self, conversation: Conversation) -> Iterator[TeamsUser]:
        """The people of a conversation; a channel has those of its team."""
        team = self.team_of(conversation)
        return (self.users[one] for one in (team.members if team is not None else conversation.members))

    def is_in(self, user: TeamsUser, conversation: Conversation) -> bool:
        """Whether a person is in a conversation, and sees messages posted there."""
        return any(member.id == user.id for member in self.roster(conversation))

    def found(self, activity_id: str) -> tuple[Conversation, Activity]:
        """The message with this id and its conversation; raises ValueError if there is none."""
        for conversation in self.conversations.values():
            if activity_id in conversation.activities:
                return conversation, conversation.activities[activity_id]
        raise ValueError(f"there is no message {activity_id}")

    def store(self, conversation: Conversation, activity: Activity) -> Activity:
        """Keep a message under its id."""
        with self.lock:
            conversation.activities[activity["id"]] = activity
            return activity

    @staticmethod
    def shown(activity: Activity) -> Activity:
        """A stored activity without the server's internal keys."""
        return {key: value for key, value in activity.items() if not key.startswith("_")}


def thread_root(place: Conversation, stored: Activity) -> str:
    """The root of a channel message's thread; "" in chats, which have no threads."""
    return str(stored["_thread"]) if place.kind == "channel" else ""
