"""Only the system role reads the inbox: it contains what all people of a client wrote."""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Revoke rights of three roles that never used them."""
    for role in ("msp_client", "msp_staff", "msp_staff_some"):
        op.execute(f'drop policy if exists {role} on "inbound"')
        op.execute(f'revoke all on "inbound" from {role}')
