"""Paths of other programs (chat systems, payment, monitoring) with reserved threads and small bodies."""

from flask import Flask

MOST_BYTES = 1024 * 1024


def reserve(app: Flask, path: str, *, most: int = MOST_BYTES) -> None:
    """Reserve server threads for paths with this prefix, and limit their bodies to this many bytes."""
    paths: list[str] = app.config.setdefault("RESERVED_PATHS", [])
    paths.append(path)
    limit_body(app, path, most=most)


def limit_body(app: Flask, path: str, *, most: int) -> None:
    """Limit bodies at paths with this prefix to this many bytes."""
    limits: dict[str, int] = app.config.setdefault("BODY_LIMITS", {})
    limits[path] = most
