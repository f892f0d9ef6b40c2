"""Names of report groups."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select

from msp.clients.models import Client
from msp.contracts.models import Contract
from msp.kernel.db import db
from msp.people.models import Person


def names(by: str, keys: Iterable[str | None]) -> dict[str, str]:
    """The names of clients, contracts (with their client) or technicians by id as text; other dimensions have none."""
    wanted = [UUID(key) for key in keys if key is not None] if by in ("client", "contract", "technician") else []
    if not wanted:
        return {}
    if by == "contract":
        query = select(Contract.id, Contract.name, Client.name.label("client")).join(
            Client, Client.id == Contract.client_id
        )
        rows = db.session.execute(query.where(Contract.id.in_(wanted)))
        return {str(row.id): f"{row.client} · {row.name}" for row in rows}
    model = Client if by == "client" else Person
    return {str(row[0]): row[1] for row in db.session.execute(select(model.id, model.name).where(model.id.in_(wanted)))}
