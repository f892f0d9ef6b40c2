"""docs/settings.md lists what each channel reads from the environment."""

import pytest

from scripts.settings_table import PAGE, page

pytestmark = pytest.mark.unit


def test_the_page_is_written_from_the_declared_settings() -> None:
    assert PAGE.read_text() == page(), "run scripts/settings_table.py"
