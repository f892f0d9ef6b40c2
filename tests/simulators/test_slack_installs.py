"""Installing and uninstalling the app: consent, codes valid once, revoked tokens; scopes of a manifest."""

from pathlib import Path
from urllib.parse import parse_qs

import pytest
import requests
from slack_sdk import WebClient

from simulators.slack.manifest import read_manifest
from simulators.slack.server import SlackServer, create_slack_server
from tests.simulators.moving_clock import Hands
from tests.simulators.receiver import Receiver
from tests.simulators.slack_kit import refused

BACK = "http://127.0.0.1:1/back"
MANIFEST = """
features:
  app_home:
    messages_tab_enabled: true
oauth_config:
  scopes:
    bot:
      - chat:write # answer
      - im:history
settings:
  event_subscriptions:
    bot_events:
      - app_uninstalled
      - message.im
"""


def exchange(slack: SlackServer, code: str, **more: str) -> str:
    who = {"client_id": slack.settings.client_id, "client_secret": slack.settings.client_secret}
    return refused(WebClient(base_url=slack.api_url).oauth_v2_access, code=code, **(who | more))


def test_a_code_counts_once_and_for_its_own_address(slack: SlackServer) -> None:
    code = slack.authorize("T01", "U0ANA", redirect_uri=BACK)
    assert exchange(slack, code) == "bad_redirect_uri"
    assert exchange(slack, code, redirect_uri="http://127.0.0.1:1/other") == "bad_redirect_uri"
    assert exchange(slack, code, redirect_uri=BACK, client_id="x") == "invalid_client_id"
    granted = WebClient(base_url=slack.api_url).oauth_v2_access(
        code=code, redirect_uri=BACK, client_id=slack.settings.client_id, client_secret=slack.settings.client_secret
    )
    assert granted["access_token"] == "xoxb-lozano" and granted["enterprise"] is None
    assert exchange(slack, code, redirect_uri=BACK) == "code_already_used"


def test_whoever_cancels_comes_back_without_a_code(slack: SlackServer) -> None:
    form = {"team": "", "redirect_uri": BACK, "state": "s1"}
    went = requests.post(f"{slack.url}/oauth/v2/authorize", data=form, timeout=5, allow_redirects=False)
    back = parse_qs(went.headers["Location"].partition("?")[2])
    assert back == {"error": ["access_denied"], "state": ["s1"]}


def test_uninstalling_sends_both_events_and_ends_the_token(
    slack: SlackServer, client: WebClient, receiver: Receiver
) -> None:
    slack.uninstall("T01")
    revoked, gone = receiver.events()
    assert revoked["tokens"] == {"oauth": [], "bot": ["U0BOT"]} and gone["type"] == "app_uninstalled"
    assert refused(client.auth_test) == "account_inactive"


def test_a_revoked_token_is_told_alone(slack: SlackServer, client: WebClient, receiver: Receiver) -> None:
    slack.installs.revoke_token("T01")
    assert [event["type"] for event in receiver.events()] == ["tokens_revoked"]
    assert refused(client.auth_test) == "token_revoked"


def test_installing_again_brings_a_new_token(slack: SlackServer) -> None:
    slack.uninstall("T01", wait=False)
    code = slack.authorize("T01", "U0ANA", scope=["chat:write"])
    granted = WebClient(base_url=slack.api_url).oauth_v2_access(
        code=code, client_id=slack.settings.client_id, client_secret=slack.settings.client_secret
    )
    assert granted["access_token"] != "xoxb-lozano" and granted["scope"] == "chat:write"
    assert refused(WebClient(token="xoxb-lozano", base_url=slack.api_url).auth_test) == "token_revoked"


def test_an_app_is_granted_and_hears_what_its_manifest_says(tmp_path: Path, hands: Hands, receiver: Receiver) -> None:
    file = tmp_path / "manifest.yml"
    file.write_text(MANIFEST)
    manifest = read_manifest(file)
    assert (manifest.scopes, manifest.messages_tab) == (("chat:write", "im:history"), True)
    assert manifest.escapes_commands is False
    server = create_slack_server(manifest=manifest, now=hands, events_url=f"{receiver.url}/slack/events")
    server.add_workspace("Uno", team_id="T01")
    server.add_user("T01", id="U0ANA", real_name="Ana")
    assert server.world.workspaces["T01"].scopes == ("chat:write", "im:history")
    server.say("T01", "U0ANA", "im", "hola")
    server.open_home("T01", "U0ANA")
    server.uninstall("T01")
    assert [event["type"] for event in receiver.events()] == ["message", "app_uninstalled"]


def test_a_manifest_without_its_lists_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "manifest.yml"
    file.write_text("features: {}\n")
    with pytest.raises(ValueError, match="no list bot"):
        read_manifest(file)
