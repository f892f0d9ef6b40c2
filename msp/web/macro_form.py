"""The form of a macro: its values from posted text, and its page for team, clients and oneself."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from flask import render_template, request
from flask_babel import gettext

from msp.clients.queries import all_clients
from msp.contracts.models import WORK_TYPES
from msp.kernel.errors import Invalid
from msp.macros.definition import MACRO_STATUSES, MacroValues, values_of
from msp.macros.models import Macro
from msp.people.queries import staff
from msp.tickets.actions import MAX_TIER
from msp.tickets.states import PRIORITIES
from msp.web.admin.forms import Errors, Form, identity, whole
from msp.web.shell import shell
from msp.words.macro_texts import TABLE, effects
from msp.words.refusals import field_messages
from msp.words.vocabulary import word

SELF = "self"  # the choice of an assignee that stands for the person who applies the macro


@dataclass(frozen=True, slots=True)
class FormPage:
    """Where a form of a macro is shown: its URLs, the entry of the navigation, and whether a client can be chosen."""

    current: str
    action_url: str
    back_url: str
    is_shared: bool
    active_url: str = ""


def read_macro(form: Form) -> MacroValues:
    """The posted values; raises Invalid naming the fields that are no values."""
    assignee = form.text("assignee_id")
    minutes = form.read("minutes", whole)
    tier = form.read("tier", whole)
    assignee_id = form.read("assignee_id", identity) if assignee not in ("", SELF) else None
    if form.errors:
        raise Invalid(fields=form.errors)
    return MacroValues(
        name=form.text("name"),
        visibility=form.text("visibility") or "public",
        text_es=form.text("text_es").replace("\r\n", "\n"),
        text_en=form.text("text_en").replace("\r\n", "\n"),
        status=form.text_or_none("status"),
        priority=form.text_or_none("priority"),
        tier=tier,
        assigns_to_self=assignee == SELF,
        assignee_id=assignee_id,
        tags=tuple(form.text("tags").split(",")) if form.text("tags") else (),
        minutes=minutes,
        work_type=form.text_or_none("work_type"),
    )


def form_page(
    page: FormPage, macro: Macro | None, *, values: Mapping[str, Any] | None = None, errors: Errors | None = None
) -> str:
    """The form with the values of a macro, or with those that were posted."""
    return render_template(
        "macros/form.html",
        shell=shell(current=page.current),
        page=page,
        macro=macro,
        values=values if values is not None else _shown(macro),
        errors=field_messages(errors or {}),
        clients=[(each.id, each.name) for each in all_clients()] if page.is_shared and macro is None else [],
        **_choices(),
    )


def rows(macros: Sequence[Macro]) -> list[dict[str, object]]:
    """The rows of a list: each macro with what it does."""
    return [{"macro": each, "effects": effects(each)} for each in macros]


def posted_values() -> dict[str, Any]:
    """The posted text of each field, to show the form again."""
    return request.form.to_dict()


def _shown(macro: Macro | None) -> dict[str, Any]:
    if macro is None:
        return {"visibility": "public"} | request.args.to_dict()
    found = asdict(MacroValues(**values_of(macro)))
    assignee = SELF if macro.assigns_to_self else macro.assignee_id
    return found | {"tags": ", ".join(macro.tags), "assignee_id": assignee}


def _choices() -> dict[str, object]:
    return {
        "statuses": [(code, word(code, "status").capitalize()) for code in MACRO_STATUSES],
        "priorities": [(code, word(code, "priority").capitalize()) for code in PRIORITIES],
        "tiers": [(tier, word(tier, "tier")) for tier in range(1, MAX_TIER + 1)],
        "work_types": [(code, word(code, "work").capitalize()) for code in WORK_TYPES],
        "assignees": [(SELF, gettext("The person who applies it")), *((each.id, each.name) for each in staff())],
        "variables": TABLE,
    }
