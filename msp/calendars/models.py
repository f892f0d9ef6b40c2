"""Working calendars: weekly windows (several a day), holidays of a place, and one-off exceptions."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column, relationship

from msp.kernel.db import Json, Model


class Calendar(Model):
    """When a promise runs. Shared by contracts of many clients."""

    __tablename__ = "calendar"
    __table_args__ = ({"info": {"access": "reference"}},)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    timezone: Mapped[str]
    holiday_set: Mapped[Json]
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[datetime]
    windows: Mapped[list["CalendarWindow"]] = relationship(
        lazy="selectin",
        cascade="all, delete-orphan",
        order_by="(CalendarWindow.weekday, CalendarWindow.start_minute)",
    )
    holidays: Mapped[list["CalendarHoliday"]] = relationship(
        lazy="selectin", cascade="all, delete-orphan", order_by="CalendarHoliday.day"
    )
    exceptions: Mapped[list["CalendarException"]] = relationship(
        lazy="selectin", cascade="all, delete-orphan", order_by="CalendarException.day"
    )


class CalendarWindow(Model):
    """One window of a weekday (0 is Monday), in minutes of local wall time; the end may be 1440."""

    __tablename__ = "calendar_window"
    __table_args__ = (
        CheckConstraint("weekday between 0 and 6", name="weekday"),
        CheckConstraint(
            "start_minute between 0 and 1439 and end_minute between 1 and 2880",
            name="minutes",
        ),
        CheckConstraint("end_minute > start_minute", name="order"),
        {"info": {"access": "reference"}},
    )
    calendar_id: Mapped[UUID] = mapped_column(ForeignKey("calendar.id", ondelete="cascade"), primary_key=True)
    weekday: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    start_minute: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    end_minute: Mapped[int] = mapped_column(SmallInteger)


class CalendarHoliday(Model):
    """A closed day with its name; seeded for a place and year, then edited by hand (municipal days)."""

    __tablename__ = "calendar_holiday"
    __table_args__ = ({"info": {"access": "reference"}},)
    calendar_id: Mapped[UUID] = mapped_column(ForeignKey("calendar.id", ondelete="cascade"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    name: Mapped[str]


class CalendarException(Model):
    """A day with its own windows, which beat the week and the holidays; no windows at all means closed."""

    __tablename__ = "calendar_exception"
    __table_args__ = ({"info": {"access": "reference"}},)
    calendar_id: Mapped[UUID] = mapped_column(ForeignKey("calendar.id", ondelete="cascade"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    windows: Mapped[list[Json]]
    name: Mapped[str | None]
