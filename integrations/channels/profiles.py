"""Profiles of people in a chat system: clean names, when to read a profile again, and applying its changes."""

import logging
import unicodedata
from datetime import datetime, timedelta
from typing import Any

from integrations.channels.transport import Transport
from integrations.channels.values import Profile, WorkspaceLink
from msp.clients.models import Client
from msp.clients.queries import access_client
from msp.kernel import clock
from msp.kernel.db import Json, Scope, work
from msp.kernel.errors import OutsideFailure
from msp.kernel.inbox_writer import Sought
from msp.people.actions import move_identity
from msp.people.editing import account_of, edit_person
from msp.people.models import ChatIdentity, Person
from msp.people.queries import (
    access_person,
    find_by_email,
    find_identity,
    was_added_by_hand,
    was_edited_by_hand,
)

log = logging.getLogger(__name__)

MAX_NAME = 200
MAX_AGE = timedelta(days=1)
_IS_KNOWN_PERSON = (
    "exists (select 1 from chat_identity i where i.platform = {0} and i.workspace = {1} and i.external_id = {2})"
)
_JOINERS = "\u200c\u200d"  # zero-width joiners, which emoji and several scripts need
_BLANKS = "\u115f\u1160\u2800\u3164\uffa0"  # letters and symbols without a visible glyph


def clean_name(*candidates: object) -> str:
    """The first candidate with a visible character, in one line of at most 200 characters; empty if there is none."""
    for candidate in candidates:
        if isinstance(candidate, str) and (name := _cleaned(candidate)):
            return name
    return ""


def is_guest_of(client: Client, profile: Profile) -> bool:
    """Whether a person in a client's chat is of another company, by their account there or their mail domain."""
    if profile.is_guest:
        return True
    if not client.mail_domains or not profile.email:
        return False
    domain = profile.email.rpartition("@")[2].strip().lower()
    return not any(domain == own or domain.endswith(f".{own}") for own in map(str.lower, client.mail_domains))


def profile_facts(profile: Profile, *, is_guest: bool, at: datetime) -> Json:
    """The profile values kept in an identity's reference, to detect later changes and the time of the last read."""
    return {
        "profile_name": profile.name,
        "profile_email": profile.email,
        "profile_guest": is_guest,
        "profile_active": profile.is_active,
        "profile_at": at.isoformat(),
    }


def is_stale(identity: ChatIdentity, *, at: datetime) -> bool:
    """Whether the profile was never read, or more than a day ago."""
    read_at = identity.reference.get("profile_at")
    return read_at is None or datetime.fromisoformat(str(read_at)) <= at - MAX_AGE


def refresh(transport: Transport, link: WorkspaceLink, external_id: str) -> None:
    """Read a known person's profile again and apply it; if the chat system fails, only the attempt is stored.

    Calls the chat system outside of any transaction.
    """
    try:
        profile = transport.profile(link, external_id)
    except OutsideFailure as failure:  # the message is processed even if the profile cannot be read
        log.info("a profile was not read again", extra={"reason": failure.reason})
        _note_attempt(link, external_id)
    else:
        follow_profile(link, profile)


def follow_profile(link: WorkspaceLink, profile: Profile) -> None:
    """Update a known person's name, address and guest mark from their profile; emits `person.edited`.

    A name that was typed in the desk is kept, and so is the address of a person with an account. A person whose address
    is a staff member's becomes that member of staff. Unknown people are ignored.
    """
    at = clock.now()
    with work(Scope.system()) as session:
        identity = find_identity(link.platform, link.workspace, profile.external_id)
        if identity is None:
            return
        session.refresh(identity, with_for_update=True)
        person = access_person(identity.person_id)
        colleague = find_by_email(profile.email, client_id=None) if profile.email else None
        is_guest = False
        if person.client_id is not None and colleague is not None:
            move_identity(identity, colleague)
        elif person.client_id is not None:
            client = access_client(person.client_id)
            is_guest = is_guest_of(client, profile)
            changes = _changes(person, identity.reference, profile, is_guest=is_guest)
            edit_person(person, at=at, **changes)
        facts = profile_facts(profile, is_guest=is_guest, at=at)
        if person.email != profile.email:  # an address that was not applied leaves the stored profile address unchanged
            facts["profile_email"] = identity.reference.get("profile_email")
        identity.reference = {**identity.reference, **facts}


def is_known_person(platform: str, workspace: str, external_id: str) -> Sought:
    """Whether an account of a chat system belongs to a known person, as SQL for the statement that stores the event."""
    return Sought(_IS_KNOWN_PERSON, (platform, workspace, external_id))


def _cleaned(name: str) -> str:
    kept = (" " if each.isspace() else each for each in name if not _is_invisible(each))
    name = unicodedata.normalize("NFC", " ".join("".join(kept).split()))[:MAX_NAME].rstrip()
    return name if any(unicodedata.category(each)[0] in "LNPS" for each in name) else ""


def _is_invisible(sign: str) -> bool:
    if sign in _BLANKS:
        return True
    return unicodedata.category(sign)[0] == "C" and sign not in _JOINERS and not sign.isspace()


def _note_attempt(link: WorkspaceLink, external_id: str) -> None:
    with work(Scope.system()):
        identity = find_identity(link.platform, link.workspace, external_id)
        if identity is not None:
            identity.reference = {**identity.reference, "profile_at": clock.now().isoformat()}


def _changes(person: Person, known: Json, profile: Profile, *, is_guest: bool) -> dict[str, Any]:
    """The changes to a person; `known` holds the profile values of the last read."""
    changes: dict[str, Any] = {}
    if profile.name and _may_rename(person, known):
        changes["name"] = profile.name
    if profile.email and _may_readdress(person, known, profile.email):
        changes["email"] = profile.email
    if is_guest != person.is_guest and known.get("profile_guest", person.is_guest) == person.is_guest:
        changes["is_guest"] = is_guest
    return changes


def _may_rename(person: Person, known: Json) -> bool:
    before = known.get("profile_name")
    if before is None:  # the profile was not stored when they were linked
        return not (was_added_by_hand(person.id) or was_edited_by_hand(person.id, "name"))
    return before == person.name and not was_edited_by_hand(person.id, "name")


def _may_readdress(person: Person, known: Json, email: str) -> bool:
    if person.email is not None and person.email != known.get("profile_email"):
        return False
    if account_of(person.id) is not None:
        return False
    same_address = find_by_email(email, client_id=person.client_id)
    return same_address is None or same_address.id == person.id
