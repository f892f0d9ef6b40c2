"""From refusals to pages and sentences. The API answers the same refusals as problem+json (msp/web/api)."""

from collections.abc import Mapping, Sequence
from math import ceil

from flask import Flask, current_app, flash, g, redirect, render_template, request
from flask_babel import gettext, ngettext
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from msp.kernel import logs
from msp.kernel.db import db
from msp.kernel.errors import Conflict, Refusal, TooMany
from msp.web.guards import page_in_view
from msp.words import formats

PAGES = (403, 404, 409, 429, 500)
Answer = tuple[str, int] | Response


def register(app: Flask) -> None:
    """Answer refusals and faults with pages that say what happened and what to do."""
    app.register_error_handler(Refusal, refused)
    app.register_error_handler(StaleDataError, lambda _: refused(Conflict("ticket_changed")))
    app.register_error_handler(CSRFError, lambda _: refused(Conflict("form_expired")))
    app.register_error_handler(HTTPException, http_fault)
    app.register_error_handler(DataError, unfitting)
    app.register_error_handler(UnicodeEncodeError, unfitting)
    app.register_error_handler(RecursionError, unfitting)
    app.register_error_handler(500, lambda _: page(500))


def refused(refusal: Refusal) -> Answer:
    """A verb would not: on a form the page comes back with a sentence, otherwise there is a page for it."""
    db.session.rollback()
    if refusal.status in (403, 404):
        return page(refusal.status)
    if refusal.status == 409 and refusal.code in ("ticket_changed", "form_expired"):
        return page(409)
    if isinstance(refusal, TooMany):
        body, status = page(429, text=_too_many(refusal))
        return Response(body, status, {"Retry-After": str(refusal.retry_after)}, mimetype="text/html")
    text = sentence(refusal)
    if request.method == "POST" and "HX-Request" not in request.headers and request.referrer:
        flash(text, "red")
        return redirect(page_in_view(), 303)
    return page(409 if refusal.status == 409 else 422, text=text)


def http_fault(fault: HTTPException) -> Answer | HTTPException:
    """Werkzeug's own: the wrong address, the wrong method, too much at once."""
    code = fault.code or 500
    if code < 400:
        return fault
    if code in PAGES or code >= 500:
        return page(code if code in PAGES else 500, status=code)
    return page(404, status=code) if code == 405 else page(400, text=_fault_sentence(code), status=code)


def unfitting(_fault: Exception) -> Answer:
    """The database cannot hold what was sent: a number or an instant beyond its range, letters that are none."""
    db.session.rollback()
    return page(400, text=_fault_sentence(422), status=422)


def _fault_sentence(code: int) -> str:
    sentences = {
        413: gettext(
            "That is too much at once: at most %(size)s in all.", size=f"{_most_bytes() // 1024**2}{formats.THIN}MB"
        ),
        415: gettext("Nothing of that kind can be read here."),
        422: gettext("Something in it does not fit: a number, a date or a text."),
    }
    return sentences.get(code) or gettext("That cannot be read: something in it is not as it should be.")


def _most_bytes() -> int:
    return int(current_app.config["MAX_CONTENT_LENGTH"])


def page(code: int, *, text: str = "", status: int | None = None) -> tuple[str, int]:
    """The page of an error; `text` says more than its standard sentence."""
    known = code if code in PAGES else 409
    body = render_template(
        f"errors/{known}.html", request_id=logs.request_id.get() if known == 500 else None, said=text, person=g.person
    )
    return body, status or code


def sentence(refusal: Refusal) -> str:
    """What a refusal means, in the reader's language."""
    known = {
        "client_not_active": gettext("This client is not active: no tickets can be opened for it."),
        "ticket_taken": gettext("Somebody else has taken this ticket."),
        "status_move_refused": gettext("The ticket cannot go to that status from where it is."),
        "timer_running": gettext("Your timer is running on another ticket. Stop it there first."),
        "time_entry_billed": gettext("This time is on an invoice and cannot change."),
        "not_possible": gettext("That is not possible any more: the ticket has changed."),
        "action_waits": gettext("Another action of this ticket can still be undone. Wait some seconds, or undo it."),
        "too_late": gettext("It was done already."),
        "reply_held": gettext("There are new messages. Read them before you send your reply."),
        "has_password": gettext("They have chosen a password already."),
        "email_in_use": gettext("That address belongs to somebody already."),
        "code_in_use": gettext("Another client has that code."),
        "connection_in_use": gettext("That workspace belongs to another client."),
    }
    if refusal.code in known:
        return known[refusal.code]
    fields: Mapping[str, Sequence[str]] = getattr(refusal, "fields", {})
    said = field_errors(fields)
    if len(said) == 1:
        return " ".join(next(iter(said.values())))
    told = "; ".join(f"{name}: {', '.join(texts)}" for name, texts in said.items())
    return told or gettext("That is not possible.")


def _too_many(refusal: TooMany) -> str:
    """What has to wait, and for how long."""
    minutes = ceil(refusal.retry_after / 60)
    wait = (
        ngettext("%(num)d second", "%(num)d seconds", refusal.retry_after)
        if refusal.retry_after < 60
        else ngettext("%(num)d minute", "%(num)d minutes", minutes)
    )
    if refusal.code == "too_many_attempts":
        return gettext("Too many attempts. Try again in %(wait)s, or choose a new password by mail.", wait=wait)
    return gettext("Too much at once. Try again in %(wait)s.", wait=wait)


def field_errors(fields: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Sentences for the codes of each field."""
    words = {
        "required": gettext("This is needed."),
        "too_long": gettext("That is too long."),
        "too_many": gettext("That is too many."),
        "too_large": gettext("A file is too large: at most 20 MB."),
        "upload_quota_exceeded": gettext("That is more than may be sent in one day. Send the rest tomorrow."),
        "unknown": gettext("That is not known here."),
        "invalid": gettext("That does not fit."),
        "not_of_client": gettext("That person belongs to another company."),
        "in_past": gettext("That lies in the past."),
        "in_future": gettext("That lies in the future."),
        "too_far": gettext("That is too far away."),
        "not_scheduled": gettext("The ticket is not scheduled: choose that status with its time."),
        "out_of_range": gettext("Between one minute and a day."),
        "before_start": gettext("That is before the start."),
        "email_shape": gettext("An address looks like name@company.example."),
        "email_in_use": gettext("That address belongs to somebody already."),
        "differs_from_times": gettext("Start and end are another number of minutes: leave one of the three empty."),
        "duplicate": gettext("That stands twice."),
        "client_not_active": gettext("This client is not active: no tickets can be opened for it."),
    }
    return {name: [words.get(code, words["invalid"]) for code in codes] for name, codes in fields.items()}
