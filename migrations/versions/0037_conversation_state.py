"""The state of a conversation in columns; the keys in `reference` stay for the previous version only."""

from alembic import op

from migrations.helpers import backfill

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

_TEXTS = {
    "opening_text": "reference ->> 'opening'",
    "direct_to": "reference ->> 'direct_to'",
    "asked_in_channel": "reference -> 'said_in' ->> 0",
    "question_id": "reference -> 'question' ->> 'id'",
    "question_text": "reference -> 'question' ->> 'text'",
}
_REOPENS = "coalesce((reference -> 'question' ->> 'is_reopening')::boolean, false)"


def upgrade() -> None:
    """Add the columns and fill them from `reference`."""
    for name in _TEXTS:
        op.execute(f"alter table conversation add column if not exists {name} text")
    op.execute("alter table conversation add column if not exists question_reopens boolean not null default false")
    assign = ", ".join(f"{name} = {value}" for name, value in _TEXTS.items())
    unfilled = " or ".join(f"({name} is null and {value} is not null)" for name, value in _TEXTS.items())
    backfill("conversation", f"{assign}, question_reopens = {_REOPENS}", where=unfilled)


def downgrade() -> None:
    """Write the state back into `reference`."""
    op.execute(
        "update conversation set reference = (reference - '{opening,direct_to,said_in,question}'::text[])"
        " || jsonb_strip_nulls(jsonb_build_object('opening', opening_text, 'direct_to', direct_to,"
        " 'said_in', case when asked_in_channel is not null then jsonb_build_array(asked_in_channel, thread) end,"
        " 'question', case when question_id is not null then jsonb_build_object("
        "'id', question_id, 'text', question_text, 'is_reopening', question_reopens) end))"
    )
    for name in (*_TEXTS, "question_reopens"):
        op.drop_column("conversation", name)
