"""How the requester of a ticket can be contacted: one statement for all reply channels."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from msp.kernel.db import db
from msp.tickets.models import NOT_CONNECTED


@dataclass(frozen=True, slots=True)
class RequesterContact:
    """The requester of a ticket as reply channels see them.

    `used` has the channels of their public messages on the ticket, last used first. `chats` has the platforms where the
    ticket has an open conversation or they have an identity, over a working connection of their client. `can_sign_in`:
    person, account and client are active.
    """

    is_active: bool
    email: str
    can_sign_in: bool
    used: tuple[str, ...]
    chats: frozenset[str]


# A conversation that was marked because nothing was connected counts again once the connection works.
_QUERY = text("""
select p.active, coalesce(p.email, '') as email,
 p.active and c.active and exists (select from account a where a.person_id = p.id and a.active) as can_sign_in,
 array(
  select m.channel from message m
  where m.ticket_id = t.id and m.author_id = p.id and m.visibility = 'public' and m.deleted_at is null
  group by m.channel order by max(m.at) desc, max(m.id::text) desc
 ) as used,
 array(
  select v.platform from conversation v
  join connection n on n.kind = v.platform and n.external_id = v.workspace and n.client_id = v.client_id
  where v.ticket_id = t.id and n.broken_reason is null
  and coalesce(v.person_id, t.requester_id) = p.id
  and (v.unreachable_reason is null or v.unreachable_reason = :not_connected)
  union
  select i.platform from chat_identity i
  join connection n on n.kind = i.platform and n.external_id = i.workspace and n.client_id = p.client_id
  where i.person_id = p.id and n.broken_reason is null
 ) as chats
from ticket t join person p on p.id = coalesce(cast(:person_id as uuid), t.requester_id)
join client c on c.id = t.client_id
where t.id = :ticket_id
""").bindparams(not_connected=NOT_CONNECTED)


def requester_contact(ticket_id: UUID, person_id: UUID | None = None) -> RequesterContact:
    """The contact of a ticket's requester, or of another person of its client, such as one in CC (system scope)."""
    row = db.session.execute(_QUERY, {"ticket_id": ticket_id, "person_id": person_id}).one()
    return RequesterContact(row.active, row.email.strip(), row.can_sign_in, tuple(row.used), frozenset(row.chats))
