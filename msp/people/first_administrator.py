"""The first administrator of an empty installation, authorized by a setup code."""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime

from sqlalchemy import select, text

from msp.kernel.db import db
from msp.kernel.errors import Conflict, Invalid
from msp.people.actions import add_account, add_person
from msp.people.models import Account, Person

MIN_PASSWORD = 12
MAX_PASSWORD = 128
_LOCK = "select pg_advisory_xact_lock(hashtext('first administrator'))"


def setup_code(secret_key: str) -> str:
    """The setup code of an installation, such as "K4QD-7TXA-M2RP": derived from SECRET_KEY, equal in all processes.

    It works once, for the first administrator.
    """
    digest = hmac.new(secret_key.encode(), b"first administrator", hashlib.sha256).digest()
    letters = base64.b32encode(digest).decode()[:12]
    return "-".join((letters[:4], letters[4:8], letters[8:]))


def is_setup_code(typed: str, *, secret_key: str) -> bool:
    """Whether the text is the code; accepts lower case, spaces and missing hyphens."""
    plain = "".join(each for each in typed.upper() if each.isalnum())
    return secrets.compare_digest(plain.encode(), setup_code(secret_key).replace("-", "").encode())


def has_staff_account() -> bool:
    """Whether the provider ever had an account (system scope), which closes the setup page."""
    query = select(Account.id).join(Person, Person.id == Account.person_id).where(Person.client_id.is_(None)).limit(1)
    return db.session.execute(query).first() is not None


def add_first_administrator(
    *, code: str, secret_key: str, name: str, email: str, password: str, locale: str, timezone: str, at: datetime
) -> Account:
    """Add the administrator with an account (system scope); emits `person.added`.

    Raises Conflict `already_set_up` if there is a staff account, and Invalid for a wrong code, a password outside
    MIN_PASSWORD to MAX_PASSWORD characters, and everything that `add_person` refuses.
    """
    db.session.execute(text(_LOCK))  # concurrent requests create one administrator
    if has_staff_account():
        raise Conflict("already_set_up")
    fields = {
        "code": [] if is_setup_code(code, secret_key=secret_key) else ["wrong_code"],
        "email": [] if "@" in email else ["invalid" if email.strip() else "required"],
        "name": [] if name.strip() else ["required"],
        "password": _password_faults(password),
    }
    if any(fields.values()):
        raise Invalid(fields={field: codes for field, codes in fields.items() if codes})
    person = add_person(
        client_id=None, name=name, email=email, role="administrator", locale=locale, timezone=timezone, at=at
    )
    db.session.flush()
    return add_account(person, password=password, at=at)


def _password_faults(password: str) -> list[str]:
    if len(password) < MIN_PASSWORD:
        return ["too_short"]
    return ["too_long"] if len(password) > MAX_PASSWORD else []
