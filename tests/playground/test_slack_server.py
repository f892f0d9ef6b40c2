"""The Slack playground, driven with slack_sdk's own client and checked with its own verifier."""

import json
import threading
from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest
import requests
from flask import Response
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import Clock, SignatureVerifier
from slack_sdk.webhook import WebhookClient

from integrations.playground.slack_server import SIGNING_SECRET, SlackServer, create_slack_server
from tests.playground.conftest import Hands
from tests.playground.receiver import Got, Receiver, busy

CARD = [
    {"type": "section", "block_id": "head", "text": {"type": "mrkdwn", "text": "*ACME-1* La impresora no va"}},
    {
        "type": "actions",
        "block_id": "acts",
        "elements": [
            {
                "type": "button", "action_id": "close", "value": "ACME-1",
                "text": {"type": "plain_text", "text": "Cerrar"},
            },
            {
                "type": "static_select", "action_id": "priority",
                "options": [{"text": {"type": "plain_text", "text": "Alta"}, "value": "high"}],
            },
        ],
    },
]  # fmt: skip
MODAL = {
    "type": "modal",
    "callback_id": "new",
    "title": {"type": "plain_text", "text": "Nueva incidencia"},
    "submit": {"type": "plain_text", "text": "Enviar"},
    "blocks": [
        {
            "type": "input", "block_id": "subject", "label": {"type": "plain_text", "text": "Asunto"},
            "element": {"type": "plain_text_input", "action_id": "text", "max_length": 80},
        },
        {
            "type": "input", "block_id": "urgency", "optional": True,
            "label": {"type": "plain_text", "text": "Urgencia"},
            "element": {
                "type": "static_select", "action_id": "pick",
                "options": [{"text": {"type": "plain_text", "text": "Alta"}, "value": "high"}],
            },
        },
    ],
}  # fmt: skip


@pytest.fixture
def slack(receiver: Receiver, hands: Hands) -> Iterator[SlackServer]:
    """One workspace with Ana, Luis and a channel, whose app is the receiver."""
    server = create_slack_server(
        events_url=f"{receiver.url}/slack/events",
        interactions_url=f"{receiver.url}/slack/interactions",
        commands_url=f"{receiver.url}/slack/commands",
        now=hands,
        ack_timeout=0.4,
        retry_schedule=(0.0, 0.02, 0.04),
        echo_bot_messages=False,
    )
    server.add_workspace("Ferretería Lozano", team_id="T01", bot_token="xoxb-lozano", bot_user_id="U0BOT")
    server.add_user("T01", id="U0ANA", real_name="Ana Lozano", email="ana@lozano.es")
    server.add_user("T01", id="U0LUIS", real_name="Luis Prieto", email="luis@lozano.es", tz="Atlantic/Canary")
    server.add_channel("T01", "soporte", id="C0SOPORTE", members=["U0ANA", "U0LUIS"])
    running = server.serve()
    yield server
    running.close()


@pytest.fixture
def client(slack: SlackServer) -> WebClient:
    """The app's own client, as production builds it."""
    return WebClient(token="xoxb-lozano", base_url=slack.api_url, timeout=5)


def signed_at(hands: Hands) -> SignatureVerifier:
    """A verifier whose clock is the playground's."""

    class Fixed(Clock):
        def now(self) -> float:
            return hands().timestamp()

    return SignatureVerifier(SIGNING_SECRET, clock=Fixed())


def refused(call: object, **arguments: object) -> str:
    """The error code with which Slack refuses a call."""
    with pytest.raises(SlackApiError) as caught:
        call(**arguments)  # type: ignore[operator]
    return str(caught.value.response["error"])


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
    receiver.answer = lambda got: busy(0.6)(got) if len(receiver.got) == 1 else Response(status=200)
    slack.say("T01", "U0ANA", "im", "lento")
    assert slack.settle()
    assert [got.headers.get("X-Slack-Retry-Reason") for got in receiver.got] == [None, "http_timeout"]
    receiver.got.clear()
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
    scopes = slack.world.workspaces["T01"].scopes
    slack.world.workspaces["T01"].scopes = tuple(s for s in scopes if s != "channels:history")
    slack.say("T01", "U0ANA", "C0SOPORTE", "@Guardia sin permiso de historial")
    assert [event["type"] for event in receiver.events()] == ["app_mention"]


def test_the_bots_own_messages_come_back_with_its_bot_id(slack: SlackServer, receiver: Receiver) -> None:
    slack.echo_bot_messages = True
    WebClient(token="xoxb-lozano", base_url=slack.api_url).chat_postMessage(channel="C0SOPORTE", text="hola")
    event = receiver.wait_for(1)[0].json["event"]
    assert event["bot_id"] == slack.world.workspaces["T01"].bot_id and event["user"] == "U0BOT"
    assert event["app_id"] == slack.settings.app_id


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


def test_an_author_of_another_company_is_told_apart(slack: SlackServer, receiver: Receiver, client: WebClient) -> None:
    slack.add_workspace("Clínica Vega", team_id="T02", bot_token="xoxb-vega", bot_user_id="U0BOT2")
    slack.add_user("T02", id="U0EVA", real_name="Eva Vega", email="eva@vega.es")
    slack.add_channel("T01", "obra", id="C0OBRA", members=["U0ANA", "U0EVA"], shared_with=["T02"])
    slack.say("T02", "U0EVA", "C0OBRA", "hola a todos")
    first, second = (got.json for got in receiver.got)
    assert (first["team_id"], second["team_id"]) == ("T01", "T02")
    assert first["event_id"] != second["event_id"] and first["event"]["ts"] == second["event"]["ts"]
    assert first["is_ext_shared_channel"] is True
    assert {first["event"][key] for key in ("team", "user_team", "source_team")} == {"T02"}
    stranger = client.users_info(user="U0EVA")["user"]
    assert stranger["is_stranger"] is True and "email" not in stranger["profile"]
    shared = client.conversations_info(channel="C0OBRA")["channel"]
    assert shared["is_ext_shared"] is True and shared["shared_team_ids"] == ["T01", "T02"]


# ----------------------------------------------------------------------- Web API


def test_identity_people_and_conversations(client: WebClient, slack: SlackServer) -> None:
    assert client.auth_test()["user_id"] == "U0BOT"
    ana = client.users_info(user="U0ANA", include_locale=True)["user"]
    assert (ana["profile"]["email"], ana["tz"], ana["tz_offset"]) == ("ana@lozano.es", "Europe/Madrid", 3600)
    assert ana["locale"] == "es-ES" and "locale" not in client.users_info(user="U0ANA")["user"]
    assert client.users_lookupByEmail(email="Luis@lozano.es")["user"]["id"] == "U0LUIS"
    assert refused(client.users_lookupByEmail, email="no@lozano.es") == "users_not_found"
    assert [u["id"] for page in client.users_list(limit=2) for u in page["members"]] == ["U0BOT", "U0ANA", "U0LUIS"]
    opened = client.conversations_open(users="U0ANA")
    assert client.conversations_open(users=["U0ANA"])["channel"]["id"] == opened["channel"]["id"]
    assert client.conversations_info(channel=opened["channel"]["id"])["channel"]["user"] == "U0ANA"
    assert refused(client.conversations_open, users="U0BOT") == "cannot_dm_bot"
    assert client.team_info()["team"]["name"] == "Ferretería Lozano"
    slack.world.workspaces["T01"].scopes = ("users:read", "chat:write")
    assert "email" not in client.users_info(user="U0ANA")["user"]["profile"]
    assert refused(client.users_lookupByEmail, email="ana@lozano.es") == "missing_scope"


def test_a_message_is_stored_as_sent_and_found_by_its_metadata(client: WebClient, slack: SlackServer) -> None:
    metadata = {"event_type": "guardia_delivery", "event_payload": {"delivery": "d-1"}}
    posted = client.chat_postMessage(
        channel="C0SOPORTE", text="ACME-1", blocks=CARD, metadata=metadata, unfurl_links=False, unfurl_media=False
    )
    assert posted["message"]["blocks"][0]["block_id"] == "head"
    found = client.conversations_history(channel="C0SOPORTE", include_all_metadata=True)["messages"]
    assert found[0]["metadata"] == metadata and found[0]["ts"] == posted["ts"]
    bare = client.conversations_history(channel="C0SOPORTE")["messages"][0]["metadata"]
    assert bare == {"event_type": "guardia_delivery"}
    client.chat_postMessage(channel="C0SOPORTE", thread_ts=posted["ts"], text="uno", metadata=metadata)
    client.chat_postMessage(channel="C0SOPORTE", thread_ts=posted["ts"], text="dos", reply_broadcast=True)
    parent, one, two = client.conversations_replies(channel="C0SOPORTE", ts=posted["ts"], include_all_metadata=True)[
        "messages"
    ]
    assert (parent["reply_count"], parent["latest_reply"]) == (2, two["ts"])
    assert one["metadata"] == metadata and two["subtype"] == "thread_broadcast"
    shown = client.conversations_history(channel="C0SOPORTE")["messages"]
    assert [m["ts"] for m in shown] == [two["ts"], parent["ts"]]
    link = client.chat_getPermalink(channel="C0SOPORTE", message_ts=one["ts"])["permalink"]
    assert link.endswith(f"/p{one['ts'].replace('.', '')}?thread_ts={parent['ts']}&cid=C0SOPORTE")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"channel": "C0NOBODY"}, "channel_not_found"),
        ({"channel": "C0COCINA"}, "not_in_channel"),
        ({"channel": "C0SECRETO"}, "channel_not_found"),
        ({"channel": "C0VIEJO"}, "is_archived"),
        ({"thread_ts": "abc"}, "invalid_thread_ts"),
        ({"thread_ts": "1700000000.000001"}, "thread_not_found"),
        ({"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}]}, "invalid_blocks"),
        ({"blocks": [{"type": "divider"}] * 51}, "invalid_blocks"),
        ({"blocks": [{"type": "nonsense"}]}, "invalid_blocks"),
        ({"blocks": "no json"}, "invalid_blocks_format"),
        ({"blocks": [{"type": "markdown", "text": "x" * 7000}] * 2}, "msg_blocks_too_long"),
        ({"metadata": {"event_type": "x"}}, "invalid_metadata_format"),
        ({"attachments": [{"text": "x", "fallback": "x"}] * 101}, "too_many_attachments"),
    ],
)
def test_what_a_message_is_refused_for(
    client: WebClient, slack: SlackServer, arguments: dict[str, object], error: str
) -> None:
    slack.add_channel("T01", "cocina", id="C0COCINA", with_bot=False)
    slack.add_channel("T01", "secreto", id="C0SECRETO", with_bot=False, private=True)
    slack.add_channel("T01", "viejo", id="C0VIEJO")
    slack.archive("T01", "U0ANA", "C0VIEJO")
    assert refused(client.chat_postMessage, **({"channel": "C0SOPORTE", "text": "hola"} | arguments)) == error


def test_a_message_needs_something_to_say(slack: SlackServer) -> None:
    auth = {"Authorization": "Bearer xoxb-lozano"}
    for nothing in ({"text": ""}, {"blocks": []}, {}):
        form = {"channel": "C0SOPORTE", **nothing}
        answer = requests.post(f"{slack.api_url}chat.postMessage", json=form, headers=auth, timeout=5)
        assert answer.json()["error"] == "no_text"


def test_refusals_name_the_place_and_long_text_is_cut(client: WebClient) -> None:
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(
            channel="C0SOPORTE", text="x", blocks=[{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}]
        )
    told = caught.value.response["response_metadata"]["messages"]
    assert told == ["[ERROR] unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]"]
    posted = client.chat_postMessage(channel="C0SOPORTE", text="x" * 40_001)
    assert len(posted["message"]["text"]) == 40_000 and posted["warning"] == "message_truncated"
    assert refused(client.chat_update, channel="C0SOPORTE", ts=posted["ts"], text="x" * 4001) == "msg_too_long"


@pytest.mark.parametrize(("token", "error"), [("xoxb-forged", "invalid_auth"), ("", "not_authed")])
def test_tokens(slack: SlackServer, token: str, error: str) -> None:
    assert refused(WebClient(token=token, base_url=slack.api_url).auth_test) == error
    assert refused(WebClient(token="xoxb-lozano", base_url=slack.api_url).api_call, api_method="no.such") == (
        "unknown_method"
    )


def test_forms_carry_json_and_reading_methods_ignore_json_bodies(slack: SlackServer) -> None:
    auth = {"Authorization": "Bearer xoxb-lozano"}
    form = {"channel": "C0SOPORTE", "text": "x", "blocks": json.dumps(CARD)}
    posted = requests.post(f"{slack.api_url}chat.postMessage", data=form, headers=auth, timeout=5).json()
    assert posted["ok"] is True and posted["message"]["blocks"][0]["block_id"] == "head"
    read = requests.post(f"{slack.api_url}users.info", json={"user": "U0ANA"}, headers=auth, timeout=5).json()
    assert read == {"ok": False, "error": "user_not_found"}
    listed = requests.post(f"{slack.api_url}chat.postMessage", json=[1], headers=auth, timeout=5).json()
    assert listed["error"] == "json_not_object"


def test_update_delete_and_what_stays_of_a_thread(client: WebClient, slack: SlackServer) -> None:
    posted = client.chat_postMessage(channel="C0SOPORTE", text="ACME-1", blocks=CARD)
    changed = client.chat_update(channel="C0SOPORTE", ts=posted["ts"], blocks=CARD[:1], text="ACME-1 cerrado")
    assert len(changed["message"]["blocks"]) == 1 and "edited" not in changed["message"]
    changed = client.chat_update(channel="C0SOPORTE", ts=posted["ts"], text="sin tarjeta")
    assert "blocks" not in changed["message"] and changed["message"]["edited"]["user"] == "U0BOT"
    human = slack.say("T01", "U0ANA", "C0SOPORTE", "hola")
    assert refused(client.chat_update, channel="C0SOPORTE", ts=human.ts, text="x") == "cant_update_message"
    assert refused(client.chat_delete, channel="C0SOPORTE", ts=human.ts) == "cant_delete_message"
    client.chat_postMessage(channel="C0SOPORTE", thread_ts=posted["ts"], text="respuesta")
    client.chat_delete(channel="C0SOPORTE", ts=posted["ts"])
    thread = client.conversations_replies(channel="C0SOPORTE", ts=posted["ts"])["messages"]
    assert [m.get("subtype") for m in thread] == ["tombstone", None]
    assert refused(client.chat_update, channel="C0SOPORTE", ts=posted["ts"], text="x") == "message_not_found"


def test_ephemerals_and_reactions(client: WebClient, slack: SlackServer) -> None:
    client.chat_postEphemeral(channel="C0SOPORTE", user="U0ANA", text="solo para ti")
    assert [m["text"] for m in slack.ephemerals("C0SOPORTE", "U0ANA")] == ["solo para ti"]
    assert not slack.messages(channel="C0SOPORTE")
    assert refused(client.chat_postEphemeral, channel="C0SOPORTE", user="U0X", text="x") == "user_not_in_channel"
    said = slack.say("T01", "U0ANA", "C0SOPORTE", "hola")
    client.reactions_add(channel="C0SOPORTE", timestamp=said.ts, name="eyes")
    assert refused(client.reactions_add, channel="C0SOPORTE", timestamp=said.ts, name="eyes") == "already_reacted"


# ------------------------------------------------------------------------- faults


def test_throttling_and_broken_answers(client: WebClient, slack: SlackServer) -> None:
    slack.faults.add("chat.postMessage", "429", retry_after=7, where={"channel": "C0SOPORTE"})
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel="C0SOPORTE", text="hola")
    assert caught.value.response.status_code == 429
    assert caught.value.response.headers["Retry-After"] == "7"
    assert caught.value.response["error"] == "ratelimited"
    slack.faults.add("chat.postMessage", "500")
    slack.faults.add("chat.postMessage", "503")
    slack.faults.add("chat.postMessage", "error", error="is_archived")
    codes = []
    for _ in range(2):
        with pytest.raises(SlackApiError) as caught:
            client.chat_postMessage(channel="C0SOPORTE", text="hola")
        codes.append((caught.value.response.status_code, "html" in str(caught.value.response.data)))
    assert codes == [(500, False), (503, True)]
    assert refused(client.chat_postMessage, channel="C0SOPORTE", text="hola") == "is_archived"
    assert client.chat_postMessage(channel="C0SOPORTE", text="hola")["ok"] is True
    assert len(slack.messages()) == 1 and not slack.faults.waiting()


def test_a_message_taken_in_whose_answer_is_lost_can_be_found_again(slack: SlackServer) -> None:
    client = WebClient(token="xoxb-lozano", base_url=slack.api_url, retry_handlers=[])  # by default it posts twice
    slack.faults.add("chat.postMessage", "drop")
    metadata = {"event_type": "guardia_delivery", "event_payload": {"delivery": "d-9"}}
    with pytest.raises(OSError):  # urllib's URLError, or the connection's own
        client.chat_postMessage(channel="C0SOPORTE", text="hola", metadata=metadata)
    found = client.conversations_history(channel="C0SOPORTE", include_all_metadata=True)["messages"]
    assert [m["metadata"]["event_payload"]["delivery"] for m in found] == ["d-9"]


def test_a_hanging_call_does_nothing_and_a_slow_one_does(slack: SlackServer) -> None:
    impatient = WebClient(token="xoxb-lozano", base_url=slack.api_url, timeout=1)
    slack.faults.add("chat.postMessage", "hang", seconds=30)
    with pytest.raises(OSError):
        impatient.chat_postMessage(channel="C0SOPORTE", text="nunca")
    assert not slack.messages()
    slack.faults.clear()
    slack.faults.add("chat.postMessage", "slow", seconds=0.05)
    impatient.chat_postMessage(channel="C0SOPORTE", text="tarde")
    assert [m["text"] for m in slack.messages()] == ["tarde"]


def test_the_rate_limits_when_they_are_on(client: WebClient, slack: SlackServer, hands: Hands) -> None:
    slack.enforce_limits = True
    client.chat_postMessage(channel="C0SOPORTE", text="uno")
    assert refused(client.chat_postMessage, channel="C0SOPORTE", text="dos") == "ratelimited"
    im = client.conversations_open(users="U0ANA")["channel"]["id"]
    client.chat_postMessage(channel=im, text="en otro sitio")
    hands.move(seconds=1.1)
    client.chat_postMessage(channel="C0SOPORTE", text="dos")


# -------------------------------------------------------------------------- files


def test_the_three_step_upload_and_the_private_download(client: WebClient, slack: SlackServer) -> None:
    asked = slack.say("T01", "U0ANA", "im", "¿el manual?")
    done = client.files_upload_v2(
        channel=asked.channel, thread_ts=asked.ts, filename="manual.pdf", content=b"%PDF-1.7", initial_comment="aquí"
    )
    assert done["file"]["shares"] == {}
    info = client.files_info(file=done["file"]["id"])["file"]
    assert info["shares"]["private"][asked.channel][0]["thread_ts"] == asked.ts
    shared = slack.messages(channel=asked.channel, author="bot")[0]
    assert (shared["subtype"], shared["text"], shared["thread_ts"]) == ("file_share", "aquí", asked.ts)
    good = requests.get(info["url_private"], headers={"Authorization": "Bearer xoxb-lozano"}, timeout=5)
    assert good.content == b"%PDF-1.7" and good.headers["Content-Type"] == "application/pdf"
    bad = requests.get(info["url_private_download"], headers={"Authorization": "Bearer x"}, timeout=5)
    assert bad.status_code == 200 and bad.headers["Content-Type"].startswith("text/html")


def test_a_person_shares_a_file(slack: SlackServer, receiver: Receiver, client: WebClient) -> None:
    slack.say("T01", "U0ANA", "im", "mira", files=[{"name": "foto.png", "content": b"\x89PNG"}])
    message, shared = receiver.events()
    assert message["subtype"] == "file_share" and message["files"][0]["mimetype"] == "image/png"
    assert shared["type"] == "file_shared" and shared["file_id"] == message["files"][0]["id"]
    url = message["files"][0]["url_private_download"]
    got = requests.get(url, headers={"Authorization": "Bearer xoxb-lozano"}, timeout=5)
    assert got.content == b"\x89PNG"


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
    receiver.answer = busy(0.6)
    assert slack.slash("T01", "U0ANA", "C0SOPORTE", "/guardia").failed
    assert len(receiver.got) == 2
    receiver.answer = lambda got: Response(status=200)
    said = slack.say("T01", "U0LUIS", "C0SOPORTE", "esto es una incidencia")
    slack.shortcut("T01", "U0ANA", "make_ticket", channel="C0SOPORTE", ts=said.ts)
    payload = json.loads(parse_qs(receiver.got[-1].body.decode())["payload"][0])
    assert (payload["type"], payload["message"]["user"]) == ("message_action", "U0LUIS")


# -------------------------------------------------------------------------- OAuth


def test_oauth_from_consent_to_token(slack: SlackServer) -> None:
    slack.uninstall("T01", wait=False)
    query = {"client_id": slack.settings.client_id, "redirect_uri": "http://127.0.0.1:1/back", "state": "s1"}
    page = requests.get(f"{slack.url}/oauth/v2/authorize", params=query, timeout=5)
    assert "Ferretería Lozano" in page.text
    form = {"team": "T01", "redirect_uri": "http://127.0.0.1:1/back", "state": "s1"}
    went = requests.post(f"{slack.url}/oauth/v2/authorize", data=form, timeout=5, allow_redirects=False)
    back = parse_qs(went.headers["Location"].partition("?")[2])
    assert went.status_code == 302 and back["state"] == ["s1"]
    bare = WebClient(base_url=slack.api_url)
    who = {"client_id": slack.settings.client_id, "client_secret": slack.settings.client_secret}
    assert refused(bare.oauth_v2_access, code="wrong", **who) == "invalid_code"
    assert refused(bare.oauth_v2_access, code="x", **(who | {"client_secret": "x"})) == "bad_client_secret"
    granted = bare.oauth_v2_access(code=back["code"][0], redirect_uri="http://127.0.0.1:1/back", **who)
    assert granted["team"] == {"id": "T01", "name": "Ferretería Lozano"}
    assert WebClient(token=granted["access_token"], base_url=slack.api_url).auth_test()["team_id"] == "T01"
    assert refused(bare.oauth_v2_access, code=back["code"][0], **who) == "code_already_used"
    assert refused(WebClient(token="xoxb-lozano", base_url=slack.api_url).auth_test) == "token_revoked"


# ---------------------------------------------------------------- the control door


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
    """A replay and a stale request are judged by the verifier as Slack's would be."""
    slack.say("T01", "U0ANA", "im", "ñandú €")
    got: Got = receiver.got[0]
    assert signed_at(hands).is_valid_request(got.body, got.headers)
    hands.move(minutes=6)
    assert not signed_at(hands).is_valid_request(got.body, got.headers)
