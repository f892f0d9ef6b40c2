"""What the product asks of the server, and what the server sends: one JSON object for each message."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import requests

from integrations import channels
from integrations.channels import IncomingMessage, Post, Profile, ThreadRef, WorkspaceLink
from integrations.channels.links import find_link
from integrations.channels.transport import InDoubt, Unreachable
from msp.clients.actions import note_unknown
from msp.clients.platforms import Platform
from msp.kernel import clock
from msp.kernel.db import Json, Scope, work
from msp.kernel.destinations import place_at
from msp.kernel.errors import Permanent, Temporary
from msp.kernel.inbox import Received
from msp.tickets.attached_files import StoredFile
from tests.channels.minimal.platform import MINIMAL

TIMEOUT = 2.0


@dataclass(frozen=True, slots=True)
class MinimalTransport:
    """Plain text to a person's chat, which is named after the person."""

    platform: Platform = MINIMAL

    def profile(self, link: WorkspaceLink, external_id: str) -> Profile:
        found = self._call(link, "get", f"people/{external_id}")
        return Profile(external_id, link.workspace, found["name"], found["email"], found["locale"], found["timezone"])

    def direct(self, link: WorkspaceLink, external_id: str) -> ThreadRef:
        return ThreadRef(self.platform.name, link.workspace, external_id, "", is_personal=True)

    def post(self, link: WorkspaceLink, place: ThreadRef, post: Post, *, key: str) -> str:
        card = post.card
        lines = [post.heading, self.platform.write(post.document)]
        if card is not None:
            lines += [f"{card.label} · {card.subject}", *(f"{name}: {value}" for name, value in card.facts)]
        text = "\n".join(line for line in lines if line)
        return str(
            self._call(link, "post", f"chats/{place.channel}", {"text": text, "is_card": card is not None})["id"]
        )

    def find(self, link: WorkspaceLink, place: ThreadRef, *, key: str, since: datetime) -> str | None:
        return None

    def update(self, link: WorkspaceLink, place: ThreadRef, message_id: str, post: Post) -> None:
        raise Permanent("unexpected_error")  # nobody asks: `edits_out` is false

    def delete(self, link: WorkspaceLink, place: ThreadRef, message_id: str) -> None:
        raise Permanent("unexpected_error")  # nobody asks: `deletions_out` is false

    def post_ephemeral(self, link: WorkspaceLink, place: ThreadRef, *, to: str, text: str) -> None:
        self.post(link, self.direct(link, to), Post(text), key="")

    def download(self, link: WorkspaceLink, remote: Json) -> AbstractContextManager[Iterator[bytes]]:
        raise Permanent("unexpected_error")  # nor here: `files_in` is false

    def upload(self, link: WorkspaceLink, file: StoredFile) -> str:
        raise Permanent("unexpected_error")  # nobody asks: `files_out` is false

    def share(self, link: WorkspaceLink, place: ThreadRef, file_id: str, *, title: str) -> None:
        raise Permanent("unexpected_error")

    def is_shared(self, link: WorkspaceLink, file_id: str) -> bool:
        return False

    def transcript(self, link: WorkspaceLink, remote: Json) -> str | None:
        return ""

    def _call(self, link: WorkspaceLink, method: str, path: str, body: Json | None = None) -> dict[str, Any]:
        url, key = f"{link.settings['address']}/{link.workspace}/{path}", {"X-Key": link.token or ""}
        try:
            with place_at(self.platform.name):
                answer = requests.request(method, url, json=body, headers=key, timeout=TIMEOUT)
        except requests.RequestException as fault:
            raise InDoubt("no_answer", retry_after=5) from fault
        if answer.status_code in (429, 503):
            raise Temporary(f"http_{answer.status_code}", retry_after=float(answer.headers.get("Retry-After", "1")))
        if answer.status_code == 410:
            raise Unreachable("space_closed")
        if answer.status_code != 200:
            raise Permanent(f"http_{answer.status_code}")
        found: dict[str, Any] = answer.json()
        return found


def handle(transport: MinimalTransport, received: Received) -> None:
    """A stored message, worked by a worker."""
    event = received.payload
    place = ThreadRef(MINIMAL.name, event["space"], event["person"], "", is_personal=True)
    with work(Scope.system()):
        if find_link(MINIMAL.name, place.workspace) is None:
            known = {"address": event["address"], "answers_without_token": True}
            note_unknown(MINIMAL.name, place.workspace, at=clock.now(), settings=known, messages=0)
    said = IncomingMessage(
        place=place,
        author=event["person"],
        message=event["id"],
        content=MINIMAL.read(event),
        at=datetime.fromisoformat(event["at"]).astimezone(UTC),
        is_addressed=True,
    )
    channels.receive_message(transport, said)
