"""Sign-in by Flask-Security-Too, on the desk's own accounts and in the system's scope."""

from typing import Any

from flask import Flask
from flask_security import Security, SQLAlchemyUserDatastore, UserMixin

from msp.config import Settings
from msp.kernel.db import Scope, current_scope_or_none, db, work
from msp.people.models import Account, Role
from msp.people.queries import client_ids_of


class Accounts(SQLAlchemyUserDatastore):
    """The library's view of accounts, which only the system's scope may read."""

    def find_user(self, case_insensitive: bool = False, **kwargs: Any) -> UserMixin | None:
        """The account with this attribute, with the clients its person works for."""
        if current_scope_or_none() == Scope.system():
            return self._find(case_insensitive, **kwargs)
        with work(Scope.system()):
            return self._find(case_insensitive, **kwargs)

    def _find(self, case_insensitive: bool, **kwargs: Any) -> UserMixin | None:
        account = super().find_user(case_insensitive=case_insensitive, **kwargs)
        if not isinstance(account, Account) or not account.person.active:
            return None
        if account.person.is_restricted:
            account.client_ids = client_ids_of(account.person_id)  # type: ignore[misc]
        return account


def register(app: Flask) -> None:
    """Add sign-in, sign-out and password change to the application."""
    settings: Settings = app.config["SETTINGS"]
    app.config.update(
        SECURITY_PASSWORD_SALT=settings.secret_key,
        SECURITY_PASSWORD_HASH="argon2",  # noqa: S106 (the name of the method)
        SECURITY_PASSWORD_SCHEMES=["argon2"],
        SECURITY_DEPRECATED_PASSWORD_SCHEMES=[],
        SECURITY_PASSWORD_SINGLE_HASH=["argon2"],
        SECURITY_PASSWORD_LENGTH_MIN=12,
        SECURITY_JOIN_USER_ROLES=False,
        SECURITY_LOGIN_URL="/signin",
        SECURITY_LOGOUT_URL="/signout",
        SECURITY_LOGOUT_METHODS=["POST"],
        SECURITY_POST_LOGIN_VIEW="/",
        SECURITY_POST_LOGOUT_VIEW="/signin",
        SECURITY_UNAUTHORIZED_VIEW=None,
        SECURITY_CHANGEABLE=True,
        SECURITY_SEND_PASSWORD_CHANGE_EMAIL=settings.mail_enabled,
        SECURITY_RECOVERABLE=settings.mail_enabled,
        SECURITY_RETURN_GENERIC_RESPONSES=True,
        SECURITY_DEFAULT_REMEMBER_ME=False,
        SECURITY_I18N_DIRNAME=["builtin"],
        SECURITY_CSRF_COOKIE_NAME=None,
        SESSION_COOKIE_NAME="guardia",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.public_url.startswith("https://"),
        WTF_CSRF_TIME_LIMIT=None,
    )
    Security(app, Accounts(db, Account, Role))
