"""Spam in the console: mark a ticket, restore it, delete its content; the list of blocked senders."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from msp.kernel import clock
from msp.tickets import spam
from msp.tickets.queries import access_by_label
from msp.web.guards import needs
from msp.web.request_scope import current_person
from msp.web.shell import shell


def add_routes(blueprint: Blueprint) -> None:
    """The routes of these pages."""
    guard, administers = needs("work_tickets"), needs("administer")
    blueprint.add_url_rule("/tickets/<label>/spam", "mark_spam", guard(mark), methods=["POST"])
    blueprint.add_url_rule("/tickets/<label>/not-spam", "unmark_spam", guard(unmark), methods=["POST"])
    blueprint.add_url_rule("/tickets/<label>/delete-spam", "delete_spam", administers(delete), methods=["POST"])
    blueprint.add_url_rule("/blocked-senders", "blocked_senders", guard(blocked))
    blueprint.add_url_rule("/blocked-senders/<uuid:person_id>/unblock", "unblock", guard(unblock), methods=["POST"])


def mark(label: str) -> Response:
    """Close the ticket as spam, and block its requester if that was chosen."""
    ticket = access_by_label(label, lock=True)
    blocks = bool(request.form.get("block"))
    spam.mark_spam(ticket, at=clock.now(), actor_id=current_person().id, blocks=blocks)
    return _back(label)


def unmark(label: str) -> Response:
    """Restore a ticket that is no spam."""
    spam.unmark_spam(access_by_label(label, lock=True), at=clock.now(), actor_id=current_person().id)
    return _back(label)


def delete(label: str) -> Response:
    """Delete the content of a spam ticket, after a confirmation."""
    spam.delete_spam(access_by_label(label, lock=True), at=clock.now(), actor_id=current_person().id)
    flash(gettext("The content was deleted."), "green")
    return _back(label)


def blocked() -> str:
    """The blocked senders, with how many messages they have sent since."""
    return render_template("desk/blocked.html", shell=shell(current=""), rows=spam.blocked_senders())


def unblock(person_id: UUID) -> Response:
    """Unblock a person."""
    spam.unblock(person_id, at=clock.now(), actor_id=current_person().id)
    flash(gettext("Unblocked. Their messages open tickets again."), "green")
    return redirect(url_for("desk.blocked_senders"), 303)


def _back(label: str) -> Response:
    return redirect(url_for("desk.ticket", label=label), 303)
