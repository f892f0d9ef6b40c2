"""Triggers that keep what was billed or issued: rights bind the roles of the desk, triggers bind the owner too.

A superuser can still switch triggers off; the chain of records (`msp doctor`) shows what was changed then.
"""

from alembic import op


def guard_added_only(table: str) -> None:
    """Rows of this table are only ever added: nobody updates or deletes one, nobody truncates it."""
    _function("refuse_any_change", _refuse("rows of % are only ever added", "tg_table_name"))
    op.execute(
        f"create trigger added_only before update or delete on {table}"
        " for each row execute function refuse_any_change()"
    )
    guard_truncate(table)


def guard_truncate(table: str) -> None:
    """Nobody empties this table at once."""
    _function("refuse_truncate", _refuse("% is never emptied", "tg_table_name"))
    op.execute(
        f"create trigger never_emptied before truncate on {table} for each statement execute function refuse_truncate()"
    )


def guard_never_deleted(table: str) -> None:
    """Rows of this table change, but nobody deletes one, and nobody truncates it."""
    _function("refuse_deletion", _refuse("rows of % are never deleted", "tg_table_name"))
    op.execute(f"create trigger never_deleted before delete on {table} for each row execute function refuse_deletion()")
    guard_truncate(table)


def guard_series() -> None:
    """A series is never deleted, and its numbers never go back (RD 1619/2012 art. 6.1.a)."""
    _function(
        "refuse_numbers_back",
        f"""
        if tg_op = 'DELETE' or new.code <> old.code or new.kind <> old.kind or new.last < old.last then
            {_refuse("numbers of a series never go back")};
        end if;
        return new
        """,
    )
    op.execute(
        "create trigger numbers_go_on before update or delete on invoice_series"
        " for each row execute function refuse_numbers_back()"
    )


def guard_claims() -> None:
    """An invoice's claim on a time entry ends only with a credit note for all of the invoice."""
    _function(
        "refuse_lost_claim",
        f"""
        if tg_op = 'UPDATE' or not exists (
            select from invoice where client_id = old.client_id and corrects_id = old.invoice_id
                and corrects_all and state = 'issued')
        then
            {_refuse("an issued invoice holds this time entry")};
        end if;
        return old
        """,
    )
    op.execute(
        "create trigger claimed before update or delete on billed_entry"
        " for each row execute function refuse_lost_claim()"
    )


def guard_billed_entries() -> None:
    """A billed time entry changes no more; it is free again when the invoice's claim is gone."""
    define_billed_entries()
    op.execute(
        "create trigger billed before insert or update or delete on time_entry"
        " for each row execute function refuse_billed_entry()"
    )


def define_billed_entries() -> None:
    """The function behind that trigger, as it is now."""
    _function(
        "refuse_billed_entry",
        f"""
        if tg_op <> 'INSERT' and old.state = 'billed' and not (
            tg_op = 'UPDATE' and new.state = 'approved'
            and to_jsonb(new) - 'state' = to_jsonb(old) - 'state'
            and not exists (select from billed_entry where entry_id = old.id))
        then
            {_refuse("a billed time entry is frozen")};
        end if;
        return case when tg_op = 'DELETE' then old else new end
        """,
    )


def _refuse(message: str, *values: str) -> str:
    """A statement that refuses; each % of the message stands for one of the values."""
    written = ", ".join((f"'{message}'", *values))
    return f"raise exception {written} using errcode = 'integrity_constraint_violation'"


def _function(name: str, body: str) -> None:
    op.execute(f"create or replace function {name}() returns trigger language plpgsql as $$ begin {body}; end $$")
