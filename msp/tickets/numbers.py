"""The number of a new ticket, and the contract under which it comes in: one statement, as both are asked for together.

Numbers have no gaps: the row lock of the client's counter is held until the ticket is written, and a ticket that is not
written takes its number back with it.
"""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select, true
from sqlalchemy.dialects.postgresql import insert

from msp.clients.models import Client
from msp.contracts.queries import IN_FORCE, Versions
from msp.kernel.batch_read import RowQuery, SingleQuery
from msp.tickets.models import TicketCounter

_COUNTED = (
    insert(TicketCounter)
    .values(client_id=bindparam("client_id"), last=1)
    .on_conflict_do_update(index_elements=[TicketCounter.client_id], set_={"last": TicketCounter.last + 1})
    .returning(TicketCounter.last)
    .cte("counted")
)
_HELD = IN_FORCE.subquery("held")


def _read(
    number: int, contract_id: UUID | None, version: int, calendar_id: UUID, calendar_version: int
) -> tuple[int, Versions | None]:
    return number, Versions(contract_id, version, calendar_id, calendar_version) if contract_id else None


_NUMBER_AND_CONTRACT = SingleQuery(
    RowQuery(_read, select(_COUNTED.c.last, *_HELD.c).select_from(_COUNTED.outerjoin(_HELD, true())))
)


def number_and_contract(client: Client, *, at: datetime) -> tuple[int, Versions | None]:
    """The next ticket number of a client, and the contract that holds on that day in their zone, if any."""
    day = at.astimezone(ZoneInfo(client.timezone)).date()
    [row] = _NUMBER_AND_CONTRACT.rows(client_id=client.id, day=day)
    return row
