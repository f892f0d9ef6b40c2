"""scripts/translations.py finds every sentence of the code, whichever way it is written."""

import pytest

from scripts.translations import extracted, f_strings, sentences

pytestmark = pytest.mark.unit

CODE = """
from flask_babel import gettext, lazy_pgettext as said

STATUS = {"new": said("status", "new")}
title = f"{gettext('Credit note')} · {when}"
several = ngettext("%(num)d seat", "%(num)d seats", count)
words = gettext("Retrying " "now.")
other = shown(f"{gettext(f'Hello {name}')}")
"""


def test_sentences_within_f_strings_and_by_another_name_are_found() -> None:
    assert {key for _line, key in sentences(CODE)} == {
        ("status", "new"),
        (None, "%(num)d seat"),
        (None, "Retrying now."),
        (None, "Credit note"),
    }


def test_an_f_string_is_no_sentence() -> None:
    assert list(f_strings(CODE)) == [8]


def test_the_words_of_the_vocabulary_are_found() -> None:
    assert ("priority", "urgent") in extracted()
