"""The people of a client that is deactivated are signed out."""

from msp.clients.events import ClientEdited
from msp.kernel.db import Scope, work
from msp.kernel.events import DeliveredEvent, subscribe
from msp.people.sessions import end_client_sessions


def register() -> None:
    """Subscribe to changes of clients."""
    subscribe("sessions", to={ClientEdited}, handler=_end_sessions)


def _end_sessions(edited: DeliveredEvent[ClientEdited]) -> None:
    if "active" in edited.event.changed:
        with work(Scope.system()):
            end_client_sessions(edited.subject_id, at=edited.at)
