"""Search: tickets, people and companies by what people type; solved tickets that are like another."""

from msp.tickets.search.excerpts import Excerpt
from msp.tickets.search.finding import FOUND, Hit, Results, says, search
from msp.tickets.search.marking import Piece
from msp.tickets.search.similar import Alike, similar_resolved

__all__ = ["FOUND", "Alike", "Excerpt", "Hit", "Piece", "Results", "says", "search", "similar_resolved"]
