"""The requester of a ticket that staff opens: a known contact, or a new one added with their first ticket."""

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from msp.clients.models import Client
from msp.kernel.errors import Conflict, Invalid
from msp.people.actions import add_person
from msp.people.models import Person
from msp.people.queries import access_person, find_by_email

LONGEST_NAME = 200
LONGEST_PHONE = 40
_EMAIL = re.compile(r"[^@\s,;<>\"]{1,64}@[^@\s,;<>\".]+(\.[^@\s,;<>\".]+)+")
_PHONE = re.compile(r"\+?[0-9(][0-9 ()./\-]*(?:(?:ext|x|#)[. :]*[0-9]{1,6})?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Caller:
    """The requester as entered in the form: the id of a person, or name, address and number of a new one."""

    person_id: UUID | None = None
    name: str = ""
    email: str = ""
    phone: str = ""


def person_calling(client: Client, caller: Caller, *, at: datetime) -> Person:
    """The person of `client` who asks; an unknown person is added to the contacts (emits `person.added`).

    Raises Invalid for a person of another company, and for an invalid name, address or number.
    """
    if caller.person_id is not None:
        person = access_person(caller.person_id)
        if person.client_id != client.id:
            raise Invalid(fields={"requester_id": ["not_of_client"]})
        return person
    _check(caller)
    email = caller.email.strip()
    return (find_by_email(email, client_id=client.id) if email else None) or _add(client, caller, at=at)


def _add(client: Client, caller: Caller, *, at: datetime) -> Person:
    if not caller.name.strip():
        raise Invalid(fields={"requester_name": ["required"]})
    try:
        person = add_person(
            client_id=client.id,
            name=" ".join(caller.name.split()),
            email=caller.email.strip() or None,
            role="client_employee",
            locale=client.locale,
            timezone=client.timezone,
            at=at,
        )
    except Conflict as taken:
        raise Invalid(fields={"requester_email": [taken.code]}) from taken
    person.phone = caller.phone.strip() or None
    return person


def _check(caller: Caller) -> None:
    email, phone = caller.email.strip(), caller.phone.strip()
    wrong = {
        "requester_name": ["too_long"] if len(caller.name) > LONGEST_NAME else [],
        "requester_email": ["email_shape"] if email and (len(email) > 254 or not _EMAIL.fullmatch(email)) else [],
        "requester_phone": ["invalid"] if phone and (len(phone) > LONGEST_PHONE or not _PHONE.fullmatch(phone)) else [],
    }
    if not caller.name.strip() and not email:
        wrong["requester_name"] = ["required"]
    if any(wrong.values()):
        raise Invalid(fields={name: codes for name, codes in wrong.items() if codes})
