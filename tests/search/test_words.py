"""Tables of cases: parsing of queries, and positions of matches in a text."""

import pytest

from msp.kernel.folding import fold, name_sort_key
from msp.tickets.search.marking import marked, pieces
from msp.tickets.search.words import parse_query

pytestmark = pytest.mark.unit

LABELS = [
    ("46", {(None, 46)}),
    ("#46", {(None, 46)}),
    ("# 46", {(None, 46)}),
    ("nº 46", {(None, 46)}),
    ("ticket #46", {(None, 46)}),
    ("ACME 46", {("ACME", 46)}),
    ("acme-46", {("ACME", 46)}),
    ("ACME46", {("ACME", 46), ("ACME4", 6)}),
    ("acme#46", {("ACME", 46)}),
    ("ACME - 46", {("ACME", 46)}),
    ("acme_46", {("ACME", 46)}),
    ("[ACME-46]", {("ACME", 46)}),
    ("(acme–46).", {("ACME", 46)}),
    ("Re: [ACME-46] No imprime", {("ACME", 46)}),
    ("ACME-46 y LOZ-7", {("ACME", 46), ("LOZ", 7)}),
    ("https://desk.example/desk/tickets/ACME-46", {("ACME", 46)}),
    ("impresora", set()),
    ("10.0.0.5", set()),
    ("99999999999", set()),
]
MARKED = [
    ("La impresión falla", ["impres"], "La <impresión> falla"),
    ("IMPRESIÓN", ["impresion"], "<IMPRESIÓN>"),
    ("recepcio\u0301n", ["recepcion"], "<recepcio\u0301n>"),
    ("el 10.0.0.5, y el 110.0.0.5", ["10 0 0 5"], "el <10.0.0.5>, y el 110.0.0.5"),
    ("aaa bbb", ["a b", "aaa b"], "<aaa bbb>"),
    ("nada", ["x"], "nada"),
    ("", ["x"], ""),
]


@pytest.mark.parametrize(("words", "labels"), LABELS)
def test_a_number_is_understood_in_any_spelling(words: str, labels: set[tuple[str | None, int]]) -> None:
    assert labels <= parse_query(words).labels
    if not labels:
        assert not parse_query(words).labels


@pytest.mark.parametrize(
    ("words", "ways"),
    [
        ("dos palabras", [("dos",), ("palabras",)]),
        ('"dos palabras" más', [("dos palabras",), ("más",)]),
        ("«dos palabras»", [("dos palabras",)]),
        ('"sin cerrar', [("sin cerrar",)]),
        ("wi-fi", [("wi-fi", "wifi")]),
        ("uno,dos;tres", [("uno",), ("dos",), ("tres",)]),
        ("001a2b3c4d5e", [("001a2b3c4d5e", "001a:2b3c:4d5e", "00:1a:2b:3c:4d:5e")]),
        ("… - !", []),
        ("x" * 500, [("x" * 200,)]),
    ],
)
def test_terms_and_the_ways_to_write_them(words: str, ways: list[tuple[str, ...]]) -> None:
    assert [term.spellings for term in parse_query(words).terms] == ways


@pytest.mark.parametrize(("text", "forms", "expected"), MARKED)
def test_what_was_searched_for_is_marked(text: str, forms: list[str], expected: str) -> None:
    assert "".join(f"<{each.text}>" if each.is_match else each.text for each in marked(text, forms)) == expected


def test_an_excerpt_stands_around_the_first_match_wherever_it_is() -> None:
    for before, after in ((0, 400), (400, 0), (400, 400), (0, 0)):
        text = "antes " * before + "aguja" + " luego" * after
        shown = pieces(text, ["aguja"])
        assert [each.text for each in shown if each.is_match] == ["aguja"]
        assert sum(len(each.text) for each in shown) < 260


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Año_2026.PDF", "ano 2026 pdf"),
        ("Straße Ærø Łódź", "strasse aero lodz"),
        ("ﬁn ½ №5 ª", "fin 1 2 no5 a"),
        ("im\u00adpre\u200bsora", "impresora"),
        ("Ελλάδα Привет 日本", "ελλαδα привет 日本"),
        ("😀…«»", ""),
    ],
)
def test_folding_leaves_letters_and_digits(text: str, folded: str) -> None:
    assert fold(text) == folded


SORTED = {
    "es": [
        "Álava",
        "Ana",
        "ángel",
        "Cárnicas",
        "Clínica",
        "Núñez",
        "Nuria",
        "Nzuri",
        "Ñandú",
        "Olga",
        "Óscar",
        "Oviedo",
    ],
    "en": [
        "Álava",
        "Ana",
        "ángel",
        "Cárnicas",
        "Clínica",
        "Ñandú",
        "Núñez",
        "Nuria",
        "Nzuri",
        "Olga",
        "Óscar",
        "Oviedo",
    ],
}


@pytest.mark.parametrize("locale", ["es", "en"])
def test_names_stand_in_the_readers_alphabet(locale: str) -> None:
    assert sorted(set(SORTED[locale]), key=lambda name: name_sort_key(name, locale)) == SORTED[locale]
