"""Check that invoices can be printed: the fonts installed with the Python packages."""

from __future__ import annotations

from collections.abc import Iterator

from msp.config import Settings
from msp.doctor.finding import Check, Finding

FIX = "Install the locked packages again: make setup"


def invoice_fonts_are_installed(settings: Settings) -> Iterator[Finding]:
    """Every font of invoices is installed and readable."""
    try:
        from billing import fonts  # imported here, because billing cannot be imported without its fonts
    except ImportError as fault:
        yield Finding("fault", f"fonts of invoices: the package {fault.name} is missing", FIX)
        return
    unusable = fonts.unusable()
    for family in unusable:
        yield Finding("fault", f"fonts of invoices: {family} is missing or cannot be read", FIX)
    if not unusable:
        yield Finding("ok", f"fonts of invoices: all {len(fonts.FONTS)} are installed")


CHECKS: list[Check] = [invoice_fonts_are_installed]
