"""Paths of other programs (chat systems, payment, whoever watches the process): threads of their own, small bodies."""

from flask import Flask

MOST_BYTES = 1024 * 1024


def reserve(app: Flask, path: str, *, most: int = MOST_BYTES) -> None:
    """Keep threads of the server for all paths that begin so, and take bodies of at most so many bytes there."""
    paths: list[str] = app.config.setdefault("RESERVED_PATHS", [])
    paths.append(path)
    limit_body(app, path, most=most)


def limit_body(app: Flask, path: str, *, most: int) -> None:
    """Take bodies of at most so many bytes at all paths that begin so."""
    limits: dict[str, int] = app.config.setdefault("BODY_LIMITS", {})
    limits[path] = most
