"""Push connections use no threads; on SIGTERM the server ends within its grace period, with open streams or without."""

import signal
import time

import pytest

from tests.front.client import Client
from tests.front.conftest import Served
from tests.front.served import GRACE, THREADS

STREAM = b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n"


def open_streams(server: Served, count: int) -> list[Client]:
    """Open streams, ten at a time, since only some requests may wait for a thread."""
    streams: list[Client] = []
    while len(streams) < count:
        some = [server.client().send(STREAM) for _ in range(10)]
        assert [stream.head()[0] for stream in some] == [200] * 10
        streams += some
    return streams


def test_a_view_hands_a_connection_over_and_events_come_as_they_happen(server: Served) -> None:
    with server.client() as client:
        status, headers = client.send(STREAM).head()
        assert status == 200 and headers["content-type"].startswith("text/event-stream")
        assert [client.chunk() for _ in range(3)] == [b"data: 1\n\n", b"data: 2\n\n", b"data: 3\n\n"]


def test_three_hundred_streams_hold_up_nobody(server: Served) -> None:
    open_streams(server, 300)
    began = time.monotonic()
    with server.client() as client:
        for _ in range(5):
            assert client.ask("GET", "/echo").status == 200
    assert time.monotonic() - began < 1


@pytest.mark.parametrize("streams", [0, 50])
def test_the_server_ends_at_once_when_only_streams_are_open(own_server: Served, streams: int) -> None:
    clients = open_streams(own_server, streams)
    idle, half = own_server.client(), own_server.client().send(b"GET /ech")
    assert idle.ask("GET", "/echo").status == 200
    began = time.monotonic()
    own_server.process.send_signal(signal.SIGTERM)
    assert own_server.process.wait(GRACE + 3) == 0
    assert time.monotonic() - began < GRACE
    assert all(client.is_ended(1) for client in [*clients, idle, half])


def test_requests_in_hand_are_answered_before_the_end(own_server: Served) -> None:
    in_hand = [own_server.client().send(b"GET /slow/1.0 HTTP/1.1\r\nHost: x\r\n\r\n") for _ in range(THREADS)]
    uploading = own_server.client().send(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf")
    time.sleep(0.3)
    own_server.process.send_signal(signal.SIGTERM)
    time.sleep(0.2)
    assert uploading.send(b"and it").answer().json()["size"] == 10
    for client in in_hand:
        answer = client.answer()
        assert answer.status == 200 and answer.headers["connection"] == "close"
    assert own_server.process.wait(GRACE + 3) == 0


def test_what_takes_longer_than_the_grace_does_not_hold_up_the_end(own_server: Served) -> None:
    stuck = [own_server.client().send(b"GET /slow/30.0 HTTP/1.1\r\nHost: x\r\n\r\n") for _ in range(THREADS + 3)]
    reading = own_server.client().send(b"GET /pieces/100/1000000 HTTP/1.1\r\nHost: x\r\n\r\n")
    time.sleep(0.3)
    began = time.monotonic()
    own_server.process.send_signal(signal.SIGTERM)
    assert own_server.process.wait(GRACE + 4) == 0
    assert GRACE - 0.5 < time.monotonic() - began < GRACE + 2.5
    assert all(client.is_ended(1) for client in [*stuck, reading])
