"""The technicians' console."""

from flask import Blueprint, Flask

from msp.web.desk import actions, forecasts, live, notifications, oncall, queue, reports, search, ticket

blueprint = Blueprint("desk", __name__, url_prefix="/desk")
for room in (queue, ticket, actions, live, notifications, oncall, search, reports, forecasts):
    room.add_routes(blueprint)


def register(app: Flask) -> None:
    """Add the console's pages to the application."""
    app.register_blueprint(blueprint)
    oncall.add_to_menu()
