"""HTML of messages as a Teams client writes it, and the activity's text that Teams derives from it.

Sources for the HTML: learn.microsoft.com, "Send and receive messages" (`<div><div>…</div>\\n</div>`);
microsoft/teams.net, core/test/…/TeamsActivityTests.cs (`<p>…</p>`, `Mention` spans, `&nbsp;` behind one);
NousResearch/hermes-agent#100699 and openclaw/openclaw#57366 (emoji are `<img>` with the character in `alt`, and an
image attachment each; the text has none of it); Microsoft Graph, "chatMessage" (quoted replies). Sources for the text:
microsoft/botframework-sdk#3238 (line breaks become spaces); BotFramework-Services#181 (of a link only its label is
left); OfficeDocs-SkypeForBusiness#4723 (`<` and `>` unchanged).
"""

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import emoji as emoji_table

EMOJI_ADDRESS = "https://statics.teams.cdn.office.net/evergreen-assets/personal-expressions/v2/assets/emoticons"
SCHEMA = "http://schema.skype.com"
WRAPS = ("p", "div")  # current clients write paragraphs, older ones nested divisions
FIRST_PICTURE = 0x231A
_ADDRESS = re.compile(r"https?://[^\s<>\"']*[^\s<>\"'.,;:!?)]")
_BLOCKS = {"p", "div", "li", "ul", "ol", "br", "blockquote", "pre", "tr", "td", "table", "h1", "h2", "h3", "codeblock"}


@dataclass
class Written:
    """One message being built: its HTML, its text, the mentions' entities and the pictures of its emoji."""

    html: str = ""
    text: str = ""
    shown: str = ""  # as typed, mentions as <at>Name</at>
    entities: list[dict[str, Any]] = field(default_factory=list)
    pictures: list[dict[str, Any]] = field(default_factory=list)

    def plus(self, *, html: str, text: str, shown: str) -> None:
        """Append."""
        self.html += html
        self.text += text
        self.shown += shown


# --------------------------------------------------------------------- typed text


def typed(text: str, *, names: Mapping[str, str], wrap: str = "p", with_mention_text: bool = True) -> Written:
    """Typed text; `@name` of `names` (name: id) becomes a mention, and blank lines separate paragraphs.

    `with_mention_text` False leaves `text` out of the mentions' entities, which Teams does for some names.
    """
    written = Written()
    paragraphs = text.split("\n\n")
    for number, paragraph in enumerate(paragraphs):
        before = written.html
        written.html = ""
        if number:
            written.plus(html="", text=" ", shown="\n\n")
        _write_lines(written, paragraph, names, with_mention_text)
        written.html = before + f"<{wrap}>{written.html}</{wrap}>"
    if wrap == "div":
        written.html = f"<div>{written.html}\n</div>"
        written.text += "\n" if written.entities else ""
    return written


def _write_lines(written: Written, text: str, names: Mapping[str, str], with_mention_text: bool) -> None:
    for number, line in enumerate(text.split("\n")):
        if number:
            written.plus(html="<br>", text=" ", shown="\n")
        is_behind_mention = False
        for piece in _pieces(line, names):
            if piece.startswith("@") and piece[1:] in names:
                _mention(written, piece[1:], names[piece[1:]], with_mention_text)
                is_behind_mention = True
                continue
            if is_behind_mention and piece.startswith(" "):
                written.plus(html="&nbsp;", text=" ", shown=" ")
                piece = piece[1:]
            is_behind_mention = False
            _write_piece(written, piece)


def _write_piece(written: Written, piece: str) -> None:
    if _is_picture(piece):
        written.plus(html=emoji(piece), text="", shown=piece)
        written.pictures.append({"contentType": "image/*", "contentUrl": emoji_address(piece)})
    else:
        written.plus(html=_linked(piece), text=piece, shown=piece)


def _pieces(line: str, names: Mapping[str, str]) -> list[str]:
    """The line cut into mentions, single emoji, and the text between them."""
    pattern = "|".join(re.escape(f"@{name}") for name in sorted(names, key=len, reverse=True))
    cut = re.split(f"({pattern})", line) if pattern else [line]
    pieces: list[str] = []
    for piece in cut:
        if piece.startswith("@") and piece[1:] in names:
            pieces.append(piece)
        else:
            pieces += _without_emoji(piece)
    return [piece for piece in pieces if piece]


def _without_emoji(text: str) -> list[str]:
    pieces, end = [], 0
    for found in emoji_table.emoji_list(text):
        if not _is_picture(found["emoji"]):
            continue
        pieces += [text[end : found["match_start"]], found["emoji"]]
        end = found["match_end"]
    return [*pieces, text[end:]]


def _is_picture(text: str) -> bool:
    """Whether Teams draws it as a picture: signs such as © remain characters."""
    return emoji_table.is_emoji(text) and (ord(text[0]) >= FIRST_PICTURE or text[-1] == "\N{VARIATION SELECTOR-16}")


def _mention(written: Written, name: str, id: str, with_text: bool) -> None:
    """A mention. Its name is escaped in the text; for a name with & the entity has no text (botbuilder-js#2083)."""
    in_text = f"<at>{escaped_name(name)}</at>"
    entity: dict[str, Any] = {"mentioned": {"id": id, "name": name}, "type": "mention"}
    if with_text and "&" not in name:
        entity["text"] = in_text
    number = len(written.entities)
    span = f'<span itemtype="{SCHEMA}/Mention" itemscope="" itemid="{number}">{html.escape(name)}</span>'
    written.plus(html=span, text=in_text, shown=f"<at>{name}</at>")
    written.entities.append(entity)


def escaped_name(name: str) -> str:
    """A name with &, <, >, quotes and the accented letters of Latin-1 as HTML character references."""
    special = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}
    return "".join(special.get(c) or (f"&#{ord(c)};" if 160 <= ord(c) < 256 else c) for c in name)


def _linked(text: str) -> str:
    """Text as HTML in which addresses are links."""
    parts, end = [], 0
    for found in _ADDRESS.finditer(text):
        parts += [html.escape(text[end : found.start()], quote=False), link(found[0], found[0])]
        end = found.end()
    return "".join(parts) + html.escape(text[end:], quote=False)


# ------------------------------------------------------- pieces for say_html


def emoji_address(character: str) -> str:
    """The address of an emoji's picture at Teams."""
    return f"{EMOJI_ADDRESS}/{_emoji_id(character)}/default/20_f.png"


def _emoji_id(character: str) -> str:
    codes = "_".join(f"{ord(c):x}" for c in character)
    return f"{codes}_{emoji_table.demojize(character).strip(':').replace('_', '').replace('-', '')}"


def emoji(character: str) -> str:
    """An emoji as a picture."""
    name = _emoji_id(character)
    title = emoji_table.demojize(character).strip(":").replace("_", " ")
    picture = (
        f'<img itemscope="" itemtype="{SCHEMA}/Emoji" itemid="{name}" src="{emoji_address(character)}"'
        f' title="{title}" alt="{character}" style="width:20px; height:20px">'
    )
    return f'<span title="{title}" type="({name})" class="animated-emoticon-20-{name}" itemscope="">{picture}</span>'


def paragraph(*pieces: str) -> str:
    """A paragraph of HTML pieces."""
    return f"<p>{''.join(pieces)}</p>"


def plain(text: str) -> str:
    """Text as HTML, without markup of its own."""
    return html.escape(text, quote=False)


def bullets(*items: str) -> str:
    """A bulleted list of texts."""
    return "<ul>\n" + "".join(f"<li>{plain(item)}</li>\n" for item in items) + "</ul>"


def numbers(*items: str) -> str:
    """A numbered list of texts."""
    return "<ol>\n" + "".join(f"<li>{plain(item)}</li>\n" for item in items) + "</ol>"


def link(label: str, address: str) -> str:
    """A link with a label."""
    target = html.escape(address)
    return f'<a href="{target}" rel="noreferrer noopener" title="{target}" target="_blank">{plain(label)}</a>'


def code(text: str) -> str:
    """Code within a line."""
    return f"<code>{plain(text)}</code>"


def code_block(text: str) -> str:
    """Lines of code."""
    return f"<pre><code>{plain(text).replace(chr(10), '<br>')}</code></pre>"


def quote(text: str) -> str:
    """A quotation typed by the person, without a message it refers to."""
    return f"<blockquote>\n<p>{plain(text)}</p>\n</blockquote>"


def picture(address: str) -> str:
    """A pasted picture."""
    return paragraph(f'<img alt="image" src="{html.escape(address)}" itemscope="" itemtype="{SCHEMA}/AMSImage">')


def reply_quote(*, id: str, mri: str, name: str, preview: str) -> str:
    """The quotation at the start of a reply in a chat; `id` is the quoted message, its time in milliseconds."""
    return (
        f'<blockquote itemscope="" itemtype="{SCHEMA}/Reply" itemid="{id}">\n'
        f'<strong itemprop="mri" itemid="{mri}">{html.escape(name)}</strong>'
        f'<span itemprop="time" itemid="{id}"></span>\n'
        f'<p itemprop="preview">{plain(preview)}</p>\n</blockquote>\n'
    )


# ------------------------------------------------------------- HTML as plain text


def text_of(markup: str) -> str:
    """The text that Teams derives from HTML: one line, labels without addresses, quotations inline, emoji removed."""
    reader = _Reader()
    reader.feed(markup)
    reader.close()
    return re.sub(r"\s+", " ", "".join(reader.said)).strip()


def pictures_of(markup: str) -> Sequence[dict[str, Any]]:
    """The image attachments for emoji and pictures in HTML."""
    reader = _Reader()
    reader.feed(markup)
    reader.close()
    return [{"contentType": "image/*", "contentUrl": address} for address in reader.pictures]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self.pictures: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS:
            self.said.append(" ")
        if tag == "img":
            self.pictures.append(dict(attrs).get("src") or "")

    def handle_data(self, data: str) -> None:
        self.said.append(data)
