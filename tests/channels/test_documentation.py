"""docs/channels.md says what the suite tests."""

import pytest

from scripts.channels_table import MODULES, PAGE, behaviours, page
from tests.channels.conftest import HOME

pytestmark = pytest.mark.unit


def test_the_page_is_written_from_the_suite() -> None:
    assert PAGE.read_text() == page(), "run scripts/channels_table.py"


def test_every_module_of_the_suite_is_on_the_page() -> None:
    found = {path.stem.removeprefix("test_") for path in HOME.glob("test_*.py")} - {"documentation"}
    assert found == set(MODULES)


def test_no_two_behaviours_read_the_same() -> None:
    texts = [each.text for each in behaviours()]
    assert len(texts) == len(set(texts))
