"""Time until `msp run` answers, at the first start and at the next, and its total memory."""

import subprocess
import time
from pathlib import Path

from msp.bench import environment
from msp.bench.load import LoadLine, request
from msp.bench.report import BenchFigure

FIRST, NEXT, WEIGHT = 90.0, 6.0, 700.0
WARM = 20  # pages requested before memory is measured


def measure(home: Path) -> list[BenchFigure]:
    """Start the whole desk with its demo data in an empty home, measure warm memory, stop it, start it again."""
    first, weight = _start(home, is_weighed=True)
    again, _ = _start(home, is_weighed=False)
    return [
        BenchFigure("msp run: first start, demo data made", first, "s", FIRST),
        BenchFigure("msp run: next start", again, "s", NEXT),
        BenchFigure("all processes together, warm (PSS)", weight / 1e6, "MB", WEIGHT),
    ]


def _start(home: Path, *, is_weighed: bool) -> tuple[float, int]:
    port, log = environment.free_port(), home.with_suffix(".log")
    env = environment.environment(home, MSP_DEMO="1", PORT=str(port))
    began = time.monotonic()
    with environment.running(*environment.msp("run"), env=env, log=log) as process:
        environment.answers(port, "/readyz", process=process, log=log)
        took = time.monotonic() - began
        return took, _warm_weight(port, process) if is_weighed else 0


def _warm_weight(port: int, process: subprocess.Popen[bytes]) -> int:
    line = LoadLine(port)
    for _ in range(WARM):
        line.ask(request("GET", "/signin"))
        line.close()  # so that every worker gets some requests
    time.sleep(3)
    return environment.memory(process)
