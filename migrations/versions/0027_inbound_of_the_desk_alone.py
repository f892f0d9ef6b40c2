"""What came in from other programs is read by the desk itself alone: it holds what everybody of a client wrote."""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Rights of three roles that never used them."""
    for role in ("msp_client", "msp_staff", "msp_staff_some"):
        op.execute(f'drop policy if exists {role} on "inbound"')
        op.execute(f'revoke all on "inbound" from {role}')
