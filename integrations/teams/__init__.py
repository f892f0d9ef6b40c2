"""Microsoft Teams: one thin slice behind the channel-neutral conversation."""

from flask import Flask

from msp.config import Settings


def register(app: Flask, settings: Settings) -> None:
    """Open the doors of this integration where its keys are set."""
