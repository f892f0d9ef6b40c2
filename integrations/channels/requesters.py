"""Identifies the author of a message: finds the person of an account in a chat system, or adds them once."""

from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from flask_babel import gettext
from sqlalchemy import or_, select

from integrations.channels.links import lock
from integrations.channels.profiles import clean_name, is_guest_of, is_stale, profile_facts, refresh
from integrations.channels.transport import Transport, Unreachable
from integrations.channels.values import Profile, WorkspaceLink
from msp.clients.models import Client
from msp.clients.queries import access_client
from msp.kernel import clock, timezones
from msp.kernel.db import Json, Scope, db, work
from msp.kernel.errors import Permanent
from msp.kernel.i18n import reading_as
from msp.people.actions import LOCALES, add_person, link_identity, move_identity
from msp.people.models import ChatIdentity, Person
from msp.people.queries import find_by_email, find_identity
from msp.words.vocabulary import word


@dataclass(frozen=True, slots=True)
class Author:
    """The author of a message in a client's chat: a person of the client or staff; `locale` is their language."""

    person_id: UUID
    locale: str
    timezone: str
    is_staff: bool = False
    is_guest: bool = False


class Stranger(Exception):
    """A person who is not one of the client's people, in any of its channels."""


class Refused(Stranger):
    """A known person whose messages open no ticket.

    `reason` is `guest`, `person_inactive`, `client_inactive` or `staff`; `locale` is the language they read, if it is
    known.
    """

    def __init__(self, reason: str, *, locale: str | None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.locale = locale


def identify(transport: Transport, link: WorkspaceLink, external_id: str, *, reference: Json) -> Author:
    """Identify the author of a message; unknown people are added from their profile, staff are found by their address.

    Reads a known person's profile again once a day. Calls the chat system outside of any transaction. Raises Refused
    for guests of a client that accepts none, and for inactive people and clients; Stranger for bots and people of other
    companies; and the transport's error if the profile of a new person cannot be read.
    """
    with work(Scope.system()):
        found = _find(link, external_id)
        if found is not None and not is_stale(found.identity, at=clock.now()):
            return _known(found, reference=reference)
    if found is None:
        return _meet(transport, link, external_id, reference=reference)
    refresh(transport, link, external_id)
    with work(Scope.system()):
        found = _find(link, external_id)
        assert found is not None  # identities are never removed
        return _known(found, reference=reference)


def known_author(link: WorkspaceLink, external_id: str, *, reference: Json) -> Author | None:
    """The known person of an account in a client's chat (system scope); updates the reference used to write to them.

    Returns None if `identify` must call the chat system first. Raises as `identify` does.
    """
    found = _find(link, external_id)
    if found is None or is_stale(found.identity, at=clock.now()):
        return None
    return _known(found, reference=reference)


def check_command(link: WorkspaceLink, external_id: str) -> None:
    """Raise Refused if a known person may not open tickets (system scope); makes no calls."""
    found = _find(link, external_id)
    if found is not None:
        check_opens(_known(found, reference={}))


def check_opens(author: Author) -> None:
    """Raise Refused for staff, who open tickets for a client in the console."""
    if author.is_staff:
        raise Refused("staff", locale=author.locale)


def requester(transport: Transport, link: WorkspaceLink, external_id: str, *, reference: Json) -> UUID:
    """The id of the client's person for an account in chat; raises as `identify` does, and Stranger for staff."""
    author = identify(transport, link, external_id, reference=reference)
    if author.is_staff:
        raise Stranger
    return author.person_id


def link_staff_identity(
    transport: Transport, link: WorkspaceLink, external_id: str, *, reference: Json
) -> Author | None:
    """Link a member of staff to their account by its address, so that they can be notified; None if it was linked.

    A linked account gets the newer reference.
    """
    with work(Scope.system()):
        identity = find_identity(link.platform, link.workspace, external_id)
        if identity is not None:
            identity.reference = {**identity.reference, **reference}
            return None
    profile = transport.profile(link, external_id)
    if profile.is_bot or profile.workspace != link.workspace or not profile.email:
        return None
    with work(Scope.system()):
        lock("requester", link.platform, link.workspace, external_id)
        person = find_by_email(profile.email, client_id=None)
        if person is None or not person.active:
            return None
        _link(link, profile, person, is_guest=False, reference=reference)
        return _author(person)


def names_of(transport: Transport, link: WorkspaceLink, external_ids: tuple[str, ...]) -> dict[str, str]:
    """Names of mentioned people: ours if they are known, else those of the chat system."""
    names: dict[str, str] = {}
    for external_id in dict.fromkeys(external_ids):
        with work(Scope.system()) as session:
            identity = find_identity(link.platform, link.workspace, external_id)
            person = session.get(Person, identity.person_id) if identity else None
        if person is not None:
            names[external_id] = person.name
            continue
        try:
            names[external_id] = transport.profile(link, external_id).name or external_id
        except Permanent:  # an unknown name must not lose the text around it
            names[external_id] = external_id
    return names


class _Found(NamedTuple):
    """A known person, and the client in whose chat they are."""

    identity: ChatIdentity
    person: Person
    client: Client


def _find(link: WorkspaceLink, external_id: str) -> _Found | None:
    """Returns None for a person of a client that the workspace belonged to before."""
    query = (
        select(ChatIdentity, Person, Client)
        .join(Person, Person.id == ChatIdentity.person_id)
        .join(Client, Client.id == link.client_id)
        .where(
            ChatIdentity.platform == link.platform,
            ChatIdentity.workspace == link.workspace,
            ChatIdentity.external_id == external_id,
            or_(Person.client_id.is_(None), Person.client_id == Client.id),
        )
    )
    row = db.session.execute(query).one_or_none()
    return _Found(*row) if row is not None else None


def _known(found: _Found, *, reference: Json) -> Author:
    identity, person, client = found
    _check(person, client, identity.reference)
    newer = {**identity.reference, **reference}
    if newer != identity.reference:
        identity.reference = newer
    return _author(person)


def _author(person: Person) -> Author:
    return Author(person.id, person.locale, person.timezone, is_staff=person.is_staff, is_guest=person.is_guest)


def _check(person: Person, client: Client, reference: Json) -> None:
    """Raise Refused if the author's messages may not open tickets; `reference` is the reference of their identity."""
    if not person.active or reference.get("profile_active") is False:
        raise Refused("person_inactive", locale=person.locale)
    if person.is_staff:
        return
    if not client.active:
        raise Refused("client_inactive", locale=person.locale)
    if person.is_guest and client.guest_policy == "refuse":
        raise Refused("guest", locale=person.locale)


def _meet(transport: Transport, link: WorkspaceLink, external_id: str, *, reference: Json) -> Author:
    assert link.client_id is not None
    try:
        profile = transport.profile(link, external_id)
    except Unreachable as unseen:  # the chat system has no user with this id
        raise Stranger from unseen
    if profile.is_bot:
        raise Stranger
    with work(Scope.system()):
        lock("requester", link.platform, link.workspace, external_id)
        if (found := _find(link, external_id)) is not None:  # another message of theirs was processed first
            return _known(found, reference=reference)
        client = access_client(link.client_id)
        is_guest = is_guest_of(client, profile)
        person = _staff_behind(link, profile)
        if person is None:
            if profile.workspace != link.workspace:
                raise Stranger
            _check_new(client, profile, is_guest=is_guest)
            person = _matching(client, profile, is_guest=is_guest) or _added(link, client, profile, is_guest=is_guest)
        identity = _link(link, profile, person, is_guest=is_guest, reference=reference)
        _check(person, client, identity.reference)
        return _author(person)


def _staff_behind(link: WorkspaceLink, profile: Profile) -> Person | None:
    """The member of staff of a profile: identified in the workspace that they come from, or by their address."""
    if profile.workspace != link.workspace:
        home = find_identity(link.platform, profile.workspace, profile.external_id)
        person = db.session.get(Person, home.person_id) if home else None
        return person if person is not None and person.is_staff else None
    return find_by_email(profile.email, client_id=None) if profile.email else None


def _check_new(client: Client, profile: Profile, *, is_guest: bool) -> None:
    """Raise Refused for an unknown person whom the client's settings refuse; nothing about them is stored."""
    if not profile.is_active:
        raise Refused("person_inactive", locale=profile.locale)
    if not client.active:
        raise Refused("client_inactive", locale=profile.locale)
    if is_guest and client.guest_policy == "refuse":
        raise Refused("guest", locale=profile.locale)


def _matching(client: Client, profile: Profile, *, is_guest: bool) -> Person | None:
    """Find a person by address within one client only, so that another company's person is never matched.

    A guest never matches a manager, whatever address they have.
    """
    if not profile.email:
        return None
    lock("address", str(client.id), profile.email.strip().lower())
    person = find_by_email(profile.email, client_id=client.id)
    if person is None or (is_guest and person.role == "client_manager"):
        return None
    person.is_guest = person.is_guest or profile.is_guest
    return person


def _added(link: WorkspaceLink, client: Client, profile: Profile, *, is_guest: bool) -> Person:
    is_taken = bool(profile.email) and find_by_email(profile.email or "", client_id=client.id) is not None
    person = add_person(
        client_id=client.id,
        name=clean_name(profile.name, (profile.email or "").partition("@")[0]) or _unnamed(link, client),
        email=None if is_taken else profile.email,
        role="client_employee",
        locale=_language(profile, client),
        timezone=profile.timezone if timezones.is_known(profile.timezone) else client.timezone,
        is_guest=is_guest,
        at=clock.now(),
    )
    db.session.flush()
    return person


def _language(profile: Profile, client: Client) -> str:
    language = (profile.locale or "").replace("_", "-").partition("-")[0].lower()
    return language if language in LOCALES else client.locale


def _unnamed(link: WorkspaceLink, client: Client) -> str:
    with reading_as(client.locale, client.timezone):
        return gettext("%(platform)s user", platform=word(link.platform, "channel"))


def _link(link: WorkspaceLink, profile: Profile, person: Person, *, is_guest: bool, reference: Json) -> ChatIdentity:
    at = clock.now()
    identity = link_identity(
        person,
        platform=link.platform,
        workspace=link.workspace,
        external_id=profile.external_id,
        reference=profile.reference | reference | profile_facts(profile, is_guest=is_guest, at=at),
        at=at,
    )
    move_identity(identity, person)
    return identity
