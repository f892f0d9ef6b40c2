"""Messages in console and portal: links, code, lists and indentation, and no active content."""

import re
import time

import pytest
from flask.testing import FlaskClient

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.richtext import read_markdown, to_json
from msp.richtext.tree import Document, Emoji, Mention, Paragraph, Text
from msp.tickets.messages import reply
from msp.tickets.models import Message, Ticket
from msp.tickets.opening import Request, open_ticket
from msp.web.parts.rich import rich
from tests.world import World, sign_in

TYPED = """Prueba **esto** en C:\\my_file y *.log:
    sangrado

- uno
- dos

```powershell
Get-Item "C:\\*.log" <x>
```
> dicho antes

Ve a https://a.example/how_to/*x*~y#z, o escribe a ana@cliente.example
# Un título
<script>alert(1)</script> <b>no</b> [malo](javascript:alert(1))"""
SHOWN = [
    "Prueba <strong>esto</strong> en C:\\my_file y *.log:<br>&nbsp;&nbsp;&nbsp;&nbsp;sangrado",
    "<ul><li>uno</li><li>dos</li></ul>",
    '<pre><code class="language-powershell">Get-Item "C:\\*.log" &lt;x&gt;\n</code></pre>',
    "<blockquote><p>dicho antes</p></blockquote>",
    '<a href="https://a.example/how_to/*x*~y#z" target="_blank" rel="noopener noreferrer nofollow">'
    "https://a.example/how_to/*x*~y#z</a>,",
    '<a href="mailto:ana@cliente.example" target="_blank" rel="noopener noreferrer nofollow">ana@cliente.example</a>',
    "<p><strong>Un título</strong></p>",
    "&lt;script&gt;alert(1)&lt;/script&gt; &lt;b&gt;no&lt;/b&gt; [malo](javascript:alert(1))",
]


@pytest.fixture
def ticket(world: World) -> Ticket:
    wanted = Request(subject="No imprime", body="La de **arriba**", source="portal")
    with work(Scope.client(world.lozano.id)):
        return open_ticket(world.lozano, requester=world.marta, request=wanted, at=clock.now())[0]


def _answer(ticket: Ticket, world: World, body: str, content: Document | None = None) -> None:
    with work(Scope.staff(actor_id=world.tomas.id)) as session:
        message = reply(session.get_one(Ticket, ticket.id), author=world.tomas, body=body, at=clock.now())
        message = session.get_one(Message, message.id)
        message.content = to_json(content) if content else None


def test_console_and_portal_show_what_was_typed(web: FlaskClient, world: World, ticket: Ticket) -> None:
    """C3: addresses are links in the console, and fences are code."""
    _answer(ticket, world, TYPED)
    console = sign_in(web, world.tomas).get("/desk/tickets/LOZ-1")
    portal = sign_in(web, world.marta).get("/portal/tickets/LOZ-1")
    for page in (console, portal):
        for piece in SHOWN:
            assert piece in page.text
        assert "<p>La de <strong>arriba</strong></p>" in page.text
        assert "unsafe-inline" not in page.headers["Content-Security-Policy"]
        written = "".join(re.findall(r'<div class="(?:msg|say)-body rich">.*?</div>', page.text, re.DOTALL))
        assert written and not re.search(r"<script|\sstyle=|\son\w+=", written)


def test_the_rich_text_of_a_message_is_shown_instead_of_its_body(
    web: FlaskClient, world: World, ticket: Ticket
) -> None:
    said = Document((Paragraph((Mention("29:a", "Ana <b>"), Text(" dice *.log "), Emoji("😢", "cry"))),))
    _answer(ticket, world, "@Ana dice *.log 😢", said)
    for person, path in ((world.tomas, "/desk/tickets/LOZ-1"), (world.marta, "/portal/tickets/LOZ-1")):
        page = sign_in(web, person).get(path).text
        assert '<p><span class="mention">@Ana &lt;b&gt;</span> dice *.log 😢</p>' in page


def test_headings_of_a_message_are_none_of_the_page() -> None:
    shown = rich("# a\n> ## b\n\n- # c")
    assert shown == (
        "<p><strong>a</strong></p><blockquote><p><strong>b</strong></p></blockquote>"
        "<ul><li><strong>c</strong></li></ul>"
    )


def test_content_comes_before_the_body() -> None:
    assert rich("**a**") == "<p><strong>a</strong></p>"
    assert rich("**a**", to_json(read_markdown("_b_"))) == "<p><em>b</em></p>"
    assert rich("", {"blocks": []}) == ""


def test_two_hundred_messages_cost_little() -> None:
    bodies = [
        f"Mensaje {number}: mira **esto** en https://a.example/{number}_x y `código`.\n" * 4 for number in range(200)
    ]
    started = time.process_time()
    shown = [rich(body) for body in bodies]
    first = time.process_time() - started
    started = time.process_time()
    assert [rich(body) for body in bodies] == shown
    assert time.process_time() - started < first / 10
    assert first < 3
