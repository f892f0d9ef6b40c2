"""An address is checked and fetched with one parser: addresses that parsers could read differently are refused (F4)."""

import pytest
from urllib3.util import parse_url

from msp.kernel.web_address import parse_web_address

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "host", "url"),
    [
        ("https://files.slack.com/a/b.png", "files.slack.com", "https://files.slack.com/a/b.png"),
        ("HTTPS://Files.Slack.COM:443?x=1", "files.slack.com", "https://files.slack.com/?x=1"),
        ("http://127.0.0.1:8080", "127.0.0.1", "http://127.0.0.1:8080/"),
        ("https://[2001:DB8::1]:8443/x#y", "2001:db8::1", "https://[2001:db8::1]:8443/x"),
        ("https://a.sharepoint.com/ñ/a%20b?q=é&r=[1]", "a.sharepoint.com", None),
        ("https://files.slack.com/a b\\@c.png?q= ", "files.slack.com", "https://files.slack.com/a%20b%5C@c.png?q=%20"),
        ("https://xn--bcher-kva.example/@x:y/..%2f", "xn--bcher-kva.example", None),
    ],
)
def test_plain_addresses(text: str, host: str, url: str | None) -> None:
    found = parse_web_address(text)
    assert found is not None and found.host == host
    assert url is None or found.url == url
    assert parse_url(found.url).host in (host, f"[{host}]")


@pytest.mark.parametrize(
    "text",
    [
        "https://evil.example\\@files.slack.com/x",
        "https://evil.example\\.files.slack.com/x",
        "https:\\\\files.slack.com/x",
        "https://files.slack.com\\@evil.example/",
        "https://files.slack.com@evil.example/",
        "https://user:password@files.slack.com/",
        "https://@files.slack.com/",
        "https://evil.example%2f@files.slack.com/",
        "https://files.slack.com%00.evil.example/",
        "https://files.slack.com\t.evil.example/",
        "https://files.slack.com\n/",
        " https://files.slack.com/",
        "https://files.slack.com /",
        "https://files。slack.com/",
        "https://ﬁles.slack.com/",
        "https://filеs.slack.com/",
        "https://files.slack.com:/x:80@evil.example/".replace(":/x", ""),
        "https://files.slack.com:99999/",
        "https://files.slack.com:0/",
        "https://files.slack.com:8a/",
        "https://files.slack.com:443:80/",
        "https://files.slack.com./",
        "https://.files.slack.com/",
        "https://-files.slack.com/",
        "https://[::1",
        "https://[::1]evil.example/",
        "https://[fe80::1%25eth0]/",
        "https://0x7f.1/",
        "https://2130706433/",
        "https://127.1/",
        "https://017700000001/",
        "https:///files.slack.com/",
        "https:files.slack.com/",
        "//files.slack.com/",
        "ftp://files.slack.com/",
        "javascript:alert(1)",
        "https://",
        "",
        "https://files.slack.com/" + "a" * 5000,
        None,
        7,
    ],
)
def test_what_parsers_could_disagree_about_is_no_address(text: object) -> None:
    assert parse_web_address(text) is None
