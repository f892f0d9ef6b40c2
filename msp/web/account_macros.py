"""A person's own macros, under their account."""

from dataclasses import asdict
from uuid import UUID

from flask import Flask, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from msp.kernel import clock
from msp.kernel.errors import Invalid, NotFound
from msp.macros import actions
from msp.macros.models import Macro
from msp.macros.queries import access_macro, personal_macros
from msp.people.access import may
from msp.web.admin.forms import Form
from msp.web.guards import Answer, is_first_time, needs
from msp.web.macro_form import FormPage, form_page, posted_values, read_macro, rows
from msp.web.request_scope import current_person
from msp.web.shell import shell


def register(app: Flask) -> None:
    """The routes of these pages."""
    guard = needs("work_tickets")
    app.add_url_rule("/account/macros", "account_macros", guard(macros))
    app.add_url_rule("/account/macros/new", "new_own_macro", guard(new_macro))
    app.add_url_rule("/account/macros/new", "create_own_macro", guard(create_macro), methods=["POST"])
    app.add_url_rule("/account/macros/<uuid:macro_id>", "own_macro", guard(macro))
    app.add_url_rule("/account/macros/<uuid:macro_id>", "save_own_macro", guard(save_macro), methods=["POST"])
    app.add_url_rule(
        "/account/macros/<uuid:macro_id>/active", "set_own_macro_active", guard(set_active), methods=["POST"]
    )


def macros() -> str:
    """The person's own macros."""
    return render_template(
        "macros/list.html",
        shell=shell(current="account"),
        title=gettext("My macros"),
        rows=rows(personal_macros(current_person())),
        new_url=url_for("new_own_macro"),
        url=lambda each: url_for("own_macro", macro_id=each.id),
        personal_url=None,
        back_url=url_for("admin.macros") if may(current_person(), "manage_macros") else url_for("account"),
    )


def new_macro() -> str:
    """The form of a new macro."""
    return form_page(_page(None), None)


def create_macro() -> Answer:
    """Add a macro of one's own."""
    form, person = Form(request.form), current_person()
    if not is_first_time():
        return redirect(url_for("account_macros"), 303)
    try:
        actions.add_macro(read_macro(form), by=person, owner_id=person.id, at=clock.now())
    except Invalid as wrong:
        return form_page(_page(None), None, values=posted_values(), errors=wrong.fields), 422
    flash(gettext("Saved."), "green")
    return redirect(url_for("account_macros"), 303)


def macro(macro_id: UUID) -> str:
    """One of the person's own macros."""
    found = _access(macro_id)
    return form_page(_page(found), found)


def save_macro(macro_id: UUID) -> Answer:
    """Save a macro of one's own."""
    found, form = _access(macro_id), Form(request.form)
    try:
        actions.edit_macro(found, by=current_person(), at=clock.now(), **asdict(read_macro(form)))
    except Invalid as wrong:
        return form_page(_page(found), found, values=posted_values(), errors=wrong.fields), 422
    flash(gettext("Saved."), "green")
    return redirect(url_for("account_macros"), 303)


def set_active(macro_id: UUID) -> Response:
    """Offer a macro, or no longer."""
    actions.edit_macro(_access(macro_id), by=current_person(), at=clock.now(), active="active" in request.form)
    flash(gettext("Saved."), "green")
    return redirect(url_for("account_macros"), 303)


def _access(macro_id: UUID) -> Macro:
    found = access_macro(current_person(), macro_id)
    if found.owner_id is None:
        raise NotFound("macro")
    return found


def _page(found: Macro | None) -> FormPage:
    return FormPage(
        current="account",
        action_url=url_for("save_own_macro", macro_id=found.id) if found else url_for("create_own_macro"),
        back_url=url_for("account_macros"),
        is_shared=False,
        active_url=url_for("set_own_macro_active", macro_id=found.id) if found else "",
    )
