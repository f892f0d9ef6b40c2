"""Staff who write in a client's chat: on whose tickets they may write."""

from uuid import UUID

from msp.people.queries import access_person, works_for


def may_write_for(person_id: UUID, client_id: UUID) -> bool:
    """Whether a member of staff may write on this client's tickets."""
    person = access_person(person_id)
    return person.is_staff and person.active and works_for(person, client_id)
