"""The employee's side: one's own tickets, a new one, and for managers the whole company's."""

from flask import Blueprint, Flask

from msp.web.portal import pages, ticket

blueprint = Blueprint("portal", __name__, url_prefix="/portal")


def register(app: Flask) -> None:
    """Add the portal's pages to the application."""
    pages.add_routes(blueprint)
    ticket.add_routes(blueprint)
    app.register_blueprint(blueprint)
