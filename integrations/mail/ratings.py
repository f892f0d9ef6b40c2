"""The mail that asks a requester to rate a resolved ticket, with a signed link; once for each ticket.

Only for tickets without a chat conversation: in chat the question belongs to the conversation.
"""

from flask import render_template
from flask_babel import gettext
from sqlalchemy import select

from integrations.mail.notices import path_to, reaches
from integrations.mail.writing import MailContent, MailSender, post_once
from msp.kernel import clock
from msp.kernel.db import Scope, db, work
from msp.kernel.events import DeliveredEvent, StoredEvent
from msp.kernel.i18n import reading_as
from msp.notify.rating_link import RatingLink, rating_token
from msp.people.models import Person
from msp.people.names import first_name
from msp.people.queries import access_person
from msp.tickets.events import TicketStatusChanged
from msp.tickets.models import Conversation, Ticket
from msp.tickets.rating import may_rate, rating_of
from msp.tickets.rating_models import RATINGS


def ask_for_rating(post: MailSender, changed: DeliveredEvent[TicketStatusChanged]) -> None:
    """Ask the requester for a rating after the ticket was resolved; raises Temporary or Permanent."""
    if changed.event.after != "resolved" or changed.client_id is None:
        return
    with work(Scope.client(changed.client_id)) as session:
        ticket = session.get(Ticket, changed.subject_id)
        if ticket is None or not _is_to_ask(ticket, changed):
            return
        person = access_person(ticket.requester_id)
        if not (person.active and reaches(post, person.id)):
            return
        with reading_as(person.locale, person.timezone):
            letter = _letter(post, ticket, person, key=f"rating.{changed.id.hex}")
    post_once(post, letter, person)


def _is_to_ask(ticket: Ticket, changed: DeliveredEvent[TicketStatusChanged]) -> bool:
    """Whether the ticket can be rated, has no rating, is not in chat, and was not resolved before."""
    requester = access_person(ticket.requester_id)
    if not may_rate(ticket, requester, at=clock.now()) or rating_of(ticket.id) is not None:
        return False
    earlier = select(StoredEvent.id).where(
        StoredEvent.subject_id == ticket.id,
        StoredEvent.kind == TicketStatusChanged.kind,
        StoredEvent.data["after"].astext == "resolved",
        StoredEvent.id < changed.id,
    )
    in_chat = select(Conversation.id).where(Conversation.ticket_id == ticket.id)
    return all(db.session.scalar(each.limit(1)) is None for each in (earlier, in_chat))


def _letter(post: MailSender, ticket: Ticket, person: Person, *, key: str) -> MailContent:
    token = rating_token(RatingLink(ticket.client_id, ticket.id, person.id))
    urls = {each: f"{post.public_url}{path_to('portal.rate_by_link', token=token, rating=each)}" for each in RATINGS}
    parts = {"name": first_name(person.name), "label": ticket.label, "urls": urls}
    return MailContent(
        key=key,
        subject=gettext("[%(label)s] %(subject)s", label=ticket.label, subject=ticket.subject),
        text=render_template("mail/rating.txt", **parts),
        html=render_template("mail/rating.html", **parts),
        thread=ticket.id,
    )
