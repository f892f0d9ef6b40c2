"""Health, readiness and metrics endpoints, and the security headers of all responses."""

import time

import redis
from flask import Flask, Response, current_app, g, jsonify, request
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from msp.kernel import wake
from msp.kernel.db import Scope, work
from msp.web.metrics import metrics
from msp.web.request_scope import own_scope
from msp.web.request_times import RequestTimes
from msp.web.reserved import reserve

READY_SCOPE = "READY_SCOPE"  # configuration key of the scope used by the readiness check
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


def register(app: Flask) -> None:
    """Add health, readiness, metrics and the security headers."""
    app.add_url_rule("/healthz", "healthz", healthz)
    app.add_url_rule("/readyz", "readyz", readyz)
    app.add_url_rule("/metrics", "metrics", metrics)
    for path in ("/healthz", "/readyz", "/metrics"):
        reserve(app, path)
    app.extensions["request_times"] = RequestTimes(app.view_functions)
    app.before_request(_start_watch)
    app.after_request(_finish)


@own_scope
def healthz() -> Response:
    """Liveness: the process responds."""
    return jsonify(status="ok")


@own_scope
def readyz() -> tuple[Response, int]:
    """Readiness: database and queue are reachable; 503 with the reasons otherwise."""
    reasons = {}
    try:
        scope = current_app.config.get(READY_SCOPE, Scope.system())
        with work(scope) as session:
            session.execute(text("select 1 from alembic_version" if scope == Scope.system() else "select 1"))
    except SQLAlchemyError as fault:
        reasons["database"] = type(fault).__name__
    try:
        wake.connection().ping()
    except redis.RedisError as fault:
        reasons["queue"] = type(fault).__name__
    return jsonify(status="unready" if reasons else "ready", reasons=reasons), 503 if reasons else 200


def _start_watch() -> None:
    g.began = time.perf_counter()


def _finish(response: Response) -> Response:
    began = getattr(g, "began", None)
    if began is not None:
        current_app.extensions["request_times"].add(request.endpoint, response.status_code, time.perf_counter() - began)
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if "Location" in response.headers:
        response.headers["Location"] = _here(response.headers["Location"])
    if response.mimetype == "text/html":
        response.headers.setdefault("Cache-Control", "private, no-cache")
    return response


def _here(location: str) -> str:
    """The redirect target; for this site only its path, so that a forged Host header is not repeated."""
    return (
        "/" + location.removeprefix(request.host_url).lstrip("/") if location.startswith(request.host_url) else location
    )
