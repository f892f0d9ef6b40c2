"""Access classes of tables: the policies and grants of each role. Batched backfills and concurrent index builds.

access    | msp_client                         | msp_staff_some              | msp_staff      | msp_system
tenant    | own rows                           | rows of its clients         | all            | all
tenant_read, tenant_staff: as tenant, but msp_client may only read, or sees nothing; invoice: reads own issued ones
shared_staff: as shared, but msp_client sees nothing
shared    | own rows (never those without one) | its clients' and the shared | all            | all
people    | own rows; may read staff           | its clients' and staff      | all            | all
client    | own row, read only                 | its clients, read only      | all            | all
message   | own, public, not delayed           | rows of its clients         | all            | all
of_message: as tenant, but msp_client has only rows of messages that it sees
event     | own public rows; may add own       | may add, its clients'       | may add, read  | may add, read
queue     | may add own rows                   | may add its clients' rows   | may add, read  | all
reference | may read                           | may read                    | all            | all
staff     | nothing                            | all                         | all            | all
system    | nothing                            | nothing                     | nothing        | all
"""

from collections.abc import Iterator
from contextlib import contextmanager

from alembic import op
from sqlalchemy import text

CLIENT = "nullif(current_setting('msp.client_id'), '')::uuid"
CLIENTS = "current_setting('msp.client_ids')::uuid[]"
OWN = f"client_id = {CLIENT}"
OF_MESSAGE = f"{OWN} and exists (select from message m where m.id = message_id)"  # the policy of message applies
SOME = f"client_id = any({CLIENTS})"
SOME_OR_SHARED = f"(client_id is null or {SOME})"

_ALL = "select, insert, update, delete"
_APPEND = "select, insert"

_ACCESS: dict[str, dict[str, tuple[str, str, str]]] = {
    # access: {role: (grants, visible rows, writable rows)}
    "tenant": {"msp_client": (_ALL, OWN, OWN), "msp_staff_some": (_ALL, SOME, SOME)},
    "tenant_read": {"msp_client": ("select", OWN, "false"), "msp_staff_some": (_ALL, SOME, SOME)},
    "tenant_staff": {"msp_staff_some": (_ALL, SOME, SOME)},
    "invoice": {
        "msp_client": ("select", f"{OWN} and state = 'issued'", "false"),
        "msp_staff_some": (_ALL, SOME, SOME),
    },
    "shared": {
        "msp_client": (_ALL, OWN, OWN),
        "msp_staff_some": (_ALL, SOME_OR_SHARED, SOME_OR_SHARED),
    },
    "shared_staff": {"msp_staff_some": (_ALL, SOME_OR_SHARED, SOME_OR_SHARED)},
    "people": {
        "msp_client": (_ALL, f"(client_id is null or {OWN})", OWN),
        "msp_staff_some": (_ALL, SOME_OR_SHARED, SOME),
    },
    "client": {
        "msp_client": ("select", f"id = {CLIENT}", "false"),
        "msp_staff_some": ("select", f"id = any({CLIENTS})", "false"),
    },
    "message": {
        "msp_client": (
            _ALL,
            f"{OWN} and visibility = 'public'",
            f"{OWN} and visibility = 'public'",
        ),
        "msp_staff_some": (_ALL, SOME, SOME),
    },
    "of_message": {"msp_client": (_ALL, OF_MESSAGE, OF_MESSAGE), "msp_staff_some": (_ALL, SOME, SOME)},
    "event": {
        "msp_client": (_APPEND, f"{OWN} and visibility = 'public'", OWN),
        "msp_staff_some": (_APPEND, SOME_OR_SHARED, SOME_OR_SHARED),
        "msp_staff": (_APPEND, "true", "true"),
        "msp_system": (_APPEND, "true", "true"),
    },
    "queue": {
        "msp_client": (_APPEND, OWN, OWN),
        "msp_staff_some": (_APPEND, SOME_OR_SHARED, SOME_OR_SHARED),
        "msp_staff": (_APPEND, "true", "true"),
    },
    "reference": {
        "msp_client": ("select", "true", "false"),
        "msp_staff_some": ("select", "true", "false"),
    },
    "staff": {"msp_staff_some": (_ALL, "true", "true")},
    "system": {},
}
_ALWAYS = {"msp_staff": (_ALL, "true", "true"), "msp_system": (_ALL, "true", "true")}


def protect(table: str, access: str) -> None:
    """Force row-level security on a new table and grant each role what its access class allows."""
    always = {"msp_system": _ALWAYS["msp_system"]} if access == "system" else _ALWAYS
    rules = always | _ACCESS[access]
    op.execute(f'alter table "{table}" enable row level security')
    op.execute(f'alter table "{table}" force row level security')
    for role, (grants, using, check) in rules.items():
        op.execute(f'grant {grants} on "{table}" to {role}')
        op.execute(f'create policy {role} on "{table}" to {role} using ({using}) with check ({check})')


def append_only(table: str) -> None:
    """Only the table's owner may change or delete rows."""
    op.execute(f'revoke update, delete on "{table}" from msp_client, msp_staff, msp_staff_some, msp_system')


def freeze_issued_invoices() -> None:
    """Issued invoices, their lines and entries cannot be changed or extended (RD 1007/2023 art. 8)."""
    op.execute(
        """
        create function is_issued(line_or_invoice uuid) returns boolean language sql stable as $$
            select exists (select from invoice where id = line_or_invoice and state = 'issued')
                or exists (select from invoice i join invoice_line l on l.invoice_id = i.id
                           where l.id = line_or_invoice and i.state = 'issued')
        $$
        """
    )
    op.execute(
        """
        create function refuse_issued() returns trigger language plpgsql as $$
        declare
            issued boolean := false;
        begin
            if tg_table_name = 'invoice' then
                issued := old.state = 'issued';
            elsif tg_table_name = 'invoice_line' then
                if tg_op <> 'INSERT' then issued := is_issued(old.invoice_id); end if;
                if tg_op <> 'DELETE' then issued := issued or is_issued(new.invoice_id); end if;
            else
                if tg_op <> 'INSERT' then issued := is_issued(old.line_id); end if;
                if tg_op <> 'DELETE' then issued := issued or is_issued(new.line_id); end if;
            end if;
            if issued then
                raise exception 'an issued invoice is frozen' using errcode = 'integrity_constraint_violation';
            end if;
            return case when tg_op = 'DELETE' then old else new end;
        end $$
        """
    )
    for table, acts in (
        ("invoice", "update or delete"),
        ("invoice_line", "insert or update or delete"),
        ("invoice_line_entry", "insert or update or delete"),
    ):
        op.execute(f"create trigger frozen before {acts} on {table} for each row execute function refuse_issued()")


def backfill(table: str, assign: str, *, where: str, batch: int = 2_000) -> int:
    """Update the rows that match `where`, `batch` at a time, committing each batch; returns the number of rows.

    `assign` must make `where` false for its row, so that an interrupted backfill can be resumed. Rows locked by a
    request are left for the next round, so nobody waits for more than one batch.
    """
    some = f"select ctid from {table} where {where} limit {batch} for update"  # noqa: S608
    update = f"update {table} set {assign} where ctid = any(array({some} %s))"  # noqa: S608
    total = 0
    with op.get_context().autocommit_block():
        connection = op.get_bind()
        connection.execute(text("set role msp_system"))  # forced policies hide every row from the owner
        try:
            for locked in ("skip locked", ""):
                while count := connection.execute(text(update % locked)).rowcount:
                    total += count
        finally:
            connection.execute(text("reset role"))
    return total


def build_index(
    name: str, table: str, columns: str, *, is_unique: bool = False, where: str = "", method: str = "btree"
) -> None:
    """Build an index concurrently; an invalid one of an interrupted build is dropped first.

    Waits for earlier transactions without a time limit, but blocks no writers.
    """
    with op.get_context().autocommit_block(), _without_limits():
        valid = text("select indisvalid from pg_index where indexrelid = to_regclass(:name)")
        is_valid = op.get_bind().execute(valid, {"name": name}).scalar()
        if is_valid is False:
            op.execute(f'drop index concurrently "{name}"')
        if not is_valid:
            unique, condition = "unique " if is_unique else "", f" where {where}" if where else ""
            op.execute(f'create {unique}index concurrently "{name}" on "{table}" using {method} ({columns}){condition}')


@contextmanager
def _without_limits() -> Iterator[None]:
    limits = ("lock_timeout", "statement_timeout")
    before = {name: op.get_bind().execute(text(f"show {name}")).scalar() for name in limits}
    for name in limits:
        op.execute(f"set {name} = 0")
    try:
        yield
    finally:
        for name, limit in before.items():
            op.execute(f"set {name} = '{limit}'")
