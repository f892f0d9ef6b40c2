"""Who wrote: the person behind somebody in a chat system, found or added once."""

from uuid import UUID

from integrations.chat.links import lock
from integrations.chat.transport import Transport
from integrations.chat.values import Link, Profile
from msp.clients.models import Client
from msp.clients.queries import access_client
from msp.kernel import clock, timezones
from msp.kernel.db import Json, Scope, work
from msp.kernel.errors import Permanent
from msp.people.actions import LOCALES, add_person, link_identity
from msp.people.models import Person
from msp.people.queries import find_by_email, find_identity


class Stranger(Exception):
    """Not one of the client's people, whatever channel they write in."""


def requester(transport: Transport, link: Link, external_id: str, *, reference: Json) -> UUID:
    """The id of the client's person behind somebody in chat, added from their profile where there is none.

    Asks the chat system outside of any unit of work; raises Stranger for bots, staff and people of other companies.
    """
    assert link.client_id is not None
    with work(Scope.system()):
        known = known_person(link, external_id, reference=reference)
    if known is not None:
        return known
    profile = transport.profile(link, external_id)
    if profile.is_bot or profile.workspace != link.workspace:
        raise Stranger
    with work(Scope.client(link.client_id)):
        lock("requester", link.platform, link.workspace, external_id)
        identity = find_identity(link.platform, link.workspace, external_id)
        if identity is not None:
            return identity.person_id
        client = access_client(link.client_id)
        person = _matching(client, profile) or _added(client, profile)
        link_identity(
            person,
            platform=link.platform,
            workspace=link.workspace,
            external_id=external_id,
            reference=profile.reference | reference,
            at=clock.now(),
        )
        return person.id


def known_person(link: Link, external_id: str, *, reference: Json) -> UUID | None:
    """Whom we know somebody in chat to be (system scope), with the newer way to reach them; Stranger for staff."""
    identity = find_identity(link.platform, link.workspace, external_id)
    if identity is None:
        return None
    if identity.client_id != link.client_id:
        raise Stranger
    newer = {**identity.reference, **reference}
    if newer != identity.reference:
        identity.reference = newer
    return identity.person_id


def meet_staff(transport: Transport, link: Link, external_id: str, *, reference: Json) -> UUID | None:
    """Remember where a member of staff can be reached, by the address they have there; None where nothing is new."""
    with work(Scope.system()):
        if find_identity(link.platform, link.workspace, external_id) is not None:
            return None
    profile = transport.profile(link, external_id)
    if profile.is_bot or profile.workspace != link.workspace or not profile.email:
        return None
    with work(Scope.system()):
        lock("requester", link.platform, link.workspace, external_id)
        person = find_by_email(profile.email, client_id=None)
        if person is None:
            return None
        link_identity(
            person,
            platform=link.platform,
            workspace=link.workspace,
            external_id=external_id,
            reference=profile.reference | reference,
            at=clock.now(),
        )
        return person.id


def names_of(transport: Transport, link: Link, external_ids: tuple[str, ...]) -> dict[str, str]:
    """Names for people who are mentioned: ours where we know them, else as the chat system has them."""
    names: dict[str, str] = {}
    for external_id in dict.fromkeys(external_ids):
        with work(Scope.system()) as session:
            identity = find_identity(link.platform, link.workspace, external_id)
            person = session.get(Person, identity.person_id) if identity else None
        if person is not None:
            names[external_id] = person.name
            continue
        try:
            names[external_id] = transport.profile(link, external_id).name
        except Permanent:  # a name that nobody tells us is no reason to lose the words around it
            names[external_id] = external_id
    return names


def _matching(client: Client, profile: Profile) -> Person | None:
    """Addresses are compared within one client only, so another company's person can never be taken for ours."""
    return find_by_email(profile.email, client_id=client.id) if profile.email else None


def _added(client: Client, profile: Profile) -> Person:
    language = (profile.locale or "").replace("_", "-").partition("-")[0].lower()
    return add_person(
        client_id=client.id,
        name=profile.name,
        email=profile.email,
        role="client_employee",
        locale=language if language in LOCALES else client.locale,
        timezone=profile.timezone if timezones.is_known(profile.timezone) else client.timezone,
        at=clock.now(),
    )
