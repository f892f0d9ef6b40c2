"""Allowed addresses of a webhook, and its signature."""

import hashlib
import hmac
from ipaddress import ip_address

import pytest

from integrations.webhooks.http import Poster, is_inside, signature
from msp.kernel.errors import Permanent, Temporary
from msp.notify.webhooks import is_web_url

INSIDE = [
    "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "198.18.0.1", "192.0.2.1", "::1", "::", "fe80::1",
    "fc00::1", "fd12::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "2002:7f00:1::", "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe", "2001:db8::1", "::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b:1::7f00:1", "fec0::1",
    "5f00::1", "3fff::1", "2a00:1450::5efe:a00:1", "2a00:1450::200:5efe:c0a8:101", "192.0.0.8", "192.88.99.1",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_addresses_inside(address: str) -> None:
    assert is_inside(ip_address(address))


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "64:ff9b::808:808", "2a00:1450::5efe:808:808"],
)
def test_addresses_of_the_internet(address: str) -> None:
    assert not is_inside(ip_address(address))


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/", "http://localhost:9/x", "http://[::1]:9/", "http://2130706433/", "http://0x7f.1/"]
)
def test_production_goes_nowhere_inside(url: str) -> None:
    with pytest.raises((Permanent, Temporary)) as refused:
        Poster(timeout=1, may_stay_inside=False).post(url, b"{}", {})
    assert refused.value.reason in ("address_inside", "host_unknown", "not_a_web_address")


def test_names_are_looked_up_once_and_the_line_goes_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that resolves differently the second time does not change the connection."""
    asked: list[object] = []

    def lookup(host: str, *_: object, **__: object) -> list[tuple[object, ...]]:
        asked.append(host)
        return [(2, 1, 6, "", ("93.184.216.34" if len(asked) == 1 else "127.0.0.1", 0))]

    monkeypatch.setattr("integrations.webhooks.http.socket.getaddrinfo", lookup)
    dialled: list[tuple[str, int]] = []

    def dial(address: tuple[str, int], _timeout: float) -> None:
        dialled.append(address)
        raise OSError

    monkeypatch.setattr("integrations.webhooks.http.socket.create_connection", dial)
    with pytest.raises(Temporary):
        Poster(timeout=1, may_stay_inside=False).post("http://rebind.example/", b"{}", {})
    assert dialled == [("93.184.216.34", 80)] and len(asked) == 1


@pytest.mark.parametrize(
    ("url", "is_one"),
    [
        ("https://hooks.example/x?y=1", True),
        ("http://hooks.example:8080", True),
        ("ftp://hooks.example", False),
        ("file:///etc/passwd", False),
        ("https://", False),
        ("https://user:pass@hooks.example", False),
        ("https://hooks.example/a b", False),
        ("https://hooks.example/\r\nX: y", False),
        ("https://hooks.example:99999", False),
        ("javascript:alert(1)", False),
    ],
)
def test_what_is_an_address(url: str, is_one: bool) -> None:
    assert is_web_url(url) is is_one


def test_the_signature_is_over_timestamp_dot_body() -> None:
    made = hmac.new(b"whsec_x", b'1764000000.{"a": 1}', hashlib.sha256).hexdigest()
    assert signature("whsec_x", timestamp=1764000000, body=b'{"a": 1}') == f"sha256={made}"
