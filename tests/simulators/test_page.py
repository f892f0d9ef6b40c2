"""The playground's page: typed messages go through the real endpoints and their answers are shown."""

import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from flask import Flask
from sqlalchemy import select

from integrations.channels import Post, ThreadRef
from integrations.channels.values import Button, WrittenCard
from integrations.slack.blocks import rendered
from integrations.teams.cards import activity_of
from msp.config import Settings
from msp.demo import generate_clients
from msp.demo.load import SLACK_TOKEN
from msp.demo.running import load_app
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.tickets.actions import change_status
from msp.tickets.messages import reply
from msp.tickets.models import Ticket
from simulators import keeping
from simulators.playground import local
from simulators.playground import slack as page_slack
from simulators.playground import teams as page_teams
from simulators.playground import words as page_words
from simulators.playground.cast import cast_slack, cast_teams
from simulators.playground.page import Drawn as Chat
from simulators.playground.page import _draw
from simulators.playground.views import Line, Panel, Spot, Who, Wish
from simulators.slack.server import create_slack_server
from simulators.teams.server import create_teams_server
from tests.conftest import MONDAY
from tests.simulators.desk import Played, bare, playing
from tests.world import World

WAIT = 10.0  # seconds until the desk must have answered
CARD = Post(
    "Got it, <b>Tom</b>.",
    card=WrittenCard(
        label="AZC-1",
        subject="Nobody *can* log in",
        facts=(("Status", "In progress"), ("Priority", "High"), ("Assigned to", "Irene Navas")),
        why="Why 9:52: your contract’s SLA target is 1 hour.",
        buttons=(Button("add_detail", "Add detail"), Button("solved", "Yes, resolved", is_primary=True)),
    ),
)
QUESTION = Post("Does it work?", buttons=(Button("solved", "Yes, resolved", is_primary=True),))
PRIMARY = re.compile(r'class="btn is-primary"\s+type="submit" name="action" value="solved"')


@pytest.fixture
def played(app: Flask, world: World, settings: Settings, tmp_path: Path) -> Iterator[Played]:
    with playing(settings, tmp_path) as desk:
        yield desk


def part(desk: Played, chat: str, query: str = "", **form: str) -> requests.Response:
    """A chat's panel, or the answer to a form in it."""
    headers, act = {"X-Panel": chat, "Accept-Language": "es"}, form.pop("act", "")
    if act:
        return requests.post(f"{desk.url}/playground/{chat}/{act}?{query}", data=form, headers=headers, timeout=15)
    return requests.get(f"{desk.url}/playground?{query}", headers=headers, timeout=15)


def query_of(html: str) -> str:
    """The query of a panel's address."""
    found = re.search(r'data-url="/playground\?([^"]*)"', html)
    assert found
    return found[1].replace("&amp;", "&")


def until(read: Callable[[], str], holds: Callable[[str], object]) -> str:
    """Read again until the condition holds."""
    end = time.monotonic() + WAIT
    while not holds(shown := read()):
        assert time.monotonic() < end, shown
        time.sleep(0.05)
    return shown


def test_an_employee_writes_in_slack_and_the_desk_answers_in_the_thread(played: Played, world: World) -> None:
    sent = part(played, "slack", act="say", text="El TPV no cobra\nHay cola").text
    query = query_of(sent)
    assert "El TPV no cobra<br>Hay cola" in sent and "slack_thread=" in query
    card = until(lambda: part(played, "slack", query).text, lambda html: "block-actions" in html)
    assert "Lo tenemos, Marta." in card and "LOZ-1 · <b>El TPV no cobra</b>" in card and "undrawn" not in card
    with work(Scope.staff(actor_id=world.tomas.id)) as session:
        ticket = session.scalars(select(Ticket)).one()
        assert (ticket.source, ticket.requester_id) == ("slack", world.marta.id)
        reply(ticket, author=world.tomas, body="¿Qué pone en la *pantalla*?", at=clock.now())
    until(lambda: part(played, "slack", query).text, lambda html: "¿Qué pone en la <i>pantalla</i>?" in html)
    top = part(played, "slack", query.replace("slack_thread", "other")).text
    assert re.search(r"2 respuestas", top) and "¿Qué pone" not in top


def test_an_employee_writes_in_teams_and_presses_a_button(played: Played, world: World) -> None:
    query = query_of(part(played, "teams", act="say", text="Nobody can log in to the VPN").text)
    card = until(lambda: part(played, "teams", query).text, lambda html: "ac-actions" in html)
    assert "AZC-1" in card and "Nobody can log in to the VPN" in card and "undrawn" not in card
    with work(Scope.staff(actor_id=world.irene.id)) as session:
        ticket = session.scalars(select(Ticket)).one()
        assert (ticket.source, ticket.requester_id) == ("teams", world.inigo.id)
        change_status(ticket, "resolved", at=clock.now(), actor_id=world.irene.id)
    asked = until(lambda: part(played, "teams", query).text, lambda html: 'value="solved"' in html)
    message = re.findall(r'<input type="hidden" name="message" value="([^"]+)">', asked)[-1]
    pressed = part(played, "teams", query, act="press", message=message, action="solved").text
    assert "phone-notice" in pressed
    until(lambda: _status(), lambda status: status == "closed")


def _status() -> str:
    with work(Scope.staff()) as session:
        return session.scalars(select(Ticket)).one().status


def test_one_changes_and_deletes_what_one_wrote(played: Played) -> None:
    for chat in ("slack", "teams"):
        sent = part(played, chat, act="say", text="El escaner no va").text
        query, message = query_of(sent), re.findall(rf'id="{chat}-([\d.]+)"', sent)[0]
        changing = part(played, chat, f"{query}&{chat}_edit={message}").text
        assert re.search(r"<textarea[^>]*>El escaner no va</textarea>", changing)
        changed = part(played, chat, f"{query}&{chat}_edit={message}", act="say", text="El escáner no va").text
        own = re.search(
            rf'id="{chat}-{re.escape(message)}".*?</li>', changed, re.DOTALL
        )  # the desk's card keeps its text
        assert own and "El escáner no va" in own[0] and "El escaner" not in own[0]
        assert f"{chat}_edit" not in query_of(changed)
        gone = part(played, chat, query_of(changed), act="delete", message=message).text
        assert "El escáner no va" not in gone


def test_in_a_channel_the_desk_hears_what_mentions_it(played: Played) -> None:
    for chat, place in (("slack", "C0SOPORTE"), ("teams", _channel(played))):
        channel = part(played, chat, f"{chat}_place={place}").text
        assert re.search(r"<textarea[^>]*>@Guardia </textarea>", channel)
        query = query_of(part(played, chat, query_of(channel), act="say", text="@Guardia la impresora no va").text)
        answered = until(partial(_text, played, chat, query), _has_card)
        assert '<span class="mention">@Guardia</span> la impresora' in answered


def _has_card(html: str) -> bool:
    return "block-actions" in html or "ac-actions" in html


def _text(played: Played, chat: str, query: str) -> str:
    return part(played, chat, query).text


def _channel(played: Played) -> str:
    port = local.ports_of(played.settings).teams
    state = requests.get(f"http://127.0.0.1:{port}/_control/state", timeout=5).json()
    return next(str(each["id"]) for each in state["conversations"] if each["kind"] == "channel")


def test_news_come_when_they_happen_and_only_then(played: Played) -> None:
    query = query_of(part(played, "slack").text)
    cursor = re.search(r'data-cursor="(\d+)"', part(played, "slack", query).text)
    assert cursor
    headers = {"X-Panel": "slack", "X-Since": cursor[1]}
    part(played, "teams", act="say", text="elsewhere")
    part(played, "slack", query, act="say", text="aquí")
    news = requests.get(f"{played.url}/playground?{query}", headers=headers, timeout=15)
    assert news.status_code == 200 and "aquí" in news.text


def test_without_scripts_a_form_leads_back_to_the_whole_page(played: Played) -> None:
    query = query_of(part(played, "slack").text)
    answer = requests.post(
        f"{played.url}/playground/slack/say?{query}", data={"text": "hola"}, timeout=10, allow_redirects=False
    )
    assert answer.status_code == 303
    shown = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert shown["slack_thread"] and shown["slack"] == ["U0MARTA"]
    page = requests.get(played.url + answer.headers["Location"], timeout=10)
    assert 'id="slack"' in page.text and 'id="teams"' in page.text and "hola" in page.text
    assert not re.search(r"<script(?![^>]*\ssrc=)|\sstyle=|\son\w+=", page.text)
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]


def test_other_sites_may_not_speak_for_an_employee(played: Played) -> None:
    url, data = f"{played.url}/playground/slack/say", {"text": "hola"}
    for origin in ("https://evil.example", "null"):
        assert requests.post(url, data=data, headers={"Origin": origin}, timeout=5).status_code == 403


def test_a_slack_that_is_down_is_said_so(settings: Settings, app: Flask, tmp_path: Path) -> None:
    mine = bare(settings, tmp_path, port=1)
    client = load_app(mine).test_client()
    answer = client.get("/playground", headers={"Accept-Language": "es"})
    assert answer.status_code == 200 and "Slack no responde" in answer.text
    load_app(settings)


def test_a_desk_with_keys_of_its_own_has_no_playground(settings: Settings, tmp_path: Path) -> None:
    assert local.played(settings) == frozenset() and local.joined(settings) is settings
    some = replace(settings, home=tmp_path).with_values(SLACK_SIGNING_SECRET="")
    joined = local.joined(some)
    assert local.played(some) == {"slack"} and joined.value("SLACK_SIGNING_SECRET")
    assert joined.value("SLACK_API_URL").startswith("http://127.0.0.1:")
    assert joined.value("TEAMS_TOKEN_URL") == settings.value("TEAMS_TOKEN_URL")
    assert local.played(replace(some, env="production")) == frozenset()


def test_ports_stay_and_give_way_when_taken(settings: Settings, tmp_path: Path) -> None:
    mine = bare(settings, tmp_path, port=local._any_free())
    first = local.claim_ports(mine)
    assert local.claim_ports(mine) == first == local.ports_of(mine)
    with socket.socket() as other:
        other.bind(("127.0.0.1", first.slack))
        other.listen()
        second = local.claim_ports(mine)
    assert second.slack != first.slack and (second.teams, second.stripe) == (first.teams, first.stripe)


def test_the_cast_is_the_demos_and_the_same_at_each_start() -> None:
    clients = generate_clients(MONDAY.date())
    assert clients[0].people == generate_clients(MONDAY.replace(year=2027).date())[0].people
    slack, teams = create_slack_server(seed=1), create_teams_server(seed=2)
    again = create_slack_server(seed=3)
    cast_slack(slack, clients)
    cast_slack(again, clients)
    cast_teams(teams, clients)
    assert slack.world.channels.keys() == again.world.channels.keys()
    lozano = clients[0]
    assert lozano.slack and lozano.teams
    workspace = slack.world.workspaces[lozano.slack.team_id]
    assert workspace.bot_token == SLACK_TOKEN.format(team=lozano.slack.team_id)
    assert {user.email for user in slack.world.members(workspace.team_id) if not user.is_bot} == {
        person.email for person in lozano.people
    }
    assert {user.email for user in teams.world.users.values() if user.tenant_id == lozano.teams.tenant_id} == {
        person.email for person in lozano.people
    }


def test_what_was_said_is_there_after_a_restart(tmp_path: Path) -> None:
    clients = generate_clients(MONDAY.date())
    slack, fresh = create_slack_server(seed=1), create_slack_server(seed=2)
    for server in (slack, fresh):
        cast_slack(server, clients)
    assert clients[0].slack
    said = slack.say(clients[0].slack.team_id, str(clients[0].people[0].slack_user_id), "im", "hola", wait=False)
    kept = tmp_path / "slack.json"
    kept.write_text(json.dumps(keeping.slack_said(slack.world)))
    keeping.slack_again(fresh.world, keeping.read(kept))
    assert [message["text"] for message in fresh.messages(channel=said.channel)] == ["hola"]
    assert keeping.read(tmp_path / "none.json") == {}
    slack.courier.close()


# -------------------------------------------------------------------- rendering


WHO = Who("U1", "Tom Beckett", "Azcárate", "T1", "Europe/Madrid", "en-GB")


def drawn(app: Flask, settings: Settings, home: Path, platform: str, **content: object) -> str:
    """A chat with one message, as HTML."""
    line = Line(id="1.0", author=WHO, at=MONDAY, **{"body": page_words.mrkdwn("", names={}), **content})  # type: ignore[arg-type]
    spots = (Spot("C1", "Guardia", "direct", True),)
    panel = Panel(platform, WHO, (("Azcárate", (WHO,)),), spots, (line,), Wish("U1", "C1"))
    desk = load_app(bare(settings, home, port=1))
    with desk.test_request_context("/playground", headers={"Accept-Language": "en"}):
        html = str(_draw(Chat(platform, panel), {platform: panel.wish}))
    load_app(settings)
    return html


@pytest.mark.parametrize("post", [CARD, QUESTION])
def test_every_block_that_the_desk_sends_to_slack_is_drawn(
    app: Flask, settings: Settings, tmp_path: Path, post: Post
) -> None:
    html = drawn(app, settings, tmp_path, "slack", blocks=tuple(rendered(post)["blocks"]), is_bot=True)
    assert "undrawn" not in html and PRIMARY.search(html)
    assert "<b>Tom</b>" not in html


@pytest.mark.parametrize("post", [CARD, QUESTION])
def test_every_element_that_the_desk_sends_to_teams_is_drawn(
    app: Flask, settings: Settings, tmp_path: Path, post: Post
) -> None:
    place = ThreadRef("teams", "tenant", "a:1", "1", is_personal=True)
    card = activity_of(post, place).attachments[0].content
    html = drawn(app, settings, tmp_path, "teams", card=card, is_bot=True)
    assert "undrawn" not in html and PRIMARY.search(html)
    if post.card:
        assert "Nobody *can* log in" in html and "Irene Navas" in html


def test_what_nobody_can_draw_is_named(app: Flask, settings: Settings, tmp_path: Path) -> None:
    html = drawn(app, settings, tmp_path, "slack", blocks=({"type": "video"},), is_bot=True)
    assert '<p class="undrawn">video</p>' in html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*ya* va a&amp;b", "<b>ya</b> va a&amp;b"),
        ("2*3*4 y snake_case_name", "2*3*4 y snake_case_name"),
        ("<@U1>, mira <#C1>", '<span class="mention">@Ana</span>, mira <span class="mention">#soporte</span>'),
        ("uno\ndos", "uno<br>dos"),
        ("<javascript:alert(1)|pulsa>", "pulsa"),
        ("&lt;script&gt;", "&lt;script&gt;"),
        (
            "ve a https://a.example/x_y_z.",
            've a <a href="https://a.example/x_y_z" target="_blank" rel="noopener noreferrer">https://a.example/x_y_z</a>.',
        ),
    ],
)
def test_slack_text_is_drawn_and_never_runs(text: str, html: str) -> None:
    assert page_words.mrkdwn(text, names={"U1": "Ana", "C1": "soporte"}) == html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**Tomás Rey**\n\nHola", "<b>Tomás Rey</b><br>Hola"),
        ("2 \\* 3 \\* 4 \\<b\\>", "2 * 3 * 4 &lt;b&gt;"),
        ("<img src=x onerror=alert(1)>", "&lt;img src=x onerror=alert(1)&gt;"),
        ("[x](javascript:alert)", "x"),
        (
            "[aquí](https://a.example/?b=1&c=2)",
            '<a href="https://a.example/?b=1&amp;c=2" target="_blank" rel="noopener noreferrer">aquí</a>',
        ),
    ],
)
def test_teams_text_is_drawn_and_never_runs(text: str, html: str) -> None:
    assert page_words.markdown(text) == html


def test_own_words_are_typed_over_as_they_were_typed() -> None:
    assert page_words.typed("<@U1> a&amp;b <https://a.example>", names={"U1": "Ana"}) == "@Ana a&b https://a.example"
    assert page_words.teams_plain("<at>Guardia</at> hola") == "@Guardia hola"
    assert page_slack.is_news({"channel": "C1"}, Wish("U1", "C1")) and not page_teams.is_news({}, Wish("U1", "C1"))
