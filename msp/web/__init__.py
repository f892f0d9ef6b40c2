"""The web application: console, portal, administration, REST API. Pages only; rules are in the domain packages.

- `admin`: administration pages
- `api`: REST API
- `desk`: the technicians' console
- `portal`: the requesters' portal
- `reporting`: code that report pages of console and portal share
- `parts`: filters, globals and components of templates
- `account`, `account_macros`, `account_sessions`: own settings, macros, sessions and tokens
- `macro_form`: the form of a macro
- `attempts`: sign-in rate limits
- `confirm`: confirmation of actions that cannot be undone
- `errors`: refusals and faults as pages
- `forgotten_password`, `setup_page`, `sign_in_form`, `signin`: sign-in pages
- `guards`: permissions and repeated forms
- `json_bodies`, `uploads`, `downloads`: JSON bodies, uploaded files, downloads of files
- `known_devices`, `password_hashing`, `sessions`: browsers, passwords, session cookies
- `metrics`, `system`: `/metrics`, health checks, security headers
- `notification_preferences_form`: the form of notification preferences
- `origin`: where a request comes from
- `request_scope`, `request_times`, `reserved`: one transaction a request, durations, paths of other programs
- `session_lines`, `token_lines`: sessions and tokens as rows
- `sharing`: limits of restricted staff
- `shell`: navigation and counts of staff pages
- `timeline_json`: the timeline of a ticket as JSON
- `undo`: actions that can be undone for some seconds
- `validators`: strong ETags with compression
"""

from pathlib import Path

from flask import Flask, redirect, send_from_directory, url_for
from flask_compress import Compress
from flask_wtf import CSRFProtect
from werkzeug.wrappers import Response

from msp.people.access import may
from msp.web import (
    account,
    account_macros,
    account_sessions,
    admin,
    api,
    desk,
    errors,
    parts,
    portal,
    request_scope,
    setup_page,
    signin,
    system,
    uploads,
    validators,
)
from msp.web.json_bodies import BodyRequest
from msp.web.request_scope import current_person_or_none, own_scope

HERE = Path(__file__).parent
A_YEAR = 365 * 24 * 3600


def register(app: Flask) -> None:
    """Add all pages and endpoints of the desk to the application."""
    app.template_folder = str(HERE / "templates")
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False  # request_scope checks the token of requests with a session
    CSRFProtect(app)
    app.config.update(COMPRESS_ALGORITHM=["gzip"], COMPRESS_LEVEL=1, COMPRESS_MIN_SIZE=1400, COMPRESS_STREAMS=False)
    validators.register(app)
    Compress(app)
    system.register(app)
    app.request_class = BodyRequest
    app.teardown_request(uploads.close_files)
    request_scope.register(app)
    parts.register(app)
    errors.register(app)
    signin.register(app)
    setup_page.register(app)
    desk.register(app)
    portal.register(app)
    admin.register(app)
    account.register(app)
    account_macros.register(app)
    account_sessions.register(app)
    api.register(app)
    app.add_url_rule("/", "home", home)
    app.static_folder = str(HERE / "static")
    app.add_url_rule("/static/<path:filename>", "static", static)


def home() -> Response:
    """Redirect to the first page of the person's role."""
    person = current_person_or_none()
    if person is None:
        return redirect(url_for("security.login"))
    if may(person, "portal"):
        return redirect(url_for("portal.tickets"))
    return redirect(url_for("desk.home") if may(person, "work_tickets") else url_for("desk.queue", view="team"))


@own_scope
def static(filename: str) -> Response:
    """Built assets; their names contain a content hash, so browsers may cache them for a year."""
    return send_from_directory(HERE / "static", filename, max_age=A_YEAR)
