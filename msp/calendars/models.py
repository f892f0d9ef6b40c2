"""Working calendars: weekly windows (several a day), dated timetables, holidays, one-off exceptions, revisions."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, SmallInteger, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from msp.calendars.place_models import Place
from msp.kernel.db import Json, Model


class Calendar(Model):
    """Business hours, shared by contracts of many clients.

    `windows` is the week until the first of `timetables`. It closes on the holidays of its place and on its own
    `holidays`; `keeps_holidays` is false if it observes none.
    """

    __tablename__ = "calendar"
    __table_args__ = ({"info": {"access": "reference"}},)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    timezone: Mapped[str]
    holiday_set: Mapped[Json]
    place_id: Mapped[UUID | None] = mapped_column(ForeignKey("place.id"))
    keeps_holidays: Mapped[bool] = mapped_column(default=True, server_default="true")
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[datetime]
    windows: Mapped[list["CalendarWindow"]] = relationship(
        lazy="selectin",
        cascade="all, delete-orphan",
        order_by="(CalendarWindow.weekday, CalendarWindow.start_minute)",
    )
    timetables: Mapped[list["CalendarTimetable"]] = relationship(
        lazy="selectin", cascade="all, delete-orphan", order_by="CalendarTimetable.from_day"
    )
    place: Mapped[Place | None] = relationship(lazy="selectin")
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


class CalendarTimetable(Model):
    """A week that applies from a local day until the next timetable: [{weekday, start, end}] in minutes."""

    __tablename__ = "calendar_timetable"
    __table_args__ = ({"info": {"access": "reference"}},)
    calendar_id: Mapped[UUID] = mapped_column(ForeignKey("calendar.id", ondelete="cascade"), primary_key=True)
    from_day: Mapped[date] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text, default="", server_default="")
    windows: Mapped[list[Json]]


class CalendarHoliday(Model):
    """A holiday of the calendar's own, with its name, in addition to those of its place."""

    __tablename__ = "calendar_holiday"
    __table_args__ = ({"info": {"access": "reference"}},)
    calendar_id: Mapped[UUID] = mapped_column(ForeignKey("calendar.id", ondelete="cascade"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    name: Mapped[str]


class CalendarException(Model):
    """A day with its own windows, which override the week and the holidays; without windows it is closed."""

    __tablename__ = "calendar_exception"
    __table_args__ = ({"info": {"access": "reference"}},)
    calendar_id: Mapped[UUID] = mapped_column(ForeignKey("calendar.id", ondelete="cascade"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    windows: Mapped[list[Json]]
    name: Mapped[str | None]


class CalendarRevision(Model):
    """The complete content of a calendar version; explanations of finished clocks use it.

    `working_calendar` has the format of WorkingCalendar.to_json. Append-only.
    """

    __tablename__ = "calendar_revision"
    __table_args__ = ({"info": {"access": "reference"}},)
    calendar_id: Mapped[UUID] = mapped_column(ForeignKey("calendar.id", ondelete="cascade"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    working_calendar: Mapped[Json]
    at: Mapped[datetime]
