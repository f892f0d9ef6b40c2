"""The button that takes the next ticket."""

from flask import Blueprint, flash, redirect, url_for
from werkzeug.wrappers import Response

from msp.kernel import clock
from msp.kernel.errors import Conflict
from msp.tickets.taking import take_next
from msp.web.guards import is_first_time, list_before, needs
from msp.web.request_scope import current_person
from msp.words.refusals import message


def add_routes(blueprint: Blueprint) -> None:
    """The route of the button."""
    blueprint.add_url_rule("/take-next", "take_next", needs("work_tickets")(take), methods=["POST"])


def take() -> Response:
    """Take the most urgent unassigned ticket and open it; without one, say so on the list."""
    back = list_before() or url_for("desk.queue", view="mine")
    if not is_first_time():
        return redirect(back, 303)
    try:
        ticket = take_next(current_person(), at=clock.now())
    except Conflict as nothing:
        if nothing.code != "nothing_to_take":
            raise
        flash(message(nothing), "amber")
        return redirect(back, 303)
    return redirect(url_for("desk.ticket", label=ticket.label, back=back), 303)
