"""Calendars with dated timetables, holidays by place and year, and the contents of each calendar version."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.helpers import append_only, protect

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

PRESENT = """
insert into calendar_revision (calendar_id, version, said, at)
select c.id, c.version, jsonb_build_object(
    'tz', c.timezone,
    'weekly', coalesce((
        select jsonb_object_agg(w.weekday::text, w.windows) from (
            select weekday, jsonb_agg(jsonb_build_array(start_minute, end_minute) order by start_minute) as windows
            from calendar_window where calendar_id = c.id group by weekday
        ) w), '{}'),
    'holidays', coalesce((
        select jsonb_object_agg(h.day::text, h.name) from calendar_holiday h where h.calendar_id = c.id), '{}'),
    'overrides', coalesce((
        select jsonb_object_agg(e.day::text, coalesce((
            select jsonb_agg(jsonb_build_array((w ->> 'start')::int, (w ->> 'end')::int))
            from jsonb_array_elements(e.windows) w), '[]'))
        from calendar_exception e where e.calendar_id = c.id), '{}'),
    'override_names', coalesce((
        select jsonb_object_agg(e.day::text, e.name)
        from calendar_exception e where e.calendar_id = c.id and e.name is not null), '{}')
), c.created_at
from calendar c
"""
ROUND_THE_CLOCK = """
update calendar c set keeps_holidays = false
where not exists (select from calendar_holiday h where h.calendar_id = c.id)
and (select sum(end_minute - start_minute) from calendar_window w where w.calendar_id = c.id) = 7 * 1440
"""


def upgrade() -> None:
    """New tables, nullable or defaulted columns; the current contents of calendars become their first revision."""
    _places()
    _timetables()
    op.execute("set local role msp_system")  # forced policies hide all rows from the owner
    op.execute(PRESENT)
    op.execute(ROUND_THE_CLOCK)
    op.execute("reset role")
    append_only("calendar_revision")


def _places() -> None:
    op.create_table(
        "place",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), server_default="", nullable=False),
        sa.Column("municipality", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place")),
    )
    op.create_index("uq_place_where", "place", ["country", "region", "municipality"], unique=True)
    op.create_table(
        "place_year",
        sa.Column("place_id", sa.UUID(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("year between 2000 and 2100", name=op.f("ck_place_year_year")),
        sa.ForeignKeyConstraint(
            ["place_id"], ["place.id"], name=op.f("fk_place_year_place_id_place"), ondelete="cascade"
        ),
        sa.PrimaryKeyConstraint("place_id", "year", name=op.f("pk_place_year")),
    )
    op.create_table(
        "place_holiday",
        sa.Column("place_id", sa.UUID(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.CheckConstraint("year = extract(year from day)", name=op.f("ck_place_holiday_year")),
        sa.CheckConstraint(
            "scope in ('national', 'regional', 'island', 'municipal')", name=op.f("ck_place_holiday_scope")
        ),
        sa.ForeignKeyConstraint(
            ["place_id", "year"],
            ["place_year.place_id", "place_year.year"],
            name=op.f("fk_place_holiday_place_id_year_place_year"),
            ondelete="cascade",
        ),
        sa.PrimaryKeyConstraint("place_id", "day", name=op.f("pk_place_holiday")),
    )
    for table in ("place", "place_year", "place_holiday"):
        protect(table, "reference")
    op.add_column("calendar", sa.Column("place_id", sa.UUID(), nullable=True))
    op.create_foreign_key(op.f("fk_calendar_place_id_place"), "calendar", "place", ["place_id"], ["id"])
    op.add_column("calendar", sa.Column("keeps_holidays", sa.Boolean(), server_default="true", nullable=False))


def _timetables() -> None:
    op.create_table(
        "calendar_timetable",
        sa.Column("calendar_id", sa.UUID(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("windows", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["calendar_id"],
            ["calendar.id"],
            name=op.f("fk_calendar_timetable_calendar_id_calendar"),
            ondelete="cascade",
        ),
        sa.PrimaryKeyConstraint("calendar_id", "from_day", name=op.f("pk_calendar_timetable")),
    )
    op.create_table(
        "calendar_revision",
        sa.Column("calendar_id", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("said", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["calendar_id"],
            ["calendar.id"],
            name=op.f("fk_calendar_revision_calendar_id_calendar"),
            ondelete="cascade",
        ),
        sa.PrimaryKeyConstraint("calendar_id", "version", name=op.f("pk_calendar_revision")),
    )
    for table in ("calendar_timetable", "calendar_revision"):
        protect(table, "reference")
