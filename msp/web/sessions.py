"""Whose a request's cookie is: sessions are kept on the server (msp.people.sessions), the cookie holds a token."""

from typing import Any

from flask import Flask, current_app, request, session
from flask_login import user_logged_in, user_logged_out
from flask_security import password_changed, password_reset
from flask_security.utils import set_request_attr

from msp.kernel import clock
from msp.kernel.db import Scope, current_scope_or_none, work
from msp.kernel.ttl_cache import cached
from msp.people import sessions
from msp.people.models import Account
from msp.web.attempts import forget_failures
from msp.web.known_devices import remember_device
from msp.web.origin import browser_here

CHANGED = "changed"  # in the cookie: when its person last changed something about themselves
READER = "SESSION_READER"  # the configuration's name for what reads sessions where accounts cannot be read
_NAMES_USER = "_user_id"  # where the login library keeps what names the user


def register(app: Flask) -> None:
    """Have the sign-in library read, begin and end our sessions; call it after the library is set up."""
    app.login_manager.user_loader(read)  # type: ignore[attr-defined]
    app.login_manager.request_loader(lambda _request: None)  # type: ignore[attr-defined]  # its own tokens are off
    user_logged_in.connect(_begin, app)
    user_logged_out.connect(_sign_out, app)
    password_changed.connect(_end_others, app)
    password_reset.connect(_end_all, app)


def read(token: str) -> Account | None:
    """The account of a session's token, or None; a second old at most, so long may another process serve an ended one.

    What people change about themselves they see at once, since their cookie then says that something changed.
    """
    at = clock.now()
    reader = current_app.config.get(READER)
    if reader is not None:
        browser, is_use, minute = browser_here(), _is_use(), at.replace(second=0, microsecond=0)
        account = cached(
            lambda: reader(token, browser, at=at, is_use=is_use), name=sessions.READ, of=(token, is_use, minute)
        )
    elif current_scope_or_none() == Scope.system():  # sign-in and password pages change the account
        account = _read(token)
    else:
        of = (token, session.get(CHANGED), _is_use(), at.replace(second=0, microsecond=0))
        account = cached(lambda: _read_apart(token), name=sessions.READ, of=of)
    if account is not None:
        set_request_attr("fs_authn_via", "session")
        set_request_attr("fs_paa", session.get("fs_paa", 0))
    return account


def _read(token: str) -> Account | None:
    return sessions.read_session(token, browser_here(), at=clock.now(), is_use=_is_use())


def _read_apart(token: str) -> Account | None:
    with work(Scope.system()):
        return _read(token)


def _is_use() -> bool:
    """Whether the person asked for this, and not a page that was left open."""
    view = current_app.view_functions.get(request.endpoint or "")
    return not getattr(view, "is_background", False)


def _begin(_app: Flask, user: Account, **_rest: Any) -> None:
    """Begin a session for whoever signed in just now; a new password keeps how long the browser stays signed in."""
    asked = session.pop("_remember", None) == "set"
    is_kept = asked or (user.session_id is not None and session.permanent)
    session[_NAMES_USER] = sessions.begin_session(user, browser_here(), is_kept=is_kept, at=clock.now())
    session.permanent = is_kept
    remember_device(user.id)


def _sign_out(_app: Flask, user: Account, **_rest: Any) -> None:
    session.pop(CHANGED, None)
    session.permanent = False
    if user.is_authenticated and user.session_id is not None:
        sessions.sign_out(user.session_id, at=clock.now())


def _end_others(_app: Flask, user: Account, **_rest: Any) -> None:
    """A new password was chosen: only the session that it was chosen in goes on, with a new token."""
    sessions.end_sessions(user.id, at=clock.now(), besides=user.session_id)


def _end_all(_app: Flask, user: Account, **_rest: Any) -> None:
    """A link led to a new password: every session ends, and this browser is its owner's."""
    remember_device(user.id)
    forget_failures(user)
    sessions.end_sessions(user.id, at=clock.now())
