"""Slack's transport."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from slack_sdk import WebClient

from integrations.channels import Post, Profile, ThreadRef, WorkspaceLink
from integrations.channels.transport import Broken
from integrations.slack.blocks import rendered
from integrations.slack.captions import words_of_captions
from integrations.slack.platform import SLACK
from integrations.slack.profiles import profile_of
from integrations.slack.text import escape
from integrations.slack.web_api import NEEDS_INSTALL, TIMEOUT, call, client
from msp.clients.platforms import Platform
from msp.kernel.db import Json
from msp.kernel.destinations import place_at
from msp.kernel.errors import Permanent
from msp.kernel.http_outcomes import download, send_bytes
from msp.kernel.web_address import WebAddress, parse_web_address
from msp.tickets.attached_files import StoredFile, stored_bytes

MARK = "guardia"
CLOCK_SKEW = timedelta(seconds=30)
FILE_HOSTS = ("files.slack.com", "slack-files.com")
MAX_CAPTIONS = 1024 * 1024
DOWNLOAD_WAITS = 12  # limit for a whole file, as a multiple of the timeout


@dataclass(frozen=True, slots=True)
class SlackTransport:
    """Calls Slack with the token of the link, at `base_url`, within `timeout` seconds.

    `enterprise` is the Enterprise Grid organisation of the event that is being handled, if it has one.
    """

    base_url: str
    timeout: int = TIMEOUT
    enterprise: str = ""
    platform: Platform = SLACK

    def profile(self, link: WorkspaceLink, external_id: str) -> Profile:
        """The profile from users.info; people of other companies have their own workspace and no email address."""
        user = call(self._client(link).users_info, user=external_id, include_locale=True)["user"]
        return profile_of(user, link, enterprise=self._enterprise_of(link, user))

    def direct(self, link: WorkspaceLink, external_id: str) -> ThreadRef:
        """The direct message with a person, by conversations.open."""
        channel = call(self._client(link).conversations_open, users=external_id)["channel"]["id"]
        return ThreadRef(self.platform.name, link.workspace, channel, "", is_personal=True)

    def post(self, link: WorkspaceLink, place: ThreadRef, post: Post, *, key: str) -> str:
        """chat.postMessage in the thread, marked by metadata; returns its ts."""
        try:
            answer = call(
                self._client(link).chat_postMessage,
                channel=place.channel,
                thread_ts=place.thread or None,
                metadata={"event_type": MARK, "event_payload": {"delivery": key}},
                unfurl_links=False,
                unfurl_media=False,
                **rendered(post),
            )
        except Permanent as refused:
            if refused.reason in NEEDS_INSTALL:
                raise Broken(refused.reason) from refused
            raise
        return str(answer["ts"])

    def find(self, link: WorkspaceLink, place: ThreadRef, *, key: str, since: datetime) -> str | None:
        """Our message with this mark, among the messages of the thread since then."""
        web = self._client(link)
        window = {"oldest": f"{(since - CLOCK_SKEW).timestamp():.6f}", "include_all_metadata": True, "limit": 100}
        if place.thread:
            answer = call(web.conversations_replies, channel=place.channel, ts=place.thread, **window)
        else:
            answer = call(web.conversations_history, channel=place.channel, **window)
        for message in answer["messages"]:
            metadata = message.get("metadata") or {}
            if metadata.get("event_type") == MARK and metadata.get("event_payload", {}).get("delivery") == key:
                return str(message["ts"])
        return None

    def update(self, link: WorkspaceLink, place: ThreadRef, message_id: str, post: Post) -> None:
        """chat.update; a post without blocks removes the old blocks."""
        content: dict[str, Any] = {"blocks": []} | rendered(post)
        call(self._client(link).chat_update, channel=place.channel, ts=message_id, **content)

    def delete(self, link: WorkspaceLink, place: ThreadRef, message_id: str) -> None:
        """chat.delete."""
        try:
            call(self._client(link).chat_delete, channel=place.channel, ts=message_id)
        except Permanent as refused:
            if refused.reason != "message_not_found":
                raise

    def post_ephemeral(self, link: WorkspaceLink, place: ThreadRef, *, to: str, text: str) -> None:
        """chat.postEphemeral: visible to one person, and not stored by Slack."""
        call(
            self._client(link).chat_postEphemeral,
            channel=place.channel,
            user=to,
            thread_ts=place.thread or None,
            text=escape(text),
        )

    @contextmanager
    def download(self, link: WorkspaceLink, remote: Json) -> Iterator[Iterator[bytes]]:
        """GET url_private with the bot's token, which is sent only to Slack's own hosts; redirects are refused.

        Without the right to read a file Slack answers 200 with a sign-in page: an HTML page in place of a file is
        refused.
        """
        if remote.get("ask_first"):
            remote = _offered(call(self._client(link).files_info, file=remote["id"])["file"])
        with (
            place_at(self.platform.name),
            download(
                remote.get("url"),
                may_fetch=self._is_slack,
                headers={"Authorization": f"Bearer {link.token}"},
                timeout=self.timeout,
                seconds=DOWNLOAD_WAITS * self.timeout,
            ) as file,
        ):
            is_page = file.content_type.startswith("text/html")
            if is_page and not (remote.get("content_type") or "").startswith("text/html"):
                raise Permanent("not_readable")
            yield file.chunks

    def upload(self, link: WorkspaceLink, file: StoredFile) -> str:
        """files.getUploadURLExternal, then the bytes to the address that it returns, on Slack's own hosts only."""
        answer = call(self._client(link).files_getUploadURLExternal, filename=file.name, length=file.size)
        with place_at(self.platform.name), stored_bytes(file) as content:
            send_bytes(
                answer["upload_url"],
                content,
                may_fetch=self._is_slack,
                timeout=self.timeout,
                seconds=DOWNLOAD_WAITS * self.timeout,
            )
        return str(answer["file_id"])

    def share(self, link: WorkspaceLink, place: ThreadRef, file_id: str, *, title: str) -> None:
        """files.completeUploadExternal into the thread; the file appears there a moment later."""
        call(
            self._client(link).files_completeUploadExternal,
            files=[{"id": file_id, "title": title}],
            channel_id=place.channel,
            thread_ts=place.thread or None,
        )

    def is_shared(self, link: WorkspaceLink, file_id: str) -> bool:
        """Whether the upload was completed: files.info knows a file only from then on."""
        try:
            call(self._client(link).files_info, file=file_id)
        except Permanent as refused:
            if refused.reason == "file_not_found":
                return False
            raise
        return True

    def transcript(self, link: WorkspaceLink, remote: Json) -> str | None:
        """The transcript of a clip from files.info; a long one is read in full from its captions (`vtt`)."""
        file = call(self._client(link).files_info, file=remote["id"])["file"]
        transcription = file.get("transcription")
        transcription = transcription if isinstance(transcription, dict) else {}
        if transcription.get("status") == "processing":
            return None
        preview = transcription.get("preview")
        preview = preview if isinstance(preview, dict) else {}
        if preview.get("has_more") is True and isinstance(file.get("vtt"), str):
            captions = {"url": file["vtt"], "content_type": "text/vtt"}
            with self.download(link, captions) as chunks:
                return words_of_captions(_limited(chunks))
        return str(preview.get("content") or "")

    def _enterprise_of(self, link: WorkspaceLink, user: Json) -> str:
        """The organisation of our installation; requested only if it decides to which company a user belongs."""
        if not isinstance(user.get("enterprise_user"), dict) or user.get("team_id") == link.workspace:
            return ""
        known = self.enterprise or str(link.settings.get("enterprise_id") or "")
        return known or str(call(self._client(link).auth_test).get("enterprise_id") or "")

    def _client(self, link: WorkspaceLink) -> WebClient:
        if not link.token:
            raise Broken("not_connected")
        return client(link.token, base_url=self.base_url, timeout=self.timeout)

    def _is_slack(self, address: WebAddress) -> bool:
        ours = parse_web_address(self.base_url)
        if ours is not None and address.origin == ours.origin:
            return True
        return address.scheme == "https" and address.host in FILE_HOSTS and address.is_usual_port


def _limited(chunks: Iterator[bytes]) -> str:
    """The text of a small file, cut at one megabyte."""
    read = bytearray()
    for chunk in chunks:
        read += chunk
        if len(read) > MAX_CAPTIONS:
            break
    return read[:MAX_CAPTIONS].decode("utf-8", "replace")


def _offered(file: Json) -> Json:
    return {
        "id": file.get("id"),
        "url": file.get("url_private_download") or file.get("url_private"),
        "content_type": file.get("mimetype"),
    }
