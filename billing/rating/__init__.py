"""Rating: a contract's terms and its time entries in, invoice lines that explain themselves out. Pure."""

from billing.rating.labour import hours, labour_net
from billing.rating.messages import CODES, Message
from billing.rating.rate import rate_period
from billing.rating.result import Line, Rated
from billing.rating.terms import Block, Entry, Period, Rate, Rounding, Terms, Usage

__all__ = [
    "CODES",
    "Block",
    "Entry",
    "Line",
    "Message",
    "Period",
    "Rate",
    "Rated",
    "Rounding",
    "Terms",
    "Usage",
    "hours",
    "labour_net",
    "rate_period",
]
