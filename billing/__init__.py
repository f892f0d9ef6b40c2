"""From hours to invoices that explain themselves, and their collection."""

from flask import Flask

from msp.config import Settings


def register(app: Flask, settings: Settings) -> None:
    """Add billing's pages, API and subscribers."""
