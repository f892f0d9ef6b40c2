"""The requesters' portal.

- `frame`: navigation; packages above add tabs with `add_tab`
- `pages`: tickets, a new ticket, news
- `ticket`: one ticket
- `rating`: ratings on the ticket's page and by the link in a mail
- `reports`: SLA compliance for client managers
- `search`: search
"""

from flask import Blueprint, Flask

from msp.web.portal import pages, rating, reports, search, ticket

blueprint = Blueprint("portal", __name__, url_prefix="/portal")
for module in (pages, ticket, rating, search, reports):
    module.add_routes(blueprint)


def register(app: Flask) -> None:
    """Add the portal's pages to the application."""
    app.register_blueprint(blueprint)
