"""Tokens with unknown keys delay no other request while Microsoft is slow to return its keys (F12)."""

import threading
import time
from datetime import timedelta

import pytest

from integrations.teams import tokens
from integrations.teams.tokens import Keys, NotTrusted
from msp.kernel import clock
from tests.conftest import MONDAY
from tests.kernel.slow_servers import dripping

HEADERS = b"HTTP/1.1 200 OK\r\nX: "


def seconds(keys: Keys, kid: str) -> float:
    began = time.monotonic()
    if kid == "known":
        assert keys.find(kid) == {"kid": "known"}
    else:
        with pytest.raises(NotTrusted):
            keys.find(kid)
    return time.monotonic() - began


def test_known_keys_are_found_while_unknown_ones_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "FETCH_SECONDS", 1.5)
    monkeypatch.setattr(tokens, "WAIT_FOR_KEYS", 0.3)
    with dripping(HEADERS) as port, clock.frozen(MONDAY):
        keys = Keys(f"http://127.0.0.1:{port}/", _keys={"known": {"kid": "known"}}, _fetched_at=MONDAY)
        keys._asked_at = MONDAY - timedelta(hours=1)
        asking = threading.Thread(target=seconds, args=(keys, "unknown"))
        asking.start()
        time.sleep(0.2)
        assert seconds(keys, "known") < 0.1
        assert seconds(keys, "another") < 1
        asking.join(5)
        assert not asking.is_alive()
        assert seconds(keys, "another") < 0.1  # the keys were fetched a moment ago


def test_without_any_keys_they_are_asked_for_again_after_some_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "FETCH_SECONDS", 0.5)
    with dripping(HEADERS) as port, clock.frozen(MONDAY):
        keys = Keys(f"http://127.0.0.1:{port}/")
        assert seconds(keys, "first") > 0.3
        assert seconds(keys, "second") < 0.1
        clock.advance(tokens.AFTER_FAILURE)
        assert seconds(keys, "third") > 0.3
