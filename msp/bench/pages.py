"""Pages and ticket creation, the desk's and the baseline's alternating, so that machine load affects both."""

import json
import random
import statistics
from collections.abc import Callable
from dataclasses import dataclass

from msp.bench.load import Make, Sample, closed_loop, request
from msp.bench.preload import CLIENTS, TICKETS, PreloadedIds
from msp.bench.report import BenchFigure

CLIENTS_AT_ONCE, ROUNDS, SECONDS, WARM_SECONDS = 8, 5, 2.0, 1.0
RATIO = 3.0
BODY = "Buenos días. La impresora no imprime en recepción desde esta mañana. Ya la hemos reiniciado. Gracias."

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class PageLoad:
    """One kind of work, with its request to the desk and to the baseline."""

    name: str
    ours: Make
    floor: Make
    expect: int = 200


def measure(known: PreloadedIds, *, port: int, floor_port: int, say: Say) -> list[BenchFigure]:
    """Measure each kind of work in rounds; the result is the median round and its ratio to the baseline's."""
    return [_measured(work, port=port, floor_port=floor_port, say=say) for work in _works(known)]


def _measured(work: PageLoad, *, port: int, floor_port: int, say: Say) -> BenchFigure:
    ours: list[Sample] = []
    floor: list[Sample] = []
    for number in range(ROUNDS + 1):  # the first round warms up
        seconds = SECONDS if number else WARM_SECONDS
        for made, where, kept in ((work.floor, floor_port, floor), (work.ours, port, ours)):
            kept.append(closed_loop(where, made, clients=CLIENTS_AT_ONCE, seconds=seconds, expect=work.expect))
    mine, bare = _median(ours[1:]), _median(floor[1:])
    detail = f"{mine[0]:.1f}/{mine[1]:.1f} ms · {mine[2]:.0f}/s; floor {bare[0]:.1f}/{bare[1]:.1f} ms · {bare[2]:.0f}/s"
    say(f"  {work.name}: {detail} · {ours[-1].size / 1000:.0f} KB")
    return BenchFigure(
        f"{work.name}, {CLIENTS_AT_ONCE} clients, against the floor", bare[2] / mine[2], "×", RATIO, detail
    )


def _median(samples: list[Sample]) -> tuple[float, float, float]:
    """p50, p95 (milliseconds) and answers per second of the median round."""
    return (
        statistics.median(each.quantile(0.5) for each in samples),
        statistics.median(each.quantile(0.95) for each in samples),
        statistics.median(each.rate for each in samples),
    )


def _works(known: PreloadedIds) -> list[PageLoad]:
    chance = random.Random(7)  # noqa: S311 (spreads the load, no secret)
    browser = {"Cookie": known.cookie, "Accept-Encoding": "gzip", "Accept": "text/html", "Accept-Language": "es"}
    labels = [f"{known.codes[number % CLIENTS]}-{number // CLIENTS + 1}" for number in range(TICKETS)]
    chance.shuffle(labels)
    asked = [_asked(known, chance.randrange(CLIENTS)) for _ in range(1000)]
    json_headers = {"Content-Type": "application/json", "Authorization": f"Bearer {known.token}"}
    return [
        PageLoad(
            "queue page",
            lambda n: request("GET", "/desk/team", browser),
            lambda n: request("GET", "/queue", browser),
        ),
        PageLoad(
            "ticket page",
            lambda n: request("GET", f"/desk/tickets/{labels[n % TICKETS]}", browser),
            lambda n: request("GET", f"/tickets/{labels[n % TICKETS]}", browser),
        ),
        PageLoad(
            "create ticket",
            lambda n: request("POST", "/api/v1/tickets", json_headers, body=asked[n % 1000]),
            lambda n: request("POST", "/tickets", json_headers, body=asked[n % 1000]),
            expect=201,
        ),
    ]


def _asked(known: PreloadedIds, client: int) -> bytes:
    return json.dumps(
        {
            "client_id": known.client_ids[client],
            "requester_id": known.requester_ids[client],
            "subject": "La impresora no imprime",
            "body": BODY,
        }
    ).encode()
