"""Rating: a contract's terms and its time entries in, invoice lines that explain themselves out. Pure."""

from billing.rating.labour import hours, labour_net
from billing.rating.phrases import CODES, Phrase
from billing.rating.rate import rate_period
from billing.rating.result import Line, Rated
from billing.rating.terms import Block, Entry, Period, Rate, Rounding, Terms, Usage

__all__ = [
    "CODES",
    "Block",
    "Entry",
    "Line",
    "Period",
    "Phrase",
    "Rate",
    "Rated",
    "Rounding",
    "Terms",
    "Usage",
    "hours",
    "labour_net",
    "rate_period",
]
