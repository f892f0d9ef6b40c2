"""The hand-offs of demo tickets: each change of tier by a technician, with what they wrote for the next one."""

from collections.abc import Iterator

from msp.demo import world as told
from msp.demo.loaded import Loaded, Row
from msp.kernel.ids import new_id
from msp.tickets.states import FINISHED


def hand_offs_of(each: told.DemoTicket, ticket: Row, loaded: Loaded) -> Iterator[Row]:
    """Rows of `hand_off`; accepted when the next technician took the ticket, unless they have not done anything yet."""
    tier = each.initial_tier
    for place, change in enumerate(each.changes):
        if change.field != "tier":
            continue
        before, tier = tier, int(change.value or 1)
        if change.actor is None or before == tier:
            continue
        taken = next((later for later in each.changes[place:] if later.field == "assignee"), None)
        wrote = (
            any(message.author == taken.value and message.at > taken.at for message in each.messages) if taken else 0
        )
        is_accepted = taken is not None and (bool(wrote) or ticket["status"] in FINISHED)
        yield {
            "id": new_id(),
            "client_id": ticket["client_id"],
            "ticket_id": ticket["id"],
            "from_tier": before,
            "to_tier": tier,
            "tried": "",
            "found": "",
            "needed": change.reason or "",
            "person_id": loaded.people[change.actor].id,
            "written_at": change.at,
            "handed_at": change.at,
            "accepted_at": taken.at if taken and is_accepted else None,
            "accepted_by_id": loaded.people[taken.value].id if taken and taken.value and is_accepted else None,
        }
