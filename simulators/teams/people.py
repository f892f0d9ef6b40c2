"""What people do in the Teams playground, and the activities that the bot hears of it."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from simulators.courier import Delivery
from simulators.teams.activities import FILE_DOWNLOAD, sent_by, timestamp, words
from simulators.teams.core import TeamsCore
from simulators.teams.world import (
    Activity,
    Conversation,
    Team,
    TeamsFile,
    TeamsUser,
    Tenant,
)

FILE_LIFE = timedelta(minutes=10)


@dataclass(frozen=True)
class TeamsSaid:
    """What became of a person's act: the activity as sent to the bot, and its delivery.

    `delivery` is None where the bot is not told, such as a channel message that does not mention it.
    """

    id: str
    conversation: str
    activity: Activity
    delivery: Delivery | None

    def as_json(self) -> dict[str, Any]:
        """The act as the control door shows it."""
        return {
            "id": self.id, "conversation": self.conversation, "activity": self.activity,
            "delivery": self.delivery.as_json() if self.delivery else None,
        }  # fmt: skip


class TeamsPeople(TeamsCore):
    """Tenants with people in them. Every act takes `wait`: whether the bot is heard first."""

    # -------------------------------------------------------------- the cast

    def add_tenant(
        self, name: str, *, id: str = "", domain: str = "", region: str = "emea", country: str = "ES"
    ) -> Tenant:
        """A company."""
        domain = domain or f"{name.lower().replace(' ', '')}.example"
        tenant = Tenant(id or self.world.ids.uuid(), name, domain, region, country)
        self.world.tenants[tenant.id] = tenant
        return tenant

    def add_user(
        self,
        tenant: str,
        *,
        name: str,
        email: str = "",
        upn: str = "",
        id: str = "",
        aad_object_id: str = "",
        locale: str = "es-ES",
        tz: str = "Europe/Madrid",
        is_guest: bool = False,
    ) -> TeamsUser:
        """A person of a company; a guest's UPN carries #EXT#."""
        ids, domain = self.world.ids, self.world.tenants[tenant].domain
        if not upn and is_guest:
            upn = f"{email.replace('@', '_')}#EXT#@{domain}"
        user = TeamsUser(
            id or f"29:1{ids.secret(62)}", tenant, aad_object_id or ids.uuid(), name, email,
            upn or email or f"{name.lower().replace(' ', '.')}@{domain}", locale, tz, is_guest,
        )  # fmt: skip
        self.world.users[user.id] = user
        return user

    def add_team(
        self,
        tenant: str,
        name: str,
        *,
        members: Sequence[str] = (),
        channels: Sequence[str] = (),
        installed: bool = False,
        hears_all: bool = False,
    ) -> Team:
        """A team with its General channel and others; `hears_all`: the app may read every message."""
        ids = self.world.ids
        made = {f"19:{ids.hexadecimal(32)}@thread.tacv2": one for one in ("General", *channels)}
        people = [self.person(tenant, one).id for one in members]
        team = Team(next(iter(made)), tenant, name, ids.uuid(), made, people, installed, hears_all)
        self.world.teams[team.id] = team
        for channel_id, channel in made.items():
            place = Conversation(channel_id, tenant, "channel", [], channel, team.id)
            self.world.conversations[channel_id] = place
        return team

    def add_group_chat(
        self, tenant: str, *, members: Sequence[str], name: str = "", installed: bool = True
    ) -> Conversation:
        """A chat of several people with the bot."""
        people = [self.person(tenant, one).id for one in members]
        id = f"19:{self.world.ids.hexadecimal(32)}@thread.v2"
        chat = Conversation(id, tenant, "groupChat", people, name, installed=installed)
        self.world.conversations[id] = chat
        return chat

    # -------------------------------------------------------------- the app

    def install(self, tenant: str, user: str, *, conversation: str = "", wait: bool = True) -> list[Delivery]:
        """Install the app for a person, or in the team or chat a conversation belongs to.

        The bot gets installationUpdate "add" and conversationUpdate with itself in membersAdded.
        """
        person = self.person(tenant, user)
        place = self._mark(person, conversation, installed=True)
        added = {"membersAdded": [{"id": self.settings.account["id"]}]}
        return self._installed(person, place, "add", added, "teamMemberAdded", wait=wait)

    def uninstall(self, tenant: str, user: str, *, conversation: str = "", wait: bool = True) -> list[Delivery]:
        """Take the app away again: installationUpdate "remove" and conversationUpdate."""
        person = self.person(tenant, user)
        place = self._mark(person, conversation, installed=False)
        gone = {"membersRemoved": [{"id": self.settings.account["id"]}]}
        return self._installed(person, place, "remove", gone, "teamMemberRemoved", wait=wait)

    def _mark(self, person: TeamsUser, conversation: str, *, installed: bool) -> Conversation:
        if not conversation:
            place = self.world.open_personal(person, installed=installed)
        else:
            place = self.world.conversations[conversation]
        team = self.world.team_of(place)
        if team is not None:
            team.installed = installed
        place.installed = installed
        return place

    def _installed(
        self, person: TeamsUser, place: Conversation, action: str, change: dict[str, Any], event: str, *, wait: bool
    ) -> list[Delivery]:
        more: dict[str, Any] = {"action": action}
        if place.kind == "channel":
            change = change | {"channelData": {"eventType": event}}
            settings = {"selectedChannel": {"id": place.id}}
            more["channelData"] = {"settings": settings}
        sent = self._tell(person, place, "installationUpdate", self._event_id(), more=more, wait=wait)
        changed = self._tell(person, place, "conversationUpdate", self._event_id(), more=change, wait=wait)
        return [sent, changed]

    def block(self, tenant: str, user: str, *, blocked: bool = True) -> None:
        """Block the bot in the personal chat (or let it in again): posting is 403 MessageWritesBlocked."""
        self.world.open_personal(self.person(tenant, user), installed=True).blocked = blocked

    def move_region(self, tenant: str, region: str) -> str:
        """Serve a tenant from elsewhere from now on; returns the new serviceUrl."""
        self.world.tenants[tenant].region = region
        return self.service_url(tenant)

    # -------------------------------------------------------------- messages

    def say(
        self,
        tenant: str,
        user: str,
        conversation: str,
        text: str,
        *,
        reply_to: str = "",
        files: Sequence[dict[str, Any]] = (),
        wait: bool = True,
    ) -> TeamsSaid:
        """Write; `conversation` "" is the personal chat, which installs the app if need be.

        `@Guardia` (the bot's name) or a colleague's name becomes a mention. In channels and group
        chats the bot hears only what mentions it, unless its team lets it hear all. `reply_to` is
        any message of the thread. `files` are {"name", "content" or "content_base64"}, in the
        personal chat alone, as on Teams; one with "inline" is a picture pasted into the text, goes
        anywhere, and is to be fetched with the bot's token.
        """
        person = self.person(tenant, user)
        place = self._chat(person, conversation)
        if place.kind != "personal" and any(not file.get("inline") for file in files):
            raise ValueError("bots get files in the personal chat only")
        names = {self.settings.name: self.settings.account["id"]}
        names |= {u.name: u.id for u in self.world.roster(place)}
        content = words(text, names=names, files=[self._offer(tenant, file) for file in files])
        id = self.world.millis()
        root = id if place.kind == "channel" else ""
        if reply_to and place.kind == "channel":
            root = content["replyToId"] = thread_root(place, place.activities[reply_to])
        return self._speak(person, place, id, root, content, wait=wait)

    def _speak(
        self, person: TeamsUser, place: Conversation, id: str, root: str, content: dict[str, Any], *, wait: bool
    ) -> TeamsSaid:
        activity = self._activity(person, place, "message", id, root=root, more=content)
        stored = activity | {"_order": int(id), "_thread": root or place.id, "_by_bot": False, "_views": {}}
        self.world.store(place, stored)
        self.note("message", place, stored, author="user")
        heard = place.kind == "personal" or self._hears(place, content)
        return TeamsSaid(id, place.id, activity, self.post(activity, wait=wait) if heard else None)

    def _hears(self, place: Conversation, content: dict[str, Any]) -> bool:
        team = self.world.team_of(place)
        bot = self.settings.account["id"]
        mentioned = any(e.get("mentioned", {}).get("id") == bot for e in content.get("entities", []))
        return self.world.bot_is_in(place) and (mentioned or (team is not None and team.hears_all))

    def _chat(self, person: TeamsUser, conversation: str) -> Conversation:
        if not conversation:
            return self.world.open_personal(person, installed=True)
        return self.world.conversations[conversation.partition(";")[0]]

    def _activity(
        self, person: TeamsUser, place: Conversation, kind: str, id: str, *, root: str = "", more: dict[str, Any]
    ) -> Activity:
        return sent_by(
            self.world, person, place, kind=kind, id=id, service_url=self.service_url(person.tenant_id),
            bot=self.settings.account, root=root, more=more,
        )  # fmt: skip

    def _tell(
        self,
        person: TeamsUser,
        place: Conversation,
        kind: str,
        id: str,
        *,
        more: dict[str, Any],
        wait: bool,
        root: str = "",
    ) -> Delivery:
        return self.post(self._activity(person, place, kind, id, root=root, more=more), wait=wait)

    def _event_id(self) -> str:
        return f"f:{self.world.ids.uuid()}"

    def _offer(self, tenant: str, file: dict[str, Any]) -> dict[str, Any]:
        content = file.get("content", b"")
        if "content_base64" in file:
            content = base64.b64decode(file["content_base64"])
        kept = self.keep_file(file["name"], content.encode() if isinstance(content, str) else content)
        if file.get("inline"):
            url = f"{self.service_url(tenant)}v3/attachments/{kept.id}/views/original"
            return {"contentType": "image/*", "contentUrl": url}
        info = {
            "downloadUrl": f"{self.url}/files/download/{kept.id}", "uniqueId": self.world.ids.uuid(),
            "fileType": file["name"].rpartition(".")[2].lower(),
        }  # fmt: skip
        place = f"https://contoso.sharepoint.com/personal/{kept.id}/{file['name']}"
        return {"contentType": FILE_DOWNLOAD, "contentUrl": place, "name": file["name"], "content": info}

    def keep_file(self, name: str, content: bytes) -> TeamsFile:
        """Keep bytes behind an address of their own, for ten minutes."""
        kept = TeamsFile(self.world.ids.secret(32), name, content, self.now() + FILE_LIFE, len(content))
        self.world.files[kept.id] = kept
        return kept

    def edit(self, tenant: str, user: str, id: str, text: str, *, wait: bool = True) -> TeamsSaid:
        """Change one's own message: messageUpdate, eventType editMessage."""
        person, place, stored = self._own(tenant, user, id)
        names = {self.settings.name: self.settings.account["id"]}
        content = words(text, names=names)
        with self.world.lock:
            stored.update({key: content[key] for key in ("text", "attachments")})
            stored["_edited"] = timestamp(self.now())
        self.note("message_changed", place, stored, author="user")
        return self._amend(person, place, stored, "messageUpdate", "editMessage", content, wait=wait)

    def delete(self, tenant: str, user: str, id: str, *, wait: bool = True) -> TeamsSaid:
        """Delete one's own message: messageDelete, eventType softDeleteMessage."""
        person, place, stored = self._own(tenant, user, id)
        with self.world.lock:
            stored["_deleted"] = True
        self.note("message_deleted", place, stored, author="user")
        return self._amend(person, place, stored, "messageDelete", "softDeleteMessage", {}, wait=wait)

    def undelete(self, tenant: str, user: str, id: str, *, wait: bool = True) -> TeamsSaid:
        """Bring one's own message back: messageUpdate, eventType undeleteMessage."""
        person, place, stored = self._own(tenant, user, id)
        with self.world.lock:
            stored["_deleted"] = False
        self.note("message_changed", place, stored, author="user")
        content = {key: stored[key] for key in ("text", "textFormat", "attachments")}
        return self._amend(person, place, stored, "messageUpdate", "undeleteMessage", content, wait=wait)

    def _amend(
        self, person: TeamsUser, place: Conversation, stored: Activity, kind: str, event: str,
        content: dict[str, Any], *, wait: bool,
    ) -> TeamsSaid:  # fmt: skip
        root = thread_root(place, stored)
        more = content | {"channelData": {"eventType": event}}
        activity = self._activity(person, place, kind, stored["id"], root=root, more=more)
        heard = place.kind == "personal" or self._hears(place, {"entities": stored.get("entities", [])})
        delivery = self.post(activity, wait=wait) if heard else None
        return TeamsSaid(stored["id"], place.id, activity, delivery)

    def _own(self, tenant: str, user: str, id: str) -> tuple[TeamsUser, Conversation, Activity]:
        person, (place, stored) = self.person(tenant, user), self.find(id)
        if stored["from"]["id"] != person.id:
            raise ValueError("people change and delete only their own messages")
        return person, place, stored

    def find(self, id: str) -> tuple[Conversation, Activity]:
        """The message with this id and where it stands."""
        for place in self.world.conversations.values():
            if id in place.activities:
                return place, place.activities[id]
        raise ValueError(f"there is no message {id}")

    def react(
        self, tenant: str, user: str, id: str, reaction: str = "like", *, on: bool = True, wait: bool = True
    ) -> TeamsSaid:
        """React to a message; the bot hears of reactions to its own."""
        person, (place, stored) = self.person(tenant, user), self.find(id)
        root = thread_root(place, stored)
        change = {"reactionsAdded" if on else "reactionsRemoved": [{"type": reaction}], "replyToId": id}
        activity = self._activity(person, place, "messageReaction", self._event_id(), root=root, more=change)
        delivery = self.post(activity, wait=wait) if stored["_by_bot"] else None
        return TeamsSaid(activity["id"], place.id, activity, delivery)

    def change_members(
        self, tenant: str, user: str, conversation: str, *, added: Sequence[str] = (), removed: Sequence[str] = (),
        wait: bool = True,
    ) -> list[Delivery]:  # fmt: skip
        """Let colleagues into a team or group chat or out of it: conversationUpdate, without names."""
        person, place = self.person(tenant, user), self.world.conversations[conversation]
        team = self.world.team_of(place)
        roster = team.members if team is not None else place.members
        sent = []
        for names, key, event in (
            (added, "membersAdded", "teamMemberAdded"), (removed, "membersRemoved", "teamMemberRemoved"),
        ):  # fmt: skip
            people = [self.person(tenant, one) for one in names]
            if not people:
                continue
            keep = [one for one in roster if one not in {p.id for p in people}]
            roster[:] = keep + ([p.id for p in people] if key == "membersAdded" else [])
            change: dict[str, Any] = {key: [{"id": p.id, "aadObjectId": p.aad_object_id} for p in people]}
            if team is not None:
                change["channelData"] = {"eventType": event}
            sent.append(self._tell(person, place, "conversationUpdate", self._event_id(), more=change, wait=wait))
        return sent

    def conversation_event(
        self, tenant: str, user: str, conversation: str, event_type: str, *, wait: bool = True
    ) -> Delivery:
        """Any other conversationUpdate of Teams, such as channelRenamed or teamArchived."""
        person, place = self.person(tenant, user), self.world.conversations[conversation]
        more = {"channelData": {"eventType": event_type}}
        return self._tell(person, place, "conversationUpdate", self._event_id(), more=more, wait=wait)


def thread_root(place: Conversation, stored: Activity) -> str:
    """The root of a channel message's thread; "" in chats, which have no threads."""
    return str(stored["_thread"]) if place.kind == "channel" else ""
