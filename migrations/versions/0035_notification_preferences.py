"""Rename tables by the glossary: hearing to notification_preferences, nudge to queued_notification."""

from alembic import op

from migrations.helpers import backfill

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

_TABLES = (("hearing", "notification_preferences"), ("nudge", "queued_notification"))
_COLUMNS = (
    ("notification_preferences", "lets_urgent_through", "allow_urgent"),
    ("queued_notification", "is_let_through", "ignores_quiet_hours"),
)
_EVENT = ("person.hearing_changed", "person.notification_preferences_changed")


def upgrade() -> None:
    """Rename only; rows stay. Events first: they are committed in batches, the rest in one transaction."""
    _rename_event(*_EVENT)
    for old, new in _TABLES:
        _rename_table(old, new)
    for table, old, new in _COLUMNS:
        op.alter_column(table, old, new_column_name=new)


def downgrade() -> None:
    """Restore the previous names."""
    _rename_event(*reversed(_EVENT))
    for table, old, new in _COLUMNS:
        op.alter_column(table, new, new_column_name=old)
    for old, new in _TABLES:
        _rename_table(new, old)


def _rename_table(old: str, new: str) -> None:
    """Rename a table with its constraints and indexes, whose names begin with a kind and the table's name."""
    op.rename_table(old, new)
    op.execute(
        f"""
        do $$
        declare named record;
        begin
          for named in select conname as name from pg_constraint
            where conrelid = '{new}'::regclass and conname ~ '^[a-z]+_{old}(_|$)'
          loop
            execute format('alter table {new} rename constraint %I to %I',
              named.name, regexp_replace(named.name, '_{old}(_|$)', '_{new}\\1'));
          end loop;
          for named in select indexrelid::regclass::text as name from pg_index
            where indrelid = '{new}'::regclass and indexrelid::regclass::text ~ '^[a-z]+_{old}(_|$)'
          loop
            execute format('alter index %I rename to %I',
              named.name, regexp_replace(named.name, '_{old}(_|$)', '_{new}\\1'));
          end loop;
        end $$
        """  # noqa: S608 (names of ours)
    )


def _rename_event(old: str, new: str) -> None:
    op.execute("grant update on event to msp_system")
    backfill("event", f"kind = '{new}'", where=f"kind = '{old}'")
    op.execute("revoke update on event from msp_system")
