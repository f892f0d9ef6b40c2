"""From hours to invoices that explain themselves, and their collection."""

from flask import Flask

from billing import api, documents, first_step, issuing, pages, portal, stripe
from billing.sentences.refusals import MESSAGES
from msp.config import Settings
from msp.words.refusals import add_messages


def register(app: Flask, settings: Settings) -> None:
    """Add billing's pages, API and subscribers."""
    issuing.use_environment("test" if settings.is_demo else "production")
    add_messages(MESSAGES)
    pages.register(app)
    first_step.register()
    portal.register(app)
    api.register(app)
    documents.listen()
    stripe.register(app, settings)
