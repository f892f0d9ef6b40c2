"""Administration of API tokens: list, create, revoke. A token is shown once, when it is created."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.errors import Conflict, Invalid
from msp.people import tokens as kept
from msp.people.queries import access_person
from msp.web.admin.forms import Form, day, refuse_restricted
from msp.web.confirm import needs_confirmation
from msp.web.guards import Answer, is_first_time, needs
from msp.web.request_scope import current_person
from msp.web.shell import shell
from msp.web.token_lines import MOST_SHOWN, asked_to_revoke, lines_of, scope_name
from msp.words.refusals import field_messages

_FIELDS = {"role": "scope", "expires_at": "expires_on"}


def add_routes(blueprint: Blueprint) -> None:
    """The routes of these pages."""
    guard = needs("administer")
    blueprint.add_url_rule("/tokens", "tokens", guard(tokens))
    blueprint.add_url_rule("/tokens", "create_token", guard(create_token), methods=["POST"])
    blueprint.add_url_rule("/tokens/<uuid:token_id>/revoke", "revoke_token", guard(revoke_token), methods=["POST"])


def tokens() -> str:
    """The newest tokens of everybody or of one person, and the form for a new one."""
    refuse_restricted()
    return _page({}, {})


def create_token() -> Answer:
    """Create a token for an existing person; the response shows it once."""
    refuse_restricted()
    form = Form(request.form)
    expires_at = form.read("expires_on", _end_of_day)
    if not form.errors and not is_first_time():
        return redirect(url_for("admin.tokens"), 303)
    try:
        if form.errors:
            raise Invalid(fields=form.errors)
        secret = _made(form, expires_at)
    except (Invalid, Conflict) as wrong:
        return _page(request.form.to_dict(), _faults(wrong)), 422
    answer = make_response(_page({}, {}, fresh=(form.text("name"), secret)))
    answer.headers["Cache-Control"] = "no-store"
    return answer


def revoke_token(token_id: UUID) -> Answer:
    """Revoke a token."""
    refuse_restricted()
    if needs_confirmation():
        return asked_to_revoke(back_url=url_for("admin.tokens"))
    with _system():
        kept.revoke_token(token_id, at=clock.now())
    flash(gettext("Token revoked."), "green")
    return redirect(url_for("admin.tokens"), 303)


def _made(form: Form, expires_at: datetime | None) -> str:
    scope = form.text("scope")
    if scope not in kept.TOKEN_ROLES:
        raise Invalid(fields={"scope": ["unknown"]})
    with _system():
        person = kept.token_holder(form.text("email"), scope)
        if person is None:
            raise Invalid(fields={"email": ["unknown" if form.text("email") else "required"]})
        return kept.add_token(person, role=scope, name=form.text("name"), at=clock.now(), expires_at=expires_at)


def _end_of_day(text: str) -> datetime:
    """The last minute of a day in the administrator's zone; raises ValueError."""
    return datetime.combine(day(text), time(23, 59), ZoneInfo(current_person().timezone))


def _faults(wrong: Invalid | Conflict) -> dict[str, list[str]]:
    if isinstance(wrong, Conflict):
        return {"email": [wrong.code]}
    return {_FIELDS.get(name, name): codes for name, codes in wrong.fields.items()}


def _page(
    values: Mapping[str, Any], errors: Mapping[str, Sequence[str]], *, fresh: tuple[str, str] | None = None
) -> str:
    person_id = request.args.get("person", type=UUID)
    person = access_person(person_id) if person_id else None
    with work(Scope.system()):
        found = kept.tokens_page(person_id=person_id, limit=MOST_SHOWN)
        lines = lines_of(found, revoke_url=lambda token_id: url_for("admin.revoke_token", token_id=token_id))
    return render_template(
        "admin/tokens.html",
        shell=shell(current="admin.tokens"),
        person=person,
        tokens=lines,
        values=values or {"email": person.email if person else ""},
        errors=field_messages(errors),
        scopes=[(scope, scope_name(scope)) for scope in kept.TOKEN_ROLES],
        fresh=fresh,
    )


@contextmanager
def _system() -> Iterator[None]:
    """The system scope, which may write tokens, with the administrator as the actor."""
    with work(Scope("msp_system", actor_id=current_person().id)):
        yield
