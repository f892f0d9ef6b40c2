"""The baseline of search: one statement on the desk's own tables, directly in Flask and psycopg.

No sign-in, tenancy, numbers, names, word forms or translations: the term is looked up, its tickets are ranked, the best
are shown with an excerpt. Runs in a process of its own: `python -m msp.bench.search_baseline PORT DATABASE_URL`.
"""

import sys
import threading
from typing import Any

import psycopg
from flask import Flask, render_template_string, request
from psycopg.rows import namedtuple_row

from msp import web_server
from msp.config import Settings

SEARCH = """
select c.code || '-' || t.number as label, t.subject, t.status, c.name as client, r.name as requester, said.excerpt
from (select s.ticket_id, ts_rank(s.vector, asked) as rank from ticket_search s, to_tsquery('simple', %s) asked
      where s.vector @@ asked order by 2 desc, 1 desc limit 20) best
 join ticket t on t.id = best.ticket_id join client c on c.id = t.client_id join person r on r.id = t.requester_id
 left join lateral (select ts_headline('simple', m.body, to_tsquery('simple', %s)) as excerpt from message m
      where m.ticket_id = t.id and to_tsvector('simple', m.body) @@ to_tsquery('simple', %s) limit 1) said on true
order by best.rank desc, best.ticket_id desc
"""
PAGE = """<!doctype html><title>Search</title><table>{% for t in tickets %}
<tr><td>{{ t.label }}<td><a href="/tickets/{{ t.label }}">{{ t.subject }}</a><td>{{ t.client }}<td>{{ t.requester }}
<td>{{ t.status }}<td>{{ t.excerpt or '' }}{% endfor %}</table>"""

_here = threading.local()


def make_floor(database_url: str) -> Flask:
    """Return an app with one view on the desk's own tables and indexes."""
    app = Flask("floor")

    @app.get("/search")
    def search() -> str:
        term = request.args["q"] + ":*"
        rows = _connection(database_url).execute(SEARCH, [term] * 3).fetchall()
        return render_template_string(PAGE, tickets=rows)

    return app


def _connection(database_url: str) -> psycopg.Connection[Any]:
    """One connection per thread; every statement is prepared at its second use."""
    if not hasattr(_here, "connection"):
        _here.connection = psycopg.connect(
            database_url, autocommit=True, row_factory=namedtuple_row, prepare_threshold=1, options="-c jit=off"
        )
    connection: psycopg.Connection[Any] = _here.connection
    return connection


if __name__ == "__main__":
    web_server.serve(lambda: make_floor(sys.argv[2]), Settings.from_env(), bind=f"127.0.0.1:{sys.argv[1]}", grace=2)
