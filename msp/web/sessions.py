"""Session cookies: they hold a token; sessions are stored on the server (msp.people.sessions)."""

from typing import Any

from flask import Flask, current_app, request, session
from flask_login import user_logged_in, user_logged_out
from flask_security import password_changed, password_reset
from flask_security.utils import set_request_attr

from msp.kernel import clock
from msp.kernel.db import Scope, current_scope_or_none, work
from msp.kernel.shared_clear import times_cleared
from msp.kernel.ttl_cache import cached
from msp.people import sessions
from msp.people.models import Account
from msp.web.attempts import forget_failures
from msp.web.known_devices import remember_device
from msp.web.origin import browser_here

CHANGED = "changed"  # in the cookie: time of the person's last change to their own settings
READER = "SESSION_READER"  # configuration key of the function that reads sessions without access to accounts
_NAMES_USER = "_user_id"  # where the sign-in library keeps the user's id


def register(app: Flask) -> None:
    """Have the sign-in library read, begin and end server-side sessions; call it after the library is set up."""
    app.login_manager.user_loader(read)  # type: ignore[attr-defined]
    app.login_manager.request_loader(lambda _request: None)  # type: ignore[attr-defined]  # its own tokens are off
    user_logged_in.connect(_begin, app)
    user_logged_out.connect(_sign_out, app)
    password_changed.connect(_end_others, app)
    password_reset.connect(_end_all, app)


def read(token: str) -> Account | None:
    """The account of a session's token, or None; cached for one second.

    The end of a session counts at once, in whichever process it ended (msp.kernel.shared_clear). People see their own
    changes at once: their cookie then says that something changed.
    """
    at = clock.now()
    reader = current_app.config.get(READER)
    if reader is not None:
        browser, is_use, minute = browser_here(), _is_use(), at.replace(second=0, microsecond=0)
        account = cached(
            lambda: reader(token, browser, at=at, is_use=is_use),
            name=sessions.READ,
            of=(token, is_use, minute, times_cleared(sessions.READ)),
        )
    elif current_scope_or_none() == Scope.system():  # sign-in and password pages change the account
        account = _read(token)
    else:
        minute, cleared = at.replace(second=0, microsecond=0), times_cleared(sessions.READ)
        of = (token, session.get(CHANGED), _is_use(), minute, cleared)
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
    """Whether the person sent this request, and not a page that polls while it is open."""
    view = current_app.view_functions.get(request.endpoint or "")
    return not getattr(view, "is_background", False)


def _begin(_app: Flask, user: Account, **_rest: Any) -> None:
    """Begin a session at sign-in; after a password change the session keeps its «stay signed in» choice."""
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
    """After a password change, end all sessions but the current one, which gets a new token."""
    sessions.end_sessions(user.id, at=clock.now(), besides=user.session_id)


def _end_all(_app: Flask, user: Account, **_rest: Any) -> None:
    """After a password reset by link, end all sessions and mark this browser as a known device."""
    remember_device(user.id)
    forget_failures(user)
    sessions.end_sessions(user.id, at=clock.now())
