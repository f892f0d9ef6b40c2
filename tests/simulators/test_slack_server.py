"""People's acts in the simulated Slack, and the events that the application receives over real ports."""

import json
import threading
from urllib.parse import parse_qs

import pytest
import requests
from flask import Response
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookClient

from simulators.slack.server import SlackServer, create_slack_server
from tests.simulators.moving_clock import Hands
from tests.simulators.receiver import Got, Receiver, busy
from tests.simulators.slack_kit import CARD, MODAL, refused, signed_at

# ------------------------------------------------------------------------ events


def test_a_mention_is_two_signed_events_with_one_ts(slack: SlackServer, receiver: Receiver, hands: Hands) -> None:
    said = slack.say("T01", "U0ANA", "C0SOPORTE", "@Guardia la impresora no va & <pita>")
    message, mention = (got.json for got in receiver.got)
    assert (message["event"]["type"], mention["event"]["type"]) == ("message", "app_mention")
    assert message["event"]["ts"] == mention["event"]["ts"] == said.ts
    assert message["event_id"] != mention["event_id"]
    assert message["event"]["text"] == "<@U0BOT> la impresora no va &amp; &lt;pita&gt;"
    assert message["event"]["channel_type"] == "channel" and "channel_type" not in mention["event"]
    section = message["event"]["blocks"][0]["elements"][0]["elements"]
    assert section == [
        {"type": "user", "user_id": "U0BOT"}, {"type": "text", "text": " la impresora no va & <pita>"},
    ]  # fmt: skip
    assert message["authorizations"] == [
        {
            "enterprise_id": None, "team_id": "T01", "user_id": "U0BOT", "is_bot": True,
            "is_enterprise_install": False,
        }
    ]  # fmt: skip
    verifier = signed_at(hands)
    assert all(verifier.is_valid_request(got.body, got.headers) for got in receiver.got)
    assert not verifier.is_valid_request(receiver.got[0].body + b" ", receiver.got[0].headers)
    assert not any("X-Slack-Retry-Num" in got.headers for got in receiver.got)


def test_a_direct_message_and_its_thread(slack: SlackServer, receiver: Receiver, client: WebClient) -> None:
    asked = slack.say("T01", "U0ANA", "im", "No puedo imprimir")
    answered = client.chat_postMessage(channel=asked.channel, thread_ts=asked.ts, text="Lo miramos")
    slack.say("T01", "U0ANA", "im", "Gracias", thread_ts=asked.ts)
    first, second = receiver.events("message")
    assert first["channel_type"] == "im" and "thread_ts" not in first
    assert (second["thread_ts"], second["parent_user_id"]) == (asked.ts, "U0ANA")
    assert asked.ts < answered["ts"] < second["ts"]
    thread = slack.messages(channel=asked.channel, thread_ts=asked.ts)
    assert [m["text"] for m in thread] == ["No puedo imprimir", "Lo miramos", "Gracias"]
    assert [m["text"] for m in slack.messages(author="bot")] == ["Lo miramos"]


def test_a_failed_event_comes_again_three_times_and_says_why(slack: SlackServer, receiver: Receiver) -> None:
    receiver.answer = lambda got: Response(status=500)
    said = slack.say("T01", "U0ANA", "im", "hola")
    assert slack.settle()
    assert said.deliveries[0].state == "failed"
    assert len(receiver.got) == 4 and len({got.body for got in receiver.got}) == 1
    retries = [(g.headers["X-Slack-Retry-Num"], g.headers["X-Slack-Retry-Reason"]) for g in receiver.got[1:]]
    assert retries == [("1", "http_error"), ("2", "http_error"), ("3", "http_error")]


def test_a_slow_answer_is_a_timeout_and_a_no_retry_answer_ends_it(slack: SlackServer, receiver: Receiver) -> None:
    slack.courier.timeout = 0.6
    receiver.answer = lambda got: busy(0.9)(got) if len(receiver.got) == 1 else Response(status=200)
    slack.say("T01", "U0ANA", "im", "lento")
    assert slack.settle()
    assert [g.headers.get("X-Slack-Retry-Reason") for g in receiver.got][:2] == [None, "http_timeout"]
    receiver.got.clear()
    slack.courier.timeout = 5.0
    receiver.answer = lambda got: Response(status=403, headers={"X-Slack-No-Retry": "1"})
    slack.say("T01", "U0ANA", "im", "no más")
    assert slack.settle() and len(receiver.got) == 1


def test_an_app_that_is_away_is_connection_failed(slack: SlackServer, receiver: Receiver) -> None:
    assert receiver.server is not None
    receiver.server.close()
    said = slack.say("T01", "U0ANA", "im", "¿hay alguien?")
    assert slack.settle()
    assert [a["reason"] for a in said.deliveries[0].attempts] == ["connection_failed"] * 4


def test_the_same_event_five_times_in_parallel(slack: SlackServer, receiver: Receiver) -> None:
    said = slack.say("T01", "U0ANA", "im", "hola")
    slack.redeliver(said.event_ids[0], times=5, parallel=True)
    got = receiver.wait_for(6)
    assert {g.json["event_id"] for g in got} == {said.event_ids[0]}
    assert [g.headers.get("X-Slack-Retry-Num") for g in got] == [None, *["1"] * 5]


def test_edits_deletes_joins_emoji_and_previews(slack: SlackServer, receiver: Receiver) -> None:
    said = slack.say("T01", "U0ANA", "C0SOPORTE", "la impresora")
    slack.edit("T01", "U0ANA", "C0SOPORTE", said.ts, "la impresora nueva")
    slack.unfurl("T01", "C0SOPORTE", said.ts)
    slack.react("T01", "U0LUIS", "C0SOPORTE", said.ts, "ticket")
    slack.delete("T01", "U0ANA", "C0SOPORTE", said.ts)
    slack.join("T01", "U0LUIS", "C0SOPORTE")
    _, edited, unfurled, reacted, deleted, joined, member = receiver.events()
    assert edited["subtype"] == "message_changed" and edited["hidden"] is True
    assert (edited["previous_message"]["text"], edited["message"]["text"]) == ("la impresora", "la impresora nueva")
    assert unfurled["previous_message"]["text"] == unfurled["message"]["text"]
    assert reacted["item"] == {"type": "message", "channel": "C0SOPORTE", "ts": said.ts}
    assert (deleted["subtype"], deleted["deleted_ts"]) == ("message_deleted", said.ts)
    assert joined["subtype"] == "channel_join" and member["type"] == "member_joined_channel"
    assert not slack.messages(channel="C0SOPORTE", author="U0ANA")


def test_the_app_hears_only_where_its_bot_is_and_what_its_scopes_allow(slack: SlackServer, receiver: Receiver) -> None:
    slack.add_channel("T01", "cocina", id="C0COCINA", members=["U0ANA"], with_bot=False)
    slack.say("T01", "U0ANA", "C0COCINA", "@Guardia ¿café?")
    assert receiver.events() == []  # neither message nor app_mention, where the bot is no member
    scopes = slack.world.workspaces["T01"].scopes
    slack.world.workspaces["T01"].scopes = tuple(s for s in scopes if s != "channels:history")
    slack.say("T01", "U0ANA", "C0SOPORTE", "@Guardia sin permiso de historial")
    assert [event["type"] for event in receiver.events()] == ["app_mention"]


def test_the_app_hears_only_what_it_subscribed_to(slack: SlackServer, receiver: Receiver) -> None:
    slack.settings.subscriptions = frozenset({"message.im", "app_mention"})
    slack.say("T01", "U0ANA", "C0SOPORTE", "@Guardia hola")
    slack.say("T01", "U0ANA", "im", "hola")
    slack.change_profile("T01", "U0ANA", real_name="Ana Vega")
    assert [event["type"] for event in receiver.events()] == ["app_mention", "message"]


def test_the_bots_own_messages_come_back_with_its_bot_id(slack: SlackServer, receiver: Receiver) -> None:
    slack.core.echo_bot_messages = True
    WebClient(token="xoxb-lozano", base_url=slack.api_url).chat_postMessage(channel="C0SOPORTE", text="hola")
    event = receiver.wait_for(1)[0].json["event"]
    assert event["bot_id"] == slack.world.workspaces["T01"].bot_id and event["user"] == "U0BOT"
    assert event["app_id"] == slack.settings.app_id


def test_another_apps_bot_speaks_with_a_bot_id(slack: SlackServer, receiver: Receiver) -> None:
    other = slack.add_user("T01", real_name="Alertas", is_bot=True)
    slack.say("T01", other.id, "C0SOPORTE", "disco lleno")
    event = receiver.events("message")[0]
    assert event["bot_id"].startswith("B") and event["bot_id"] != slack.world.workspaces["T01"].bot_id
    assert [m["text"] for m in slack.messages(author="user")] == ["disco lleno"]


def test_home_uninstall_and_the_challenge(slack: SlackServer, receiver: Receiver, client: WebClient) -> None:
    slack.open_home("T01", "U0ANA")
    receiver.answer = lambda got: Response(got.json["challenge"], mimetype="text/plain")
    assert slack.verify_events_url()
    receiver.answer = lambda got: Response("nope")
    assert not slack.verify_events_url()
    slack.uninstall("T01")
    assert [e["type"] for e in receiver.events()] == ["app_home_opened", "tokens_revoked", "app_uninstalled"]
    assert refused(client.auth_test) == "account_inactive"
    slack.say("T01", "U0ANA", "im", "¿sigues ahí?")
    assert not receiver.events("message")


# ------------------------------------------------------------------- interactivity


def test_a_button_opens_a_form_that_is_sent_off(
    slack: SlackServer, client: WebClient, receiver: Receiver, hands: Hands
) -> None:
    posted = client.chat_postMessage(channel="C0SOPORTE", text="ACME-1", blocks=CARD)
    pressed = slack.click("T01", "U0ANA", "C0SOPORTE", posted["ts"], "close")
    got = receiver.got[-1]
    assert signed_at(hands).is_valid_request(got.body, got.headers)
    payload = json.loads(parse_qs(got.body.decode())["payload"][0])
    assert payload["actions"][0] | {"action_ts": ""} == {
        "type": "button", "action_id": "close", "block_id": "acts", "value": "ACME-1", "action_ts": "",
        "text": {"type": "plain_text", "text": "Cerrar"},
    }  # fmt: skip
    assert payload["container"]["message_ts"] == posted["ts"] and payload["user"]["id"] == "U0ANA"
    opened = client.views_open(trigger_id=pressed.trigger_id, view=MODAL)["view"]
    assert refused(client.views_open, trigger_id=pressed.trigger_id, view=MODAL) == "exchanged_trigger_id"
    assert slack.submit("T01", "U0ANA", opened["id"], {}).errors == {"subject": "Please complete this required field."}

    receiver.answer = lambda got: Response(
        json.dumps({"response_action": "errors", "errors": {"subject": "Demasiado corto"}}),
        mimetype="application/json",
    )
    sent = slack.submit("T01", "U0ANA", opened["id"], {"subject": {"text": "x"}, "urgency": {"pick": "high"}})
    assert sent.errors == {"subject": "Demasiado corto"}
    values = json.loads(parse_qs(receiver.got[-1].body.decode())["payload"][0])["view"]["state"]["values"]
    assert values["subject"]["text"] == {"type": "plain_text_input", "value": "x"}
    assert values["urgency"]["pick"]["selected_option"]["value"] == "high"
    receiver.answer = lambda got: Response(status=200)
    slack.submit("T01", "U0ANA", opened["id"], {"subject": {"text": "La impresora"}})
    assert [view["closed"] for view in slack.views("T01", "U0ANA")] == [True]


def test_triggers_expire_and_three_views_are_the_most(slack: SlackServer, client: WebClient, hands: Hands) -> None:
    posted = client.chat_postMessage(channel="C0SOPORTE", text="x", blocks=CARD)
    old = slack.click("T01", "U0ANA", "C0SOPORTE", posted["ts"], "close").trigger_id
    hands.move(seconds=3.5)
    assert refused(client.views_open, trigger_id=old, view=MODAL) == "expired_trigger_id"
    fresh = [slack.world.trigger("T01", "U0ANA") for _ in range(4)]
    client.views_open(trigger_id=fresh[0], view=MODAL)
    client.views_push(trigger_id=fresh[1], view=MODAL)
    client.views_push(trigger_id=fresh[2], view=MODAL)
    assert refused(client.views_push, trigger_id=fresh[3], view=MODAL) == "push_limit_reached"
    bad = MODAL | {"title": {"type": "plain_text", "text": "x" * 25}}
    assert refused(client.views_open, trigger_id=fresh[3], view=bad) == "invalid_arguments"


def test_the_home_tab_and_its_hash(slack: SlackServer, client: WebClient, receiver: Receiver) -> None:
    home = {"type": "home", "blocks": CARD}
    first = client.views_publish(user_id="U0ANA", view=home)["view"]
    second = client.views_publish(user_id="U0ANA", view=home, hash=first["hash"])["view"]
    assert second["id"] == first["id"]
    assert refused(client.views_publish, user_id="U0ANA", view=home, hash=first["hash"]) == "hash_conflict"
    slack.open_home("T01", "U0ANA")
    assert receiver.events("app_home_opened")[0]["view"]["id"] == first["id"]
    slack.click_in_view("T01", "U0ANA", first["id"], "priority", value="high")
    payload = json.loads(parse_qs(receiver.got[-1].body.decode())["payload"][0])
    assert payload["actions"][0]["selected_option"]["value"] == "high"
    assert payload["container"] == {"type": "view", "view_id": first["id"]}


def test_response_urls_last_five_times_and_half_an_hour(slack: SlackServer, client: WebClient, hands: Hands) -> None:
    posted = client.chat_postMessage(channel="C0SOPORTE", text="ACME-1", blocks=CARD)
    url = slack.click("T01", "U0ANA", "C0SOPORTE", posted["ts"], "close").response_url
    hook = WebhookClient(url)
    assert hook.send(text="cerrado", replace_original=True).status_code == 200
    assert slack.messages(channel="C0SOPORTE")[0]["text"] == "cerrado"
    hook.send(text="solo tú")
    hook.send(text="todos", response_type="in_channel")
    hook.send(text="otra")
    hook.send(delete_original=True)
    assert [m["text"] for m in slack.ephemerals("C0SOPORTE", "U0ANA")] == ["solo tú", "otra"]
    assert [m["text"] for m in slack.messages(channel="C0SOPORTE")] == ["todos"]
    assert json.loads(hook.send(text="sexta").body)["error"] == "used_url"
    other = slack.slash("T01", "U0ANA", "C0SOPORTE", "/guardia").response_url
    hands.move(minutes=31)
    assert json.loads(WebhookClient(other).send(text="tarde").body)["error"] == "expired_url"


def test_slash_commands_and_shortcuts(slack: SlackServer, receiver: Receiver, hands: Hands) -> None:
    receiver.answer = lambda got: Response('{"text": "Hola, Ana"}', mimetype="application/json")
    done = slack.slash("T01", "U0ANA", "C0SOPORTE", "/guardia", "estado ACME-1")
    form = {key: value[0] for key, value in parse_qs(receiver.got[-1].body.decode()).items()}
    assert (form["command"], form["text"], form["channel_name"]) == ("/guardia", "estado ACME-1", "soporte")
    assert signed_at(hands).is_valid_request(receiver.got[-1].body, receiver.got[-1].headers)
    assert not done.failed and [m["text"] for m in slack.ephemerals("C0SOPORTE", "U0ANA")] == ["Hola, Ana"]
    receiver.answer = busy(0.9)
    slack.courier.timeout = 0.6
    assert slack.slash("T01", "U0ANA", "C0SOPORTE", "/guardia").failed
    assert len(receiver.got) == 2
    slack.courier.timeout = 5.0
    receiver.answer = lambda got: Response(status=200)
    said = slack.say("T01", "U0LUIS", "C0SOPORTE", "esto es una incidencia")
    slack.shortcut("T01", "U0ANA", "make_ticket", channel="C0SOPORTE", ts=said.ts)
    payload = json.loads(parse_qs(receiver.got[-1].body.decode())["payload"][0])
    assert (payload["type"], payload["message"]["user"]) == ("message_action", "U0LUIS")


def test_what_is_typed_behind_a_command_is_escaped_where_the_app_asks(slack: SlackServer, receiver: Receiver) -> None:
    slack.slash("T01", "U0ANA", "C0SOPORTE", "/guardia", "a @Luis Prieto no le va <nada>")
    slack.settings.escapes_commands = True
    slack.slash("T01", "U0ANA", "C0SOPORTE", "/guardia", "a @Luis Prieto no le va <nada>")
    plain, escaped = (parse_qs(got.body.decode())["text"][0] for got in receiver.got)
    assert plain == "a @Luis Prieto no le va <nada>"
    assert escaped == "a <@U0LUIS|Luis Prieto> no le va &lt;nada&gt;"


# ---------------------------------------------------------------- control routes


def test_another_process_can_do_it_all_over_http(slack: SlackServer, receiver: Receiver) -> None:
    door = f"{slack.url}/_control"
    world = {
        "workspaces": [
            {
                "name": "Bodegas Río", "team_id": "T09", "bot_token": "xoxb-rio",
                "users": [{"id": "U0RUI", "real_name": "Rui Costa", "email": "rui@rio.pt", "locale": "pt-PT"}],
                "channels": [{"id": "C0BODEGA", "name": "bodega", "members": ["U0RUI"]}],
            }
        ]
    }  # fmt: skip
    assert requests.post(f"{door}/world", json=world, timeout=5).status_code == 200
    cursor = requests.get(f"{door}/feed", timeout=5).json()["cursor"]
    act = {"team": "T09", "user": "U0RUI", "channel": "C0BODEGA", "text": "@Guardia ayuda"}
    said = requests.post(f"{door}/act/say", json=act, timeout=5).json()["result"]
    assert [d["state"] for d in said["deliveries"]] == ["delivered", "delivered"]
    feed = requests.get(f"{door}/feed", params={"since": cursor}, timeout=5).json()
    assert [entry["kind"] for entry in feed["entries"]] == ["message", "delivery", "delivery"]
    assert feed["entries"][0]["message"]["ts"] == said["ts"]
    assert requests.get(f"{door}/feed", params={"since": feed["cursor"]}, timeout=5).json()["entries"] == []
    requests.post(f"{door}/faults", json={"operation": "chat.postMessage", "kind": "500"}, timeout=5)
    broken = WebClient(token="xoxb-rio", base_url=slack.api_url)
    with pytest.raises(SlackApiError):
        broken.chat_postMessage(channel="C0BODEGA", text="x")
    broken.chat_postMessage(channel="C0BODEGA", text="Hola, Rui", thread_ts=said["ts"])
    query = {"channel": "C0BODEGA", "thread_ts": said["ts"], "author": "bot"}
    posted = requests.get(f"{door}/messages", params=query, timeout=5).json()["messages"]
    assert [m["text"] for m in posted] == ["Hola, Rui"]
    calls = requests.get(f"{door}/calls", params={"method": "chat.postMessage"}, timeout=5).json()["calls"]
    assert [call["error"] for call in calls] == ["500", None]
    wrong = requests.post(f"{door}/act/say", json={"team": "T09"}, timeout=5)
    assert wrong.status_code == 400 and "error" in wrong.json()
    requests.post(f"{door}/reset", json={}, timeout=5)
    assert requests.get(f"{door}/messages", timeout=5).json() == {"messages": []}
    assert "U0RUI" in {u["id"] for u in requests.get(f"{door}/state", timeout=5).json()["users"]}


def test_a_page_that_waits_hears_at_once(slack: SlackServer, client: WebClient) -> None:
    cursor = slack.feed.since(0)["cursor"]
    heard: list[dict[str, object]] = []
    waiting = threading.Thread(target=lambda: heard.extend(slack.feed.since(cursor, wait=10)["entries"]))
    waiting.start()
    client.chat_postMessage(channel="C0SOPORTE", text="hola")
    waiting.join(timeout=5)
    assert [entry["kind"] for entry in heard] == ["message"]


def test_same_seed_same_ids_and_no_ts_twice(hands: Hands) -> None:
    def tell() -> list[str]:
        server = create_slack_server(seed=7, now=hands)
        team = server.add_workspace("Uno").team_id
        user = server.add_user(team, real_name="Ana Lozano").id
        said = [server.say(team, user, "im", f"m{n}") for n in range(3)]
        return [team, user, *(s.ts for s in said), said[0].channel]

    assert tell() == tell()
    server = create_slack_server(now=hands)
    made: list[str] = []
    threads = [threading.Thread(target=lambda: made.extend(server.world.ts() for _ in range(200))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 800


def test_what_arrives_is_what_was_signed(slack: SlackServer, receiver: Receiver, hands: Hands) -> None:
    """The verifier treats a replay and a stale request as if Slack had sent them."""
    slack.say("T01", "U0ANA", "im", "ñandú €")
    got: Got = receiver.got[0]
    assert signed_at(hands).is_valid_request(got.body, got.headers)
    hands.move(minutes=6)
    assert not signed_at(hands).is_valid_request(got.body, got.headers)
