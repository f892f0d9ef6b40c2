"""Ratings of tickets by their requesters: on the ticket's page, and by the signed link in a mail."""

from flask import Blueprint, redirect, render_template, request, url_for

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.errors import Conflict, Invalid, NotFound
from msp.kernel.i18n import set_reader
from msp.kernel.storable import is_storable
from msp.notify.rating_link import RatingLink, read_rating_token
from msp.people.models import Person
from msp.people.queries import access_person
from msp.tickets import queries
from msp.tickets.following import may_see
from msp.tickets.models import Ticket
from msp.tickets.rating import MAX_COMMENT, may_rate, rate, rating_of
from msp.tickets.rating_models import RATINGS
from msp.tickets.survivors import access_surviving
from msp.web.guards import Answer, needs
from msp.web.request_scope import current_person, own_scope


def add_routes(blueprint: Blueprint) -> None:
    """The routes of these pages."""
    blueprint.add_url_rule("/tickets/<label>/rating", "rate", needs("portal")(rate_here), methods=["POST"])
    blueprint.add_url_rule("/rate/<token>", "rate_by_link", own_scope(rate_by_link))
    blueprint.add_url_rule("/rate/<token>", "store_by_link", own_scope(store_by_link), methods=["POST"])


def rating_of_page(ticket: Ticket) -> dict[str, object]:
    """What the ticket's page shows: the rating, and whether this person may give or change it."""
    rating = rating_of(ticket.id)
    return {"rating": rating, "may_rate": may_rate(ticket, current_person(), at=clock.now()), "longest": MAX_COMMENT}


def rate_here(label: str) -> Answer:
    """Store the rating of the ticket's requester."""
    found = queries.access_by_label(label)
    if not may_see(found, current_person()):
        raise NotFound("ticket")
    found = access_surviving(found.id)
    if not may_see(found, current_person()):
        raise NotFound("ticket")
    _rate(found, access_person(current_person().id))
    return redirect(url_for("portal.ticket", label=found.label), 303)


def rate_by_link(token: str) -> str:
    """The page behind the link of a mail. Reading it stores nothing, since programs follow the links of mails too."""
    link = _link(token)
    with work(Scope.client(link.client_id)):
        ticket, person = _named(link)
        set_reader(person.locale, person.timezone)
        return _page(ticket, person, token)


def store_by_link(token: str) -> Answer:
    """Store a rating that was sent from the page of a link."""
    link = _link(token)
    if not is_storable([text for pair in request.form.items(multi=True) for text in pair]):
        raise Invalid(fields={"comment": ["invalid"]})
    try:
        with work(Scope.client(link.client_id)):
            _rate(*_named(link, lock=True))
    except (Conflict, Invalid):
        return rate_by_link(token), 409
    return redirect(url_for("portal.rate_by_link", token=token, saved=1), 303)


def _rate(ticket: Ticket, person: Person) -> None:
    rate(ticket, person, request.form.get("rating", ""), at=clock.now(), comment=request.form.get("comment", ""))


def _link(token: str) -> RatingLink:
    link = read_rating_token(token)
    if link is None:
        raise NotFound("page")
    return link


def _named(link: RatingLink, *, lock: bool = False) -> tuple[Ticket, Person]:
    ticket, person = queries.access_ticket(link.ticket_id, lock=lock), access_person(link.person_id)
    if not (person.active and ticket.client.active and ticket.requester_id == person.id):
        raise NotFound("page")
    return ticket, person


def _page(ticket: Ticket, person: Person, token: str) -> str:
    rating = rating_of(ticket.id)
    wanted = request.args.get("rating", "")
    return render_template(
        "portal/rate.html",
        ticket=ticket,
        may_rate=may_rate(ticket, person, at=clock.now()),
        rating=rating,
        token=token,
        chosen=wanted if wanted in RATINGS else rating.rating if rating else "",
        is_saved=rating is not None and "saved" in request.args,
        longest=MAX_COMMENT,
    )
