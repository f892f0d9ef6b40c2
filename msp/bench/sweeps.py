"""The sweep for escalation steps: its cost with few and with very many open clocks, and the delay of steps.

The open clocks are due far in the future and made by SQL; the due ones are the default policy's warning on real
tickets, at three quarters of sixteen hours with a 24-hour calendar.
"""

import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path

import psycopg
from flask import Flask

from msp import embedded
from msp.bench import environment
from msp.bench.report import BenchFigure, Say
from msp.calendars.actions import add_calendar
from msp.clients.actions import add_client
from msp.config import Settings
from msp.contracts.actions import Agreement, add_contract
from msp.contracts.service_level import PRIORITIES, PriorityTargets
from msp.kernel import clock, migrate
from msp.kernel.db import Scope, work
from msp.people.actions import add_person
from msp.tickets.escalation import take_due_steps

FEW, MANY = 10_000, 1_000_000
DUE, ROUNDS = 500, 7
BURST = 10_000
WORKERS = 2
SPREAD = 15  # seconds over which steps fall due while workers run
TIMEOUT = 120.0

_OPEN = """
insert into sla_clock (id, client_id, ticket_id, calendar_id, kind, budget_seconds, started_at, due_at, next_step_at)
select gen_random_uuid(), c.client_id, gen_random_uuid(), c.calendar_id, 'resolution', 57600, now(),
       now() + interval '40 days', now() + interval '30 days' + make_interval(secs => n %% 100000)
from generate_series(1, %s) n, (select client_id, calendar_id from contract order by id limit 1) c
"""
_TICKETS = """
insert into ticket (id, client_id, number, requester_id, subject, body, status, priority, type, contract_id, source,
                    created_at, updated_at)
select gen_random_uuid(), c.client_id, (select coalesce(max(number), 0) from ticket) + n, p.id, 'Sin red', 'No va',
       'open', 'normal', 'incident', c.id, 'email', now() - interval '60 days', now()
from generate_series(1, %(count)s) n, (select id, client_id from contract order by id limit 1) c
join lateral (select id from person where client_id = c.client_id limit 1) p on true
returning id
"""
_FALL_DUE = """
insert into sla_clock (id, client_id, ticket_id, calendar_id, kind, budget_seconds, started_at, due_at, next_step_at)
select gen_random_uuid(), t.client_id, t.id, t.calendar_id, 'resolution', 57600, t.at - interval '12 hours',
       t.at + interval '4 hours', t.at
from (select t.id, t.client_id, c.calendar_id, now() + make_interval(
          secs => %(after)s + %(spread)s * row_number() over (order by t.id) / %(count)s::float) as at
      from ticket t join contract c on c.id = t.contract_id where t.id = any(%(tickets)s)) t
"""


def measure(home: Path, *, say: Say) -> list[BenchFigure]:
    """Start separate servers, sweep with few and with many open clocks, and time real workers."""
    from wsgi import create_app

    home.mkdir()
    environ = environment.environment(home, PORT=str(environment.free_port()))
    settings = Settings.from_env(environ)
    with embedded.running(settings):
        migrate.upgrade(settings)
        app = create_app(settings)
        _one_client(app)
        with psycopg.connect(settings.database_url.replace("+psycopg", ""), autocommit=True) as owner:
            owner.execute("set session_replication_role = replica")
            beside = {count: _sweep(app, owner, count, say=say) for count in (FEW, MANY)}
            with _crew(environ, home / "bench.log"):
                late, burst = _latency(owner, say=say), _burst(owner, say=say)
    few, many = beside[FEW], beside[MANY]
    return [
        BenchFigure(
            "sweep: 1,000,000 open ÷ 10,000 open", many / few, "×", 1.3, f"{DUE} due: {few:.2f} s and {many:.2f} s"
        ),
        BenchFigure(
            "steps: latest of 500 at 1,000,000 open", late, "s", 2.0, f"{WORKERS} workers, due within {SPREAD} s"
        ),
        BenchFigure("steps: 10,000 due at once, all taken", burst, "s", 60.0, f"{BURST / burst:.0f} a second"),
    ]


def _one_client(app: Flask) -> None:
    at = clock.now()
    with app.app_context(), work(Scope.system()):
        always = dict.fromkeys(range(7), ((0, 1440),))
        calendar = add_calendar(name="24x7", timezone="Europe/Madrid", weekly=always, holidays={}, at=at)
        client = add_client(code="BENCH", name="Bench, S.L.", at=at)
        agreement = Agreement(
            name="Guardia",
            kind="time_and_materials",
            starts_on=date(2020, 1, 1),
            ends_on=None,
            calendar_id=calendar.id,
            currency="EUR",
            targets=dict.fromkeys(PRIORITIES, PriorityTargets(60, 960)),
            rates=[],
            terms={},
        )
        add_contract(client, agreement, at=at)
        for name, client_id, role in (("Marta", client.id, "client_employee"), ("Rosa", None, "team_lead")):
            add_person(
                client_id=client_id,
                name=name,
                email=f"{name.lower()}@bench.example",
                role=role,
                locale="es",
                timezone="Europe/Madrid",
                at=at,
            )


def _sweep(app: Flask, owner: psycopg.Connection[tuple[object, ...]], count: int, *, say: Say) -> float:
    """The median seconds of a sweep that takes DUE steps among `count` open clocks."""
    say(f"Sweeping beside {count:,} open clocks …")
    owner.execute("truncate sla_step, sla_pause, sla_clock")
    owner.execute(_OPEN.encode(), [count])
    owner.execute("vacuum analyze sla_clock")
    taken = []
    for _ in range(ROUNDS):
        _fall_due(owner, DUE, after=-1, spread=0)
        began = time.perf_counter()
        with app.app_context():
            steps = take_due_steps()
        taken.append(time.perf_counter() - began)
        if steps != DUE:
            raise RuntimeError(f"{steps} steps were taken where {DUE} were due")
    return statistics.median(taken[1:])


def _latency(owner: psycopg.Connection[tuple[object, ...]], *, say: Say) -> float:
    """The largest delay in seconds from a step's moment until its action is committed, with real workers."""
    say("Steps by real workers …")
    owner.execute("truncate sla_step")
    _fall_due(owner, DUE, after=2, spread=SPREAD)
    seen: dict[object, float] = {}
    began = time.monotonic()
    while len(seen) < DUE and time.monotonic() - began < TIMEOUT:
        query = b"select clock_id, extract(epoch from clock_timestamp() - due_at)::float8 from sla_step"
        for clock_id, late in owner.execute(query):
            seen.setdefault(clock_id, float(str(late)))
        time.sleep(0.05)
    return max(seen.values()) if len(seen) == DUE else TIMEOUT


def _burst(owner: psycopg.Connection[tuple[object, ...]], *, say: Say) -> float:
    """Seconds until BURST steps that fall due at the same moment are all taken."""
    say(f"{BURST:,} steps at once …")
    owner.execute("truncate sla_step")
    _fall_due(owner, BURST, after=0, spread=0)
    began = time.monotonic()
    while time.monotonic() - began < TIMEOUT:
        row = owner.execute(b"select count(*) from sla_step").fetchone()
        if row is not None and row[0] == BURST:
            return time.monotonic() - began
        time.sleep(0.1)
    return TIMEOUT


def _fall_due(owner: psycopg.Connection[tuple[object, ...]], count: int, *, after: int, spread: int) -> None:
    tickets = [row[0] for row in owner.execute(_TICKETS.encode(), {"count": count})]
    facts = {"after": after, "spread": spread, "count": count, "tickets": tickets}
    owner.execute(_FALL_DUE.encode(), facts)


@contextmanager
def _crew(environ: dict[str, str], log: Path) -> Iterator[None]:
    with ExitStack() as stack:
        for role in ("clock", *["worker"] * WORKERS):
            stack.enter_context(environment.running(*environment.msp(role), env=environ, log=log))
        time.sleep(6)  # wait until the workers have started
        yield
