"""A message as a Markdown quote."""

from msp.kernel.db import Json
from msp.richtext import document_of, write_markdown

MOST_LINES = 30  # of a quoted message; the rest is left out


def quoted(body: str, content: Json | None) -> str:
    """The text with `>` before each line, and an empty line after it; "" for an empty text."""
    lines = write_markdown(document_of(body, content)).strip().split("\n")
    if lines == [""]:
        return ""
    kept = lines[:MOST_LINES] + (["…"] if len(lines) > MOST_LINES else [])
    return "\n".join(f"> {line}".rstrip() for line in kept) + "\n\n"
