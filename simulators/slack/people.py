"""What people do in the Slack playground, and the events that the app hears of it."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from simulators.courier import Delivery
from simulators.slack.chat import remove_message, toggle_reaction
from simulators.slack.core import SlackCore
from simulators.slack.files import add_file, share, shown_file, withheld_file
from simulators.slack.shapes import (
    CHANNEL_TYPE_LETTER,
    changed_event,
    mention_event,
    message_event,
    reaction_event,
    user_json,
)
from simulators.slack.text import encode, mentions, rich_text
from simulators.slack.views import home_view, shown_view
from simulators.slack.world import (
    BOT_SCOPES,
    Message,
    SlackChannel,
    SlackFile,
    SlackUser,
    Workspace,
)


@dataclass(frozen=True)
class Said:
    """What became of a person's act: the message, if any, and the events sent to the app."""

    channel: str
    ts: str
    message: Message
    deliveries: list[Delivery]

    @property
    def event_ids(self) -> list[str]:
        """The event ids, in the order they were sent."""
        return [delivery.id for delivery in self.deliveries]

    def as_json(self) -> dict[str, Any]:
        """The act as the control door shows it."""
        return {
            "channel": self.channel, "ts": self.ts, "message": self.message,
            "deliveries": [delivery.as_json() for delivery in self.deliveries],
        }  # fmt: skip


class SlackPeople(SlackCore):
    """Workspaces with people in them. Every act takes `wait`: whether the app is heard first."""

    # ------------------------------------------------------------- the cast

    def add_workspace(
        self,
        name: str,
        *,
        team_id: str = "",
        domain: str = "",
        bot_token: str = "",
        bot_user_id: str = "",
        scopes: Sequence[str] = BOT_SCOPES,
        installed: bool = True,
    ) -> Workspace:
        """A workspace with the app in it, and the app's bot as a user."""
        ids = self.world.ids
        workspace = Workspace(
            team_id or ids.upper("T"), name, domain or name.lower().replace(" ", "-"),
            bot_token or f"xoxb-{ids.moment()}-{ids.secret(24)}", bot_user_id or ids.upper("U"),
            ids.upper("B"), tuple(scopes), installed,
        )  # fmt: skip
        bot_name = self.settings.name.lower().replace(" ", "")
        self.world.workspaces[workspace.team_id] = workspace
        self.world.users[workspace.bot_user_id] = SlackUser(
            workspace.bot_user_id, workspace.team_id, bot_name, self.settings.name, "", "Europe/Madrid",
            "en-US", is_bot=True,
        )  # fmt: skip
        return workspace

    def add_user(
        self,
        team: str,
        *,
        real_name: str,
        email: str = "",
        name: str = "",
        id: str = "",
        tz: str = "Europe/Madrid",
        locale: str = "es-ES",
        is_admin: bool = False,
        is_bot: bool = False,
    ) -> SlackUser:
        """A person of a workspace."""
        handle = name or (email.partition("@")[0] or real_name.lower().replace(" ", "."))
        user = SlackUser(
            id or self.world.ids.upper("U"), team, handle, real_name, email, tz, locale,
            is_bot=is_bot, is_admin=is_admin,
        )  # fmt: skip
        self.world.users[user.id] = user
        return user

    def add_channel(
        self,
        team: str,
        name: str,
        *,
        members: Sequence[str] = (),
        id: str = "",
        private: bool = False,
        shared_with: Sequence[str] = (),
        with_bot: bool = True,
    ) -> SlackChannel:
        """A channel; `shared_with` other workspaces makes it Slack Connect, with their bots too."""
        kind = "group" if private else "channel"
        channel = SlackChannel(id or self.world.ids.upper("C"), team, kind, name, set(members))
        channel.shared_with = list(shared_with)
        if with_bot:
            channel.members |= {self.world.workspaces[t].bot_user_id for t in channel.team_ids}
        self.world.channels[channel.id] = channel
        return channel

    # ------------------------------------------------------------- messages

    def say(
        self,
        team: str,
        user: str,
        channel: str,
        text: str,
        *,
        thread_ts: str | None = None,
        files: Sequence[dict[str, Any]] = (),
        broadcast: bool = False,
        check_file_info: bool = False,
        wait: bool = True,
    ) -> Said:
        """Write in a channel; `channel` "im" is the direct conversation with the bot.

        `team` is the workspace the person is at; an author of another one makes it Slack Connect.
        `files` are {"name", "content" (bytes) or "content_base64", "mimetype"}. Mentioning the bot
        sends app_mention as a second event with the same ts.
        """
        place = self._place(team, user, channel)
        with self.world.lock:
            kept = [self._keep_file(team, user, file, check_file_info) for file in files]
            message = self.world.add_message(place, self._words(team, user, text, thread_ts, kept, broadcast))
        self.note("message", place, message, author="user")
        event = message_event(self.world, place, message)
        deliveries = self.emit(place, event, wait=wait)
        for mentioned in self._bots_mentioned(place, message["text"]):
            deliveries += self.emit(None, mention_event(event), wait=wait, teams=[mentioned])
        for file in kept:
            share(self, place, message, file, wait=wait)
        return Said(place.id, message["ts"], self.world.thread_view(place, message), deliveries)

    def _place(self, team: str, user: str, channel: str) -> SlackChannel:
        if channel == "im":
            return self.world.im(team, user)
        place = self.world.channels[channel]
        if team not in place.team_ids:
            raise ValueError(f"{channel} is no channel of workspace {team}")
        place.members.add(user)
        return place

    def _words(
        self, team: str, user: str, text: str, thread_ts: str | None, files: list[SlackFile], broadcast: bool
    ) -> dict[str, Any]:
        stored = encode(text, names=self._names(team))
        words: dict[str, Any] = {
            "user": user, "text": stored, "team": self.world.users[user].team_id,
            "client_msg_id": self.world.ids.uuid(),
        }  # fmt: skip
        if self.world.users[user].is_bot:  # another app's
            words["bot_id"] = f"B{user[1:]}"
        if stored:
            words["blocks"] = rich_text(stored, block_id=self.world.ids.secret(5))
        if thread_ts:
            words["thread_ts"] = thread_ts
        if files:
            shown = [withheld_file(f) if f.check_file_info else shown_file(self, f) for f in files]
            words |= {"files": shown, "upload": False, "display_as_bot": False, "subtype": "file_share"}
        elif broadcast and thread_ts:
            words["subtype"] = "thread_broadcast"
        return words

    def _names(self, team: str) -> dict[str, str]:
        people = self.world.members(team)
        return {u.name: u.id for u in people} | {u.real_name: u.id for u in people}

    def _keep_file(self, team: str, user: str, file: dict[str, Any], check_file_info: bool) -> SlackFile:
        owner = self.world.workspaces[self.world.users[user].team_id]
        content = file.get("content", b"")
        if "content_base64" in file:
            content = base64.b64decode(file["content_base64"])
        kept = add_file(
            self, owner, user=user, name=file["name"], mimetype=file.get("mimetype", ""),
            content=content.encode() if isinstance(content, str) else content,
        )  # fmt: skip
        kept.check_file_info = check_file_info
        return kept

    def _bots_mentioned(self, channel: SlackChannel, text: str) -> list[str]:
        if channel.kind == "im":
            return []
        workspaces = [self.world.workspaces[team] for team in channel.team_ids]
        return [
            w.team_id for w in workspaces
            if mentions(text, w.bot_user_id) and w.bot_user_id in channel.members
        ]  # fmt: skip

    def edit(self, team: str, user: str, channel: str, ts: str, text: str, *, wait: bool = True) -> Said:
        """Change one's own message: message_changed with the old one beside the new one."""
        place = self._place(team, user, channel)
        message = self._own(place, user, ts)
        with self.world.lock:
            previous = dict(message)
            message["text"] = encode(text, names=self._names(team))
            message["blocks"] = rich_text(message["text"], block_id=self.world.ids.secret(5))
            message["edited"] = {"user": user, "ts": self.world.ts()}
        return self._changed(place, message, previous, wait=wait)

    def unfurl(self, team: str, channel: str, ts: str, *, wait: bool = True) -> Said:
        """Slack adds a preview of a link: message_changed although the text is the same."""
        place = self.world.channels[channel]
        message = place.messages[ts]
        preview = {"id": 1, "from_url": "https://example.com/", "title": "Example", "fallback": ""}
        with self.world.lock:
            previous = dict(message)
            message["attachments"] = [preview]
        return self._changed(place, message, previous, wait=wait)

    def _changed(self, place: SlackChannel, message: Message, previous: Message, *, wait: bool) -> Said:
        self.note("message_changed", place, message, author="user")
        event = changed_event(place, message=dict(message), previous=previous, ts=self.world.ts())
        sent = self.emit(place, event, wait=wait)
        return Said(place.id, message["ts"], self.world.thread_view(place, message), sent)

    def delete(self, team: str, user: str, channel: str, ts: str, *, wait: bool = True) -> Said:
        """Delete one's own message: message_deleted, or a tombstone where replies hang under it."""
        place = self._place(team, user, channel)
        message = self._own(place, user, ts)
        with self.world.lock:
            event = remove_message(self, place, message)
        return Said(place.id, ts, message, self.emit(place, event, wait=wait))

    @staticmethod
    def _own(place: SlackChannel, user: str, ts: str) -> Message:
        message = place.messages[ts]
        if message["user"] != user:
            raise ValueError("people change and delete only their own messages")
        return message

    def react(
        self, team: str, user: str, channel: str, ts: str, name: str, *, on: bool = True, wait: bool = True
    ) -> Said:
        """Put an emoji on a message, or take it off: reaction_added, reaction_removed."""
        place = self._place(team, user, channel)
        message = place.messages[ts]
        with self.world.lock:
            toggle_reaction(message, name, user, on=on)
        self.note("message_changed", place, message, author="user")
        event = reaction_event(place, message, name=name, user=user, ts=self.world.ts(), added=on)
        return Said(place.id, ts, message, self.emit(place, event, wait=wait))

    # ---------------------------------------------------- channels and the app

    def join(self, team: str, user: str, channel: str, *, inviter: str = "", wait: bool = True) -> Said:
        """Come into a channel (also the bot): a channel_join message and member_joined_channel."""
        place = self._place(team, user, channel)
        words = {
            "subtype": "channel_join", "user": user, "text": f"<@{user}> has joined the channel",
            "team": self.world.users[user].team_id,
        } | ({"inviter": inviter} if inviter else {})  # fmt: skip
        message = self.world.add_message(place, words)
        self.note("message", place, message, author="user")
        sent = self.emit(place, message_event(self.world, place, message), wait=wait)
        joined = {
            "type": "member_joined_channel", "user": user, "channel": place.id,
            "channel_type": CHANNEL_TYPE_LETTER[place.kind], "team": team, "event_ts": message["ts"],
        } | ({"inviter": inviter} if inviter else {})  # fmt: skip
        return Said(place.id, message["ts"], message, sent + self.emit(place, joined, wait=wait))

    def archive(self, team: str, user: str, channel: str, *, wait: bool = True) -> list[Delivery]:
        """Close a channel for good: channel_archive; posting there is refused from now on."""
        place = self.world.channels[channel]
        place.is_archived = True
        event = {"type": "channel_archive", "channel": channel, "user": user, "event_ts": self.world.ts()}
        return self.emit(place, event, wait=wait)

    def open_home(self, team: str, user: str, *, tab: str = "home", wait: bool = True) -> list[Delivery]:
        """Open the app's Home: app_home_opened, with the view there is already."""
        place = self.world.im(team, user)
        event: dict[str, Any] = {
            "type": "app_home_opened", "user": user, "channel": place.id, "tab": tab,
            "event_ts": self.world.ts(),
        }  # fmt: skip
        home = home_view(self, team, user)
        if home is not None and tab == "home":
            event["view"] = shown_view(home)
        return self.emit(None, event, wait=wait, teams=[team])

    def change_profile(self, team: str, user: str, *, wait: bool = True, **changes: Any) -> list[Delivery]:
        """Change a person's real_name, email, tz, locale or deleted: user_change."""
        person = self.world.users[user]
        for key, value in changes.items():
            if key not in ("real_name", "email", "tz", "locale", "deleted", "name"):
                raise ValueError(f"a profile has no {key}")
            setattr(person, key, value)
        workspace = self.world.workspaces[team]
        shown = user_json(person, viewer=workspace, at=self.now(), with_locale=True)
        event = {"type": "user_change", "user": shown, "event_ts": self.world.ts()}
        return self.emit(None, event, wait=wait, teams=[team])

    def uninstall(self, team: str, *, wait: bool = True) -> list[Delivery]:
        """Take the app out of a workspace: tokens_revoked and app_uninstalled, the token is dead."""
        workspace = self.world.workspaces[team]
        revoked = {
            "type": "tokens_revoked", "tokens": {"oauth": [], "bot": [workspace.bot_user_id]},
            "event_ts": self.world.ts(),
        }  # fmt: skip
        workspace.installed = False
        gone = {"type": "app_uninstalled", "event_ts": self.world.ts()}
        return [
            delivery
            for event in (revoked, gone)
            for delivery in self.emit(None, event, wait=wait, teams=[team], even_uninstalled=True)
        ]

    def authorize(self, team: str, user: str, *, redirect_uri: str = "", scope: Sequence[str] = BOT_SCOPES) -> str:
        """Approve the installation as a person; returns the code that oauth.v2.access takes, once."""
        code = f"{self.world.ids.moment()}.{self.world.ids.hexadecimal(64)}"
        self.world.codes[code] = {
            "team": team, "user": user, "redirect_uri": redirect_uri, "scope": tuple(scope), "used": False,
        }  # fmt: skip
        return code

    def verify_events_url(self) -> bool:
        """Slack's url_verification: whether the events URL answers with the challenge."""
        challenge = self.world.ids.secret(52)
        payload = {
            "token": self.settings.verification_token, "challenge": challenge, "type": "url_verification",
        }  # fmt: skip
        answer = self.send_event(payload, wait=True, once=True).answer
        if answer is None or not answer.accepted:
            return False
        body = answer.json()
        return answer.body.decode(errors="replace").strip() == challenge or (
            isinstance(body, dict) and body.get("challenge") == challenge
        )

    def warn_rate_limited(self, team: str) -> Delivery:
        """Slack's app_rate_limited: a notice with no inner event."""
        now = int(self.now().timestamp())
        payload = {
            "token": self.settings.verification_token, "type": "app_rate_limited", "team_id": team,
            "minute_rate_limited": now - now % 60, "api_app_id": self.settings.app_id,
        }  # fmt: skip
        return self.send_event(payload, wait=True)
