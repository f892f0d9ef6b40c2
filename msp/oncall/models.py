"""Tables of the on-call schedule: layers with their members, swaps, absences."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column, relationship

from msp.kernel.db import Json, Model


class OnCallLayer(Model):
    """A layer; `windows` is {weekday: [[from, to]]} in minutes of the local day, empty for always."""

    __tablename__ = "oncall_layer"
    __table_args__ = (
        CheckConstraint("every_days between 1 and 366", name="every_days"),
        CheckConstraint("handover_minute between 0 and 1439", name="handover"),
        {"info": {"access": "staff"}},
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    position: Mapped[int] = mapped_column(SmallInteger)
    timezone: Mapped[str]
    first_day: Mapped[date]
    every_days: Mapped[int] = mapped_column(SmallInteger)
    handover_minute: Mapped[int] = mapped_column(SmallInteger)
    windows: Mapped[Json]
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    members: Mapped[list["OnCallMember"]] = relationship(
        order_by="OnCallMember.position", cascade="all, delete-orphan", lazy="selectin"
    )


class OnCallMember(Model):
    """A person's position in a layer."""

    __tablename__ = "oncall_member"
    __table_args__ = ({"info": {"access": "staff"}},)
    layer_id: Mapped[UUID] = mapped_column(ForeignKey("oncall_layer.id"), primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))


class OnCallSwap(Model):
    """A period of a layer that somebody else takes over."""

    __tablename__ = "oncall_swap"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="order"),
        Index("ix_oncall_swap_ends", "ends_at"),
        {"info": {"access": "staff"}},
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    layer_id: Mapped[UUID] = mapped_column(ForeignKey("oncall_layer.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    made_at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None]


class OnCallAbsence(Model):
    """A period in which a person is not available."""

    __tablename__ = "oncall_absence"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="order"),
        Index("ix_oncall_absence_ends", "ends_at"),
        {"info": {"access": "staff"}},
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    note: Mapped[str]
    noted_at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None]
