"""The forgotten-password page; same response and same work for every address."""

from flask import Flask, current_app, render_template
from flask_babel import lazy_gettext
from flask_login import current_user
from flask_security import EmailValidateException
from flask_security.utils import do_flash, get_message
from flask_wtf import FlaskForm
from wtforms import EmailField
from wtforms.validators import InputRequired, Length

from msp.people.password_reset import ask_for_reset
from msp.web.attempts import begin_reset
from msp.web.guards import Answer

ENDPOINT = "security.forgot_password"
LONGEST = 254


class ForgottenPasswordForm(FlaskForm):
    """The address."""

    email = EmailField(lazy_gettext("Email"), validators=[InputRequired(), Length(max=LONGEST)])


def register(app: Flask) -> None:
    """Replace the sign-in library's page, if mail is configured."""
    if ENDPOINT in app.view_functions:
        app.view_functions[ENDPOINT] = forgotten_password


def forgotten_password() -> Answer:
    """Request a link for the address, which a worker looks up. Raises TooMany for an origin that asks too often."""
    form = ForgottenPasswordForm()
    if form.validate_on_submit():
        begin_reset()
        address = _normalised(form.email.data or "")
        if address:
            ask_for_reset(address)
        do_flash(*get_message("PASSWORD_RESET_REQUEST", email=form.email.data))
    elif not form.is_submitted() and current_user.is_authenticated:
        form.email.data = current_user.email
    return render_template("security/forgot_password.html", forgot_password_form=form)


def _normalised(email: str) -> str:
    """The address normalised like that of the sign-in form; empty if invalid."""
    try:
        return str(current_app.extensions["security"].mail_util.normalize(email))
    except EmailValidateException:
        return ""
