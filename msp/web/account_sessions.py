"""Own sessions and API tokens, each of which can be ended."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from flask import Flask, flash, g, redirect, render_template, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.people import sessions, tokens
from msp.web.confirm import needs_confirmation
from msp.web.guards import Answer
from msp.web.portal.frame import frame
from msp.web.request_scope import current_person
from msp.web.session_lines import session_lines
from msp.web.shell import shell
from msp.web.token_lines import asked_to_revoke, token_lines


def register(app: Flask) -> None:
    """The routes of this page."""
    app.add_url_rule("/account/sessions", "account_sessions", page)
    app.add_url_rule("/account/sessions/end", "end_other_sessions", end_others, methods=["POST"])
    app.add_url_rule("/account/tokens/<uuid:token_id>/revoke", "revoke_own_token", revoke_token, methods=["POST"])
    app.add_url_rule("/account/sessions/<uuid:session_id>/end", "end_own_session", end_one, methods=["POST"])


def page() -> Answer:
    """The person's sessions, one per browser."""
    if g.person is None:
        return redirect(url_for("security.login", next="/account/sessions"))
    person = current_person()
    own = {"shell": shell(current="account")} if person.is_staff else {"portal": frame(current="account")}
    lines = session_lines(
        person.id,
        here=current_user.session_id,
        end_url=lambda session_id: url_for("end_own_session", session_id=session_id),
    )
    return render_template(
        "account_sessions.html",
        frame="base.html" if person.is_staff else "portal/base.html",
        sessions=lines,
        end_all_url=url_for("end_other_sessions") if len(lines) > 1 else "",
        tokens=token_lines(person.id, revoke_url=lambda each: url_for("revoke_own_token", token_id=each)),
        back_url=url_for("account"),
        **own,
    )


def end_one(session_id: UUID) -> Answer:
    """End one of the person's sessions."""
    if g.person is None:
        return redirect(url_for("security.login", next="/account/sessions"))
    with _system():
        sessions.end_session(session_id, person_id=current_person().id, at=clock.now())
    return _done(gettext("Session ended."))


def end_others() -> Answer:
    """End all of the person's sessions except the current one."""
    if g.person is None:
        return redirect(url_for("security.login", next="/account/sessions"))
    with _system():
        sessions.end_sessions(current_user.id, at=clock.now(), besides=current_user.session_id)
    return _done(gettext("All other sessions ended."))


def revoke_token(token_id: UUID) -> Answer:
    """Revoke one of the person's tokens."""
    if g.person is None:
        return redirect(url_for("security.login", next="/account/sessions"))
    if needs_confirmation():
        return asked_to_revoke(back_url=url_for("account_sessions"))
    with _system():
        tokens.revoke_token(token_id, person_id=current_person().id, at=clock.now())
    return _done(gettext("Token revoked."))


def _done(sentence: str) -> Response:
    flash(sentence, "green")
    return redirect(url_for("account_sessions"), 303)


@contextmanager
def _system() -> Iterator[None]:
    """The system scope, which may write sessions, with the person as the actor."""
    with work(Scope("msp_system", actor_id=current_person().id)):
        yield
