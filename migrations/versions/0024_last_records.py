"""The end of the chain of invoice records, for everyone who may issue: restricted staff may not read other clients'
records.

Also replaces the guard of billed time entries: it no longer requires that a claim precedes the state.
"""

from alembic import op

from migrations.money_guards import define_billed_entries

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create a function that runs as msp_system, since forced policies hide all rows from the owner."""
    define_billed_entries()
    op.execute(
        """
        create function last_invoice_records() returns table (
            "position" int, kind text, fields jsonb, previous text, huella text, number text, issued_on date,
            record_type text, tax bigint, total bigint, issuer_nif text
        ) language sql stable security definer set search_path = public as $$
            select r.position, r.kind, r.fields, r.previous, r.huella, i.number, i.issued_on, i.record_type, i.tax,
                   i.total, i.issuer ->> 'tax_id'
            from invoice_record r left join invoice i on i.id = r.invoice_id and i.client_id = r.client_id
            order by r.position desc limit 2
        $$
        """
    )
    op.execute("grant create on schema public to msp_system")
    op.execute("alter function last_invoice_records() owner to msp_system")
    op.execute("revoke create on schema public from msp_system")
    op.execute("revoke all on function last_invoice_records() from public")
    op.execute("grant execute on function last_invoice_records() to msp_staff, msp_staff_some, msp_system")
