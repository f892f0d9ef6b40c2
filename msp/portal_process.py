"""The client portal as a separate process, whose database login has the client role only (`msp portal`).

`msp web` serves sign-in, account pages and everything else; a proxy routes /portal/ here (docs/operations).
"""

from dataclasses import replace
from urllib.parse import quote, urlsplit, urlunsplit

from flask import Flask, g, request
from werkzeug.exceptions import NotFound

from msp.config import Settings
from msp.kernel import i18n
from msp.kernel.db import Scope
from msp.people.client_sessions import read_client_session
from msp.web import sessions
from msp.web.system import READY_SCOPE

OPEN = frozenset(("static", "healthz", "readyz"))
BLUEPRINTS = frozenset(("portal", "portal_invoices"))


def portal_settings(settings: Settings) -> Settings:
    """Settings with the portal's own database login; an address that already has that login is unchanged."""
    if not settings.owns_database and settings.database_login == settings.portal_login:
        return settings
    parts = urlsplit(settings.database_url)
    login = f"{quote(settings.portal_login, safe='')}:{settings.portal_login_password}"
    url = urlunsplit(parts._replace(netloc=f"{login}@{parts.netloc.rpartition('@')[2]}"))
    return replace(settings, database_url=url)


def make_portal(settings: Settings) -> Flask:
    """The application of the portal process: the desk's application, limited to the portal's pages."""
    from wsgi import create_app

    app = create_app(portal_settings(settings))
    app.config[READY_SCOPE] = Scope("msp_client")
    app.config[sessions.READER] = read_client_session
    app.before_request_funcs.setdefault(None, []).insert(0, _refuse_others)
    return app


def _refuse_others() -> None:
    """Respond 404 to all other paths, before the request is read."""
    if request.endpoint not in OPEN and request.blueprint not in BLUEPRINTS:
        g.person = g.scope_token = None
        i18n.forget_reader()
        raise NotFound
