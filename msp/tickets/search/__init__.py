"""Search of tickets, people and companies; resolved tickets similar to another.

- `finding`: the search of console, palette, portal and API
- `words`: parses the search text; pure
- `spellings`: other spellings of a term
- `names`: word forms, stop words, people and companies with matching names
- `excerpts`, `marking`: why a ticket was found
- `similar`: resolved tickets that share rare words
- `models`: the search index, which triggers write
"""

from msp.tickets.search.excerpts import Excerpt
from msp.tickets.search.finding import FOUND, Hit, Results, says, search
from msp.tickets.search.marking import Piece
from msp.tickets.search.similar import Alike, similar_resolved

__all__ = ["FOUND", "Alike", "Excerpt", "Hit", "Piece", "Results", "says", "search", "similar_resolved"]
