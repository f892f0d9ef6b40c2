"""Events of tickets: what happens to them, their messages and files, and their SLA targets."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from msp.kernel.event_types import Audience, Event
from msp.kernel.events import StoredEvent, emit
from msp.tickets.models import Ticket

ASSIGNEE_AND_LEADS = Audience(("assignee", "lead"), ("console", "chat"))
ASSIGNEE = Audience(("assignee",), ("console", "chat"))
FOLLOWERS = Audience(("follower",), ("console", "chat"))
ASSIGNEE_AND_FOLLOWERS = Audience(("assignee", "follower"), ("console",))


@dataclass(frozen=True, slots=True)
class Recipients:
    """Whom an event itself names: roles (msp.notify.recipients), media, and whether quiet hours are ignored.

    Without roles nobody is notified, without media it is all of them.
    """

    who: tuple[str, ...]
    by: tuple[str, ...] = ()
    is_urgent: bool = False


class TicketEvent(Event):
    """Its subject is a ticket."""


class MessageEvent(TicketEvent):
    """An event of one message of a ticket."""

    message_id: UUID


class TicketOpened(MessageEvent, kind="ticket.opened", icon="plus", visibility="public", in_history=False):
    """A ticket was opened with its first message."""

    source: str


class TicketReceived(
    MessageEvent,
    kind="ticket.received",
    icon="message-square-text",
    visibility="public",
    audience=ASSIGNEE_AND_FOLLOWERS,
    in_history=False,
):
    """The client's side wrote on a ticket."""


class TicketReplied(MessageEvent, kind="ticket.replied", icon="send-horizontal", visibility="public", in_history=False):
    """Staff answered the requester, or a failed reply is sent again."""


class TicketNoted(MessageEvent, kind="ticket.noted", icon="pencil", in_history=False):
    """Staff wrote an internal note."""


class StaffMentioned(MessageEvent, kind="ticket.mentioned", icon="at-sign", audience=ASSIGNEE, in_history=False):
    """An internal note mentions members of staff, who are notified."""

    recipients: Recipients


class TicketAssigned(TicketEvent, kind="ticket.assigned", icon="user-plus", visibility="public", audience=ASSIGNEE):
    """A ticket has another assignee, or none (`after` and `name` are None)."""

    before: UUID | None
    after: UUID | None
    name: str | None


class TicketStatusChanged(
    TicketEvent, kind="ticket.status_changed", icon="circle-play", visibility="public", audience=FOLLOWERS
):
    """A ticket has another status; `scheduled_for` is when a scheduled one is opened again."""

    before: str
    after: str
    scheduled_for: datetime | None = None


class TicketRescheduled(TicketEvent, kind="ticket.rescheduled", icon="calendar-clock", visibility="public"):
    """A scheduled ticket is opened again at another time."""

    scheduled_for: datetime


class TicketWoken(
    TicketEvent, kind="ticket.woken", icon="calendar-clock", audience=ASSIGNEE_AND_LEADS, in_history=False
):
    """The time of a scheduled ticket has come: it is open again."""

    recipients: Recipients


class TicketPriorityChanged(TicketEvent, kind="ticket.priority_changed", icon="circle-alert", visibility="public"):
    """A ticket has another priority."""

    before: str
    after: str


class TicketContractChanged(TicketEvent, kind="ticket.contract_changed", icon="file-text", visibility="public"):
    """Another contract covers the ticket, or none (`after` and `name` are None)."""

    before: UUID | None
    after: UUID | None
    name: str | None


class TicketTierChanged(TicketEvent, kind="ticket.tier_changed", icon="arrow-up-right", visibility="public"):
    """A ticket moved to the queue of another tier.

    `reason` is set where an escalation step moved it, `hand_off_id` where a technician handed it off.
    """

    before: int
    after: int
    reason: str | None
    hand_off_id: UUID | None = None


class HandOffAccepted(TicketEvent, kind="ticket.hand_off_accepted", icon="hand"):
    """A technician accepted the hand-off of a ticket to their tier."""

    hand_off_id: UUID


class TicketEdited(TicketEvent, kind="ticket.edited", icon="file-pen-line", visibility="public"):
    """Details of a ticket changed; `fields` has their names."""

    fields: tuple[str, ...]


class FollowerEvent(TicketEvent):
    """An event of a follower; `in_copy`: a person of the client in CC, not staff."""

    person_id: UUID
    name: str
    in_copy: bool


class FollowerAdded(FollowerEvent, kind="ticket.follower_added", icon="eye"):
    """A person follows a ticket; one in CC is shown to the client."""


class FollowerRemoved(FollowerEvent, kind="ticket.follower_removed", icon="eye-off"):
    """A person no longer follows a ticket."""


class ReplyCopied(MessageEvent, kind="ticket.reply_copied", icon="send-horizontal", in_history=False):
    """A reply is sent to a person in CC too."""

    person_id: UUID


class TicketMerged(TicketEvent, kind="ticket.merged", icon="git-merge", visibility="public"):
    """A ticket was merged into another one, `label`, which continues it."""

    target_id: UUID
    label: str


class TicketAbsorbed(TicketEvent, kind="ticket.absorbed", icon="git-merge", visibility="public"):
    """Another ticket, `label`, was merged into this one; `conversation_ids` are the chat threads that came with it."""

    source_id: UUID
    label: str
    conversation_ids: tuple[UUID, ...]


class TicketUnmerged(TicketEvent, kind="ticket.unmerged", icon="rotate-ccw", visibility="public"):
    """A merge with another ticket was undone: each has its own messages again."""

    other_id: UUID
    label: str


class TicketSplit(TicketEvent, kind="ticket.split", icon="split", visibility="public"):
    """Messages of a ticket became a ticket of their own, `label`."""

    new_id: UUID
    label: str
    count: int


class MessagesMoved(TicketEvent, kind="ticket.messages_moved", icon="arrow-up-right"):
    """Messages moved between this ticket and another one, `label`; `is_source`: they were on this one before."""

    other_id: UUID
    label: str
    count: int
    is_source: bool


class LinkEvent(TicketEvent):
    """An event of a link: `label` is the number of the other ticket, `relation` what that is to this one."""

    other_id: UUID
    label: str
    relation: str


class TicketLinked(LinkEvent, kind="ticket.linked", icon="link"):
    """A ticket was linked to another one of its client."""


class TicketUnlinked(LinkEvent, kind="ticket.unlinked", icon="unlink"):
    """The link to another ticket was removed."""


class MessageEdited(MessageEvent, kind="ticket.message_edited", icon="pencil", visibility="public"):
    """The author edited a message; an internal note's event is internal."""


class MessageDeleted(MessageEvent, kind="ticket.message_deleted", icon="trash-2", visibility="public"):
    """The author deleted a message; an internal note's event is internal."""


class MessageRestored(MessageEvent, kind="ticket.message_restored", icon="rotate-ccw", visibility="public"):
    """The author took the deletion of a message back; an internal note's event is internal."""


class ReplyDeliveryEvent(MessageEvent):
    """How the delivery of a reply went; `reason` is a code."""

    channel: str | None
    reason: str | None


class ReplyDelivered(ReplyDeliveryEvent, kind="ticket.message_sent", icon="check-check", in_history=False):
    """A channel delivered a reply."""


class ReplyNotDelivered(ReplyDeliveryEvent, kind="ticket.message_failed", icon="circle-alert", in_history=False):
    """No channel could deliver a reply."""


class ReplyFailed(
    ReplyDeliveryEvent,
    kind="ticket.reply_failed",
    icon="circle-alert",
    audience=ASSIGNEE_AND_LEADS,
    in_history=False,
):
    """Staff is to be notified of a reply that could not be delivered."""

    recipients: Recipients


class PersonRequested(
    TicketEvent, kind="ticket.person_asked", icon="phone", visibility="public", audience=ASSIGNEE_AND_LEADS
):
    """The requester asks to talk to a person."""


class ThreadUnreachable(TicketEvent, kind="ticket.unreachable", icon="circle-alert"):
    """Nothing can be posted in the chat thread of a ticket any more."""

    reason: str
    connection: str | None = None


class ThreadReachable(TicketEvent, kind="ticket.reachable", icon="circle-check"):
    """The chat thread of a ticket can be written in again."""

    connection: str


class AttachmentEvent(TicketEvent):
    """An event of one file of a ticket."""

    attachment_id: UUID


class AttachmentStored(
    AttachmentEvent, kind="ticket.attachment_stored", icon="paperclip", visibility="public", in_history=False
):
    """A file was fetched and stored."""


class FileAttached(AttachmentEvent, kind="ticket.file_attached", icon="paperclip", in_history=False):
    """A person attached a file in console, portal or API."""


class ThumbnailMade(AttachmentEvent, kind="ticket.thumbnail_made", icon="file-image", in_history=False):
    """An image can be shown: pages that show its ticket are updated."""


class AttachmentRefused(
    AttachmentEvent, kind="ticket.attachment_refused", icon="file-x-2", visibility="public", in_history=False
):
    """A file could not be fetched or may not be stored."""


class AttachmentRemoved(Event, kind="attachment.removed", icon="trash-2"):
    """A file was removed; its subject is the attachment. Its bytes go once nothing else refers to them."""

    storage_key: str


class ActionRequested(TicketEvent, kind="ticket.action_asked", icon="hourglass", in_history=False):
    """An action was requested that can be undone until a time; a reply with the status and macro that follow it."""

    action: str
    until: datetime
    message_id: UUID | None = None
    status: str | None = None
    macro_id: UUID | None = None


class ActionEvent(TicketEvent):
    """What became of a requested action; `asked` is the id of the request's event."""

    asked: UUID
    action: str


class ActionDone(ActionEvent, kind="ticket.action_done", icon="check", in_history=False):
    """A requested action was carried out."""


class ActionUndone(ActionEvent, kind="ticket.action_undone", icon="rotate-ccw", in_history=False):
    """A requested action was taken back in time."""


class ActionDropped(ActionEvent, kind="ticket.action_dropped", icon="circle-alert"):
    """A requested action was not carried out: `client_wrote`, or `not_possible` any more."""

    reason: str


class SlaEvent(TicketEvent):
    """An event of one SLA target; `clock` is its kind."""

    clock: str


class SlaStepEvent(SlaEvent):
    """A step of an escalation policy is due. It is delivered first, whatever the ticket's priority.

    `clock` is empty where it only notifies whom earlier steps named. `assignee_id` is the assignee of that moment.
    """

    is_late: bool
    assignee_id: UUID | None
    due_at: datetime | None
    step_due_at: datetime | None = None
    steps: tuple[str, ...] | None = None
    recipients: Recipients | None = None


class SlaWarned(SlaStepEvent, kind="sla.warned", icon="clock-alert", audience=ASSIGNEE_AND_LEADS):
    """A target is close to its due date: somebody is notified."""


class SlaEscalated(SlaStepEvent, kind="sla.escalated", icon="arrow-up-right", audience=ASSIGNEE_AND_LEADS):
    """A step did something else than notify, or the target was breached before."""


class SlaBreached(SlaStepEvent, kind="sla.breached", icon="triangle-alert", audience=ASSIGNEE_AND_LEADS):
    """The due date of a target passed before it was met."""


class SlaMet(SlaEvent, kind="sla.met", icon="circle-check", visibility="public"):
    """A target was met, in time or late."""

    is_late: bool


class SlaReopened(SlaEvent, kind="sla.reopened", icon="clock-alert"):
    """A target runs again, since the reply that met it was not delivered; `undone` if its author undid it."""

    due_at: datetime | None
    message_id: UUID
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class MovedClock:
    """A due date that moved; None where there was or is none."""

    clock: str
    before: datetime | None
    after: datetime | None


class SlaRecomputed(TicketEvent, kind="sla.recomputed", icon="clock-3", visibility="public"):
    """Due dates moved, since priority, type, contract or calendar changed."""

    reason: str
    clocks: tuple[MovedClock, ...]


class SlaRecomputationRequested(Event, kind="sla.recompute_asked", icon="clock-3"):
    """Open clocks of a contract are to be recomputed, from the ticket `after` on; the subject is the contract."""

    reason: str
    after: UUID | None


class EscalationWebhookCalled(TicketEvent, kind="escalation.webhook", icon="webhook", in_history=False):
    """An escalation step calls a webhook."""

    webhook_id: UUID
    clock: str
    step: str
    due_at: datetime | None
    is_late: bool


def emit_ticket_event(
    ticket: Ticket, event: TicketEvent, *, at: datetime, actor_id: UUID | None = None, visibility: str | None = None
) -> StoredEvent:
    """Emit an event and mark the ticket as updated; urgent tickets and escalations are delivered first."""
    ticket.updated_at = at
    return emit(
        event,
        ticket.id,
        client_id=ticket.client_id,
        visibility=visibility,
        actor_id=actor_id,
        at=at,
        is_urgent=ticket.priority == "urgent" or isinstance(event, SlaStepEvent),
    )
