"""The simulated Slack's Web API, driven with slack_sdk's own client."""

import json
from http.client import RemoteDisconnected
from typing import Any
from urllib.parse import parse_qs

import pytest
import requests
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from simulators.slack.server import SlackServer
from tests.simulators.moving_clock import Hands
from tests.simulators.receiver import Receiver
from tests.simulators.slack_kit import CARD, refused

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


def test_a_message_is_stored_as_sent_and_found_by_its_metadata(
    client: WebClient, slack: SlackServer, hands: Hands
) -> None:
    metadata = {"event_type": "guardia_delivery", "event_payload": {"delivery": "d-1"}}
    posted = client.chat_postMessage(
        channel="C0SOPORTE", text="ACME-1", blocks=CARD, metadata=metadata, unfurl_links=False, unfurl_media=False
    )
    assert posted["message"]["blocks"][0]["block_id"] == "head"
    found = client.conversations_history(channel="C0SOPORTE", include_all_metadata=True)["messages"]
    assert found[0]["metadata"] == metadata and found[0]["ts"] == posted["ts"]
    hands.move(minutes=1)
    bare = client.conversations_history(channel="C0SOPORTE")["messages"][0]["metadata"]
    assert bare == {"event_type": "guardia_delivery"}
    client.chat_postMessage(channel="C0SOPORTE", thread_ts=posted["ts"], text="uno", metadata=metadata)
    client.chat_postMessage(channel="C0SOPORTE", thread_ts=posted["ts"], text="dos", reply_broadcast=True)
    parent, one, two = client.conversations_replies(channel="C0SOPORTE", ts=posted["ts"], include_all_metadata=True)[
        "messages"
    ]
    assert (parent["reply_count"], parent["latest_reply"]) == (2, two["ts"])
    assert one["metadata"] == metadata and two["subtype"] == "thread_broadcast"
    hands.move(minutes=1)
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
    nothings: list[dict[str, Any]] = [{"text": ""}, {"blocks": []}, {}]
    for nothing in nothings:
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
    with pytest.raises(RemoteDisconnected):
        client.chat_postMessage(channel="C0SOPORTE", text="hola", metadata=metadata)
    found = client.conversations_history(channel="C0SOPORTE", include_all_metadata=True)["messages"]
    assert [m["metadata"]["event_payload"]["delivery"] for m in found] == ["d-9"]


def test_a_hanging_call_does_nothing_and_a_slow_one_does(slack: SlackServer) -> None:
    impatient = WebClient(token="xoxb-lozano", base_url=slack.api_url, timeout=1)
    slack.faults.add("chat.postMessage", "hang", seconds=30)
    with pytest.raises(TimeoutError):
        impatient.chat_postMessage(channel="C0SOPORTE", text="nunca")
    assert not slack.messages()
    slack.faults.clear()
    slack.faults.add("chat.postMessage", "slow", seconds=0.05)
    impatient.chat_postMessage(channel="C0SOPORTE", text="tarde")
    assert [m["text"] for m in slack.messages()] == ["tarde"]


# -------------------------------------------------------------------------- files


def test_the_three_step_upload_and_the_private_download(client: WebClient, slack: SlackServer, hands: Hands) -> None:
    asked = slack.say("T01", "U0ANA", "im", "¿el manual?")
    done = client.files_upload_v2(
        channel=asked.channel, thread_ts=asked.ts, filename="manual.pdf", content=b"%PDF-1.7", initial_comment="aquí"
    )
    assert done["file"]["shares"] == {} and not slack.messages(channel=asked.channel, author="bot")
    assert client.files_info(file=done["file"]["id"])["file"]["shares"] == {}
    hands.move(seconds=1)
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
