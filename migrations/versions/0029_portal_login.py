"""The portal may run with a login of the client role only: two functions return whose session a cookie is.

They run as msp_system, find only people of clients, and return nothing without the hash of a session's token.
"""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_READ = """
create function client_session(wanted_hash text)
returns table (
    session_id uuid, account_id uuid, person_id uuid, client_id uuid,
    created_at timestamptz, last_used_at timestamptz, limits jsonb
)
language sql stable security definer set search_path = public, pg_temp as $$
    select s.id, a.id, p.id, p.client_id, s.created_at, s.last_used_at,
           (select value from setting where name = 'sessions')
    from account_session s
    join account a on a.id = s.account_id
    join person p on p.id = a.person_id
    join client c on c.id = p.client_id
    where s.token_hash = wanted_hash and s.ended_at is null and a.active and p.active and c.active
$$
"""
_USE = """
create function use_client_session(wanted_hash text, used_at timestamptz, agent text, address text) returns void
language sql security definer set search_path = public, pg_temp as $$
    update account_session s set last_used_at = used_at, user_agent = agent, ip = address
    from account a join person p on p.id = a.person_id
    where s.token_hash = wanted_hash and s.ended_at is null and s.last_used_at < used_at
      and a.id = s.account_id and p.client_id is not null
$$
"""
_NAMES = ("client_session(text)", "use_client_session(text, timestamptz, text, text)")


def upgrade() -> None:
    """Create two functions owned by msp_system, which may not create any itself."""
    op.execute(_READ)
    op.execute(_USE)
    op.execute("grant create on schema public to msp_system")
    for name in _NAMES:
        op.execute(f"revoke all on function {name} from public")
        op.execute(f"grant execute on function {name} to msp_client")
        op.execute(f"alter function {name} owner to msp_system")
    op.execute("revoke create on schema public from msp_system")
