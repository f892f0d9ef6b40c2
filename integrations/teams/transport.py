"""Microsoft Teams' transport."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import requests
from botbuilder.schema import Activity, ChannelAccount, ConversationAccount, ConversationParameters
from botframework.connector import ConnectorClient

from integrations.channels import Post, Profile, ThreadRef, WorkspaceLink
from integrations.channels.transport import Unreachable
from integrations.teams.cards import activity_of
from integrations.teams.connector import CALL_SECONDS, TIMEOUT, Token, call, client
from integrations.teams.platform import TEAMS
from integrations.teams.profiles import profile_of
from integrations.teams.tokens import LOOPBACK, trusted_service
from msp.clients.platforms import Platform
from msp.kernel.db import Json, Scope, work
from msp.kernel.deadlines import DeadlineExceeded, deadline
from msp.kernel.destinations import place_at
from msp.kernel.errors import Permanent, Temporary
from msp.kernel.http_outcomes import download, failure
from msp.kernel.web_address import WebAddress, parse_web_address
from msp.people.queries import find_identity
from msp.tickets.attached_files import StoredFile

DOWNLOAD_SECONDS = 90.0  # for a whole file
MESSAGE_GONE = ("ActivityNotFoundInConversation", "NotEnoughPermissions")
FILE_HOSTS = (".sharepoint.com", ".sharepoint.us", ".sharepoint.cn")


@dataclass(frozen=True, slots=True)
class TeamsTransport:
    """Calls the service address that came with the last activity of the conversation.

    `here` is the place of the activity that is being handled: profiles are read from its roster.
    """

    app_id: str
    token: Token
    here: ThreadRef | None = None
    is_local: bool = False
    platform: Platform = TEAMS

    def profile(self, link: WorkspaceLink, external_id: str) -> Profile:
        """The profile from the roster of the conversation they wrote in, or wrote in last.

        Raises Unreachable if the roster has no member with this id.
        """
        reference = self.here.reference if self.here else self._last_place(link, external_id)
        if "conversation_id" not in reference:
            raise Permanent("no_conversation")
        url = f"v3/conversations/{reference['conversation_id']}/members/{external_id}"
        return profile_of(self._get(reference["service_url"], url), link, external_id, reference)

    def direct(self, link: WorkspaceLink, external_id: str) -> ThreadRef:
        """The personal chat with a person who wrote to us before; raises Unreachable for others."""
        reference = self._last_place(link, external_id)
        if "service_url" not in reference:
            raise Unreachable("never_wrote")
        wanted = ConversationParameters(
            is_group=False,
            bot=ChannelAccount(id=f"28:{self.app_id}"),
            members=[ChannelAccount(id=external_id)],
            tenant_id=link.workspace,
            channel_data={"tenant": {"id": link.workspace}},
        )
        web = self._client(reference["service_url"])
        made = call(self.token, web.conversations.create_conversation, wanted)
        kept = {"service_url": reference["service_url"], "conversation_id": made.id}
        return ThreadRef(self.platform.name, link.workspace, made.id, "", is_personal=True, reference=kept)

    def post(self, link: WorkspaceLink, place: ThreadRef, post: Post, *, key: str) -> str:
        """Post a message in the conversation or its thread; returns the activity's id. Teams stores no mark of ours."""
        activity = self._addressed(activity_of(post, place), place)
        web = self._client(_service(place))
        answer = call(self.token, web.conversations.send_to_conversation, _conversation(place), activity)
        return str(answer.id) if answer else ""  # accepted (202) without an id: it cannot be updated later

    def find(self, link: WorkspaceLink, place: ThreadRef, *, key: str, since: datetime) -> str | None:
        """Returns None: Teams cannot find a message by a mark. An uncertain message is sent again."""
        return None

    def update(self, link: WorkspaceLink, place: ThreadRef, message_id: str, post: Post) -> None:
        """Replace one of our messages; does nothing for one whose id Teams never returned."""
        if not message_id:
            return
        activity = self._addressed(activity_of(post, place), place)
        activity.id = message_id
        web = self._client(_service(place))
        try:
            call(self.token, web.conversations.update_activity, _conversation(place), message_id, activity)
        except Unreachable as refused:
            if refused.reason in MESSAGE_GONE:  # the conversation itself works
                raise Permanent(refused.reason) from refused
            raise

    def delete(self, link: WorkspaceLink, place: ThreadRef, message_id: str) -> None:
        """Delete an activity; does nothing for one whose id Teams never returned."""
        if not message_id:
            return
        web = self._client(_service(place))
        try:
            call(self.token, web.conversations.delete_activity, _conversation(place), message_id)
        except Unreachable as refused:
            if refused.reason not in MESSAGE_GONE:
                raise

    def post_ephemeral(self, link: WorkspaceLink, place: ThreadRef, *, to: str, text: str) -> None:
        """Send by personal chat, since Teams has no ephemeral messages in a channel.

        Raises Unreachable if the person has no personal chat with us.
        """
        self.post(link, place if place.is_personal else self.direct(link, to), Post(text), key="")

    @contextmanager
    def download(self, link: WorkspaceLink, remote: Json) -> Iterator[Iterator[bytes]]:
        """Download a file by its pre-authorised address, or a pasted picture with our token; redirects are refused."""
        with (
            place_at(self.platform.name),
            download(
                remote.get("url"),
                may_fetch=lambda address: self._may_fetch(address, remote),
                headers={"Authorization": f"Bearer {self.token.value()}"} if remote.get("with_token") else {},
                timeout=TIMEOUT,
                seconds=DOWNLOAD_SECONDS,
            ) as file,
        ):
            yield file.chunks

    def upload(self, link: WorkspaceLink, file: StoredFile) -> str:
        """Not used: bots send files in personal chats only, and after consent to each; replies link to the portal."""
        raise Permanent("unexpected_error")  # nobody asks: `files_out` is false

    def share(self, link: WorkspaceLink, place: ThreadRef, file_id: str, *, title: str) -> None:
        """Not used, as `upload`."""
        raise Permanent("unexpected_error")

    def is_shared(self, link: WorkspaceLink, file_id: str) -> bool:
        """Not used, as `upload`."""
        return False

    def transcript(self, link: WorkspaceLink, remote: Json) -> str | None:
        """Returns an empty string: Teams gives apps no transcripts of clips."""
        return ""

    def _may_fetch(self, address: WebAddress, remote: Json) -> bool:
        """Allow requests with our token only to the picture's service; without it, only to Microsoft's file hosts."""
        if self.is_local and address.host in LOOPBACK:
            return True
        if address.scheme != "https" or not address.is_usual_port:
            return False
        if remote.get("with_token"):
            service = parse_web_address(trusted_service(remote.get("service_url"), is_local=self.is_local))
            return service is not None and address.origin == service.origin
        return address.host.endswith(FILE_HOSTS)

    def _last_place(self, link: WorkspaceLink, external_id: str) -> Json:
        """The place where a person wrote last; empty if they never did."""
        with work(Scope.system()):
            identity = find_identity(self.platform.name, link.workspace, external_id)
            return dict(identity.reference) if identity else {}

    def _addressed(self, activity: Activity, place: ThreadRef) -> Activity:
        activity.from_property = ChannelAccount(id=f"28:{self.app_id}")
        activity.conversation = ConversationAccount(id=_conversation(place), tenant_id=place.workspace)
        return activity

    def _client(self, service_url: str) -> ConnectorClient:
        return client(self.token, self._service(service_url))

    def _service(self, url: str) -> str:
        """The address to call of a service, with our token; raises Unreachable if it is not Microsoft's."""
        trusted = trusted_service(url, is_local=self.is_local)
        if trusted is None:
            raise Unreachable("foreign_service")
        return trusted

    def _get(self, service_url: str, path: str) -> dict[str, Any]:
        """Read one member with address and object id, for which the SDK's client has no method."""
        headers = {"Authorization": f"Bearer {self.token.value()}"}
        try:
            with place_at(self.platform.name), deadline(CALL_SECONDS):
                url = f"{self._service(service_url).rstrip('/')}/{path}"
                answer = requests.get(url, headers=headers, timeout=TIMEOUT, allow_redirects=False)
        except (requests.RequestException, DeadlineExceeded) as fault:
            raise Temporary("no_answer") from fault
        if answer.status_code == 401:
            self.token.forget()
            raise Temporary("unauthorized")
        if answer.status_code == 404:
            raise Unreachable("member_not_found")
        if answer.status_code != 200:
            raise failure(answer.status_code, answer.headers)
        try:
            body: dict[str, Any] = answer.json()
        except ValueError as fault:  # a proxy's page
            raise Temporary("no_sense") from fault
        return body


def _service(place: ThreadRef) -> str:
    url = place.reference.get("service_url")
    if not url:
        raise Unreachable("no_service_address")
    return str(url)


def _conversation(place: ThreadRef) -> str:
    """The conversation id: a channel's thread contains its first message's id; a chat has no threads."""
    base = place.channel
    return base if place.is_personal or place.reference.get("is_group") else f"{base};messageid={place.thread}"
