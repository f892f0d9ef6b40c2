"""The employee's side: one's own tickets, a new one, and for managers the whole company's."""

from flask import Blueprint, Flask

from msp.web.portal import pages, reports, search, ticket

blueprint = Blueprint("portal", __name__, url_prefix="/portal")
for room in (pages, ticket, search, reports):
    room.add_routes(blueprint)


def register(app: Flask) -> None:
    """Add the portal's pages to the application."""
    app.register_blueprint(blueprint)
