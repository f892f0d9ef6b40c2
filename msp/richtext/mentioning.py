"""Finds mentions that are typed as @Name, and makes them mentions of the tree. Pure."""

import re
from collections.abc import Mapping
from functools import partial

from msp.richtext.nodes import Block, Blocks, Inline, Inlines, Mention, Quote, Text, leaves, mapped
from msp.richtext.tree import Document, normalised

_AFTER = r"(?![\w@])"  # a name ends here: @Ana is none in @Anabel
_BEFORE = r"(?<![\w@.])"  # and begins here: not in an address


def with_mentions(document: Document, names: Mapping[str, str]) -> Document:
    """The document with @Name as a mention, for `names` by id. The longest name wins, whatever its case.

    A first word alone stands for a person if nobody else has it. Quotes and code are left as they are.
    """
    known = _written(names)
    if not known:
        return document
    options = "|".join(re.escape(each) for each in sorted(known, key=len, reverse=True))
    pattern = re.compile(f"{_BEFORE}@({options}){_AFTER}", re.IGNORECASE)
    change = partial(_changed, pattern, known, names)
    blocks = tuple(block if isinstance(block, Quote) else _mapped(block, change) for block in document.blocks)
    return normalised(Document(blocks))


def mentioned(document: Document, names: Mapping[str, str]) -> tuple[str, ...]:
    """The ids among `names` that a document mentions outside of quotes, each once."""
    own: Blocks = tuple(block for block in document.blocks if not isinstance(block, Quote))
    found = dict.fromkeys(leaf.id for leaf in leaves(own) if isinstance(leaf, Mention))
    return tuple(each for each in found if each in names)


def _mapped(block: Block, change: "partial[Inlines]") -> Block:
    [after] = mapped((block,), change)
    return after


def _written(names: Mapping[str, str]) -> dict[str, str]:
    """What may be typed for each id, in lower case: the whole name, and the first word if it is unique."""
    firsts: dict[str, list[str]] = {}
    for id, name in names.items():
        firsts.setdefault(name.split(" ")[0].lower(), []).append(id)
    known = {first: ids[0] for first, ids in firsts.items() if first and len(ids) == 1}
    return known | {name.lower(): id for id, name in names.items() if name}


def _changed(pattern: re.Pattern[str], known: Mapping[str, str], names: Mapping[str, str], inlines: Inlines) -> Inlines:
    found: list[Inline] = []
    for each in inlines:
        if not isinstance(each, Text):
            found.append(each)
            continue
        at = 0
        for match in pattern.finditer(each.text):
            id = known[match[1].lower()]
            found += [Text(each.text[at : match.start()]), Mention(id, names[id])]
            at = match.end()
        found.append(Text(each.text[at:]))
    return tuple(each for each in found if each != Text(""))
