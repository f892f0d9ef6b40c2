"""From hours to invoices that explain themselves, and their collection."""

from flask import Flask

from billing import api, documents, first_step, issuing, pages, portal, stripe
from msp.config import Settings


def register(app: Flask, settings: Settings) -> None:
    """Add billing's pages, API and subscribers."""
    issuing.use_environment("test" if settings.is_demo else "production")
    pages.register(app)
    first_step.register()
    portal.register(app)
    api.register(app)
    documents.listen()
    stripe.register(app, settings)
