"""Interactions other than messages (buttons, commands, forms, reactions), registered by kind and name.

An endpoint converts a request of its platform to an `Interaction` and calls `dispatch`. A synchronous handler answers
in the HTTP response; any other runs in a job through `handle_interaction`. Unregistered interactions are logged and get
an empty answer; unregistered buttons are answered in words (`button_actions.answer_unknown_button`). Reactions have the
kinds `REACTION_ADDED` and `REACTION_REMOVED`; no handler is registered for them.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from integrations.channels.links import find_link
from integrations.channels.transport import Transport
from integrations.channels.values import ThreadRef
from msp.kernel.db import Json, Scope, current_scope_or_none, work
from msp.kernel.deadlines import DeadlineExceeded, deadline
from msp.kernel.errors import OutsideFailure
from msp.kernel.unhandled import count_unhandled

log = logging.getLogger(__name__)

BUTTON = "button"  # name: the code of the button
COMMAND = "command"  # name: the command, with its slash
FORM_OPENED = "form_opened"  # the platform asks for a form
FORM_SUBMITTED = "form_submitted"
FORM_CLOSED = "form_closed"
HOME_OPENED = "home_opened"  # name: the tab of the app's own page
SHORTCUT = "shortcut"
OPTIONS = "options"  # the platform requests the options of a menu
SEARCH = "search"  # the platform requests results
REACTION_ADDED = "reaction_added"  # name: the emoji; `value` is the message's id
REACTION_REMOVED = "reaction_removed"

ANY = "*"
REQUEST_SECONDS = 2.0  # for all outbound calls of a synchronous handler; Slack waits three seconds for the answer


@dataclass(frozen=True, slots=True)
class Interaction:
    """One interaction: `kind` and `name` select its handler, `value` is what the control carries, such as a ticket.

    `key` is the same for each delivery of one request. `place.channel` is empty for interactions outside of any
    conversation. `is_outside_threads` if the message is in no thread, though it may be the first of one. `payload` is
    the platform's own request.
    """

    kind: str
    name: str
    key: str
    place: ThreadRef
    author: str
    value: str = ""
    is_outside_threads: bool = False
    payload: Json = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class InteractionAnswer:
    """The answer to an interaction: `text` for the person alone, or a `body` in the platform's own form.

    `is_shown` if the conversation itself already shows what the text says.
    """

    text: str = ""
    body: Json | None = None
    is_shown: bool = False
    has_failed: bool = False


Handler = Callable[[Transport, Interaction], InteractionAnswer | None]


@dataclass(frozen=True, slots=True)
class _Registered:
    handler: Handler
    is_synchronous: bool


_handlers: dict[tuple[str, str], _Registered] = {}


def register_interaction(kind: str, name: str, handler: Handler, *, is_synchronous: bool = False) -> None:
    """Register `handler` for this kind and name; the name ANY matches all names without a handler of their own.

    It may be called twice for one interaction and must be idempotent. A synchronous handler runs in the web request,
    outside of a transaction; its calls to other services end after two seconds in total.
    """
    _handlers[kind, name] = _Registered(handler, is_synchronous)


def dispatch(
    transport: Transport, interactions: Sequence[Interaction], *, store: Callable[[], object]
) -> InteractionAnswer | None:
    """Answer the first synchronous interaction of a request, else call `store` once to handle the request in a job.

    Returns None for an empty answer.
    """
    found = [(_find(each), each) for each in interactions]
    for registered, each in found:
        if registered is None:
            _note_unknown(each)
        elif registered.is_synchronous:
            return answer_now(transport, each)
    if any(registered for registered, _ in found):
        store()
    return None


def answer_now(transport: Transport, interaction: Interaction) -> InteractionAnswer | None:
    """Handle an interaction in the request, for platforms that show the answer to the person; None if unregistered.

    A failure is logged and returned as `has_failed`, so that the endpoint answers in its platform's form.
    """
    assert current_scope_or_none() is None, "a handler that calls other services runs outside of a transaction"
    registered = _find(interaction)
    if registered is None:
        _note_unknown(interaction)
        return None
    try:
        with deadline(REQUEST_SECONDS):
            return registered.handler(transport, interaction)
    except (OutsideFailure, DeadlineExceeded) as failure:
        log.warning("an interaction was not answered", extra=log_fields(interaction) | {"reason": str(failure)})
    except Exception:  # an internal error still gets an answer
        log.exception("an interaction failed", extra=log_fields(interaction))
    return InteractionAnswer(has_failed=True)


def handle_interaction(transport: Transport, interaction: Interaction) -> None:
    """Handle a stored interaction in a job and send the answer to the person alone. Raises as the handler does."""
    registered = _find(interaction)
    if registered is None:
        _note_unknown(interaction)
        return
    answer = registered.handler(transport, interaction)
    if answer is None or answer.is_shown or not answer.text:
        return
    with work(Scope.system()):
        link = find_link(interaction.place.platform, interaction.place.workspace)
    if link is None:
        return
    place = replace(interaction.place, thread="") if interaction.is_outside_threads else interaction.place
    try:
        transport.post_ephemeral(link, place, to=interaction.author, text=answer.text)
    except OutsideFailure as failure:  # the result is already stored
        log.info("the answer to an interaction was not delivered", extra={"reason": failure.reason})


def _find(interaction: Interaction) -> _Registered | None:
    return _handlers.get((interaction.kind, interaction.name)) or _handlers.get((interaction.kind, ANY))


def _note_unknown(interaction: Interaction) -> None:
    log.info("unknown interaction", extra=log_fields(interaction))
    if interaction.kind not in (REACTION_ADDED, REACTION_REMOVED):
        count_unhandled(interaction.place.platform, interaction.kind)


def log_fields(interaction: Interaction) -> Json:
    """The extra fields of a log line about an interaction."""
    return {"platform": interaction.place.platform, "kind": interaction.kind, "interaction": interaction.name[:100]}
