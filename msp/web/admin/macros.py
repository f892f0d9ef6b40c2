"""Administration of the macros of the team and of clients."""

from dataclasses import asdict
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from msp.kernel import clock
from msp.kernel.errors import Denied, Invalid, NotFound
from msp.macros import actions
from msp.macros.models import Macro
from msp.macros.queries import access_macro, shared_macros
from msp.web.admin.forms import Form, chosen_client, identity
from msp.web.guards import Answer, is_first_time, needs
from msp.web.macro_form import FormPage, form_page, posted_values, read_macro, rows
from msp.web.request_scope import current_person
from msp.web.shell import shell


def add_routes(blueprint: Blueprint) -> None:
    """The routes of these pages."""
    guard = needs("manage_macros")
    blueprint.add_url_rule("/macros", "macros", guard(macros))
    blueprint.add_url_rule("/macros/new", "new_macro", guard(new_macro))
    blueprint.add_url_rule("/macros/new", "create_macro", guard(create_macro), methods=["POST"])
    blueprint.add_url_rule("/macros/<uuid:macro_id>", "macro", guard(macro))
    blueprint.add_url_rule("/macros/<uuid:macro_id>", "save_macro", guard(save_macro), methods=["POST"])
    blueprint.add_url_rule("/macros/<uuid:macro_id>/active", "set_macro_active", guard(set_active), methods=["POST"])


def macros() -> str:
    """The macros of the team and of clients."""
    return render_template(
        "macros/list.html",
        shell=shell(current="admin.macros"),
        title=gettext("Macros"),
        rows=rows(shared_macros()),
        new_url=url_for("admin.new_macro"),
        url=lambda each: url_for("admin.macro", macro_id=each.id),
        personal_url=url_for("account_macros"),
        back_url=None,
    )


def new_macro() -> str:
    """The form of a new macro."""
    return form_page(_page(None), None)


def create_macro() -> Answer:
    """Add a macro of the team or of a client."""
    form = Form(request.form)
    client = chosen_client(form, form.read("client_id", identity))
    if not is_first_time():
        return redirect(url_for("admin.macros"), 303)
    try:
        values = read_macro(form)
        actions.add_macro(values, by=current_person(), client_id=client.id if client else None, at=clock.now())
    except Invalid as wrong:
        return form_page(_page(None), None, values=posted_values(), errors=form.errors | wrong.fields), 422
    flash(gettext("Saved."), "green")
    return redirect(url_for("admin.macros"), 303)


def macro(macro_id: UUID) -> str:
    """One macro."""
    found = _access(macro_id)
    return form_page(_page(found), found)


def save_macro(macro_id: UUID) -> Answer:
    """Save a macro; its client does not change."""
    found, form = _access(macro_id), Form(request.form)
    try:
        values = read_macro(form)
        actions.edit_macro(found, by=current_person(), at=clock.now(), **asdict(values))
    except Invalid as wrong:
        return form_page(_page(found), found, values=posted_values(), errors=form.errors | wrong.fields), 422
    flash(gettext("Saved."), "green")
    return redirect(url_for("admin.macros"), 303)


def set_active(macro_id: UUID) -> Response:
    """Offer a macro, or no longer."""
    actions.edit_macro(_access(macro_id), by=current_person(), at=clock.now(), active="active" in request.form)
    flash(gettext("Saved."), "green")
    return redirect(url_for("admin.macros"), 303)


def _access(macro_id: UUID) -> Macro:
    """A macro of the team or of a client that this person may write."""
    found, person = access_macro(current_person(), macro_id), current_person()
    if found.owner_id is not None:
        raise NotFound("macro")
    if not actions.may_manage(person, owner_id=None, client_id=found.client_id):
        raise Denied("not_allowed")
    return found


def _page(found: Macro | None) -> FormPage:
    return FormPage(
        current="admin.macros",
        action_url=url_for("admin.save_macro", macro_id=found.id) if found else url_for("admin.create_macro"),
        back_url=url_for("admin.macros"),
        is_shared=True,
        active_url=url_for("admin.set_macro_active", macro_id=found.id) if found else "",
    )
