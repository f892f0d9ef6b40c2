"""Doors for whoever runs the desk: is it up, can it work, how is it doing; and the headers of every answer."""

import time

import redis
from flask import Flask, Response, g, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, Histogram, generate_latest
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from msp.kernel import clock, wake
from msp.kernel.db import Scope, work
from msp.kernel.events import Delivery
from msp.kernel.inbox import Inbound
from msp.web.request_scope import own_scope

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self';"
    " connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
PROCESS = CollectorRegistry()
REQUESTS = Histogram(
    "msp_request_seconds",
    "Time to answer, by endpoint and status class",
    ["endpoint", "status"],
    registry=PROCESS,
)


def register(app: Flask) -> None:
    """Add health, readiness, metrics and the security headers."""
    app.add_url_rule("/healthz", "healthz", healthz)
    app.add_url_rule("/readyz", "readyz", readyz)
    app.add_url_rule("/metrics", "metrics", metrics)
    app.before_request(_start_watch)
    app.after_request(_finish)


@own_scope
def healthz() -> Response:
    """The process answers."""
    return jsonify(status="ok")


@own_scope
def readyz() -> tuple[Response, int]:
    """Database and queue are reachable; 503 with the reasons otherwise."""
    reasons = {}
    try:
        with work(Scope.system()) as session:
            session.execute(text("select 1 from alembic_version"))
    except SQLAlchemyError as fault:
        reasons["database"] = type(fault).__name__
    try:
        wake.connection().ping()
    except redis.RedisError as fault:
        reasons["queue"] = type(fault).__name__
    return jsonify(status="unready" if reasons else "ready", reasons=reasons), 503 if reasons else 200


@own_scope
def metrics() -> Response:
    """Prometheus text: what an operator would alarm on."""
    registry = CollectorRegistry()
    waiting = Gauge("msp_waiting", "Rows that wait for work", ["queue"], registry=registry)
    oldest = Gauge("msp_oldest_waiting_seconds", "Age of the oldest row that is due", ["queue"], registry=registry)
    dead = Gauge("msp_dead", "Rows that were given up and need a person", ["queue"], registry=registry)
    at = clock.now()
    with work(Scope.system()) as session:
        for name, model in (("inbox", Inbound), ("outbox", Delivery)):
            count, first = session.execute(
                select(func.count(), func.min(model.due_at)).where(model.state == "pending")
            ).one()
            waiting.labels(name).set(count)
            oldest.labels(name).set(max(0.0, (at - first).total_seconds()) if first else 0)
            dead.labels(name).set(
                session.execute(select(func.count()).select_from(model).where(model.state == "dead")).scalar_one()
            )
    return Response(generate_latest(registry) + generate_latest(PROCESS), content_type=CONTENT_TYPE_LATEST)


def _start_watch() -> None:
    g.began = time.perf_counter()


def _finish(response: Response) -> Response:
    began = getattr(g, "began", None)
    if began is not None:
        REQUESTS.labels(request.endpoint or "none", f"{response.status_code // 100}xx").observe(
            time.perf_counter() - began
        )
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response
