"""Administration of staff and contacts: role, clients, access."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, current_app, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext

from msp.clients.billing_data import EMAIL
from msp.clients.platforms import sends_account_mails
from msp.clients.queries import access_client, all_clients
from msp.kernel import clock, timezones
from msp.kernel.db import Json, Scope, work
from msp.kernel.errors import Conflict, Invalid
from msp.people.actions import add_person
from msp.people.editing import account_of, edit_person, set_password, welcome, work_only_for
from msp.people.models import CLIENT_ROLES, STAFF_ROLES, Person
from msp.people.queries import access_person, client_ids_of
from msp.web.admin import list_queries
from msp.web.admin.forms import Form, identity, refuse_restricted
from msp.web.admin.pager import Pager
from msp.web.guards import Answer, is_first_time, needs
from msp.web.request_scope import current_person
from msp.web.shell import shell
from msp.words.refusals import field_messages

KINDS = ("staff", "clients", "gone")
LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"  # no characters that look alike: people copy it by hand


def add_routes(blueprint: Blueprint) -> None:
    """The routes of these pages."""
    guard = needs("administer")
    blueprint.add_url_rule("/people", "people", guard(people))
    blueprint.add_url_rule("/people/new", "new_person", guard(new_person))
    blueprint.add_url_rule("/people/new", "create_person", guard(create_person), methods=["POST"])
    blueprint.add_url_rule("/people/<uuid:person_id>", "person", guard(person))
    blueprint.add_url_rule("/people/<uuid:person_id>", "save_person", guard(save_person), methods=["POST"])
    blueprint.add_url_rule("/people/<uuid:person_id>/password", "new_password", guard(new_password), methods=["POST"])
    blueprint.add_url_rule("/people/<uuid:person_id>/welcome", "welcome", guard(send_welcome), methods=["POST"])


def people() -> str:
    """All people by name, in tabs."""
    kind = request.args.get("kind", "staff") if request.args.get("kind") in KINDS else "staff"
    words, pager = request.args.get("q", "").strip()[:100], Pager.of_request()
    client_id = request.args.get("client", type=UUID)
    found, total = list_queries.people_page(words, kind=kind, client_id=client_id, offset=pager.offset)
    ids = [each.id for each in found]
    names = list_queries.names_of_clients({each.client_id for each in found if each.client_id})
    chats, signing_in = list_queries.chats_of(ids), list_queries.who_can_sign_in(ids)
    return render_template(
        "admin/people.html",
        shell=shell(current="admin.people"),
        subtitle=ngettext("%(num)d person", "%(num)d people", total),
        tabs=_tabs(kind),
        kind=kind,
        query=words,
        client_id=client_id,
        rows=[
            {
                "person": each,
                "url": url_for("admin.person", person_id=each.id),
                "client_name": names.get(each.client_id, "") if each.client_id else "",
                "can_sign_in": each.id in signing_in,
                "chats": chats.get(each.id, []),
            }
            for each in found
        ],
        new_url=url_for("admin.new_person", client_id=client_id) if client_id else url_for("admin.new_person"),
        **pager.context(total),
    )


def new_person() -> str:
    """An empty form; for the company in the URL, if any."""
    refuse_restricted()
    client_id = request.args.get("client_id", "")
    role = "client_employee" if client_id else "technician"
    usual = {"role": role, "locale": "es", "timezone": "Europe/Madrid", "invite": not client_id}
    return _form(None, {"client_id": client_id} | usual, {})


def create_person() -> Answer:
    """Create a person. If sign-in is selected, they get an email with a link to choose a password.

    Without outgoing mail, the response shows an initial password once instead.
    """
    refuse_restricted()
    form = Form(request.form)
    submitted, client_id = _read(form), form.read("client_id", identity)
    if submitted["role"] in (STAFF_ROLES if client_id else CLIENT_ROLES):
        form.fault("role", "role_of_others")
    invites = bool(form.text("invite"))
    if invites and not submitted["email"]:
        form.fault("email", "required")
    if not form.errors and not is_first_time():
        return redirect(url_for("admin.people"), 303)
    password = _password() if invites and not _has_mail() else None
    try:
        _refuse(form)
        with _system():
            if client_id:
                access_client(client_id)
            fresh = {name: submitted[name] for name in ("name", "email", "role", "locale", "timezone", "title", "tier")}
            added = add_person(client_id=client_id, at=clock.now(), **fresh)
            added.phone, added.is_vip, added.is_restricted = (
                submitted["phone"],
                submitted["is_vip"],
                submitted["is_restricted"],
            )
            added.is_guest = submitted["is_guest"]
            work_only_for(added, _clients_of(form, submitted))
            if password:
                set_password(added, password, at=clock.now())
            elif invites:
                welcome(added, at=clock.now())
    except (Invalid, Conflict) as wrong:
        values = request.form.to_dict() | _lists() | {"invite": invites}
        return _form(None, values, _faults(form, wrong)), 422
    if password:
        return _password_page(added, password)
    _say_added(added, is_written_to=invites)
    return redirect(url_for("admin.people", kind="clients" if client_id else "staff"), 303)


def person(person_id: UUID) -> str:
    """The form with the stored values."""
    found = access_person(person_id)
    return _form(found, _values(found), {})


def save_person(person_id: UUID) -> Answer:
    """Save a person; deactivating somebody ends their sessions and blocks sign-in."""
    refuse_restricted()
    form = Form(request.form)
    submitted = _read(form) | {"active": bool(form.text("active"))}
    if person_id == current_person().id and not (submitted["active"] and submitted["role"] == "administrator"):
        form.fault("role", "yourself")
    if person_id == current_person().id and submitted["is_restricted"]:
        form.fault("role", "yourself")
    try:
        _refuse(form)
        with _system():
            found = access_person(person_id)
            edit_person(found, at=clock.now(), **submitted)
            work_only_for(found, _clients_of(form, submitted))
    except (Invalid, Conflict) as wrong:
        values = request.form.to_dict() | _lists() | {"active": submitted["active"]}
        return _form(access_person(person_id), values, _faults(form, wrong)), 422
    flash(gettext("Saved."), "green")
    return redirect(url_for("admin.person", person_id=person_id), 303)


def new_password(person_id: UUID) -> Answer:
    """Set a generated password, shown once; the person's sessions end."""
    refuse_restricted()
    if not is_first_time():
        return redirect(url_for("admin.person", person_id=person_id), 303)
    password = _password()
    with _system():
        found = access_person(person_id)
        if not found.active:
            raise Conflict("person_not_active")
        set_password(found, password, at=clock.now())
    return _password_page(found, password)


def send_welcome(person_id: UUID) -> Answer:
    """Email a link to choose a password to somebody who has none; links sent before stay valid."""
    refuse_restricted()
    if _has_mail() and is_first_time():
        with _system():
            welcome(access_person(person_id), at=clock.now())
        flash(gettext("Invitation email sent."), "green")
    return redirect(url_for("admin.person", person_id=person_id), 303)


def _say_added(added: Person, *, is_written_to: bool) -> None:
    if is_written_to:
        flash(
            gettext("Added %(name)s. An invitation email with a link to choose a password was sent.", name=added.name),
            "green",
        )
    else:
        flash(gettext("Added %(name)s.", name=added.name), "green")


def _has_mail() -> bool:
    return sends_account_mails(current_app.config["SETTINGS"])


@contextmanager
def _system() -> Iterator[None]:
    """The system scope, which may write accounts, with the administrator as the actor."""
    with work(Scope("msp_system", actor_id=current_person().id)):
        yield


def _password() -> str:
    """A password of 80 bits in four groups, easy to read out on the phone."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(4))


def _password_page(found: Person, password: str) -> Response:
    page = render_template(
        "admin/person_access.html",
        shell=shell(current="admin.people"),
        person=found,
        password=password,
        signin_url=url_for("security.login", _external=True),
        back_url=url_for("admin.people", kind="clients" if found.client_id else "staff"),
    )
    answer = make_response(page)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _refuse(form: Form) -> None:
    if form.errors:
        raise Invalid(fields=form.errors)


def _faults(form: Form, wrong: Invalid | Conflict) -> dict[str, list[str]]:
    if isinstance(wrong, Conflict):
        return {"email": [wrong.code]}
    return form.errors | wrong.fields


def _read(form: Form) -> Json:
    if not form.text("name"):
        form.fault("name", "required")
    if (email := form.text("email")) and not EMAIL.fullmatch(email):
        form.fault("email", "email_shape")
    role, tier = form.text("role"), form.text("tier")
    works_tickets = role in STAFF_ROLES
    return {
        "name": form.text("name"),
        "email": form.text_or_none("email"),
        "role": role,
        "title": form.text_or_none("title"),
        "phone": form.text_or_none("phone"),
        "locale": form.text("locale"),
        "timezone": form.text("timezone"),
        "tier": int(tier) if tier in ("1", "2", "3") and works_tickets else None,
        "is_vip": bool(form.text("is_vip")),
        "is_guest": bool(form.text("is_guest")) and role in CLIENT_ROLES,
        "is_restricted": bool(form.text("is_restricted")) and works_tickets,
    }


def _clients_of(form: Form, submitted: Json) -> list[UUID]:
    """The selected clients of restricted staff; empty for everybody else."""
    if not submitted["is_restricted"]:
        return []
    known = {str(each.id): each.id for each in all_clients(active=False)}
    return [known[ticked] for ticked in form.posted.getlist("client_ids") if ticked in known]


def _lists() -> Json:
    return {"client_ids": request.form.getlist("client_ids")}


def _values(found: Person) -> Json:
    names = ("name", "email", "role", "client_id", "title", "phone", "locale", "timezone", "tier", "active")
    flags = {"is_vip": found.is_vip, "is_guest": found.is_guest, "is_restricted": found.is_restricted}
    clients = [str(each) for each in client_ids_of(found.id)] if found.is_staff else []
    return {name: getattr(found, name) for name in names} | flags | {"client_ids": clients}


def _form(found: Person | None, values: Mapping[str, Any], errors: Mapping[str, Sequence[str]]) -> str:
    access = _access(found) if found else ""
    clients = [(each.id, each.name) for each in all_clients()]
    return render_template(
        "admin/person_form.html",
        shell=shell(current="admin.people"),
        person=found,
        values=values,
        errors=field_messages(errors),
        roles=_roles(found),
        clients=clients,
        company=access_client(found.client_id).name if found and found.client_id else None,
        timezones=timezones.places(),
        has_mail=_has_mail(),
        access=access,
        password_url=url_for("admin.new_password", person_id=found.id) if found and access else None,
        sessions_url=url_for("admin.person_sessions", person_id=found.id) if found else None,
        welcome_url=url_for("admin.welcome", person_id=found.id)
        if found and access in ("none", "invited") and _has_mail()
        else None,
        action_url=url_for("admin.save_person", person_id=found.id) if found else url_for("admin.create_person"),
        back_url=url_for("admin.people", kind="clients" if found and found.client_id else "staff"),
    )


def _access(found: Person) -> str:
    """How somebody signs in: "none", "invited" until they choose a password, "password"; empty if they cannot."""
    if not (found.active and found.email):
        return ""
    with _system():
        account = account_of(found.id)
        if account is None or not account.active:
            return "none"
        return "password" if account.password else "invited"


def _roles(found: Person | None) -> Sequence[str]:
    if found is None:
        return (*STAFF_ROLES, *CLIENT_ROLES)
    return STAFF_ROLES if found.is_staff else CLIENT_ROLES


def _tabs(kind: str) -> list[Json]:
    names = {"staff": gettext("Team"), "clients": gettext("Contacts"), "gone": gettext("Inactive")}
    return [
        {"label": text, "url": url_for("admin.people", kind=code), "current": code == kind}
        for code, text in names.items()
    ]
