"""The web of the desk: console, portal, administration, REST API."""

from flask import Flask

from msp.web import request_scope, signin, system


def register(app: Flask) -> None:
    """Add the pages and doors of the desk to the application."""
    system.register(app)
    request_scope.register(app)
    signin.register(app)
