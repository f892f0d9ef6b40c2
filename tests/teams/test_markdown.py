"""What technicians write, as Teams gets it (C3)."""

import pytest

from integrations.teams.markdown import write_teams
from msp.richtext import read_markdown, read_text


@pytest.mark.parametrize(
    ("typed", "markdown"),
    [
        ("**Importante** y `*.log`", "**Importante** y `*.log`"),
        ("https://a.example/how_to#x~y", "[https://a.example/how\\_to\\#x\\~y](https://a.example/how_to#x~y)"),
        ("C:\\my_file *.log", "C:\\\\my\\_file \\*.log"),
        ("```sh\nrm *.log\n```", "```sh\nrm *.log\n```"),
        ("- uno\n- dos", "- uno\n- dos"),
        ("uno\ndos", "uno\n\ndos"),
        ("a < b", "a \\< b"),
    ],
)
def test_what_technicians_wrote_is_teams_markdown(typed: str, markdown: str) -> None:
    assert write_teams(read_markdown(typed)) == markdown


def test_a_year_at_the_start_of_a_line_is_no_list() -> None:
    assert write_teams(read_text("2026. fue un buen año")) == "2026\\. fue un buen año"
