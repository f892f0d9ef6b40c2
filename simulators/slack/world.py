"""State of a simulated Slack: workspaces, people, channels, messages, files, views."""

import threading
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from simulators.ids import Ids, Now

BOT_SCOPES = (
    "app_mentions:read", "channels:history", "channels:join", "channels:read", "chat:write",
    "chat:write.customize", "commands", "files:read", "files:write", "groups:history", "groups:read",
    "im:history", "im:read", "im:write", "mpim:history", "mpim:read", "reactions:read",
    "reactions:write", "team:read", "users:read", "users:read.email",
)  # fmt: skip

Message = dict[str, Any]
"""A message in the shape of the Web API; keys that begin with an underscore are internal."""


@dataclass
class SlackUser:
    """A person or a bot of one workspace; `tz` is an IANA zone, `locale` such as es-ES.

    In an Enterprise Grid organization `team_id` is the home workspace and `teams` are all workspaces of the person. A
    multi-channel guest is `is_restricted`, a single-channel guest also `is_ultra_restricted`.
    """

    id: str
    team_id: str
    name: str
    real_name: str
    email: str
    tz: str
    locale: str
    is_bot: bool = False
    deleted: bool = False
    is_admin: bool = False
    display_name: str = ""
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    enterprise_id: str = ""
    teams: list[str] = field(default_factory=list)

    def is_in(self, team_id: str) -> bool:
        """Whether the person is a member (or guest) of a workspace."""
        return team_id == self.team_id or team_id in self.teams

    def as_json(self) -> dict[str, Any]:
        """The user as the control routes show it."""
        return asdict(self)


@dataclass
class SlackChannel:
    """A conversation; kind is channel, group (private), im or mpim; `user` is the person of an im."""

    id: str
    team_id: str
    kind: str
    name: str
    members: set[str] = field(default_factory=set)
    user: str = ""
    is_archived: bool = False
    shared_with: list[str] = field(default_factory=list)
    is_org_shared: bool = False
    latest_bot: str = ""
    messages: dict[str, Message] = field(default_factory=dict)
    ephemerals: list[Message] = field(default_factory=list)

    @property
    def team_ids(self) -> list[str]:
        """Its workspaces, the owner first."""
        return [self.team_id, *self.shared_with]

    @property
    def is_ext_shared(self) -> bool:
        """Whether another company takes part in it (Slack Connect)."""
        return bool(self.shared_with) and not self.is_org_shared

    def as_json(self) -> dict[str, Any]:
        """The conversation as the control routes show it, without its messages."""
        return {
            "id": self.id, "team_id": self.team_id, "kind": self.kind, "name": self.name,
            "members": sorted(self.members), "user": self.user, "is_archived": self.is_archived,
            "shared_with": self.shared_with, "is_org_shared": self.is_org_shared, "messages": len(self.messages),
        }  # fmt: skip

    def replies(self, thread_ts: str) -> list[Message]:
        """The replies in a thread, oldest first, without the parent."""
        return [m for m in list(self.messages.values()) if m.get("thread_ts") == thread_ts != m["ts"]]


@dataclass
class Install:
    """One approved installation of the app: in a workspace, or with `enterprise_id` in a whole organization."""

    bot_token: str
    bot_user_id: str
    bot_id: str
    scopes: tuple[str, ...] = BOT_SCOPES
    installed: bool = True
    revoked_tokens: set[str] = field(default_factory=set)
    enterprise_id: str = ""

    def has_token(self, token: str) -> bool:
        """Whether this is its token, current or former."""
        return token == self.bot_token or token in self.revoked_tokens


@dataclass
class Workspace:
    """A Slack workspace; the app in it is an `Install`, which the workspaces of an organization may share."""

    team_id: str
    name: str
    domain: str
    install: Install
    enterprise_id: str = ""

    @property
    def bot_token(self) -> str:
        """The app's bot token."""
        return self.install.bot_token

    @property
    def bot_user_id(self) -> str:
        """The app's bot as a user."""
        return self.install.bot_user_id

    @property
    def bot_id(self) -> str:
        """The app's bot."""
        return self.install.bot_id

    @property
    def scopes(self) -> tuple[str, ...]:
        """The granted scopes of the app."""
        return self.install.scopes

    @scopes.setter
    def scopes(self, scopes: tuple[str, ...]) -> None:
        self.install.scopes = scopes

    @property
    def installed(self) -> bool:
        """Whether the app is installed in it."""
        return self.install.installed

    @property
    def is_org_wide(self) -> bool:
        """Whether the app was installed by the organization and not in this workspace."""
        return bool(self.install.enterprise_id)

    def as_json(self) -> dict[str, Any]:
        """The workspace as the control routes show it, token included."""
        install = asdict(self.install) | {"revoked_tokens": sorted(self.install.revoked_tokens)}
        del install["enterprise_id"]
        return {
            "team_id": self.team_id, "name": self.name, "domain": self.domain,
            "enterprise_id": self.enterprise_id, "is_org_wide": self.is_org_wide,
        } | install  # fmt: skip


@dataclass(frozen=True)
class Enterprise:
    """An Enterprise Grid organization of several workspaces."""

    id: str
    name: str
    domain: str


@dataclass
class SlackFile:
    """An uploaded file; `ready` once it is complete; `shares` has its conversations.

    `external_url` is the address of a file that Slack does not host; `more` are the fields of its kind (a clip's
    words).
    """

    id: str
    team_id: str
    user: str
    name: str
    title: str
    mimetype: str
    content: bytes
    created: int
    ready: bool = True
    check_file_info: bool = False
    shares: list[tuple[str, str]] = field(default_factory=list)
    external_url: str = ""
    more: dict[str, Any] = field(default_factory=dict)


@dataclass
class Trigger:
    """A trigger_id: who may open a view with it, its time, whether it was used."""

    team_id: str
    user: str
    made: datetime
    used: bool = False


@dataclass
class ResponseUrl:
    """A response_url: its conversation and person, its uses and its time."""

    team_id: str
    channel: str
    user: str
    made: datetime
    message_ts: str = ""
    thread_ts: str = ""
    uses: int = 0


class SlackWorld:
    """All state in memory, behind one lock that callers hold while they read or change it."""

    def __init__(self, *, seed: int, now: Now, app_id: str, app_name: str) -> None:
        self.seed = seed
        self.now = now
        self.app_id = app_id
        self.app_name = app_name
        self.lock = threading.RLock()
        self.clear()

    def clear(self) -> None:
        """Empty the world; ids start again from the seed."""
        with self.lock:
            self.ids = Ids(self.seed, self.now)
            self.enterprises: dict[str, Enterprise] = {}
            self.workspaces: dict[str, Workspace] = {}
            self.users: dict[str, SlackUser] = {}
            self.channels: dict[str, SlackChannel] = {}
            self.forget()

    def forget(self) -> None:
        """Drop messages and acts; keep workspaces, people and channels."""
        with self.lock:
            self.files: dict[str, SlackFile] = {}
            self.views: dict[str, dict[str, Any]] = {}
            self.triggers: dict[str, Trigger] = {}
            self.response_urls: dict[str, ResponseUrl] = {}
            self.codes: dict[str, dict[str, Any]] = {}
            for channel in self.channels.values():
                channel.messages.clear()
                channel.ephemerals.clear()

    def ts(self) -> str:
        """A new message timestamp, later than all earlier ones."""
        seconds, part = divmod(self.ids.moment(), 1_000_000)
        return f"{seconds}.{part:06d}"

    def workspaces_of_token(self, token: str) -> list[Workspace]:
        """The workspaces of a bot token, current or former: several for an organization's."""
        return [w for w in self.workspaces.values() if token and w.install.has_token(token)]

    def members(self, team_id: str) -> list[SlackUser]:
        """The users of a workspace, in order of creation."""
        return [user for user in self.users.values() if user.is_in(team_id)]

    def channels_of(self, team_id: str) -> Iterator[SlackChannel]:
        """The conversations of a workspace."""
        return (channel for channel in self.channels.values() if team_id in channel.team_ids)

    def find_im(self, team_id: str, user_id: str) -> SlackChannel | None:
        """The direct conversation between the app's bot and a person; None if there is none.

        An organization's bot has one for all its workspaces.
        """
        bot = self.workspaces[team_id].bot_user_id
        ims = (c for c in self.channels.values() if c.kind == "im" and c.user == user_id)
        return next((channel for channel in ims if bot in channel.members), None)

    def im(self, team_id: str, user_id: str) -> SlackChannel:
        """The direct conversation between the app's bot and a person; opened if there is none."""
        with self.lock:
            found = self.find_im(team_id, user_id)
            if found is not None:
                return found
            bot = self.workspaces[team_id].bot_user_id
            channel = SlackChannel(self.ids.upper("D"), team_id, "im", "", members={bot, user_id}, user=user_id)
            self.channels[channel.id] = channel
            return channel

    def add_message(self, channel: SlackChannel, fields: Mapping[str, Any]) -> Message:
        """Store a message under a new ts and return it."""
        with self.lock:
            message: Message = {"type": "message", "ts": self.ts(), **fields}
            channel.messages[message["ts"]] = message
            return message

    def parent(self, channel: SlackChannel, message: Message) -> Message | None:
        """The parent of a reply; None for a message that is no reply."""
        thread_ts = message.get("thread_ts")
        return channel.messages.get(thread_ts) if thread_ts and thread_ts != message["ts"] else None

    def trigger(self, team_id: str, user: str) -> str:
        """A new trigger_id."""
        with self.lock:
            trigger_id = f"{self.ids.moment()}.{self.ids.moment()}.{self.ids.hexadecimal(32)}"
            self.triggers[trigger_id] = Trigger(team_id, user, self.now())
            return trigger_id

    def response_url(self, target: ResponseUrl) -> str:
        """The path of a new response_url."""
        with self.lock:
            path = f"/actions/{target.team_id}/{self.ids.moment()}/{self.ids.secret(24)}"
            self.response_urls[path] = target
            return path

    def thread_view(self, channel: SlackChannel, message: Message) -> Message:
        """A message as the Web API shows it, a parent with the counts of its thread."""
        shown = {key: value for key, value in message.items() if not key.startswith("_")}
        replies = channel.replies(message["ts"])
        if replies:
            authors = list(dict.fromkeys(str(reply.get("user") or reply.get("bot_id")) for reply in replies))
            shown |= {
                "thread_ts": message["ts"], "reply_count": len(replies), "reply_users": authors,
                "reply_users_count": len(authors), "latest_reply": replies[-1]["ts"],
                "is_locked": False, "subscribed": False,
            }  # fmt: skip
        parent = self.parent(channel, message)
        if parent is not None:
            shown["parent_user_id"] = parent.get("user", "")
        return shown
