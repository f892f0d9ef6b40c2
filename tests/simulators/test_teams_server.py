"""People's acts in the simulated Teams: the activities for the bot, checked with PyJWT's key client."""

import jwt
import pytest
import requests
from botbuilder.schema import Activity, ErrorResponseException
from botframework.connector import ConnectorClient
from flask import Response

from simulators.teams.server import APP_ID, TeamsServer, create_teams_server
from simulators.teams.tokens import FORGERIES
from tests.simulators.moving_clock import Hands
from tests.simulators.receiver import Receiver, busy
from tests.simulators.teams_kit import LOZANO, VEGA, bot_token, message, verified

# --------------------------------------------------------------------- activities


def test_a_personal_message_is_shaped_and_signed_as_teams_does(teams: TeamsServer, receiver: Receiver) -> None:
    said = teams.say(LOZANO, "29:ana", "", "No puedo <imprimir> & nada")
    got = receiver.got[0]
    activity = got.json
    assert activity == said.activity
    assert activity["from"] == {"id": "29:ana", "name": "Ana Lozano", "aadObjectId": "aad-ana"}
    assert activity["recipient"] == {"id": f"28:{APP_ID}", "name": "Guardia"}
    assert activity["conversation"] == {"conversationType": "personal", "tenantId": LOZANO, "id": said.conversation}
    assert activity["conversation"]["id"].startswith("a:1")
    assert (activity["channelId"], activity["channelData"]) == ("msteams", {"tenant": {"id": LOZANO}})
    assert (activity["text"], activity["textFormat"]) == ("No puedo <imprimir> & nada", "plain")
    assert activity["attachments"] == [
        {"contentType": "text/html", "content": "<p>No puedo &lt;imprimir&gt; &amp; nada</p>"}
    ]
    assert (activity["locale"], activity["localTimezone"]) == ("es-ES", "Europe/Madrid")
    assert Activity().deserialize(activity).timestamp is not None
    claims = verified(teams, got)
    assert claims["serviceurl"] == activity["serviceUrl"] == teams.service_url(LOZANO)
    assert claims["exp"] - teams.core.now().timestamp() > 3000
    keys = teams.core.keyring.jwks()["keys"]
    kid = jwt.get_unverified_header(got.headers["Authorization"][7:])["kid"]
    assert next(key for key in keys if key["kid"] == kid)["endorsements"][0] == "msteams"
    assert all(not {"d", "p", "q"} & key.keys() for key in keys)


def test_in_a_channel_the_bot_hears_only_its_mentions(teams: TeamsServer, receiver: Receiver, channel: str) -> None:
    quiet = teams.say(LOZANO, "29:ana", channel, "¿alguien sabe algo?")
    assert quiet.delivery is None and not receiver.got
    root = teams.say(LOZANO, "29:ana", channel, "@Guardia la caja no abre, @Luis Prieto")
    reply = teams.say(LOZANO, "29:luis", channel, "@Guardia sigue igual", reply_to=root.id)
    first, second = (got.json for got in receiver.got)
    assert first["text"] == "<at>Guardia</at> la caja no abre, <at>Luis Prieto</at>"
    mentions = [e["mentioned"]["id"] for e in first["entities"] if e["type"] == "mention"]
    assert mentions == [f"28:{APP_ID}", "29:luis"]
    assert first["conversation"]["id"] == f"{channel};messageid={root.id}"
    assert second["conversation"]["id"] == first["conversation"]["id"] and second["replyToId"] == root.id
    assert second["id"] == reply.id > root.id
    team = next(iter(teams.world.teams.values()))
    assert first["channelData"]["channel"] == {"id": channel} and first["channelData"]["team"]["id"] == team.id
    assert first["channelData"]["tenant"] == {"id": LOZANO}
    team.hears_all = True
    assert teams.say(LOZANO, "29:ana", channel, "sin mención").delivery is not None


def test_a_group_chat_is_one_conversation_without_threads(teams: TeamsServer, receiver: Receiver) -> None:
    chat = teams.add_group_chat(LOZANO, members=["29:ana", "29:luis"]).id
    first = teams.say(LOZANO, "29:ana", chat, "@Guardia ¿qué tal va?")
    teams.say(LOZANO, "29:luis", chat, "@Guardia eso", reply_to=first.id)
    assert {got.json["conversation"]["id"] for got in receiver.got} == {chat}
    assert {got.json["conversation"]["conversationType"] for got in receiver.got} == {"groupChat"}


def test_edits_deletes_and_reactions(teams: TeamsServer, receiver: Receiver, connector: ConnectorClient) -> None:
    said = teams.say(LOZANO, "29:ana", "", "No imprme")
    teams.edit(LOZANO, "29:ana", said.id, "No imprime")
    teams.delete(LOZANO, "29:ana", said.id)
    assert teams.messages(author="user") == []
    teams.undelete(LOZANO, "29:ana", said.id)
    answer = connector.conversations.send_to_conversation(said.conversation, message("Lo vemos"))
    teams.react(LOZANO, "29:ana", answer.id, "heart")
    _, edited, deleted, undeleted, reacted = (got.json for got in receiver.got)
    assert (edited["type"], edited["text"]) == ("messageUpdate", "No imprime")
    assert (
        edited["attachments"]
        == undeleted["attachments"]
        == [{"contentType": "text/html", "content": "<p>No imprime</p>"}]
    )
    assert undeleted["text"] == "No imprime" and "text" not in deleted and "attachments" not in deleted
    events = [a["channelData"]["eventType"] for a in (edited, deleted, undeleted)]
    assert events == ["editMessage", "softDeleteMessage", "undeleteMessage"]
    assert {edited["id"], deleted["id"], undeleted["id"]} == {said.id}
    assert (reacted["reactionsAdded"], reacted["replyToId"]) == ([{"type": "heart"}], answer.id)
    assert reacted["legacy"]["replyToId"].startswith("1:") and "name" not in reacted["from"]


def test_a_slow_bot_gets_the_same_activity_again(teams: TeamsServer, receiver: Receiver) -> None:
    teams.courier.timeout = 0.6
    receiver.answer = lambda got: busy(0.9)(got) if len(receiver.got) == 1 else Response(status=200)
    said = teams.say(LOZANO, "29:ana", "", "hola")
    assert teams.settle()
    first, again = receiver.got[:2]
    assert first.body == again.body and said.delivery is not None and said.delivery.state == "delivered"
    receiver.got.clear()
    teams.redeliver(said.id, times=2)
    assert [got.json["id"] for got in receiver.got] == [said.id, said.id]


@pytest.mark.parametrize("status", [500, 404])
def test_what_is_answered_with_no_2xx_comes_once_more(teams: TeamsServer, receiver: Receiver, status: int) -> None:
    """msteams-docs#1571."""
    receiver.answer = lambda got: Response(status=status)
    said = teams.say(LOZANO, "29:ana", "", "roto")
    assert teams.settle() and [got.json["id"] for got in receiver.got] == [said.id, said.id]
    assert said.delivery is not None and said.delivery.state == "failed"


def test_a_tenant_may_move_and_its_activities_say_so(teams: TeamsServer, receiver: Receiver) -> None:
    before = teams.service_url(VEGA)
    after = teams.move_region(VEGA, "uk")
    teams.say(VEGA, "29:eva", "", "hello")
    assert receiver.got[0].json["serviceUrl"] == after != before
    assert verified(teams, receiver.got[0])["serviceurl"] == after


@pytest.mark.parametrize("kind", FORGERIES)
def test_every_forgery_is_refused_by_a_careful_check(teams: TeamsServer, receiver: Receiver, kind: str) -> None:
    said = teams.say(LOZANO, "29:ana", "", "hola")
    receiver.got.clear()
    teams.core.ask(said.activity, token=teams.forge(kind, LOZANO))
    got = receiver.got[0]

    def check() -> None:
        claims = verified(teams, got)
        kid = jwt.get_unverified_header(got.headers["Authorization"][7:])["kid"]
        key = next(key for key in teams.core.keyring.jwks()["keys"] if key["kid"] == kid)
        if "msteams" not in key["endorsements"]:
            raise jwt.InvalidTokenError("the key is not endorsed for Teams")
        if claims.get("serviceurl") != got.json["serviceUrl"]:
            raise jwt.InvalidTokenError("the serviceUrl is another")

    with pytest.raises(jwt.PyJWTError):
        check()


def test_keys_roll_over(teams: TeamsServer, receiver: Receiver) -> None:
    teams.say(LOZANO, "29:ana", "", "uno")
    kid = teams.roll_keys(keep_old=False)
    teams.say(LOZANO, "29:ana", "", "dos")
    old, new = (jwt.get_unverified_header(got.headers["Authorization"][7:])["kid"] for got in receiver.got)
    assert new == kid != old and verified(teams, receiver.got[1])
    with pytest.raises(jwt.PyJWKClientError):
        verified(teams, receiver.got[0])


def test_no_token_at_all_and_a_file_and_a_picture(teams: TeamsServer, receiver: Receiver) -> None:
    said = teams.say(LOZANO, "29:ana", "", "mira", files=[{"name": "foto.png", "content": b"\x89PNG"}])
    offered = said.activity["attachments"][1]
    assert offered["contentType"] == "application/vnd.microsoft.teams.file.download.info"
    assert requests.get(offered["content"]["downloadUrl"], timeout=5).content == b"\x89PNG"
    pasted = teams.say(LOZANO, "29:ana", "", "", files=[{"name": "p.png", "content": b"x", "inline": True}])
    url = pasted.activity["attachments"][1]["contentUrl"]
    assert url.startswith(teams.service_url(LOZANO)) and requests.get(url, timeout=5).status_code == 401
    answer = requests.get(url, headers={"Authorization": f"Bearer {bot_token(teams)}"}, timeout=5)
    assert (answer.content, answer.headers["Content-Type"]) == (b"x", "image/png")
    teams.core.ask(said.activity, token="")
    assert "Authorization" not in receiver.got[-1].headers


def test_a_download_address_expires(teams: TeamsServer, hands: Hands) -> None:
    said = teams.say(LOZANO, "29:ana", "", "mira", files=[{"name": "a.txt", "content": "hola"}])
    hands.move(minutes=11)
    url = said.activity["attachments"][1]["content"]["downloadUrl"]
    assert requests.get(url, timeout=5).status_code == 401


# ---------------------------------------------------------------- control routes


def test_another_process_can_do_it_all_over_http(
    teams: TeamsServer, receiver: Receiver, connector: ConnectorClient
) -> None:
    door = f"{teams.url}/_control"
    world = {
        "tenants": [
            {
                "name": "Bodegas Río", "id": "33333333-3333-4333-8333-333333333333", "domain": "rio.pt",
                "users": [{"id": "29:rui", "name": "Rui Costa", "email": "rui@rio.pt", "locale": "pt-PT"}],
                "teams": [{"name": "Bodega", "members": ["29:rui"], "installed": True}],
            }
        ]
    }  # fmt: skip
    state = requests.post(f"{door}/world", json=world, timeout=5).json()
    assert {"url", "openid_url", "token_url"} <= state.keys() and len(state["tenants"]) == 3
    cursor = requests.get(f"{door}/feed", timeout=5).json()["cursor"]
    act = {"tenant": LOZANO, "user": "ana@lozano.es", "conversation": "", "text": "hola"}
    said = requests.post(f"{door}/act/say", json=act, timeout=5).json()["result"]
    assert said["delivery"]["state"] == "delivered" and receiver.got[0].json["id"] == said["id"]
    connector.conversations.send_to_conversation(said["conversation"], message("Hola, Ana"))
    feed = requests.get(f"{door}/feed", params={"since": cursor}, timeout=5).json()["entries"]
    assert [entry["kind"] for entry in feed] == ["message", "delivery", "message"]
    query = {"conversation": said["conversation"], "author": "bot"}
    posted = requests.get(f"{door}/messages", params=query, timeout=5).json()["messages"]
    assert [m["text"] for m in posted] == ["Hola, Ana"]
    fault = {"operation": "send", "kind": "500", "times": None}
    assert len(requests.post(f"{door}/faults", json=fault, timeout=5).json()["faults"]) == 1
    with pytest.raises(ErrorResponseException):
        connector.conversations.send_to_conversation(said["conversation"], message("x"))
    assert requests.delete(f"{door}/faults", timeout=5).json() == {"faults": []}
    calls = requests.get(f"{door}/calls", params={"method": "send"}, timeout=5).json()["calls"]
    assert [call["status"] for call in calls] == [201, 500]
    assert requests.post(f"{door}/act/say", json={"tenant": "x"}, timeout=5).status_code == 400
    assert requests.post(f"{door}/faults", json={"operation": "send", "kind": "9"}, timeout=5).status_code == 400
    requests.post(f"{door}/reset", json={}, timeout=5)
    assert requests.get(f"{door}/messages", timeout=5).json() == {"messages": []}


def test_same_seed_same_ids(hands: Hands) -> None:
    def tell() -> list[str]:
        server = create_teams_server(seed=7, now=hands)
        tenant = server.add_tenant("Uno").id
        user = server.add_user(tenant, name="Ana").id
        said = [server.say(tenant, user, "", f"m{n}") for n in range(3)]
        return [tenant, user, said[0].conversation, *(s.id for s in said)]

    first = tell()
    assert first == tell() and first[3] < first[4] < first[5]
