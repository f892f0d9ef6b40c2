"""Sign-in with Flask-Security-Too on the desk's accounts, in the system scope."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Flask
from flask_security import MailUtil, Security, SQLAlchemyUserDatastore, UserMixin
from sqlalchemy import select

from msp.clients.platforms import sends_account_mails
from msp.clients.queries import access_client
from msp.config import Settings
from msp.kernel import clock
from msp.kernel.db import Scope, current_scope_or_none, db, work
from msp.people.models import Account, Person, Role
from msp.people.password_reset import ask_for_mail
from msp.people.queries import can_use_account
from msp.people.session_limits import MOST_ABSOLUTE_DAYS
from msp.web import forgotten_password, sessions
from msp.web.password_hashing import PoliteContext
from msp.web.sign_in_form import SignInForm
from msp.words.vocabulary import word


class Accounts(SQLAlchemyUserDatastore):
    """The library's datastore; accounts are readable in the system scope only."""

    def find_user(self, case_insensitive: bool = False, **kwargs: Any) -> UserMixin | None:
        """The account with this attribute, unless the person or company is inactive."""
        if current_scope_or_none() != Scope.system():
            with work(Scope.system()):
                return self.find_user(case_insensitive, **kwargs)
        account = super().find_user(case_insensitive=case_insensitive, **kwargs)
        return account if isinstance(account, Account) and can_use_account(account) else None


class AskedMail(MailUtil):
    """Sends the library's mails through the outbox: only the request is stored, no text and no link."""

    def normalize(self, email: str) -> str:
        """The normalised address; raises EmailValidateException if invalid."""
        return str(super().normalize(email.strip()))

    def validate(self, email: str) -> str:
        """The address as written; deliverability is not checked, since that needs DNS queries during a request."""
        return str(self.normalize(email))

    def send_mail(
        self, template: str, subject: str, recipient: Any, sender: Any, body: Any, html: Any, **about: Any
    ) -> None:
        """Request a mail to the account; emits `account.mail_asked`."""
        account = about.get("user")
        if isinstance(account, Account):
            ask_for_mail(account, template.rpartition("/")[2], at=clock.now())


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """A button of the demo's sign-in page."""

    id: UUID
    name: str
    email: str
    what: str


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
        SECURITY_SEND_PASSWORD_CHANGE_EMAIL=sends_account_mails(settings),
        SECURITY_RECOVERABLE=sends_account_mails(settings),
        SECURITY_RESET_PASSWORD_WITHIN=timedelta(days=2),  # as in the mail
        SECURITY_EMAIL_PLAINTEXT=False,  # mails are written by integrations/mail
        SECURITY_EMAIL_HTML=False,
        SECURITY_RETURN_GENERIC_RESPONSES=True,
        SECURITY_DEFAULT_REMEMBER_ME=False,
        SECURITY_I18N_DIRNAME=["builtin"],
        SECURITY_CSRF_COOKIE_NAME=None,
        SECURITY_API_ENABLED_METHODS=["session"],
        SESSION_COOKIE_NAME="guardia",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.public_url.startswith("https://"),
        SESSION_REFRESH_EACH_REQUEST=False,
        SESSION_PROTECTION=None,
        PERMANENT_SESSION_LIFETIME=timedelta(days=MOST_ABSOLUTE_DAYS),  # of the cookie; sessions end on the server
        REMEMBER_COOKIE_NAME="guardia_unused",  # replaced by long-lived sessions (msp/web/sessions)
        WTF_CSRF_TIME_LIMIT=None,
    )
    security = Security(app, Accounts(db, Account, Role), mail_util_cls=AskedMail, login_form=SignInForm)
    security.pwd_context = PoliteContext(security.pwd_context)
    security.login_context_processor(lambda: _demo_people(app))
    security.want_json(lambda _request: False)  # programs use API tokens: sign-in is for browsers only
    sessions.register(app)
    forgotten_password.register(app)


def _demo_people(app: Flask) -> dict[str, object]:
    """People to sign in as in a demo (config DEMO_SIGN_IN: addresses and their password); empty elsewhere."""
    emails, password = app.config.get("DEMO_SIGN_IN", ((), ""))
    found = db.session.scalars(select(Person).where(Person.email.in_(emails))) if emails else ()
    people = sorted(found, key=lambda person: emails.index(str(person.email)))
    accounts = [DemoPerson(each.id, each.name, str(each.email), _what(each)) for each in people]
    return {"demo_accounts": accounts, "demo_password": password}


def _what(person: Person) -> str:
    role = word(person.role, "role")
    if person.tier:
        return f"{role} · {word(person.tier, 'tier')}"
    return f"{role} · {access_client(person.client_id).name}" if person.client_id else role
