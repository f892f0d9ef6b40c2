"""Which threads can be reached: marks set when the app is removed from a team or chat, and cleared when it works.

Each cleared mark emits `ticket.reachable`, so that replies that failed there are sent again. A connection's settings
keep the teams and chats that the app was removed from (`removed_from`).
"""

from sqlalchemy import ColumnElement, and_, or_, select

from integrations.channels.links import lock
from integrations.channels.values import ThreadRef
from msp.clients.actions import mark_restored
from msp.clients.events import ConnectionAdded, ConnectionRestored
from msp.clients.models import Connection
from msp.clients.queries import find_connection
from msp.kernel import clock
from msp.kernel.db import Scope, db, work
from msp.kernel.events import DeliveredEvent, emit
from msp.tickets.events import ThreadReachable, ThreadUnreachable, TicketEvent
from msp.tickets.models import NOT_CONNECTED, Conversation, Ticket
from msp.tickets.states import FINISHED

APP_REMOVED = "app_removed"
OF_ONE_THREAD = ("thread_not_found", "restricted_action_thread_locked", "ActivityNotFoundInConversation")
CONNECTED = {ConnectionAdded, ConnectionRestored}


def note_removed(place: ThreadRef) -> None:
    """Mark the threads of one team or chat after the app was removed from it.

    Emits `ticket.unreachable` for open tickets. Idempotent.
    """
    with work(Scope.system()):
        connection = _locked(place)
        if connection is None:
            return
        _keep_removed(connection, sorted({*removed_from(connection), _group_of(place)}))
        for conversation in _conversations(place, _of_group(place), Conversation.unreachable_reason.is_(None)):
            conversation.unreachable_reason = APP_REMOVED
            _emit(conversation, ThreadUnreachable(connection=conversation.platform, reason=APP_REMOVED))


def note_working(place: ThreadRef) -> None:
    """Clear the marks of a connection and its threads after something was received from a place.

    Emits `connection.restored` and, for open tickets, `ticket.reachable`. Idempotent.
    """
    with work(Scope.system()):
        connection = find_connection(place.platform, place.workspace)
        if connection is None:
            return
        mark_restored(connection, at=clock.now())
        where = _of_channel(place)
        if _group_of(place) in removed_from(connection):
            where = _of_group(place)
            _keep_removed(connection, [each for each in removed_from(connection) if each != _group_of(place)])
        for conversation in _conversations(place, where, Conversation.unreachable_reason.is_not(None)):
            note_reachable(conversation)


def note_reachable(conversation: Conversation) -> None:
    """Clear the mark of a conversation; emits `ticket.reachable` if it was marked and its ticket is open."""
    if conversation.unreachable_reason is not None:
        conversation.unreachable_reason = None
        _emit(conversation, ThreadReachable(connection=conversation.platform))


def note_channel_works(place: ThreadRef) -> None:
    """Clear the marks of a channel's threads after the app received a message there, except threads that are closed.

    Runs in the current transaction; emits `ticket.reachable`.
    """
    for conversation in _conversations(place, _of_channel(place), Conversation.unreachable_reason.is_not(None)):
        note_reachable(conversation)


def follow_connection(connected: DeliveredEvent[ConnectionAdded | ConnectionRestored]) -> None:
    """Clear the marks of threads that were unreachable only because their workspace or tenant was not connected."""
    with work(Scope.system()) as session:
        connection = session.get(Connection, connected.subject_id)
        if connection is None or connection.broken_reason is not None:
            return
        place = ThreadRef(connection.kind, connection.external_id, "", "")
        for conversation in _conversations(place, Conversation.unreachable_reason == NOT_CONNECTED):
            note_reachable(conversation)


def removed_from(connection: Connection) -> list[str]:
    """The ids of the teams and chats that the app was removed from, while others of the connection work."""
    return list(connection.settings.get("removed_from") or [])


def _keep_removed(connection: Connection, groups: list[str]) -> None:
    connection.settings = {**connection.settings, "removed_from": groups}


def _group_of(place: ThreadRef) -> str:
    """The unit in which the app is installed: the team of a channel, or the chat itself."""
    return str(place.reference.get("team_id") or place.channel)


def _of_group(place: ThreadRef) -> ColumnElement[bool]:
    """Conversations of a group; a team's id is that of its first channel, and older threads do not name their team."""
    group = _group_of(place)
    return or_(Conversation.channel.in_({place.channel, group}), Conversation.reference["team_id"].as_string() == group)


def _of_channel(place: ThreadRef) -> ColumnElement[bool]:
    is_open = or_(Conversation.thread == place.thread, Conversation.unreachable_reason.not_in(OF_ONE_THREAD))
    return and_(Conversation.channel == place.channel, is_open)


def _conversations(place: ThreadRef, *where: ColumnElement[bool]) -> list[Conversation]:
    query = select(Conversation).where(
        Conversation.platform == place.platform, Conversation.workspace == place.workspace, *where
    )
    return list(db.session.scalars(query.order_by(Conversation.id).with_for_update()))


def _locked(place: ThreadRef) -> Connection | None:
    lock("connection", place.platform, place.workspace)
    return find_connection(place.platform, place.workspace)


def _emit(conversation: Conversation, event: TicketEvent) -> None:
    ticket = db.session.get_one(Ticket, conversation.ticket_id)
    if ticket.status not in FINISHED:
        emit(event, ticket.id, client_id=ticket.client_id)
