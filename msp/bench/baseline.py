"""The baseline: the same work on the same tables, directly in Flask and psycopg.

No sign-in, permissions, tenancy, validation, audit, SLA targets or translations: the remaining cost is that of the
work. Runs in a process of its own: `python -m msp.bench.baseline PORT DATABASE_URL`.
"""

import hashlib
import hmac
import json
import sys
import threading
import time
from typing import Any

import psycopg
from flask import Flask, Response, jsonify, render_template_string, request
from psycopg.rows import namedtuple_row
from psycopg.types.json import Jsonb

from msp import web_server
from msp.config import Settings
from msp.kernel import clock
from msp.kernel.ids import new_id

QUEUE = """
select t.id, c.code || '-' || t.number as label, t.subject, t.status, t.priority, t.due_at, t.source,
 c.name as client, r.name as requester, a.name as assignee
from ticket t join client c on c.id = t.client_id join person r on r.id = t.requester_id
 left join person a on a.id = t.assignee_id
where t.status not in ('resolved', 'closed') order by t.due_at nulls last, t.id limit 75
"""
TICKET = """
select t.*, c.code || '-' || t.number as label, c.name as client, r.name as requester, a.name as assignee
from ticket t join client c on c.id = t.client_id join person r on r.id = t.requester_id
 left join person a on a.id = t.assignee_id
where c.code = %s and t.number = %s
"""
MESSAGES = """
select m.body, m.at, m.visibility, m.channel, p.name as author
from message m left join person p on p.id = m.author_id where m.ticket_id = %s order by m.at, m.id
"""
INSERT_INBOUND = """
insert into inbound (source, external_id, payload, key, priority, due_at, created_at)
values ('slack', %s, %s, %s, 1, %s, %s) on conflict do nothing
"""
NEXT_NUMBER = "update ticket_counter set last = last + 1 where client_id = %s returning last"
INSERT_TICKET = """
insert into ticket (id, client_id, number, requester_id, subject, body, status, priority, type, source,
 created_at, updated_at) values (%s, %s, %s, %s, %s, %s, 'new', 'normal', 'incident', 'api', %s, %s)
"""
INSERT_MESSAGE = """
insert into message (id, client_id, ticket_id, author_id, visibility, channel, body, at)
values (%s, %s, %s, %s, 'public', 'api', %s, %s)
"""
QUEUE_PAGE = """<!doctype html><title>Queue</title><table>{% for t in tickets %}
<tr id="{{ t.id }}"><td>{{ t.priority }}<td>{{ t.label }}<td><a href="/tickets/{{ t.label }}">{{ t.subject }}</a>
<td>{{ t.client }}<td>{{ t.source }} {{ t.requester }}<td>{{ t.assignee or '' }}<td>{{ t.status }}
<td>{{ t.due_at.strftime('%d/%m %H:%M') if t.due_at else '' }}{% endfor %}</table>"""
TICKET_PAGE = """<!doctype html><title>{{ t.label }}</title><h1>{{ t.label }} {{ t.subject }}</h1>
<dl><dt>Client<dd>{{ t.client }}<dt>Requester<dd>{{ t.requester }}<dt>Assignee<dd>{{ t.assignee or '' }}
<dt>Status<dd>{{ t.status }}<dt>Priority<dd>{{ t.priority }}</dl>{% for m in messages %}
<article><b>{{ m.author }}</b> {{ m.at.strftime('%d/%m %H:%M') }} {{ m.channel }}<p>{{ m.body }}</article>
{% endfor %}"""

_here = threading.local()


def make_floor(database_url: str, signing_secret: str = "") -> Flask:
    """Return an app with four views on the desk's own tables and indexes."""
    app = Flask("floor")

    @app.get("/queue")
    def queue() -> str:
        rows = _connection(database_url).execute(QUEUE).fetchall()
        return render_template_string(QUEUE_PAGE, tickets=rows)

    @app.get("/tickets/<code>-<int:number>")
    def ticket(code: str, number: int) -> str:
        connection = _connection(database_url)
        found: Any = connection.execute(TICKET, [code, number]).fetchone()
        return render_template_string(
            TICKET_PAGE, t=found, messages=connection.execute(MESSAGES, [found.id]).fetchall()
        )

    @app.post("/tickets")
    def create() -> tuple[Response, int]:
        asked = request.get_json()
        with _connection(database_url).transaction():
            return jsonify(_create(_connection(database_url), asked)), 201

    @app.post("/slack/events")
    def acknowledge() -> tuple[Response, int]:
        raw = request.get_data()
        if not _is_signed(raw, signing_secret):
            return jsonify(ok=False), 401
        _store(_connection(database_url), json.loads(raw))
        return jsonify(ok=True), 200

    return app


def _is_signed(raw: bytes, secret: str) -> bool:
    at = request.headers["X-Slack-Request-Timestamp"]
    if abs(time.time() - int(at)) > 300:  # noqa: TID251  # the baseline has no clock of its own
        return False
    made = hmac.new(secret.encode(), f"v0:{at}:".encode() + raw, hashlib.sha256).hexdigest()
    return hmac.compare_digest(f"v0={made}", request.headers["X-Slack-Signature"])


def _store(connection: psycopg.Connection[Any], envelope: dict[str, Any]) -> None:
    """Store one message in one transaction."""
    at, event = clock.now(), envelope["event"]
    key = f"slack:{envelope['team_id']}:{event['channel']}"
    with connection.transaction():
        connection.execute(INSERT_INBOUND, [envelope["event_id"], Jsonb(envelope), key, at, at])


def _create(connection: psycopg.Connection[Any], asked: dict[str, str]) -> dict[str, Any]:
    at, ticket_id = clock.now(), new_id()
    client_id, requester_id, body = asked["client_id"], asked["requester_id"], asked["body"]
    number = connection.execute(NEXT_NUMBER, [client_id]).fetchone().last  # type: ignore[union-attr]
    values = [ticket_id, client_id, number, requester_id, asked["subject"], body, at, at]
    connection.execute(INSERT_TICKET, values)
    connection.execute(INSERT_MESSAGE, [new_id(), client_id, ticket_id, requester_id, body, at])
    return {"id": str(ticket_id), "number": number}


def _connection(database_url: str) -> psycopg.Connection[Any]:
    """One connection per thread; every statement is prepared at its second use."""
    if not hasattr(_here, "connection"):
        _here.connection = psycopg.connect(
            database_url, autocommit=True, row_factory=namedtuple_row, prepare_threshold=1, options="-c jit=off"
        )
    connection: psycopg.Connection[Any] = _here.connection
    return connection


if __name__ == "__main__":
    settings = Settings.from_env()
    floor = make_floor(sys.argv[2], settings.value("SLACK_SIGNING_SECRET"))
    web_server.serve(lambda: floor, settings, bind=f"127.0.0.1:{sys.argv[1]}", grace=2)
