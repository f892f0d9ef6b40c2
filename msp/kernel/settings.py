"""Settings that people change in the console: JSON by name."""

from datetime import datetime

from sqlalchemy import Text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from msp.kernel import clock
from msp.kernel.db import Json, Model, db


class Setting(Model):
    """A named setting; `provider` holds the legal data printed on invoices."""

    __tablename__ = "setting"
    __table_args__ = ({"info": {"access": "reference"}},)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[Json]
    updated_at: Mapped[datetime]


def read(name: str) -> Json:
    """The setting's value; an empty object if it was never written."""
    row = db.session.get(Setting, name)
    return row.value if row else {}


def write(name: str, value: Json) -> None:
    """Replace the setting's value."""
    at = clock.now()
    statement = insert(Setting).values(name=name, value=value, updated_at=at)
    db.session.execute(
        statement.on_conflict_do_update(index_elements=[Setting.name], set_={"value": value, "updated_at": at})
    )
    db.session.expire_all()
