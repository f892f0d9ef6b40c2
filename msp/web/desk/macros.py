"""Macros at a ticket: the picker, and the one that is chosen, whose text is put into the composer."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext

from msp.kernel import clock
from msp.kernel.errors import Invalid, NotFound
from msp.kernel.folding import fold
from msp.macros.applying import apply_macro
from msp.macros.models import Macro
from msp.macros.queries import access_macro_for, macros_for
from msp.tickets.models import Ticket
from msp.tickets.queries import access_by_label
from msp.web import undo
from msp.web.guards import Answer, is_first_time, needs, page_in_view
from msp.web.parts.found import named_item
from msp.web.request_scope import current_person
from msp.web.shell import shell
from msp.words.macro_texts import effects, text_for
from msp.words.vocabulary import word

MIN_LETTERS, MOST_IN_PALETTE = 2, 8
_TICKET_PAGE = re.compile(r"/desk/tickets/([^/?]+)(?:\?|$)")


@dataclass(frozen=True, slots=True)
class Choice:
    """A macro as the picker and the composer show it: its text for the ticket, and what else it changes."""

    id: UUID
    name: str
    text: str
    visibility: str
    effects: Sequence[str]
    group: str


def add_routes(blueprint: Blueprint) -> None:
    """The routes of the picker."""
    guard = needs("work_tickets")
    blueprint.add_url_rule("/tickets/<label>/macros", "macros", guard(macros))
    blueprint.add_url_rule("/tickets/<label>/macros", "choose_macro", guard(choose_macro), methods=["POST"])


def macros(label: str) -> str:
    """The macros that can be applied to the ticket, with their texts for it."""
    ticket = access_by_label(label)
    choices = [_choice(each, ticket) for each in macros_for(ticket, current_person())]
    values = {"ticket": ticket, "choices": choices, "chosen": request.args.get("macro", "")}
    if request.headers.get("HX-Request"):
        return render_template("desk/_macro_picker.html", **values)
    return render_template("desk/macros.html", shell=shell(current="ticket"), **values)


def choose_macro(label: str) -> Answer:
    """Apply a macro without a text at once; for any other, show the ticket with its text in the composer."""
    ticket = access_by_label(label, lock=True)
    macro = asked_macro(ticket, request.form.get("macro", ""))
    if macro is None:
        raise Invalid(fields={"macro": ["required"]})
    if macro.has_text:
        return redirect(url_for("desk.ticket", label=label, macro=macro.id), 303)
    if is_first_time():
        at = clock.now()
        applied = apply_macro(macro, ticket, person=current_person(), at=at, can_undo=True)
        undo.show(ticket, applied.pending)
    return redirect(url_for("desk.ticket", label=label), 303)


def asked_macro(ticket: Ticket, macro_id: str) -> Macro | None:
    """The macro with this id, or None for an empty one; raises NotFound."""
    if not macro_id:
        return None
    try:
        return access_macro_for(ticket, current_person(), UUID(macro_id))
    except ValueError as wrong:
        raise NotFound("macro") from wrong


def chosen_macro(label: str) -> Choice | None:
    """The macro whose text the page puts into the composer (`?macro=`, or the form of a held reply), if any."""
    macro_id = request.values.get("macro") or request.values.get("macro_id", "")
    if not macro_id:
        return None
    ticket = access_by_label(label)
    try:
        macro = asked_macro(ticket, macro_id)
    except NotFound:
        return None
    return _choice(macro, ticket) if macro else None


def _choice(macro: Macro, ticket: Ticket) -> Choice:
    return Choice(
        id=macro.id,
        name=macro.name,
        text=text_for(macro, ticket, current_person()),
        visibility=macro.visibility,
        effects=effects(macro, with_text=False),
        group=macro.client.name if macro.client else word(macro.scope, "macro_scope"),
    )


def macro_items(words: str) -> list[dict[str, object]]:
    """Macros with these words in their name, for the palette of a ticket's page; empty on other pages."""
    on_ticket = _TICKET_PAGE.match(page_in_view())
    if on_ticket is None or len(words) < MIN_LETTERS:
        return []
    try:
        ticket = access_by_label(on_ticket[1])
    except NotFound:
        return []
    wanted = fold(words).split()
    found = [each for each in macros_for(ticket, current_person()) if _has_words(each, wanted)]
    return [_item(each, ticket) for each in found[:MOST_IN_PALETTE]]


def _has_words(macro: Macro, wanted: Sequence[str]) -> bool:
    name = fold(f"{macro.name} {gettext('macro')}")
    return all(word in name for word in wanted)


def _item(macro: Macro, ticket: Ticket) -> dict[str, object]:
    url = url_for("desk.macros", label=ticket.label, macro=macro.id)
    return named_item(url, "zap", macro.name, note=" · ".join(effects(macro)))
