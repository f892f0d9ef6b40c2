"""Search among 1,000,000 tickets, the desk's and the baseline's alternating; the tickets are loaded once and kept.

Standalone: `python -m msp.bench.search HOME`, where HOME is the installation's MSP_HOME.
"""

import hashlib
import random
import shutil
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask

from msp import embedded
from msp.bench import environment, report
from msp.bench.load import Make, Sample, closed_loop, request
from msp.bench.preload import PRELOAD, preload, signed_in
from msp.bench.report import BenchFigure, Say
from msp.config import Settings
from msp.kernel import migrate

TICKETS = 1_000_000
COMPUTERS = 10_000  # each of them is in 100 tickets
ROUNDS, SECONDS, WARM_SECONDS = 5, 3.0, 2.0
RATIO, P95 = 2.5, 40.0  # at concurrency 1; milliseconds on the reference machine


def measure(home: Path, *, say: Say) -> list[BenchFigure]:
    """Search for terms with 100 hits, one after another; loads the tickets into `home` first if they are missing."""
    from wsgi import create_app

    home.mkdir(parents=True, exist_ok=True)
    environ = environment.environment(home, PORT=str(environment.free_port()))
    settings = Settings.from_env(environ)
    mark, made_of = home / "loaded", hashlib.sha256(PRELOAD.read_bytes()).hexdigest()
    if not mark.exists() or mark.read_text() != made_of:
        shutil.rmtree(home)
        home.mkdir()
        _load(settings, say=say)
        mark.write_text(made_of)
    with embedded.running(settings, durable=False):
        migrate.upgrade(settings)
        app = create_app(settings)
        return _figures(settings, environ, app, say=say)


def _load(settings: Settings, *, say: Say) -> None:
    from wsgi import create_app

    began = time.monotonic()
    with embedded.running(settings, durable=False):
        migrate.upgrade(settings)
        preload(create_app(settings), settings, workspaces=(), tickets=TICKETS)
    say(f"{TICKETS:,} tickets loaded in {time.monotonic() - began:.0f} s, and kept for the next time")


def _figures(settings: Settings, environ: dict[str, str], app: Flask, *, say: Say) -> list[BenchFigure]:
    with app.app_context():
        browser = {"Cookie": signed_in(app), "Accept-Encoding": "gzip", "Accept": "text/html", "Accept-Language": "es"}
        browser |= {"HX-Request": "true", "HX-Target": "palette-list"}  # as a person types
    terms = [f"pc{number:05}" for number in range(COMPUTERS)]
    random.Random(7).shuffle(terms)  # noqa: S311 (spreads the load, no secret)

    def ours(number: int) -> bytes:
        return request("GET", f"/desk/search?q={terms[number % COMPUTERS]}", browser)

    def floor(number: int) -> bytes:
        return request("GET", f"/search?q={terms[number % COMPUTERS]}", browser)

    with _served(settings, environ) as floor_port:
        say(f"Searching among {TICKETS:,} tickets …")
        return _compared(settings.port, floor_port, ours, floor, say=say)


@contextmanager
def _served(settings: Settings, environ: dict[str, str]) -> Iterator[int]:
    log, floor_port = settings.home / "bench.log", environment.free_port()
    database = settings.database_url.replace("+psycopg", "")
    bare = (sys.executable, "-m", "msp.bench.search_baseline", str(floor_port), database)
    with (
        environment.running(*environment.msp("web"), env=environ, log=log) as web,
        environment.running(*bare, env=environ, log=log) as floor,
    ):
        environment.answers(settings.port, "/readyz", process=web, log=log)
        environment.answers(floor_port, "/search?q=pc00001", process=floor, log=log)
        yield floor_port


def _compared(port: int, floor_port: int, ours: Make, floor: Make, *, say: Say) -> list[BenchFigure]:
    mine: list[Sample] = []
    bare: list[Sample] = []
    for number in range(ROUNDS + 1):  # the first round warms up
        seconds = SECONDS if number else WARM_SECONDS
        for made, where, kept in ((floor, floor_port, bare), (ours, port, mine)):
            kept.append(closed_loop(where, made, clients=1, seconds=seconds))
    p50, p95 = (_median(mine[1:], share) for share in (0.5, 0.95))
    floor_p50, floor_p95 = (_median(bare[1:], share) for share in (0.5, 0.95))
    detail = f"{p50:.1f}/{p95:.1f} ms; floor {floor_p50:.1f}/{floor_p95:.1f} ms"
    say(f"  search, 100 hits: {detail}")
    return [
        BenchFigure("search for 100 hits in 1,000,000 tickets, against the floor", p50 / floor_p50, "×", RATIO, detail),
        BenchFigure("search for 100 hits in 1,000,000 tickets, p95", p95, "ms", P95, detail),
    ]


def _median(samples: list[Sample], share: float) -> float:
    return statistics.median(each.quantile(share) for each in samples)


if __name__ == "__main__":
    figures = measure(Path(sys.argv[1]) / "bench-search", say=print)
    report.show(figures, say=print)
    sys.exit(0 if all(figure.is_met for figure in figures) else 1)
