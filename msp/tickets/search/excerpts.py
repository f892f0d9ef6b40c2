"""The part of each found ticket that matches: a message, a note, a file name, the requester, the company."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text

from msp.kernel.db import db
from msp.kernel.folding import CJK
from msp.tickets.search.marking import Piece, count, marked, pieces
from msp.tickets.ticket_rows import TicketRow

# The first messages or files of each ticket that contain any of the forms, within the scope.
_TEXTS = text(
    """
    select t.id, found.place, found.said
    from unnest(cast(:tickets as uuid[])) t(id),
    lateral (
        (select case m.visibility when 'internal' then 'note' else 'message' end as place, m.body as said
         from message m where m.ticket_id = t.id and m.deleted_at is null
           and search_may_hold(m.body, cast(:words as text[]))
           and ' ' || search_fold(m.body) like any (cast(:patterns as text[])) limit 3)
        union all
        (select 'attachment', a.name from message m join attachment a on a.message_id = m.id
         where m.ticket_id = t.id and m.deleted_at is null
           and ' ' || search_fold(a.name) like any (cast(:patterns as text[])) limit 3)
    ) found
    """
)


class Excerpt(NamedTuple):
    """Matching text: `place` is subject, message, note, attachment, requester or client."""

    place: str
    pieces: list[Piece]


def excerpts(rows: Sequence[TicketRow], forms: Sequence[str]) -> dict[UUID, Excerpt]:
    """For each ticket the text that contains most of the forms."""
    texts: dict[UUID, list[tuple[str, str]]] = {}
    if rows and forms:
        words = [f"%{max(form.split(), key=len)}%" for form in forms]
        patterns = [f"%{form}%" if CJK.search(form) else f"% {form}%" for form in forms]
        asked = {"tickets": [row.id for row in rows], "words": words, "patterns": patterns}
        for ticket_id, place, content in db.session.execute(_TEXTS, asked):
            texts.setdefault(ticket_id, []).append((place, content))
    return {row.id: _best(row, texts.get(row.id, ()), forms) for row in rows}


def _best(row: TicketRow, texts: Iterable[tuple[str, str]], forms: Sequence[str]) -> Excerpt:
    named = [("requester", row.requester_name), ("client", row.client_name)]
    known = [*texts, *named]
    counts = [count(content, forms) for _place, content in known]
    most = max(counts)
    if not most:
        return Excerpt("subject", marked(row.subject, forms))
    place, content = known[counts.index(most)]
    return Excerpt(place, pieces(content, forms))
