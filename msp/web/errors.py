"""Refusals and faults as pages and sentences. The API returns the same refusals as problem+json (msp/web/api)."""

from flask import Flask, current_app, flash, g, redirect, render_template, request
from flask_babel import gettext
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
from msp.words.refusals import message

PAGES = (403, 404, 409, 429, 500)
Answer = tuple[str, int] | Response


def register(app: Flask) -> None:
    """Register error handlers that show pages with what happened and what to do."""
    app.register_error_handler(Refusal, refused)
    app.register_error_handler(StaleDataError, lambda _: refused(Conflict("ticket_changed")))
    app.register_error_handler(CSRFError, lambda _: refused(Conflict("form_expired")))
    app.register_error_handler(HTTPException, http_fault)
    app.register_error_handler(DataError, unfitting)
    app.register_error_handler(UnicodeEncodeError, unfitting)
    app.register_error_handler(RecursionError, unfitting)
    app.register_error_handler(500, lambda _: page(500))


def refused(refusal: Refusal) -> Answer:
    """A refusal of a domain function: a form is shown again with the message; other requests get an error page."""
    db.session.rollback()
    if refusal.status in (403, 404):
        return page(refusal.status)
    if refusal.status == 409 and refusal.code in ("ticket_changed", "form_expired"):
        return page(409)
    if isinstance(refusal, TooMany):
        body, status = page(429, text=message(refusal))
        return Response(body, status, {"Retry-After": str(refusal.retry_after)}, mimetype="text/html")
    text = message(refusal)
    if request.method == "POST" and "HX-Request" not in request.headers and request.referrer:
        flash(text, "red")
        return redirect(page_in_view(), 303)
    return page(409 if refusal.status == 409 else 422, text=text)


def http_fault(fault: HTTPException) -> Answer | HTTPException:
    """Errors raised by Werkzeug: unknown address, wrong method, body too large."""
    code = fault.code or 500
    if code < 400:
        return fault
    if code in PAGES or code >= 500:
        return page(code if code in PAGES else 500, status=code)
    return page(404, status=code) if code == 405 else page(400, text=_fault_sentence(code), status=code)


def unfitting(_fault: Exception) -> Answer:
    """A value that the database cannot store: a number or time out of range, or an invalid character."""
    db.session.rollback()
    return page(400, text=_fault_sentence(422), status=422)


def _fault_sentence(code: int) -> str:
    sentences = {
        413: gettext("Too large: at most %(size)s in total.", size=f"{_most_bytes() // 1024**2}{formats.THIN}MB"),
        415: gettext("This content type is not supported."),
        422: gettext("Not valid: check numbers, dates and texts."),
    }
    return sentences.get(code) or gettext("Not valid: the content cannot be read.")


def _most_bytes() -> int:
    return int(current_app.config["MAX_CONTENT_LENGTH"])


def page(code: int, *, text: str = "", status: int | None = None) -> tuple[str, int]:
    """The page of an error; `text` replaces its standard sentence."""
    known = code if code in PAGES else 409
    body = render_template(
        f"errors/{known}.html", request_id=logs.request_id.get() if known == 500 else None, said=text, person=g.person
    )
    return body, status or code
