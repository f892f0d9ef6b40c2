"""One's own settings: name, language, time zone, colours."""

from zoneinfo import available_timezones

from flask import Flask, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from msp.kernel import clock, i18n
from msp.kernel.db import Scope, work
from msp.people.queries import access_person
from msp.web.parts.words import word
from msp.web.portal.frame import frame
from msp.web.request_scope import current_person, whoever_is_here
from msp.web.shell import shell
from msp.web.signin import CHANGED

THEMES = ("auto", "light", "dark")
A_YEAR = 365 * 24 * 3600


def register(app: Flask) -> None:
    """The routes of this page."""
    app.add_url_rule("/account", "account", account)
    app.add_url_rule("/account", "save_account", save, methods=["POST"])


def account() -> str | Response:
    """What this person may set for themselves."""
    person = whoever_is_here()
    if person is None:
        return redirect(url_for("security.login", next="/account"))
    is_staff = person.is_staff
    context = {"shell": shell(current="account")} if is_staff else {"portal": frame(current="account")}
    return render_template(
        "account.html",
        frame="base.html" if is_staff else "portal/base.html",
        values={
            "name": person.name,
            "locale": person.locale,
            "timezone": person.timezone,
            "theme": request.cookies.get("theme", "auto"),
        },
        errors={},
        timezones=sorted(zone for zone in available_timezones() if "/" in zone),
        action_url=url_for("save_account"),
        password_url=url_for("security.change_password"),
        email=person.email or "",
        role=word(person.role, "role"),
        **context,
    )


def save() -> Response:
    """Keep the settings; the colours belong to the browser, not to the person."""
    if whoever_is_here() is None:
        return redirect(url_for("security.login", next="/account"))
    name, locale, zone = (request.form.get(field, "").strip() for field in ("name", "locale", "timezone"))
    with work(Scope.system()):  # staff who work for some clients only may read staff, and write none
        person = access_person(current_person().id)
        person.name = name[:120] or person.name
        person.locale = locale if locale in i18n.LOCALES else person.locale
        person.timezone = zone if zone in available_timezones() else person.timezone
    session[CHANGED] = clock.now().timestamp()
    i18n.set_reader(person.locale, person.timezone)
    flash(gettext("Saved."), "green")
    answer = redirect(url_for("account"), 303)
    theme = request.form.get("theme", "auto")
    if theme in THEMES:
        answer.set_cookie("theme", theme, max_age=A_YEAR, samesite="Lax")
    return answer
