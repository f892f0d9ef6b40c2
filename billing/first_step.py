"""The first invoice in the setup checklist."""

from flask import url_for
from flask_babel import lazy_gettext
from sqlalchemy import exists, select

from billing.models import Invoice
from msp.kernel.db import db
from msp.web.admin.first_steps import FirstStep, add_first_step


def register() -> None:
    """Add the step after the first ticket."""
    add_first_step(
        FirstStep(
            "invoice",
            lazy_gettext("The first invoice"),
            lazy_gettext("Drafts are generated for a month from contracts and logged time; you check and issue them."),
            lambda: url_for("billing.month"),
            _has_issued,
            80,
        )
    )


def _has_issued() -> bool:
    return bool(db.session.execute(select(exists(select(1).where(Invoice.state != "draft")))).scalar_one())
