"""Search results as lists of links, for console, palette and portal."""

from collections.abc import Callable, Iterable

from flask_babel import lazy_pgettext as term

from msp.tickets.search import Hit, Piece

PLACES = {
    "subject": "",
    "message": term("found in", "message"),
    "note": term("found in", "note"),
    "attachment": term("found in", "file"),
    "requester": term("found in", "requester"),
    "client": term("found in", "client"),
}
Group = dict[str, object]


def group(title: str, items: Iterable[dict[str, object]]) -> list[Group]:
    """A list with a heading; empty without items."""
    held = list(items)
    return [{"title": title, "items": held}] if held else []


def ticket_item(hit: Hit, url: Callable[[str], str]) -> dict[str, object]:
    """A ticket with the matching text; `url` makes the URL of its number."""
    row, excerpt = hit.row, hit.excerpt
    place = PLACES[excerpt.place]
    return {
        "url": url(row.label),
        "icon": "inbox",
        "label": row.label,
        "pieces": hit.subject,
        "note": row.client_name,
        "status": row.status,
        "place": place,
        "excerpt": excerpt.pieces if place else [],
    }


def named_item(url: str, icon: str, name: str, *, label: str = "", note: str = "") -> dict[str, object]:
    """A person or a company."""
    pieces = [Piece(name, is_match=False)]
    return {"url": url, "icon": icon, "label": label, "pieces": pieces, "note": note, "place": "", "excerpt": []}
