"""Our token is sent to Microsoft's services only, never to lookalike addresses (F4)."""

import pytest

from integrations.teams.tokens import NotTrusted, check_service, trusted_service

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example\\@smba.trafficmanager.net/emea/",
        "https://smba.trafficmanager.net\\@evil.example/",
        "https://smba.trafficmanager.net@evil.example/",
        "https://user@smba.trafficmanager.net/",
        "https://smba.trafficmanager.net.evil.example/",
        "https://smba.trafficmanager.net:8443/",
        "http://smba.trafficmanager.net/",
        "https://smba.trafficmanager。net/",
        "https://evilbotframework.com/",
        "https://localhost/",
        "",
        None,
        7,
    ],
)
def test_no_other_address_is_trusted(url: object) -> None:
    assert trusted_service(url, is_local=False) is None
    with pytest.raises(NotTrusted):
        check_service({"serviceUrl": url, "channelId": "msteams"}, is_local=False)


def test_microsofts_own_are_called_by_their_parts() -> None:
    assert trusted_service("https://SMBA.trafficmanager.net:443/emea/", is_local=False) == (
        "https://smba.trafficmanager.net/emea/"
    )
    assert trusted_service("http://127.0.0.1:8/x", is_local=True) == "http://127.0.0.1:8/x"
