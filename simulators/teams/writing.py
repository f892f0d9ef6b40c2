"""People's messages in Teams: posts, replies, edits, deletions, reactions, files; and the bot's activities for them.

Sources: learn.microsoft.com, "Send and receive messages" (edit, undelete, soft delete), "Send and receive files through
a bot" (files reach a bot in the personal chat only); openclaw/openclaw#64645 and #101096 (a channel's HTML names the
file by an `<attachment>` tag, a group chat's does not); openclaw/openclaw#101856 and QuotedReplyEntity of
microsoft/teams.ts (a reply in a chat quotes: a preview in the HTML copy, an entity, nothing in the text).
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulators.courier import Delivery
from simulators.teams import markup
from simulators.teams.activities import FILE_DOWNLOAD, HTML_COPY, timestamp
from simulators.teams.core import TeamsCore
from simulators.teams.files import keep_file
from simulators.teams.world import Activity, Conversation, TeamsUser, thread_root

CONTENT = ("text", "textFormat", "attachments", "entities")
PREVIEW = 120


@dataclass(frozen=True)
class TeamsSaid:
    """The result of a person's act: the activity as sent to the bot, and its delivery.

    `delivery` is None if nothing was sent to the bot, as for a channel message that does not mention it.
    """

    id: str
    conversation: str
    activity: Activity
    delivery: Delivery | None

    def as_json(self) -> dict[str, Any]:
        """The act as the control routes show it."""
        return {
            "id": self.id, "conversation": self.conversation, "activity": self.activity,
            "delivery": self.delivery.as_json() if self.delivery else None,
        }  # fmt: skip


class Writing:
    """Acts of people on messages. Every act takes `wait`: whether to wait for the bot's answer."""

    def __init__(self, core: TeamsCore) -> None:
        self._core = core
        self._world = core.world

    def say(
        self,
        tenant: str,
        user: str,
        conversation: str,
        text: str,
        *,
        reply_to: str = "",
        files: Sequence[Mapping[str, Any]] = (),
        wrap: str = "p",
        with_mention_text: bool = True,
        wait: bool = True,
    ) -> TeamsSaid:
        """Write; `conversation` "" is the personal chat, in which the app is installed at the first message.

        `@Guardia` (the bot's name) or a colleague's name becomes a mention. In channels and group chats the bot gets
        only messages that mention it, unless its team allows it to read all. `reply_to` is any message of a channel's
        thread; in a chat it is the message that the reply quotes. `files` are {"name", "content" or "content_base64"}:
        one with "inline" is a picture pasted into the text, fetched with the bot's token; others reach the bot in the
        personal chat only. `wrap` "div" is an older client's HTML.
        """
        person, place = self._author(tenant, user, conversation)
        written = markup.typed(text, names=self._names(place), wrap=wrap, with_mention_text=with_mention_text)
        return self._post(person, place, written, reply_to=reply_to, files=files, wait=wait)

    def say_html(
        self,
        tenant: str,
        user: str,
        conversation: str,
        html: str,
        *,
        reply_to: str = "",
        files: Sequence[Mapping[str, Any]] = (),
        is_html_only: bool = False,
        mentions_bot: bool = False,
        wait: bool = True,
    ) -> TeamsSaid:
        """Write with formatting, as HTML of a Teams client (`simulators.teams.markup` has the pieces).

        The activity's text is derived from it as Teams does, or missing with `is_html_only`. `mentions_bot` adds a
        mention of the bot at the start, which group chats and channels need.
        """
        person, place = self._author(tenant, user, conversation)
        names = self._names(place)
        written = markup.typed(f"@{self._core.settings.name} " if mentions_bot else "", names=names)
        written.html = (written.html if mentions_bot else "") + html
        text = "" if is_html_only else markup.text_of(html)
        written.text, written.shown = written.text + text, written.shown + text
        written.pictures += markup.pictures_of(html)
        return self._post(person, place, written, reply_to=reply_to, files=files, wait=wait, no_text=is_html_only)

    def edit(self, tenant: str, user: str, id: str, text: str, *, wait: bool = True) -> TeamsSaid:
        """Edit the person's own message: messageUpdate, eventType editMessage."""
        person, place, stored = self._own(tenant, user, id)
        return self._edit(person, place, stored, markup.typed(text, names=self._names(place)), wait=wait)

    def edit_html(self, tenant: str, user: str, id: str, html: str, *, wait: bool = True) -> TeamsSaid:
        """Replace the person's own message by HTML of a Teams client."""
        person, place, stored = self._own(tenant, user, id)
        text = markup.text_of(html)
        return self._edit(person, place, stored, markup.Written(html=html, text=text, shown=text), wait=wait)

    def delete(self, tenant: str, user: str, id: str, *, wait: bool = True) -> TeamsSaid:
        """Delete the person's own message: messageDelete, eventType softDeleteMessage."""
        person, place, stored = self._own(tenant, user, id)
        with self._world.lock:
            stored["_deleted"] = True
        self._core.note("message_deleted", place, stored, author="user")
        return self._amend(person, place, stored, "messageDelete", "softDeleteMessage", {}, wait=wait)

    def undelete(self, tenant: str, user: str, id: str, *, wait: bool = True) -> TeamsSaid:
        """Restore the person's own message: messageUpdate, eventType undeleteMessage, with its last content."""
        person, place, stored = self._own(tenant, user, id)
        with self._world.lock:
            stored["_deleted"] = False
        self._core.note("message_changed", place, stored, author="user")
        content = {key: value for key, value in stored.get("_content", stored).items() if key in CONTENT}
        return self._amend(person, place, stored, "messageUpdate", "undeleteMessage", content, wait=wait)

    def react(
        self, tenant: str, user: str, id: str, reaction: str = "like", *, on: bool = True, wait: bool = True
    ) -> TeamsSaid:
        """React to a message; the bot gets reactions to its own messages only."""
        person, (place, stored) = self._core.person(tenant, user), self._world.found(id)
        change: dict[str, Any] = {"reactionsAdded" if on else "reactionsRemoved": [{"type": reaction}], "replyToId": id}
        if place.kind == "channel":
            change["channelData"] = {"channel": {"id": place.id}, "team": {"id": place.team_id}}
        if "_legacy" in stored:
            change["legacy"] = {"replyToId": stored["_legacy"]}
        if not stored["_by_bot"]:
            return TeamsSaid("", place.id, {}, None)
        delivery = self._core.tell(person, place, "messageReaction", more=change, wait=wait)
        return TeamsSaid(delivery.id, place.id, self._core.sent_activity(delivery.id), delivery)

    # ------------------------------------------------------------------- parts

    def _author(self, tenant: str, user: str, conversation: str) -> tuple[TeamsUser, Conversation]:
        """The author and the conversation; raises ValueError if Teams does not allow them to write."""
        person = self._core.person(tenant, user)
        if not conversation:
            place = self._world.open_personal(person, installed=True)
        else:
            place = self._world.conversations[conversation.partition(";")[0]]
        if not self._world.is_in(person, place):
            raise ValueError(f"{person.name} is not in {place.name or place.id}")
        if place.kind == "personal" and not place.installed:
            raise ValueError("the app was removed from this chat: Teams refuses the message (403)")
        return person, place

    def _names(self, place: Conversation) -> dict[str, str]:
        """The names that can be mentioned there."""
        names = {self._core.settings.name: self._core.settings.account["id"]}
        return names | {u.name: u.id for u in self._world.roster(place) if u.name}

    def _post(
        self,
        person: TeamsUser,
        place: Conversation,
        written: markup.Written,
        *,
        reply_to: str,
        files: Sequence[Mapping[str, Any]],
        wait: bool,
        no_text: bool = False,
    ) -> TeamsSaid:
        id = self._world.millis()
        root = id if place.kind == "channel" else ""
        more: dict[str, Any] = {}
        if reply_to:
            quoted = place.activities[reply_to]
            more["replyToId"] = reply_to if place.kind != "channel" else thread_root(place, quoted)
            root = thread_root(place, quoted)
            if place.kind != "channel":
                self._quote(written, quoted)
        content = self._content(person.tenant_id, place, written, files, no_text=no_text) | more
        activity = self._core.activity(person, place, "message", id, root=root, more=content)
        stored = activity | {
            "_order": int(id), "_thread": root or place.id, "_by_bot": False, "_views": {}, "_content": content,
            "_shown": written.shown,
        }  # fmt: skip
        self._world.store(place, stored)
        self._core.note("message", place, stored, author="user")
        heard = place.kind == "personal" or self._hears(place, content)
        return TeamsSaid(id, place.id, activity, self._core.post(activity, wait=wait) if heard else None)

    def _quote(self, written: markup.Written, quoted: Activity) -> None:
        author = quoted["from"]
        preview = (quoted.get("_shown") or quoted.get("text") or quoted.get("summary") or "")[:PREVIEW]
        moment = str(quoted["_order"])
        head = markup.reply_quote(id=moment, mri=author["id"], name=author.get("name", ""), preview=preview)
        written.html = head + written.html
        told = {
            "messageId": moment, "senderId": author["id"], "senderName": author.get("name"), "preview": preview,
            "time": moment, "isReplyDeleted": bool(quoted.get("_deleted")), "validatedMessageReference": True,
        }  # fmt: skip
        written.entities.append({"type": "quotedReply", "quotedReply": told})

    def _content(
        self,
        tenant: str,
        place: Conversation,
        written: markup.Written,
        files: Sequence[Mapping[str, Any]],
        *,
        no_text: bool = False,
    ) -> dict[str, Any]:
        offered = [self._offer(tenant, place, file, written) for file in files]
        copy = {"contentType": HTML_COPY, "content": written.html}
        attachments = [copy, *written.pictures, *(each for each in offered if each)]
        content = {"textFormat": "plain", "attachments": attachments, "entities": written.entities}
        return content if no_text else {"text": written.text} | content

    def _offer(
        self, tenant: str, place: Conversation, file: Mapping[str, Any], written: markup.Written
    ) -> dict[str, Any] | None:
        """The attachment by which the bot gets a file, and its part of the HTML copy."""
        content = file.get("content", b"")
        if "content_base64" in file:
            content = base64.b64decode(file["content_base64"])
        kept = keep_file(self._core, file["name"], content.encode() if isinstance(content, str) else content)
        if file.get("inline"):
            url = f"{self._core.service_url(tenant)}v3/attachments/{kept.id}/views/original"
            written.html += markup.picture(url)
            return {"contentType": "image/*", "contentUrl": url}
        unique = self._world.ids.uuid()
        if place.kind == "channel":
            written.html += f'<attachment id="{unique}"></attachment>'
        if place.kind != "personal":
            return None
        info = {
            "downloadUrl": f"{self._core.url}/files/download/{kept.id}", "uniqueId": unique,
            "fileType": file["name"].rpartition(".")[2].lower(),
        }  # fmt: skip
        stands_at = f"https://contoso.sharepoint.com/personal/{kept.id}/{file['name']}"
        return {"contentType": FILE_DOWNLOAD, "contentUrl": stands_at, "name": file["name"], "content": info}

    def _hears(self, place: Conversation, content: Mapping[str, Any]) -> bool:
        team = self._world.team_of(place)
        bot = self._core.settings.account["id"]
        mentioned = any(e.get("mentioned", {}).get("id") == bot for e in content.get("entities", []))
        return self._world.bot_is_in(place) and (mentioned or (team is not None and team.hears_all))

    def _edit(
        self, person: TeamsUser, place: Conversation, stored: Activity, written: markup.Written, *, wait: bool
    ) -> TeamsSaid:
        content = self._content(person.tenant_id, place, written, ())
        with self._world.lock:
            stored.update({key: content[key] for key in ("text", "attachments")})
            stored["_edited"], stored["_content"] = timestamp(self._core.now()), content
            stored["_shown"] = written.shown
        self._core.note("message_changed", place, stored, author="user")
        return self._amend(person, place, stored, "messageUpdate", "editMessage", content, wait=wait)

    def _amend(
        self, person: TeamsUser, place: Conversation, stored: Activity, kind: str, event: str,
        content: Mapping[str, Any], *, wait: bool,
    ) -> TeamsSaid:  # fmt: skip
        root = thread_root(place, stored)
        more = {**content, "channelData": {"eventType": event}}
        activity = self._core.activity(person, place, kind, stored["id"], root=root, more=more)
        heard = place.kind == "personal" or self._hears(place, stored) or self._hears(place, content)
        delivery = self._core.post(activity, wait=wait) if heard else None
        return TeamsSaid(stored["id"], place.id, activity, delivery)

    def _own(self, tenant: str, user: str, id: str) -> tuple[TeamsUser, Conversation, Activity]:
        person, (place, stored) = self._core.person(tenant, user), self._world.found(id)
        if stored["from"]["id"] != person.id:
            raise ValueError("people change and delete only their own messages")
        return person, place, stored
