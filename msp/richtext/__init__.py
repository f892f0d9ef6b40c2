"""Rich text: one tree for the messages of a ticket, with a reader and a writer for each format.

| what | reader | writer |
|---|---|---|
| typed in the console, posted to the API | `read_markdown` | `write_markdown` |
| plain text; the text part of a mail | `read_text` | `write_text` |
| the HTML part of a mail; console and portal | `read_html` | `write_html` |
| Slack | `integrations.slack.rich_text` | `integrations.slack.rich_writing` |
| Teams | `integrations.teams.rich_text` | `integrations.teams.markdown` |

The nodes are in `msp.richtext.tree`, with the functions that look into a tree.

- `tree`, `nodes`: the tree, its nodes and their JSON
- `markdown`, `markdown_blocks`, `markdown_inlines`, `markdown_writing`: Markdown
- `html`, `html_elements`, `html_reading`: HTML
- `text`: plain text
- `runs`, `normal`: runs of styled text, and the normal form
- `mentioning`: mentions that are typed as @Name
- `links`: which addresses may be links
- `split`: long documents in parts
"""

from msp.richtext.html import read_html, write_html
from msp.richtext.markdown import read_markdown, write_markdown
from msp.richtext.split import beginning, split
from msp.richtext.text import read_text, write_text
from msp.richtext.tree import Document, Json, from_json, is_empty, to_json

__all__ = [
    "Document",
    "beginning",
    "document_of",
    "is_empty",
    "read_html",
    "read_markdown",
    "read_text",
    "split",
    "to_json",
    "write_html",
    "write_markdown",
    "write_text",
]


def document_of(body: str, content: Json | None) -> Document:
    """The rich text of a message: `content` if it is stored, else `body` read as Markdown."""
    return from_json(content) if content is not None else read_markdown(body)
