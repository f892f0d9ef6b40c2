"""Rating: a contract's terms and its time entries in, invoice lines with their reasons out. Pure.

- `rate`: prices a contract's period (`rate_period`)
- `terms`, `result`: input and output
- `segments`: cuts entries by band and rounds them
- `prices`: hourly rates and multipliers
- `blocks`: prepaid hours
- `labour`: lines of work
- `fees`: lines of fees, seats, tickets, milestones and blocks
- `messages`, `notices`: codes of reasons; warnings
"""

from billing.rating.labour import hours, labour_net
from billing.rating.rate import rate_period
from billing.rating.result import Rated, RatedLine
from billing.rating.terms import Block, Period, RatedEntry, RateRow, Rounding, Terms, Usage

__all__ = [
    "Block",
    "Period",
    "RateRow",
    "Rated",
    "RatedEntry",
    "RatedLine",
    "Rounding",
    "Terms",
    "Usage",
    "hours",
    "labour_net",
    "rate_period",
]
