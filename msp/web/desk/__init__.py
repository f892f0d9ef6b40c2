"""The technicians' console."""

from flask import Blueprint, Flask

from msp.web import undo
from msp.web.desk import actions, forecasts, live, new_ticket, notifications, oncall, queue, reports, search, ticket

blueprint = Blueprint("desk", __name__, url_prefix="/desk")
for room in (queue, ticket, new_ticket, actions, live, notifications, oncall, search, reports, forecasts, undo):
    room.add_routes(blueprint)


def register(app: Flask) -> None:
    """Add the console's pages to the application."""
    app.register_blueprint(blueprint)
    oncall.add_to_menu()
