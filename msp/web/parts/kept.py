"""Page attributes that tell the script for whom drafts are stored in the browser."""

import hmac
from base64 import urlsafe_b64encode
from hashlib import sha256

from flask import current_app, url_for
from flask_babel import gettext
from markupsafe import Markup

from msp.people.models import Person

KEY_BYTES = 16  # AES-128


def kept_by(person: Person) -> Markup:
    """Attributes of `body`: owner of the drafts, their encryption key, and messages for failures."""
    return Markup(
        'data-person="{}" data-draft-key="{}" data-sign-in="{}" data-offline="{}" data-failed="{}" data-restored="{}"'
    ).format(
        person.id,
        draft_key(person),
        url_for("security.login"),
        gettext("Not sent. Check your connection and try again. Your text is still here."),
        gettext("The server did not respond. Your text is still here: try again in a moment."),
        gettext("Your previous text has been restored."),
    )


def draft_key(person: Person) -> str:
    """The key that encrypts a person's drafts in their browsers; only that person's pages contain it."""
    secret = str(current_app.config["SECRET_KEY"]).encode()
    return urlsafe_b64encode(hmac.digest(secret, f"drafts of {person.id}".encode(), sha256)[:KEY_BYTES]).decode()
