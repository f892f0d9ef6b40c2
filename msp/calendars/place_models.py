"""Tables of places and their public holidays by year."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, SmallInteger, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from msp.kernel.db import Model

SCOPES = ("national", "regional", "island", "municipal")


class Place(Model):
    """A place with its own holidays: a country, a region, a municipality or island."""

    __tablename__ = "place"
    __table_args__ = (
        Index("uq_place_where", "country", "region", "municipality", unique=True),
        {"info": {"access": "reference"}},
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    country: Mapped[str]
    region: Mapped[str] = mapped_column(Text, default="", server_default="")
    municipality: Mapped[str] = mapped_column(Text, default="", server_default="")
    created_at: Mapped[datetime]
    years: Mapped[list["PlaceYear"]] = relationship(
        lazy="selectin", cascade="all, delete-orphan", order_by="PlaceYear.year"
    )

    def year(self, year: int) -> "PlaceYear | None":
        """The holidays of a year, or None."""
        return next((each for each in self.years if each.year == year), None)


class PlaceYear(Model):
    """The holidays of a place in one year. Once frozen it is edited by hand only, never filled from a package.

    `source` names the package and version; empty if entered by hand.
    """

    __tablename__ = "place_year"
    __table_args__ = (
        CheckConstraint("year between 2000 and 2100", name="year"),
        {"info": {"access": "reference"}},
    )
    place_id: Mapped[UUID] = mapped_column(ForeignKey("place.id", ondelete="cascade"), primary_key=True)
    year: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    source: Mapped[str] = mapped_column(Text, default="", server_default="")
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    frozen_at: Mapped[datetime | None]
    holidays: Mapped[list["PlaceHoliday"]] = relationship(
        lazy="selectin", cascade="all, delete-orphan", order_by="PlaceHoliday.day"
    )


class PlaceHoliday(Model):
    """A public holiday: who declares it, and its name."""

    __tablename__ = "place_holiday"
    __table_args__ = (
        ForeignKeyConstraint(["place_id", "year"], ["place_year.place_id", "place_year.year"], ondelete="cascade"),
        CheckConstraint("year = extract(year from day)", name="year"),
        CheckConstraint(f"scope in {SCOPES}", name="scope"),
        {"info": {"access": "reference"}},
    )
    place_id: Mapped[UUID] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(SmallInteger)
    scope: Mapped[str]
    name: Mapped[str]
