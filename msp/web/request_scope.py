"""One scope, session and transaction per request: committed for statuses below 400, rolled back otherwise.

Endpoints of other programs (Slack, Teams, Stripe, health) are marked with `own_scope` and enter scopes themselves.
"""

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import uuid4

import flask
from flask import Flask, Response, g, request
from flask_login import current_user
from flask_wtf import CSRFProtect
from sqlalchemy.exc import DataError
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest, UnprocessableEntity

from msp.kernel import i18n, logs
from msp.kernel.db import Scope, commit, db, enter, leave
from msp.kernel.storable import is_storable
from msp.people.access import scope_of
from msp.people.models import Person

MAX_PASSWORD = 4096  # characters: the limit of passlib
View = TypeVar("View", bound=Callable[..., Any])


def own_scope(view: View) -> View:
    """Mark a view that serves another program and enters scopes itself."""
    view.own_scope = True  # type: ignore[attr-defined]
    return view


def background(view: View) -> View:
    """Mark a view that pages poll while they are open; its requests do not extend the session."""
    view.is_background = True  # type: ignore[attr-defined]
    return view


def register(app: Flask) -> None:
    """Enter a scope before each request and leave it afterwards."""
    app.before_request(_open)
    app.after_request(_close)
    app.teardown_request(_forget)


def current_person() -> Person:
    """The person signed in, or the owner of the token; for views that require sign-in."""
    person: Person = g.person
    return person


def current_person_or_none() -> Person | None:
    """The person signed in, or None."""
    person: Person | None = g.person
    return person


def work_as(person: Person, *, client_ids: tuple[Any, ...] = ()) -> None:
    """Enter the scope of a person for the rest of the request, with their language and zone."""
    g.person = person
    g.scope_token = enter(scope_of(person, client_ids=client_ids))
    i18n.set_reader(person.locale, person.timezone)


def _open() -> None:
    logs.request_id.set(request.headers.get("X-Request-Id", "")[:64] or uuid4().hex)
    g.scope_token = None
    g.person = None
    i18n.forget_reader()
    view = flask.current_app.view_functions.get(request.endpoint or "")
    if view is None or request.endpoint == "static":
        return
    if getattr(view, "own_scope", False) or _is_own_scope_blueprint():
        # There is no cookie session here, and the sign-in library must not look for its own tokens in the body.
        g._login_user = flask.current_app.login_manager.anonymous_user()  # type: ignore[attr-defined]
        return
    if request.blueprint == "security":  # sign-in reads accounts before the person is known
        g.scope_token = enter(Scope.system())
        if request.endpoint == "security.logout":  # the library's other forms have their own CSRF token
            _check_csrf()
    elif current_user.is_authenticated:
        work_as(current_user.person, client_ids=current_user.client_ids)
        _check_csrf()
    _refuse_unstorable_text()
    _refuse_odd_json()
    if request.blueprint == "security":
        _refuse_long_secrets()


def _check_csrf() -> None:
    if flask.current_app.config["WTF_CSRF_ENABLED"]:
        csrf: CSRFProtect = flask.current_app.extensions["csrf"]
        csrf.protect()


def _refuse_unstorable_text() -> None:
    """Refuse text that cannot be stored; forms are read only after the person is known."""
    sent = [request.path, *(text for pair in request.args.items(multi=True) for text in pair)]
    if g.scope_token is not None:
        sent += [text for pair in request.form.items(multi=True) for text in pair]
        sent += [each.filename or "" for each in request.files.values()]
    if not is_storable(sent):
        raise BadRequest("text that cannot be stored")


def _refuse_odd_json() -> None:
    """Refuse JSON other than a storable object; the sign-in library reads it as a form."""
    if not request.is_json:
        return
    try:
        body = request.get_json()
        fits = isinstance(body, dict) and is_storable(body)
    except (RecursionError, ValueError) as wrong:
        raise BadRequest("JSON that cannot be read") from wrong
    if not fits:
        raise BadRequest("JSON that is no object or cannot be stored")


def _refuse_long_secrets() -> None:
    """Refuse passwords above the length that the library hashes, before any hashing."""
    sent: MultiDict[str, Any] = MultiDict(request.get_json() if request.is_json else request.form)
    if any("password" in name and len(str(text)) > MAX_PASSWORD for name, text in sent.items(multi=True)):
        raise UnprocessableEntity("password too long")


def _is_own_scope_blueprint() -> bool:
    blueprint = flask.current_app.blueprints.get(request.blueprint or "")
    return getattr(blueprint, "own_scope", False)


def _close(response: Response) -> Response:
    if getattr(g, "scope_token", None) is not None:
        if response.status_code < 400:
            response = _commit(response)
        else:
            db.session.rollback()
    response.headers["X-Request-Id"] = logs.request_id.get()
    return response


def _commit(response: Response) -> Response:
    """Commit; values that the database cannot store are refused, as they are when a view writes them."""
    try:
        commit()
    except DataError as wrong:
        return flask.current_app.make_response(flask.current_app.handle_user_exception(wrong))
    return response


def _forget(_error: BaseException | None) -> None:
    token = getattr(g, "scope_token", None)
    if token is not None:
        g.scope_token = None
        leave(token)
