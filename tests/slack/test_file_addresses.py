"""A file is fetched from its checked address only, and our token is sent nowhere else (F4)."""

import pytest

from integrations.channels import WorkspaceLink
from integrations.slack.transport import SlackTransport
from msp.kernel.errors import Permanent, Temporary
from msp.kernel.web_address import parse_web_address
from tests.kernel.slow_servers import dripping

pytestmark = pytest.mark.unit

TRANSPORT = SlackTransport(base_url="https://slack.com/api/", timeout=1)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example\\@files.slack.com/x",
        "https://evil.example/@files.slack.com/x",
        "https://files.slack.com@evil.example/x",
        "https://files.slack.com.evil.example/x",
        "https://files.slack.com:8443/x",
        "http://files.slack.com/x",
        "https://files。slack.com/x",
        "https://evilfiles.slack.com/x",
        "",
    ],
)
def test_no_file_is_fetched_elsewhere(url: str) -> None:
    link = WorkspaceLink(None, "slack", "T1", {}, "xoxb-1")
    with pytest.raises(Permanent, match="foreign_address"), TRANSPORT.download(link, {"url": url}):
        pytest.fail("it was fetched")


def test_files_of_slack_are_fetched_by_the_address_that_was_checked() -> None:
    address = parse_web_address("https://FILES.slack.com/a b".replace(" ", "%20"))
    assert address is not None and TRANSPORT._is_slack(address)
    assert address.url == "https://files.slack.com/a%20b"


def test_a_file_that_drips_is_left_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.slack.transport.DOWNLOAD_WAITS", 1)
    with dripping() as port:
        transport = SlackTransport(base_url=f"http://127.0.0.1:{port}/api/", timeout=1)
        link = WorkspaceLink(None, "slack", "T1", {}, "xoxb-1")
        with pytest.raises(Temporary), transport.download(link, {"url": f"http://127.0.0.1:{port}/x"}) as chunks:
            list(chunks)
