"""A sentence for each kind of event, in the reader's language. Packages above this one register their own."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from flask_babel import gettext, ngettext

from msp.calendars import events as calendars
from msp.clients import events as clients
from msp.contracts import events as contracts
from msp.contracts.escalation_policy import PolicyStep
from msp.kernel import dead_letters
from msp.kernel.event_types import Event
from msp.macros import events as macros
from msp.oncall import events as oncall
from msp.people import events as people
from msp.tickets import events as tickets
from msp.tickets import spam_events
from msp.tickets.rating_events import TicketRated
from msp.words import formats
from msp.words.escalation_texts import moment
from msp.words.vocabulary import word
from msp.worklog import events as worklog

Message = Callable[[Any], str]
_messages: dict[type[Event], Message] = {}


def add_event_messages(messages: Mapping[type[Event], Message]) -> None:
    """Register the functions that describe these events."""
    _messages.update(messages)


def event_message(event: Event, *, states: str = "status") -> str:
    """The sentence of an event; `states` names the vocabulary of statuses. Empty for an event without a sentence."""
    if isinstance(event, tickets.TicketStatusChanged):
        return _status_changed(event, states)
    make = _messages.get(type(event))
    return make(event) if make else ""


def _status_changed(event: tickets.TicketStatusChanged, states: str) -> str:
    after = word(event.after, states)
    if event.scheduled_for:
        return gettext(
            "Status: %(after)s, opens again on %(time)s", after=after, time=formats.moment(event.scheduled_for)
        )
    return gettext("Status: %(after)s", after=after)


def _assigned(event: tickets.TicketAssigned) -> str:
    return gettext("Assigned to %(name)s", name=event.name) if event.name else gettext("Unassigned, back in the queue")


def _contract_changed(event: tickets.TicketContractChanged) -> str:
    return gettext("Contract: %(name)s", name=event.name) if event.name else gettext("No contract")


def _priority_changed(event: tickets.TicketPriorityChanged) -> str:
    before, after = word(event.before, "priority"), word(event.after, "priority")
    return gettext("Priority: %(before)s → %(after)s", before=before, after=after)


def _tier_changed(event: tickets.TicketTierChanged) -> str:
    before, after = word(event.before, "tier"), word(event.after, "tier")
    if event.hand_off_id is None:
        return gettext("From %(before)s to %(after)s", before=before, after=after)
    if event.after > event.before:
        return gettext("Escalated from %(before)s to %(after)s", before=before, after=after)
    return gettext("Returned from %(before)s to %(after)s", before=before, after=after)


def _action_dropped(event: tickets.ActionDropped) -> str:
    if event.action.startswith("resolve") and event.reason == "client_wrote":
        return gettext("Not resolved: a new message arrived")
    if event.action == "reply":
        return gettext("The reply was sent, but the rest was not done: the ticket was changed")
    return gettext("Not done: the ticket was changed")


def _follower(event: tickets.FollowerEvent, in_copy: str, watching: str) -> str:
    return in_copy if event.in_copy else watching


def _rated(event: TicketRated) -> str:
    values = {"rating": word(event.rating, "rating")}
    if event.is_change:
        return gettext("Rating changed: %(rating)s", **values)
    return gettext("Rating: %(rating)s", **values)


def _messages_moved(event: tickets.MessagesMoved) -> str:
    if event.is_source:
        return ngettext(
            "%(num)d message moved to %(label)s", "%(num)d messages moved to %(label)s", event.count, label=event.label
        )
    return ngettext(
        "%(num)d message moved here from %(label)s",
        "%(num)d messages moved here from %(label)s",
        event.count,
        label=event.label,
    )


def _met(event: tickets.SlaMet) -> str:
    target = word(event.clock, "clock_long")
    if event.is_late:
        return gettext("%(target)s: met late", target=target)
    return gettext("%(target)s: met", target=target)


def _reopened(event: tickets.SlaReopened) -> str:
    target = word(event.clock, "clock_long")
    if event.reason == "undone":
        return gettext("%(target)s: pending again, the reply was undone", target=target)
    return gettext("%(target)s: pending again, the reply was not delivered", target=target)


def _step(event: tickets.SlaStepEvent) -> str:
    """A step of the escalation policy: which target, and its threshold."""
    if not event.clock:
        return gettext("Ticket escalated") + _late(event)
    target = word(event.clock, "clock_long")
    where, amount, *_ = (event.steps or ("share:75:notify",))[0].split(":")
    if where == "share":
        share = formats.percent(Decimal(amount) / 100)
        return gettext("%(target)s: %(share)s of the SLA target used", target=target, share=share) + _late(event)
    stood = formats.uncapital(moment(PolicyStep(where, int(amount), "notify")))
    return gettext("%(target)s: %(moment)s", target=target, moment=stood) + _late(event)


def _breached(event: tickets.SlaBreached) -> str:
    target = word(event.clock, "clock_long")
    return gettext("%(target)s: SLA breached", target=target) + _late(event)


def _late(event: tickets.SlaStepEvent) -> str:
    return " " + gettext("(processed late)") if event.is_late else ""


def _recomputed(event: tickets.SlaRecomputed) -> str:
    return gettext(
        "SLA targets recalculated (%(reason)s): %(moves)s",
        reason=word(event.reason, "recomputed"),
        moves="; ".join(map(_moved, event.clocks)),
    )


def _moved(clock: tickets.MovedClock) -> str:
    return gettext(
        "%(target)s %(before)s → %(after)s",
        target=word(clock.clock, "clock_long"),
        before=formats.moment(clock.before) if clock.before else "–",
        after=formats.moment(clock.after) if clock.after else "–",
    )


def _connected(event: clients.ConnectionAdded) -> str:
    return gettext("Connection renewed") if event.is_renewal else gettext("Connection added")


add_event_messages(
    {
        tickets.TicketOpened: lambda _: gettext("Ticket opened"),
        tickets.TicketReceived: lambda _: gettext("The client wrote"),
        tickets.TicketReplied: lambda _: gettext("Reply written"),
        tickets.TicketNoted: lambda _: gettext("Internal note written"),
        tickets.TicketAssigned: _assigned,
        tickets.TicketRescheduled: lambda event: gettext(
            "Opens again on %(time)s", time=formats.moment(event.scheduled_for)
        ),
        tickets.StaffMentioned: lambda _: gettext("Staff was mentioned in a note"),
        tickets.TicketWoken: lambda _: gettext("A scheduled ticket is open again"),
        tickets.TicketPriorityChanged: _priority_changed,
        tickets.TicketContractChanged: _contract_changed,
        tickets.TicketTierChanged: _tier_changed,
        tickets.TicketEdited: lambda _: gettext("Details changed"),
        TicketRated: _rated,
        tickets.FollowerAdded: lambda event: _follower(
            event, gettext("CC added: %(name)s", name=event.name), gettext("Follower added: %(name)s", name=event.name)
        ),
        tickets.FollowerRemoved: lambda event: _follower(
            event,
            gettext("CC removed: %(name)s", name=event.name),
            gettext("Follower removed: %(name)s", name=event.name),
        ),
        tickets.ReplyCopied: lambda _: gettext("Reply sent in CC"),
        tickets.TicketMerged: lambda event: gettext("Merged into %(label)s", label=event.label),
        tickets.TicketAbsorbed: lambda event: gettext("%(label)s was merged into this ticket", label=event.label),
        tickets.TicketUnmerged: lambda event: gettext("Merge with %(label)s undone", label=event.label),
        tickets.TicketSplit: lambda event: ngettext(
            "%(num)d message became ticket %(label)s",
            "%(num)d messages became ticket %(label)s",
            event.count,
            label=event.label,
        ),
        tickets.MessagesMoved: _messages_moved,
        tickets.HandOffAccepted: lambda _: gettext("Hand-off accepted"),
        spam_events.SpamMarked: lambda _: gettext("Marked as spam"),
        spam_events.SpamUnmarked: lambda _: gettext("No longer marked as spam"),
        spam_events.SpamDeleted: lambda _: gettext("Content deleted"),
        spam_events.SenderBlocked: lambda _: gettext("Requester blocked"),
        spam_events.SenderUnblocked: lambda _: gettext("Requester unblocked"),
        tickets.TicketLinked: lambda event: gettext(
            "Linked: %(relation)s %(label)s", relation=word(event.relation, "relation"), label=event.label
        ),
        tickets.TicketUnlinked: lambda event: gettext(
            "Link removed: %(relation)s %(label)s", relation=word(event.relation, "relation"), label=event.label
        ),
        tickets.MessageEdited: lambda _: gettext("Message edited"),
        tickets.MessageDeleted: lambda _: gettext("Message deleted"),
        tickets.MessageRestored: lambda _: gettext("Message restored"),
        tickets.ReplyDelivered: lambda _: gettext("Reply delivered"),
        tickets.ReplyNotDelivered: lambda _: gettext("Reply not delivered"),
        tickets.ReplyFailed: lambda _: gettext("Reply not delivered"),
        tickets.PersonRequested: lambda _: gettext("Asked to talk to a person"),
        tickets.ThreadUnreachable: lambda _: gettext("The thread can no longer be reached"),
        tickets.ThreadReachable: lambda _: gettext("The thread can be reached again"),
        tickets.AttachmentStored: lambda _: gettext("File stored"),
        tickets.FileAttached: lambda _: gettext("File attached"),
        tickets.ThumbnailMade: lambda _: gettext("Image ready"),
        tickets.AttachmentRefused: lambda _: gettext("File not stored"),
        tickets.AttachmentRemoved: lambda _: gettext("File removed"),
        tickets.ActionRequested: lambda _: gettext("Action requested"),
        tickets.ActionDone: lambda _: gettext("Action carried out"),
        tickets.ActionUndone: lambda _: gettext("Action undone"),
        tickets.ActionDropped: _action_dropped,
        tickets.SlaWarned: _step,
        tickets.SlaEscalated: _step,
        tickets.SlaBreached: _breached,
        tickets.SlaMet: _met,
        tickets.SlaReopened: _reopened,
        tickets.SlaRecomputed: _recomputed,
        tickets.SlaRecomputationRequested: lambda _: gettext("Due dates are recalculated"),
        tickets.EscalationWebhookCalled: lambda _: gettext("An escalation calls a webhook"),
        macros.MacroAdded: lambda _: gettext("Macro added"),
        macros.MacroEdited: lambda _: gettext("Macro changed"),
        macros.MacroRemoved: lambda _: gettext("Macro removed"),
        macros.MacroApplied: lambda _: gettext("Macro applied"),
        worklog.TimeLogged: lambda _: gettext("Time logged"),
        worklog.TimeEdited: lambda _: gettext("Time entry corrected"),
        worklog.TimeDeleted: lambda _: gettext("Time entry deleted"),
        clients.ClientAdded: lambda _: gettext("Client added"),
        clients.ClientEdited: lambda _: gettext("Client changed"),
        clients.ConnectionAdded: _connected,
        clients.ConnectionBroken: lambda _: gettext("Connection broken"),
        clients.ConnectionRestored: lambda _: gettext("Connection works again"),
        clients.ConnectionRemoved: lambda _: gettext("Connection removed"),
        people.PersonAdded: lambda _: gettext("Person added"),
        people.PersonEdited: lambda _: gettext("Person changed"),
        people.NotificationPreferencesChanged: lambda _: gettext("Notification preferences changed"),
        people.AccountMailRequested: lambda _: gettext("Account mail requested"),
        people.SessionsEnded: lambda _: gettext("Sessions ended"),
        people.TokenAdded: lambda _: gettext("API token issued"),
        people.TokenRevoked: lambda _: gettext("API token revoked"),
        contracts.ContractAdded: lambda _: gettext("Contract added"),
        contracts.ContractEdited: lambda _: gettext("Contract changed"),
        contracts.ContractTargetsChanged: lambda _: gettext("SLA targets changed"),
        calendars.CalendarAdded: lambda _: gettext("Added"),
        calendars.CalendarChanged: lambda _: gettext("Business hours changed"),
        calendars.CalendarRenamed: lambda event: gettext("Renamed from “%(name)s”", name=event.before),
        calendars.PlaceAdded: lambda _: gettext("Added"),
        calendars.PlaceChanged: lambda _: gettext("Holidays changed"),
        calendars.PlaceYearFrozen: lambda event: gettext(
            "%(place)s: %(year)s confirmed", place=event.name, year=str(event.year)
        ),
        oncall.LayerAdded: lambda _: gettext("On-call layer added"),
        oncall.LayerChanged: lambda _: gettext("On-call layer changed"),
        oncall.LayerRemoved: lambda _: gettext("On-call layer removed"),
        oncall.OnCallSwapped: lambda _: gettext("On-call duty swapped"),
        oncall.SwapCancelled: lambda _: gettext("Swap cancelled"),
        oncall.AbsenceNoted: lambda _: gettext("Absence added"),
        oncall.AbsenceCancelled: lambda _: gettext("Absence cancelled"),
        dead_letters.DeadLetterRetried: lambda _: gettext("Queued again"),
        dead_letters.DeadLetterDiscarded: lambda _: gettext("Delivery discarded"),
    }
)
