"""Notifications by mail: a single one or a digest; mails about one ticket share a thread."""

from uuid import UUID

from flask import current_app, render_template
from flask_babel import gettext, ngettext

from integrations.channels.direct_notifications import line_of
from integrations.mail.writing import MailContent, MailSender, post_once
from msp.kernel.db import Scope, work
from msp.kernel.i18n import reading_as
from msp.notify import Bundle, Notice
from msp.people.models import Person
from msp.people.names import first_name
from msp.people.queries import access_person

SHOWN = 50  # notifications listed in a digest; the others are counted


def reaches(post: MailSender, person_id: UUID) -> bool:
    """Whether a person has an email address other than the desk's own (system scope)."""
    address = (access_person(person_id).email or "").strip()
    return bool(address) and address.lower() != post.sender.lower()


def send_notification(post: MailSender, bundle: Bundle) -> None:
    """Send a person one mail in their language and time zone; raises Temporary or Permanent."""
    with work(Scope.system()):
        person = access_person(bundle.person_id)
    with reading_as(person.locale, person.timezone):
        letter = content_of(post, bundle, person)
    post_once(post, letter, person)


def content_of(post: MailSender, bundle: Bundle, person: Person) -> MailContent:
    """The mail for the current reader."""
    notices, about = bundle.notices, {notice.ticket_id for notice in bundle.notices}
    is_one = len(about) == 1
    items = [{"line": line_of(notice), "url": _ticket_url(post, notice, person)} for notice in notices[:SHOWN]]
    parts = {
        "name": first_name(person.name),
        "head": "" if len(notices) == 1 else _head(len(notices)),
        "items": items,
        "more": len(notices) - len(items),
        "settings_url": f"{post.public_url}{path_to('account')}",
    }
    return MailContent(
        key=f"{bundle.key}.{bundle.event_id.hex}",
        subject=_subject(notices[0]) if is_one else _head(len(notices)),
        text=render_template("mail/notice.txt", **parts),
        html=render_template("mail/notice.html", **parts),
        thread=notices[0].ticket_id if is_one else None,
        settings_url=str(parts["settings_url"]),
    )


def path_to(endpoint: str, **values: object) -> str:
    """The path of a page; works outside of a request."""
    return current_app.url_map.bind("desk").build(endpoint, values)


def _subject(notice: Notice) -> str:
    """The same subject for every mail about a ticket, since some mail programs thread by subject."""
    return gettext("[%(label)s] %(subject)s", label=notice.data["label"], subject=notice.data["subject"])


def _head(number: int) -> str:
    return ngettext("%(num)d notification", "%(num)d notifications", number)


def _ticket_url(post: MailSender, notice: Notice, person: Person) -> str:
    endpoint = "desk.ticket" if person.is_staff else "portal.ticket"
    return f"{post.public_url}{path_to(endpoint, label=notice.data['label'])}"
