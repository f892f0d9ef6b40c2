"""The words of captions (B1)."""

import pytest

from integrations.slack.captions import words_of_captions

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("captions", "words"),
    [
        ("WEBVTT \n\n00:00.000 --> 00:02.000\n- No va\n\n00:02.000 --> 00:04.000\nel portátil", "No va el portátil"),
        ("WEBVTT\r\n\r\n1\r\n00:00.000 --> 00:02.000 align:start\r\n<v Ana>No va &amp; ya</v>\r\n", "No va & ya"),
        ("WEBVTT\n\nNOTE --> no\nx\n\nSTYLE\n::cue {}\n\nintro\n00:00.000 --> 00:01.000\nuno\ndos", "uno dos"),
        ("", ""),
        ("<html>no</html>", ""),
    ],
)
def test_words_of_captions(captions: str, words: str) -> None:
    assert words_of_captions(captions) == words
