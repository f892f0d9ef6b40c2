"""Kinds of links between tickets, and how each of both tickets names its relation to the other. Pure."""

# A link is stored once: its `from` ticket is a `kind` of its `to` ticket.
KINDS = ("related", "duplicate", "child", "split", "follow_up")
_FROM = {
    "related": "related",
    "duplicate": "duplicate_of",
    "child": "child_of",
    "split": "split_from",
    "follow_up": "follow_up_of",
}
_TO = {
    "related": "related",
    "duplicate": "duplicated_by",
    "child": "parent_of",
    "split": "split_into",
    "follow_up": "followed_up_by",
}
_PARTS = {relation: (kind, True) for kind, relation in _FROM.items()} | {
    relation: (kind, False) for kind, relation in _TO.items() if kind != "related"
}
RELATIONS = tuple(_PARTS)
# Relations that a person may add; the others are made by splitting a ticket or by writing on an old one.
OFFERED = ("related", "duplicate_of", "duplicated_by", "child_of", "parent_of")


def relation_of(kind: str, *, is_from: bool) -> str:
    """What the other ticket is called on the page of this one; `is_from`: this one is the link's `from` ticket."""
    return (_FROM if is_from else _TO)[kind]


def kind_of(relation: str) -> tuple[str, bool]:
    """The kind of a relation, and whether its ticket is the link's `from` ticket."""
    return _PARTS[relation]


def opposite(relation: str) -> str:
    """How the other ticket names the same link."""
    kind, is_from = _PARTS[relation]
    return relation_of(kind, is_from=not is_from)
