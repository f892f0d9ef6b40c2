"""`/metrics`: operational figures in Prometheus text format, for this machine or with the metrics token.

docs/operations explains each figure and its alert thresholds; its dashboard and alerts are tested against this module.
"""

import hmac
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import redis
from flask import Response, abort, current_app, request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector, CollectorRegistry
from sqlalchemy.exc import SQLAlchemyError

from msp.clients.platforms import connectable_platforms, platforms
from msp.config import Settings
from msp.kernel import clock, heartbeats, wake
from msp.kernel.db import Scope, db, work
from msp.kernel.unhandled import unhandled
from msp.operations import figures
from msp.operations.uncertain_sends import all_uncertain_sends
from msp.web.request_scope import own_scope
from msp.web.request_times import BOUNDS, RequestTimes

LOOPBACK = ("127.0.0.1", "::1")
THROUGH_A_PROXY = ("X-Forwarded-For", "X-Real-Ip", "Forwarded", "Via")


@own_scope
def metrics() -> Response:
    """All figures; if a dependency is unreachable, `msp_up` is 0 and its figures are omitted."""
    settings: Settings = current_app.config["SETTINGS"]
    if not _may_read(settings):
        abort(Response("A token is needed.\n", 401, {"WWW-Authenticate": "Bearer"}, mimetype="text/plain"))
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Everything(settings, current_app.extensions["request_times"]))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _may_read(settings: Settings) -> bool:
    if settings.metrics_token:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(
            token.strip().encode(), settings.metrics_token.encode()
        )
    return request.remote_addr in LOOPBACK and not any(name in request.headers for name in THROUGH_A_PROXY)


class _Everything(Collector):
    def __init__(self, settings: Settings, times: RequestTimes) -> None:
        self._settings, self._times = settings, times

    def collect(self) -> Iterable[Metric]:
        """All families."""
        up = GaugeMetricFamily("msp_up", "Whether a server that the desk needs answers", labels=["server"])
        for server, read, away in (("database", _of_database, SQLAlchemyError), ("queue", _of_queue, redis.RedisError)):
            try:
                found = list(read())
            except away:
                found = []
            up.add_metric([server], bool(found))
            yield from found
        yield up
        yield _requests(self._times)
        yield _room(self._settings.home)
        yield _pool()
        yield _channels(self._settings)


def _of_database() -> Iterator[Metric]:
    at = clock.now()
    with work(Scope.system()) as session:
        yield from _queues({name: figures.backlog(session, model, at=at) for name, model in figures.QUEUES.items()})
        yield from _escalation(figures.escalation(session, at=at))
        yield _connections(figures.connections(session))
        doubts = {each.what: each.count(at) for each in all_uncertain_sends()}
        saved = figures.last_backup(session)
        revision = figures.revision(session)
    yield _in_doubt(doubts)
    if saved:
        yield _one("msp_last_backup_timestamp_seconds", "When msp backup last saved this desk", saved.timestamp())
    yield InfoMetricFamily("msp", "The shape of the tables", {"revision": revision})
    with db.engine.connect() as connection:
        yield from _line(figures.line(connection))


def _queues(backlogs: dict[str, figures.Backlog]) -> Iterator[Metric]:
    waiting = GaugeMetricFamily("msp_waiting", "Rows that wait for work", labels=["queue"])
    dead = GaugeMetricFamily("msp_dead", "Rows that were given up and need a person", labels=["queue"])
    undelivered = GaugeMetricFamily(
        "msp_oldest_undelivered_seconds", "Since the oldest row that still waits came in", labels=["queue"]
    )
    overdue = GaugeMetricFamily(
        "msp_oldest_waiting_seconds", "Since the oldest row could have been worked", labels=["queue"]
    )
    for name, found in backlogs.items():
        waiting.add_metric([name], found.waiting)
        dead.add_metric([name], found.dead)
        undelivered.add_metric([name], found.undelivered)
        overdue.add_metric([name], found.overdue)
    yield from (waiting, dead, undelivered, overdue)


def _escalation(found: figures.Escalation) -> Iterator[Metric]:
    yield _one("msp_escalation_steps_overdue", "Escalation steps whose moment has passed untaken", found.overdue)
    yield _one("msp_escalation_overdue_seconds", "Since the moment of the oldest step untaken", found.most_overdue)
    lately = f"of the last {figures.LATELY.seconds // 60} minutes"
    yield _one("msp_escalation_steps_late", f"Escalation steps {lately} taken over 2 s late", found.taken_late)
    yield _one("msp_escalation_delay_seconds", f"The longest delay of the steps {lately}", found.worst_delay)


def _channels(settings: Settings) -> Metric:
    family = GaugeMetricFamily("msp_channel_on", "Whether its required settings are given", labels=["channel"])
    for platform in platforms():
        family.add_metric([platform.name], platform.is_enabled(settings))
    return family


def _connections(found: dict[str, tuple[int, int]]) -> Metric:
    family = GaugeMetricFamily("msp_connections", "Workspaces and tenants by state", labels=["channel", "state"])
    for platform in connectable_platforms():
        working, broken = found.get(platform.name, (0, 0))
        family.add_metric([platform.name, "working"], working)
        family.add_metric([platform.name, "broken"], broken)
    return family


def _unhandled() -> Metric:
    family = CounterMetricFamily(
        "msp_unhandled", "Requests of a channel that nothing handles", labels=["channel", "kind"]
    )
    for (channel, kind), count in unhandled().items():
        family.add_metric([channel, kind], count)
    return family


def _in_doubt(counts: dict[str, int]) -> Metric:
    family = GaugeMetricFamily(
        "msp_in_doubt", "Tries that ended without an answer: each may have been said once more", labels=["what"]
    )
    for what, count in counts.items():
        family.add_metric([what], count)
    return family


def _line(found: figures.DatabaseFigures) -> Iterator[Metric]:
    connections = GaugeMetricFamily("msp_database_connections", "The desk's connections by state", labels=["state"])
    for state, count in found.connections.items():
        connections.add_metric([state], count)
    yield connections
    yield _one("msp_database_connections_max", "Connections that the database allows", found.most_connections)
    yield _one("msp_database_transaction_seconds", "Age of the desk's longest transaction", found.longest_transaction)
    yield _one("msp_clock_skew_seconds", "This machine's clock minus the database's", found.skew)


def _of_queue() -> Iterator[Metric]:
    yield _one("msp_workers", "Workers that live", heartbeats.alive())
    ticks = GaugeMetricFamily("msp_tick_age_seconds", "Since the last tick, by who sent it", labels=["source"])
    for source, age in heartbeats.ages(heartbeats.TICKS).items():
        ticks.add_metric([source], age)
    yield ticks
    yield _one("msp_wakeups_waiting", "Wake-ups that no worker has taken yet", wake.queue().count)
    yield _unhandled()


def _requests(times: RequestTimes) -> Metric:
    family = HistogramMetricFamily(
        "msp_request_seconds", "Time to answer, by endpoint and class of status", labels=["endpoint", "status"]
    )
    bounds = [*map(str, BOUNDS), "+Inf"]
    for each in times.all():
        buckets, so_far = [], 0.0
        for bound, count in zip(bounds, each.counts, strict=True):
            so_far += count
            buckets.append((bound, so_far))
        family.add_metric([each.endpoint, each.status], buckets, each.seconds)
    return family


def _room(home: Path) -> Metric:
    place = next(path for path in (home, *home.parents) if path.exists())
    return _one("msp_disk_free_bytes", "Room left where files are kept", shutil.disk_usage(place).free)


def _pool() -> Metric:
    pool = db.engine.pool
    family = GaugeMetricFamily(
        "msp_pool_connections", "The database pool of the process that answers", labels=["state"]
    )
    family.add_metric(["in_use"], pool.checkedout())  # type: ignore[attr-defined]  # a QueuePool has it
    family.add_metric(["most"], pool.size() + pool._max_overflow)  # type: ignore[attr-defined]
    return family


def _one(name: str, about: str, value: float) -> Metric:
    family = GaugeMetricFamily(name, about)
    family.add_metric([], value)
    return family
