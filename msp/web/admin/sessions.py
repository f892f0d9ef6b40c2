"""Page with the sessions of a person for administrators, who can end one or all."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.people.editing import account_of
from msp.people.queries import access_person
from msp.people.sessions import end_session, end_sessions
from msp.web.admin.forms import refuse_restricted
from msp.web.guards import needs
from msp.web.request_scope import current_person
from msp.web.session_lines import session_lines
from msp.web.shell import shell


def add_routes(blueprint: Blueprint) -> None:
    """The routes of these pages."""
    guard = needs("administer")
    rule = "/people/<uuid:person_id>/sessions"
    blueprint.add_url_rule(rule, "person_sessions", guard(page))
    blueprint.add_url_rule(f"{rule}/end", "end_sessions", guard(end_all), methods=["POST"])
    blueprint.add_url_rule(f"{rule}/<uuid:session_id>/end", "end_session", guard(end_one), methods=["POST"])


def page(person_id: UUID) -> str:
    """The sessions of a person, one per browser."""
    refuse_restricted()
    found = access_person(person_id)
    lines = session_lines(
        person_id,
        here=current_user.session_id,
        end_url=lambda session_id: url_for("admin.end_session", person_id=person_id, session_id=session_id),
    )
    return render_template(
        "admin/person_sessions.html",
        shell=shell(current="admin.people"),
        person=found,
        sessions=lines,
        end_all_url=url_for("admin.end_sessions", person_id=person_id) if lines else "",
        tokens_url=url_for("admin.tokens", person=person_id),
        back_url=url_for("admin.person", person_id=person_id),
    )


def end_one(person_id: UUID, session_id: UUID) -> Response:
    """End one session of a person."""
    refuse_restricted()
    with _system():
        end_session(session_id, person_id=access_person(person_id).id, at=clock.now())
    return _done(person_id, gettext("Session ended."))


def end_all(person_id: UUID) -> Response:
    """End all sessions of a person, except the administrator's own current session."""
    refuse_restricted()
    with _system():
        account = account_of(access_person(person_id).id)
        if account is not None:
            end_sessions(account.id, at=clock.now(), besides=current_user.session_id)
    return _done(person_id, gettext("All sessions ended."))


def _done(person_id: UUID, sentence: str) -> Response:
    flash(sentence, "green")
    return redirect(url_for("admin.person_sessions", person_id=person_id), 303)


@contextmanager
def _system() -> Iterator[None]:
    """The system scope, which may write sessions, with the administrator as the actor."""
    with work(Scope("msp_system", actor_id=current_person().id)):
        yield
