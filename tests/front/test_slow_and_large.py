"""Slow or large requests do not take threads from other clients (F12)."""

import time

import pytest

from tests.front.client import Client
from tests.front.conftest import Served
from tests.front.served import LIMITS, THREADS

HEAD = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n"
SOON = 0.5  # seconds for an answer that should not be delayed, on a busy machine


def is_prompt(server: Served) -> bool:
    began = time.monotonic()
    with server.client() as client:
        return client.ask("GET", "/echo").status == 200 and time.monotonic() - began < SOON


@pytest.mark.parametrize("half", [b"", b"POST /echo HT", HEAD, HEAD + b"\r\nabc"])
def test_two_hundred_half_sent_requests_hold_up_nobody(server: Served, half: bytes) -> None:
    for _ in range(200):
        server.client().send(half)
    assert all(is_prompt(server) for _ in range(3))


def test_clients_that_do_not_take_their_answers_hold_no_threads(server: Served) -> None:
    clients = [server.client().send(b"GET /pieces/100/100000 HTTP/1.1\r\nHost: x\r\n\r\n") for _ in range(3 * THREADS)]
    time.sleep(0.3)
    assert all(is_prompt(server) for _ in range(3))
    assert all(client.is_ended(within=LIMITS.delivery_seconds + 4) for client in clients[:1])


@pytest.mark.parametrize(
    ("half", "status"),
    [
        (b"", 408),
        (b"GET /echo HTTP/1.1\r\nHost", 408),
        (b"\r\n", 408),
        (HEAD + b"\r\nabc", 408),
        (b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", 408),
    ],
)
def test_what_does_not_go_on_is_refused_in_time(server: Served, half: bytes, status: int) -> None:
    with server.client() as client:
        began = time.monotonic()
        assert client.send(half).answer().status == status
        assert time.monotonic() - began < 2
        assert client.is_ended(within=1)


@pytest.mark.parametrize("start", [b"GET /echo HTTP/1.1\r\n", HEAD + b"\r\n", b"\r\n\r\n"])
def test_what_drips_is_refused_in_time_too(server: Served, start: bytes) -> None:
    with server.client() as client:
        began = time.monotonic()
        client.send(start)
        try:
            while time.monotonic() - began < 5:
                client.send(b"\r\n" if start == b"\r\n\r\n" else b"a")
                time.sleep(0.3)
        except ConnectionError:
            pass
        assert time.monotonic() - began < 4


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /%s HTTP/1.1\r\nHost: x\r\n\r\n" % (b"a" * 20_000), 414),
        (b"GET /echo HTTP/1.1\r\nX: %s\r\n\r\n" % (b"a" * 70_000), 431),
        (b"GET /echo HTTP/1.1\r\n%s\r\n" % (b"X: 1\r\n" * 200), 431),
        (b"GET /echo HTTP/1.1\r\nX: %s" % (b"a" * 500_000), 431),
    ],
)
def test_endless_headers_are_refused(server: Served, sent: bytes, status: int) -> None:
    with server.client() as client:
        try:
            client.send(sent)
            assert client.answer().status == status
        except ConnectionError:  # it was cut off while more was arriving
            pass
        assert client.is_ended(within=2)


def test_a_body_that_is_announced_too_large_is_not_asked_for(server: Served) -> None:
    with server.client() as client:
        client.send(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\nExpect: 100-continue\r\n\r\n")
        answer = client.answer()
        assert answer.status == 413 and answer.headers["connection"] == "close"
        assert client.is_ended(within=1)


def post(client: Client, path: str, *headers: str, size: int) -> tuple[int, bytes]:
    answer = client.ask("POST", path, *headers, body=b"a" * size)
    return answer.status, answer.body


def test_who_is_not_signed_in_sends_little(server: Served) -> None:
    """The answer is read although the whole body was sent."""
    with server.client() as client:
        assert post(client, "/echo", size=LIMITS.anonymous_bytes)[0] == 200
    for size in (LIMITS.anonymous_bytes + 1, 8 * 1024 * 1024):
        with server.client() as client:
            assert post(client, "/echo", size=size)[0] == 413
    with server.client() as client:
        assert post(client, "/reserved/small", "Cookie: session=x", size=1001)[0] == 413


@pytest.mark.parametrize("size", [4 * 1024 * 1024 + 100, 9 * 1024 * 1024])
def test_a_form_that_is_too_large_is_refused_in_the_applications_words(server: Served, size: int) -> None:
    form = "Content-Type: multipart/form-data; boundary=b"
    with server.client() as client:
        status, body = post(client, "/form", "Cookie: session=x", form, size=size)
        assert status == 413 and b"in the reader's language" in body
        assert client.is_ended(within=1)
    with server.client() as client:
        chunk = b"%x\r\n%s\r\n" % (1024 * 1024, b"a" * 1024 * 1024)
        head = f"POST /form HTTP/1.1\r\nHost: x\r\nCookie: session=x\r\n{form}\r\nTransfer-Encoding: chunked\r\n\r\n"
        client.send(head.encode()).send(chunk * (size // (1024 * 1024) + 1)).send(b"0\r\n\r\n")
        assert client.answer().status == 413


def test_a_large_body_within_its_limit_arrives(server: Served) -> None:
    with server.client() as client:
        status, body = post(client, "/echo", "Cookie: session=x", size=3 * 1024 * 1024)
        assert status == 200 and b'"size":3145728' in body.replace(b" ", b"")


def test_pages_leave_the_reserved_threads_alone(server: Served) -> None:
    busy = [server.client().send(b"GET /slow/0.8 HTTP/1.1\r\nHost: x\r\n\r\n") for _ in range(2 * THREADS)]
    time.sleep(0.1)
    began = time.monotonic()
    with server.client() as client:
        assert client.ask("GET", "/reserved/x").json()["thread"].startswith("reserved")
    assert time.monotonic() - began < SOON
    assert [client.answer().status for client in busy] == [200] * 2 * THREADS


def test_more_than_can_wait_is_told_to_come_again(server: Served) -> None:
    busy = [server.client().send(b"GET /slow/1.0 HTTP/1.1\r\nHost: x\r\n\r\n") for _ in range(THREADS)]
    time.sleep(0.1)
    waiting = [server.client().send(b"GET /slow/0.01 HTTP/1.1\r\nHost: x\r\n\r\n") for _ in range(LIMITS.waiting)]
    time.sleep(0.1)
    with server.client() as client:
        answer = client.ask("GET", "/slow/0.01")
        assert answer.status == 503 and answer.headers["retry-after"] == "2"
    assert [client.answer().status for client in [*busy, *waiting]] == [200] * (THREADS + LIMITS.waiting)


def test_an_answer_that_takes_too_long_is_given_up(server: Served) -> None:
    with server.client(timeout=6) as client:
        began = time.monotonic()
        assert client.ask("GET", "/slow/4.0").status == 504
        assert time.monotonic() - began < 3.5


def test_connections_without_a_request_give_way_to_those_with_one(server: Served) -> None:
    for _ in range(LIMITS.connections + 50):
        server.client()
    assert is_prompt(server)
