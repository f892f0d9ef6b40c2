"""The page that creates the first administrator; closed once a member of staff has an account."""

from collections.abc import Mapping, Sequence

from flask import Flask, current_app, redirect, render_template, request, url_for
from flask_security.utils import login_user
from flask_wtf import CSRFProtect
from werkzeug.wrappers import Response

from msp.kernel import clock, i18n
from msp.kernel.db import Scope, work
from msp.kernel.errors import Conflict, Invalid
from msp.people.first_administrator import MIN_PASSWORD, add_first_administrator, has_staff_account
from msp.web.request_scope import current_person_or_none, own_scope
from msp.web.reserved import limit_body
from msp.words.refusals import field_messages

TIMEZONE = "Europe/Madrid"  # can be changed in the account settings
MOST_BYTES = 64 * 1024
FIELDS = ("code", "name", "email")
LEADING_HERE = ("home", "security.login")


class SetupState:
    """Whether the installation is set up; queries the database until it is."""

    def __init__(self) -> None:
        self._is_done = False

    def is_done(self) -> bool:
        """Whether a member of staff has an account; a positive answer is cached for the life of the process."""
        if not self._is_done:
            with work(Scope.system()):
                self._is_done = has_staff_account()
        return self._is_done


def register(app: Flask) -> None:
    """Add the page, and redirect to it while nobody can sign in."""
    state = app.extensions["setup_state"] = SetupState()
    app.add_url_rule("/setup", "setup", _form)
    app.add_url_rule("/setup", "create_first_administrator", _create, methods=["POST"])
    limit_body(app, "/setup", most=MOST_BYTES)

    def lead_to_setup() -> Response | None:
        is_lost = request.method == "GET" and request.endpoint in LEADING_HERE and current_person_or_none() is None
        return redirect(url_for("setup")) if is_lost and not state.is_done() else None

    app.before_request(lead_to_setup)


@own_scope
def _form() -> str | Response:
    state: SetupState = current_app.extensions["setup_state"]
    return redirect(url_for("security.login")) if state.is_done() else _page({}, {})


@own_scope
def _create() -> str | Response | tuple[str, int]:
    if current_app.config["WTF_CSRF_ENABLED"]:
        csrf: CSRFProtect = current_app.extensions["csrf"]
        csrf.protect()
    submitted = {name: request.form.get(name, "").strip() for name in FIELDS}
    try:
        with work(Scope.system()):
            account = add_first_administrator(
                **submitted,
                secret_key=current_app.config["SETTINGS"].secret_key,
                password=request.form.get("password", ""),
                locale=i18n.current_reader().locale,
                timezone=TIMEZONE,
                at=clock.now(),
            )
            login_user(account)
    except Conflict:
        return redirect(url_for("security.login"))
    except Invalid as refused:
        return _page(submitted, refused.fields), 422
    return redirect(url_for("admin.first_steps"), 303)


def _page(values: Mapping[str, str], faults: Mapping[str, Sequence[str]]) -> str:
    return render_template("security/setup.html", values=values, errors=field_messages(faults), least=MIN_PASSWORD)
