"""People's messages in the local Teams as the bot gets them: HTML copy, text, mentions, quotes, files."""

import html
from typing import Any

import pytest
from botframework.connector import ConnectorClient

from simulators.teams import markup
from simulators.teams.server import APP_ID, TeamsServer
from tests.simulators.receiver import Receiver
from tests.simulators.teams_kit import LOZANO, message

EMOJI_HOST = "https://statics.teams.cdn.office.net/"


def copy_of(activity: dict[str, Any]) -> str:
    """The HTML copy of a message."""
    [content] = [a["content"] for a in activity["attachments"] if a["contentType"] == "text/html"]
    return str(content)


@pytest.mark.parametrize(
    ("typed", "text", "copy"),
    [
        ("Hola", "Hola", "<p>Hola</p>"),
        ("si a < b y c > d", "si a < b y c > d", "<p>si a &lt; b y c &gt; d</p>"),
        ("Ana <ana@x.es>", "Ana <ana@x.es>", "<p>Ana &lt;ana@x.es&gt;</p>"),
        ("uno\ndos", "uno dos", "<p>uno<br>dos</p>"),
        ("uno\n\ndos", "uno dos", "<p>uno</p><p>dos</p>"),
        ("© 2026", "© 2026", "<p>© 2026</p>"),
    ],
)
def test_typed_text_and_its_copy(teams: TeamsServer, receiver: Receiver, typed: str, text: str, copy: str) -> None:
    teams.say(LOZANO, "29:ana", "", typed)
    activity = receiver.got[0].json
    assert (activity["text"], copy_of(activity)) == (text, copy)
    assert activity["textFormat"] == "plain" and teams.messages()[0]["shown"] == typed


def test_an_older_client_writes_divisions(teams: TeamsServer, receiver: Receiver) -> None:
    teams.say(LOZANO, "29:ana", "", "uno\n\ndos", wrap="div")
    assert copy_of(receiver.got[0].json) == "<div><div>uno</div><div>dos</div>\n</div>"


def test_an_address_is_a_link_in_the_copy(teams: TeamsServer, receiver: Receiver) -> None:
    teams.say(LOZANO, "29:ana", "", "mira https://x.es/a_b?c=1&d=2.")
    activity = receiver.got[0].json
    assert activity["text"] == "mira https://x.es/a_b?c=1&d=2."
    assert '<a href="https://x.es/a_b?c=1&amp;d=2"' in copy_of(activity) and copy_of(activity).endswith("</a>.</p>")


def test_an_emoji_is_a_picture_and_not_in_the_text(teams: TeamsServer, receiver: Receiver) -> None:
    """NousResearch/hermes-agent#100699."""
    teams.say(LOZANO, "29:ana", "", "No arranca 😀")
    activity = receiver.got[0].json
    assert activity["text"] == "No arranca " and 'alt="😀"' in copy_of(activity)
    assert 'itemtype="http://schema.skype.com/Emoji"' in copy_of(activity)
    [picture] = [a for a in activity["attachments"] if a["contentType"] == "image/*"]
    assert picture["contentUrl"].startswith(EMOJI_HOST)
    teams.say(LOZANO, "29:ana", "", "👍🏽")
    assert receiver.got[1].json["text"] == "" and 'alt="👍🏽"' in copy_of(receiver.got[1].json)


@pytest.mark.parametrize(
    ("name", "in_text", "has_text"),
    [
        ("Guardia", "Guardia", True),
        ("Núñez & Co", "N&#250;&#241;ez &amp; Co", False),
        ("O'Brien", "O&#39;Brien", True),
        ("José", "Jos&#233;", True),
    ],
)
def test_names_in_mentions_are_escaped(
    teams: TeamsServer, receiver: Receiver, channel: str, name: str, in_text: str, has_text: bool
) -> None:
    """microsoft/botbuilder-js#2083: a name with & leaves the entity without its text."""
    teams.configure(name=name)
    teams.say(LOZANO, "29:ana", channel, f"@{name} la caja no abre")
    activity = receiver.got[0].json
    assert activity["text"] == f"<at>{in_text}</at> la caja no abre"
    entity = activity["entities"][0]
    assert entity["mentioned"] == {"id": f"28:{APP_ID}", "name": name}
    assert entity.get("text") == (f"<at>{in_text}</at>" if has_text else None)
    assert f'itemid="0">{html.escape(name)}</span>&nbsp;la caja' in copy_of(activity)


def test_a_mentions_text_may_be_missing_for_any_name(teams: TeamsServer, receiver: Receiver, channel: str) -> None:
    teams.say(LOZANO, "29:ana", channel, "@Guardia hola", with_mention_text=False)
    assert "text" not in receiver.got[0].json["entities"][0]


RICH = (
    markup.paragraph(markup.plain("Fallan "), markup.link("estos pasos", "https://x.es/how_to"), ":")
    + markup.bullets("uno", "a < b")
    + markup.numbers("primero")
    + markup.quote("lo dijo Luis")
    + markup.code_block("if a < b:\n  stop()")
    + markup.paragraph(markup.code("dir"), " ", markup.emoji("💡"))
)


def test_formatting_is_in_the_copy_and_flattened_in_the_text(teams: TeamsServer, receiver: Receiver) -> None:
    """microsoft/botframework-sdk#3238, microsoft/BotFramework-Services#181."""
    teams.say_html(LOZANO, "29:ana", "", RICH)
    activity = receiver.got[0].json
    assert copy_of(activity) == RICH
    assert activity["text"] == "Fallan estos pasos: uno a < b primero lo dijo Luis if a < b: stop() dir"


def test_a_message_may_have_html_alone(teams: TeamsServer, receiver: Receiver, channel: str) -> None:
    teams.say_html(LOZANO, "29:ana", "", RICH, is_html_only=True)
    teams.say_html(LOZANO, "29:ana", channel, RICH, is_html_only=True, mentions_bot=True)
    alone, mentioned = (got.json for got in receiver.got)
    assert "text" not in alone and copy_of(alone) == RICH
    assert "text" not in mentioned and copy_of(mentioned).startswith('<p><span itemtype="http://schema.skype.com/M')
    assert mentioned["entities"][0]["mentioned"]["id"] == f"28:{APP_ID}"


def test_a_reply_in_a_chat_quotes(teams: TeamsServer, connector: ConnectorClient, receiver: Receiver) -> None:
    """openclaw/openclaw#101856; QuotedReplyEntity of microsoft/teams.ts."""
    chat = teams.open_chat(LOZANO, "29:ana")["id"]
    asked = connector.conversations.send_to_conversation(chat, message("¿Qué pone en la <pantalla>?"))
    teams.say(LOZANO, "29:ana", "", "Error 5", reply_to=asked.id)
    activity = receiver.got[-1].json
    assert (activity["text"], activity["replyToId"], activity["conversation"]["id"]) == ("Error 5", asked.id, chat)
    assert copy_of(activity) == (
        f'<blockquote itemscope="" itemtype="http://schema.skype.com/Reply" itemid="{asked.id}">\n'
        f'<strong itemprop="mri" itemid="28:{APP_ID}">Guardia</strong>'
        f'<span itemprop="time" itemid="{asked.id}"></span>\n'
        '<p itemprop="preview">¿Qué pone en la &lt;pantalla&gt;?</p>\n</blockquote>\n<p>Error 5</p>'
    )
    [quoted] = [e["quotedReply"] for e in activity["entities"] if e["type"] == "quotedReply"]
    assert (quoted["messageId"], quoted["senderName"], quoted["isReplyDeleted"]) == (asked.id, "Guardia", False)


def test_a_reply_in_a_channel_names_its_thread_and_quotes_nothing(
    teams: TeamsServer, receiver: Receiver, channel: str
) -> None:
    root = teams.say(LOZANO, "29:ana", channel, "@Guardia la caja no abre")
    again = teams.say(LOZANO, "29:luis", channel, "@Guardia a mí tampoco", reply_to=root.id)
    teams.say(LOZANO, "29:ana", channel, "@Guardia ya va", reply_to=again.id)
    for got in receiver.got[1:]:
        assert got.json["conversation"]["id"] == f"{channel};messageid={root.id}"
        assert got.json["replyToId"] == root.id and "blockquote" not in copy_of(got.json)
    assert receiver.got[0].json["channelData"]["team"].keys() == {"id"}


def test_files_reach_the_bot_in_the_personal_chat_alone(teams: TeamsServer, receiver: Receiver, channel: str) -> None:
    """openclaw/openclaw#64645 and #101096."""
    group = teams.add_group_chat(LOZANO, members=["29:ana"]).id
    file = {"name": "error.png", "content": b"x"}
    for place in ("", channel, group):
        teams.say(LOZANO, "29:ana", place, "@Guardia mira", files=[file])
    kinds = [[a["contentType"] for a in got.json["attachments"]] for got in receiver.got]
    assert kinds == [["text/html", "application/vnd.microsoft.teams.file.download.info"], ["text/html"], ["text/html"]]
    assert ["<attachment id=" in copy_of(got.json) for got in receiver.got] == [False, True, False]


def test_a_pasted_picture_stands_in_the_copy(teams: TeamsServer, receiver: Receiver, channel: str) -> None:
    teams.say(LOZANO, "29:ana", channel, "@Guardia mira", files=[{"name": "p.png", "content": b"x", "inline": True}])
    activity = receiver.got[0].json
    [picture] = [a for a in activity["attachments"] if a["contentType"] == "image/*"]
    assert f'src="{picture["contentUrl"]}"' in copy_of(activity)


def test_an_edit_and_its_undoing_bring_the_newest_words(teams: TeamsServer, receiver: Receiver, channel: str) -> None:
    said = teams.say(LOZANO, "29:ana", channel, "@Guardia no imprme")
    teams.edit(LOZANO, "29:ana", said.id, "@Guardia no imprime")
    teams.edit_html(LOZANO, "29:ana", said.id, markup.bullets("no imprime"))
    teams.delete(LOZANO, "29:ana", said.id)
    teams.undelete(LOZANO, "29:ana", said.id)
    _, edited, formatted, deleted, back = (got.json for got in receiver.got)
    assert edited["text"] == "<at>Guardia</at> no imprime" and edited["entities"][0]["type"] == "mention"
    assert formatted["text"] == back["text"] == "no imprime" and copy_of(back) == markup.bullets("no imprime")
    assert "text" not in deleted and deleted["type"] == "messageDelete"


def test_nobody_writes_where_they_are_not(teams: TeamsServer, channel: str) -> None:
    stranger = teams.add_user(LOZANO, name="Eva")
    with pytest.raises(ValueError, match="not in"):
        teams.say(LOZANO, stranger.id, channel, "@Guardia hola")
    assert [m["shown"] for m in teams.seen_by(LOZANO, stranger.id)] == []


def test_everybody_sees_what_is_said_in_their_conversations(
    teams: TeamsServer, connector: ConnectorClient, channel: str
) -> None:
    chat = teams.say(LOZANO, "29:ana", "", "solo para Guardia").conversation
    connector.conversations.send_to_conversation(chat, message("solo para Ana"))
    teams.say(LOZANO, "29:luis", channel, "para todos")
    shown = [m["shown"] or m["text"] for m in teams.seen_by(LOZANO, "29:ana")]
    assert shown == ["solo para Guardia", "solo para Ana", "para todos"]
    assert [m["shown"] for m in teams.seen_by(LOZANO, "29:luis")] == ["para todos"]
