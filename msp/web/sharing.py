"""What all clients share is not for everybody to change."""

from flask import g

from msp.kernel.errors import Denied


def refuse_restricted() -> None:
    """Refuse those who work for some clients only."""
    if g.person.is_restricted:
        raise Denied("not_allowed")
