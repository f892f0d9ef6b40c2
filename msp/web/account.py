"""Own settings: name, language, time zone, theme, notification preferences."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Flask, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from msp.kernel import clock, i18n, timezones
from msp.kernel.db import Scope, work
from msp.kernel.errors import Invalid
from msp.notify.channels import media_to
from msp.notify.preferences import preferences_of, set_preferences
from msp.people.access import may
from msp.people.models import Person
from msp.people.queries import access_person
from msp.web.notification_preferences_form import preference_values, read_preferences
from msp.web.portal.frame import frame
from msp.web.request_scope import current_person, current_person_or_none
from msp.web.sessions import CHANGED
from msp.web.shell import shell
from msp.words.refusals import field_messages
from msp.words.vocabulary import word

THEMES = ("auto", "light", "dark")
A_YEAR = 365 * 24 * 3600


def register(app: Flask) -> None:
    """The routes of this page."""
    app.add_url_rule("/account", "account", account)
    app.add_url_rule("/account", "save_account", save, methods=["POST"])
    app.add_url_rule(
        "/account/notification-preferences",
        "save_notification_preferences",
        save_notification_preferences,
        methods=["POST"],
    )


def account() -> str | Response:
    """The settings that people can change for themselves."""
    person = current_person_or_none()
    if person is None:
        return redirect(url_for("security.login", next="/account"))
    return _page(person, preference_values(preferences_of(person.id)), {})


def _page(person: Person, preferences: Mapping[str, Any], errors: Mapping[str, Sequence[str]]) -> str:
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
        preferences=preferences if person.role != "client_employee" else None,
        preference_errors=field_messages(errors),
        preferences_url=url_for("save_notification_preferences"),
        reached=_reached(person),
        timezones=timezones.places(),
        action_url=url_for("save_account"),
        password_url=url_for("security.change_password"),
        sessions_url=url_for("account_sessions"),
        macros_url=url_for("account_macros") if may(person, "work_tickets") else None,
        email=person.email or "",
        role=word(person.role, "role"),
        **context,
    )


def save_notification_preferences() -> Response | tuple[str, int]:
    """Save notification preferences; redisplays the form with errors if quiet hours cannot be read."""
    person = current_person_or_none()
    if person is None:
        return redirect(url_for("security.login", next="/account"))
    try:
        preferences = read_preferences(request.form)
        with work(Scope("msp_system", actor_id=person.id)):
            set_preferences(access_person(person.id), **preferences, at=clock.now())
    except Invalid as wrong:
        posted = request.form.to_dict() | {"quiet_days": request.form.getlist("quiet_days")}
        return _page(person, posted, wrong.fields), 422
    flash(gettext("Saved."), "green")
    return redirect(url_for("account"), 303)


def _reached(person: Person) -> dict[str, bool]:
    with work(Scope.system()):
        media = media_to(person.id)
    return {"chat": "chat" in media, "mail": "mail" in media}


def save() -> Response:
    """Save the settings; the theme is stored in the browser, not with the person."""
    if current_person_or_none() is None:
        return redirect(url_for("security.login", next="/account"))
    name, locale, zone = (request.form.get(field, "").strip() for field in ("name", "locale", "timezone"))
    with work(Scope.system()):  # staff restricted to some clients may read staff rows, but not write them
        person = access_person(current_person().id)
        person.name = name[:120] or person.name
        person.locale = locale if locale in i18n.LOCALES else person.locale
        person.timezone = zone if timezones.is_known(zone) else person.timezone
    session[CHANGED] = clock.now().timestamp()
    i18n.set_reader(person.locale, person.timezone)
    flash(gettext("Saved."), "green")
    answer = redirect(url_for("account"), 303)
    theme = request.form.get("theme", "auto")
    if theme in THEMES:
        answer.set_cookie("theme", theme, max_age=A_YEAR, samesite="Lax")
    return answer
