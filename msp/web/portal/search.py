"""Search in the portal: own tickets, or the company's for managers."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from msp.people.access import may
from msp.tickets.search import search as find
from msp.web.guards import needs
from msp.web.parts.found import group, ticket_item
from msp.web.portal.frame import frame
from msp.web.request_scope import current_person


def add_routes(blueprint: Blueprint) -> None:
    """The route of this page."""
    blueprint.add_url_rule("/search", "search", needs("portal")(search))


def search() -> str | Response:
    """Search results; a ticket number with one match redirects to the ticket."""
    person, words = current_person(), request.args.get("q", "").strip()
    own = None if may(person, "see_company") else person.id
    results = find(words, requester_id=own, has_names=False)
    if results.exact and "HX-Request" not in request.headers:
        return redirect(_url(results.exact.label))
    tickets = [ticket_item(hit, _url) for hit in results.tickets]
    return render_template(
        "portal/search.html", portal=frame(current=""), q=words, groups=group(gettext("Tickets"), tickets)
    )


def _url(label: str) -> str:
    return url_for("portal.ticket", label=label)
