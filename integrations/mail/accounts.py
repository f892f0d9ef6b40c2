"""Account mails: invitation, password reset and others. Their sign-in links are made at sending and never stored."""

from flask import render_template
from flask_babel import gettext
from flask_security.recoverable import generate_reset_password_token

from integrations.mail.notices import path_to
from integrations.mail.writing import MailContent, MailSender, post_once
from msp.kernel.db import Scope, work
from msp.kernel.events import DeliveredEvent
from msp.kernel.i18n import reading_as
from msp.people.events import AccountMailRequested
from msp.people.models import Account, Person
from msp.people.names import first_name
from msp.people.queries import access_person

REQUESTED = {AccountMailRequested}
WITH_LINK = ("reset_instructions", "welcome")


def write_to_account(post: MailSender, requested: DeliveredEvent[AccountMailRequested]) -> None:
    """Send the mail that the account library requested to the account's person; raises Temporary or Permanent."""
    what = requested.event.what
    with work(Scope.system()) as session:
        account = session.get(Account, requested.subject_id)
        if account is None or not account.active:
            return
        person = access_person(account.person_id)
        token = _token(account) if what in WITH_LINK else ""
    with reading_as(person.locale, person.timezone):
        letter = _letter(post, what, person, token=token, key=f"{requested.delivery_id}.{requested.id.hex}")
    post_once(post, letter, person)


def _token(account: Account) -> str:
    return str(generate_reset_password_token(account))  # type: ignore[no-untyped-call]


def _letter(post: MailSender, what: str, person: Person, *, token: str, key: str) -> MailContent:
    url = f"{post.public_url}{path_to('security.reset_password', token=token)}" if token else ""
    parts = {"what": what, "name": first_name(person.name), "url": url, "desk_url": post.public_url}
    return MailContent(
        key=key,
        subject=_subject(what),
        text=render_template("mail/account.txt", **parts),
        html=render_template("mail/account.html", **parts),
    )


def _subject(what: str) -> str:
    if what == "welcome":
        return gettext("Your access to Guardia")
    if what == "reset_instructions":
        return gettext("Choose a new password")
    return gettext("Your password was changed")
