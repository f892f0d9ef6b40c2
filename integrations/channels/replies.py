"""Replies of staff to the requester in a chat system: in the ticket's thread, else by direct message."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select

from integrations.channels.cards import card_of
from integrations.channels.conversation_state import changing, keep_opening, note_unreachable, place_of
from integrations.channels.conversations import make_current_ticket
from integrations.channels.event_posts import opening_post
from integrations.channels.files_out import links_to, send_files, with_links
from integrations.channels.intake import DIRECT
from integrations.channels.links import find_link, lock
from integrations.channels.posting import parts_of, post_all
from integrations.channels.reachability import note_reachable
from integrations.channels.transport import Broken, Transport, Unreachable
from integrations.channels.values import Post, ThreadRef, WorkspaceLink
from msp.clients.queries import find_connection
from msp.kernel import clock
from msp.kernel.db import Scope, db, work
from msp.kernel.errors import Permanent, Temporary
from msp.kernel.i18n import reading_as
from msp.kernel.ids import new_id
from msp.notify.portal_channel import can_use_portal, ticket_url
from msp.notify.replies import DraftReply, OutgoingReply, ReplyPreview
from msp.notify.requester_contact import RequesterContact
from msp.people.models import ChatIdentity, Person
from msp.people.names import first_name
from msp.people.queries import identities_of
from msp.richtext import document_of
from msp.tickets.attached_files import StoredFile, files_to_send
from msp.tickets.models import NOT_CONNECTED, Conversation, Message, Ticket


@dataclass(frozen=True, slots=True)
class ReplyPlan:
    """A reply in one conversation, read before anything is sent. `opening` is the card of a new conversation.

    `files` are sent as files after the reply. `portal_url` is empty if the recipient, whose language and time zone are
    `reader`, cannot use the portal.
    """

    conversation_id: UUID
    link: WorkspaceLink
    place: ThreadRef
    direct_to: str | None
    reply: Post
    opening: Post | None
    files: Sequence[StoredFile]
    portal_url: str
    reader: tuple[str, str]


@dataclass(frozen=True, slots=True)
class ChatReplies:
    """The reply channel of one chat system (msp.notify.replies)."""

    transport: Transport

    @property
    def name(self) -> str:
        """The platform's name."""
        return self.transport.platform.name

    def can_reach(self, contact: RequesterContact) -> bool:
        """Whether the ticket has a writable conversation here, or the requester an identity."""
        return self.name in contact.chats

    def preview(self, draft: DraftReply) -> ReplyPreview:
        """The messages as the platform shows them; with the ticket's number where chats have no threads."""
        label = None if self.transport.platform.capabilities.threads_in_chats else draft.label
        post = Post("", content=draft.document, author=draft.author, label=label)
        parts = parts_of(self.transport, post)
        write, read = self.transport.platform.write, self.transport.platform.read_written
        return ReplyPreview(tuple(read(write(each.document)) for each in parts), heading=post.heading)

    def send(self, reply: OutgoingReply) -> None:
        """Post a reply in the ticket's latest conversation that accepts it, else by direct message."""
        refused: Permanent | None = None
        tried = self._conversations(reply)
        for conversation_id in tried:
            try:
                self._post(reply, conversation_id)
                return
            except Broken as broken:
                note_unreachable(reply.client_id, conversation_id, broken)
                raise
            except Permanent as permanent:
                note_unreachable(reply.client_id, conversation_id, permanent)
                refused = refused or permanent
        direct_id = self._direct_conversation(reply)
        if direct_id is None or direct_id in tried:
            raise refused or Unreachable("no_identity")
        try:
            self._post(reply, direct_id)
        except Permanent as permanent:
            note_unreachable(reply.client_id, direct_id, permanent)
            raise

    def _conversations(self, reply: OutgoingReply) -> Sequence[UUID]:
        with work(Scope.system()):
            return [each.id for each in _open_conversations(self.name, reply)]

    def _direct_conversation(self, reply: OutgoingReply) -> UUID | None:
        """The ticket's direct message with the requester, created if needed; None if the requester has no identity."""
        with work(Scope.system()) as session:
            requester = session.get_one(Person, reply.requester_id)
            identity = _identity(self.name, requester)
            if identity is None:
                return None
            to = identity.external_id
            lock("direct", self.name, identity.workspace, to, reply.ticket_id)
            query = select(Conversation).where(
                Conversation.ticket_id == reply.ticket_id, Conversation.platform == self.name, _is_of(reply)
            )
            known = next((each for each in session.scalars(query) if each.is_personal), None)
            if known is not None:
                return known.id
            made = Conversation(
                id=new_id(),
                client_id=reply.client_id,
                ticket_id=reply.ticket_id,
                platform=self.name,
                workspace=identity.workspace,
                channel=f"{DIRECT}{to}",
                thread=f"reply:{reply.ticket_id}",
                is_personal=True,
                reference={},
                direct_to=to,
                person_id=requester.id if reply.is_copy else None,
                created_at=clock.now(),
            )
            session.add(made)
            return made.id

    def _post(self, reply: OutgoingReply, conversation_id: UUID) -> None:
        plan = self._plan(reply, conversation_id)
        place = self.transport.direct(plan.link, plan.direct_to) if plan.direct_to else plan.place
        key = f"{reply.key}.{conversation_id.hex}"
        if plan.opening is not None:
            sent = post_all(
                self.transport, plan.link, place, [plan.opening], key=f"{key}.opening", conversation_id=conversation_id
            )
            keep_opening(reply.client_id, conversation_id, place, sent=sent, post=plan.opening)
            place = ThreadRef(
                place.platform,
                place.workspace,
                place.channel,
                place.thread or sent[0],
                place.is_personal,
                place.reference,
            )
        sent = post_all(self.transport, plan.link, place, [plan.reply], key=key, conversation_id=conversation_id)
        if plan.files:
            place = place if place.thread else replace(place, thread=sent[0])
            self._send_files(plan, place, key=key)
        with changing(reply.client_id, conversation_id) as conversation:
            note_reachable(conversation)
            if not self.transport.platform.capabilities.threads_in_chats:
                make_current_ticket(conversation)

    def _send_files(self, plan: ReplyPlan, place: ThreadRef, *, key: str) -> None:
        """Send the files in the thread of the reply; those that the platform refuses are linked instead."""
        conversation_id = plan.conversation_id
        refused = send_files(self.transport, plan.link, place, plan.files, key=key, conversation_id=conversation_id)
        if refused:
            with reading_as(*plan.reader):
                post = Post("", content=links_to(refused, portal_url=plan.portal_url))
            post_all(self.transport, plan.link, place, [post], key=f"{key}.links", conversation_id=conversation_id)

    def _plan(self, reply: OutgoingReply, conversation_id: UUID) -> ReplyPlan:
        with work(Scope.system()) as session:
            has_portal = can_use_portal(session.get_one(Person, reply.requester_id))
        with work(Scope.client(reply.client_id)) as session:
            conversation = session.get_one(Conversation, conversation_id)
            link = find_link(conversation.platform, conversation.workspace)
            if link is None or link.client_id != reply.client_id:
                raise Unreachable("not_connected")
            if conversation.asked_in_channel is not None and conversation.direct_to is not None:
                raise Temporary("opening_pending", retry_after=5.0)  # its card is being sent and opens the chat
            message = session.get_one(Message, reply.message_id)
            ticket, requester = session.get_one(Ticket, reply.ticket_id), session.get_one(Person, reply.requester_id)
            is_new = conversation.direct_to is not None and conversation.card_id is None
            has_threads = self.transport.platform.capabilities.threads_in_chats or not _is_chat(conversation)
            files, reader = files_to_send(message.id), (requester.locale, requester.timezone)
            takes_files = self.transport.platform.capabilities.files_out
            portal_url = ticket_url(ticket.label) if has_portal else ""
            with reading_as(*reader):
                content = document_of(message.body, message.content)
                linked = () if takes_files else files
                return ReplyPlan(
                    conversation_id=conversation_id,
                    link=link,
                    place=place_of(conversation),
                    direct_to=conversation.direct_to,
                    reply=Post(
                        "",
                        content=with_links(content, linked, portal_url=portal_url),
                        author=message.author.name if message.author else None,
                        label=None if has_threads else ticket.label,
                    ),
                    opening=opening_post(ticket, card_of(ticket), name=first_name(requester.name)) if is_new else None,
                    files=files if takes_files else (),
                    portal_url=portal_url,
                    reader=reader,
                )


def _open_conversations(platform: str, reply: OutgoingReply) -> list[Conversation]:
    """The recipient's writable conversations of the ticket, the latest first (system scope).

    One that was marked because its workspace was not connected counts again once the connection works.
    """
    query = select(Conversation).where(
        Conversation.ticket_id == reply.ticket_id,
        Conversation.platform == platform,
        _is_of(reply),
        or_(Conversation.unreachable_reason.is_(None), Conversation.unreachable_reason == NOT_CONNECTED),
    )
    found = db.session.scalars(query.order_by(Conversation.created_at.desc())).all()
    return [each for each in found if _works(platform, each.workspace, each.client_id)]


def _is_of(reply: OutgoingReply) -> ColumnElement[bool]:
    """Conversations of the recipient: those without a person are the requester's."""
    mine = Conversation.person_id == reply.requester_id
    return mine if reply.is_copy else or_(mine, Conversation.person_id.is_(None))


def _identity(platform: str, requester: Person) -> ChatIdentity | None:
    """The requester's identities in this chat system that can be written to, latest first (system scope)."""
    for identity in reversed(identities_of(requester.id)):
        if identity.platform == platform and _works(platform, identity.workspace, requester.client_id):
            return identity
    return None


def _works(platform: str, workspace: str, client_id: UUID | None) -> bool:
    connection = find_connection(platform, workspace)
    return connection is not None and connection.client_id == client_id and connection.broken_reason is None


def _is_chat(conversation: Conversation) -> bool:
    return conversation.is_personal or bool(conversation.reference.get("is_group"))
