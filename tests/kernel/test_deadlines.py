"""An outbound call has a total deadline, with every library (F9)."""

import http.client
import smtplib
import threading
import time
import urllib.request
from collections.abc import Callable

import pytest
import requests

from msp.kernel.deadlines import DeadlineExceeded, deadline
from tests.kernel.slow_servers import dripping

SECONDS = 0.6
HEADERS = b"HTTP/1.1 200 OK\r\nX: "


def by_requests(port: int) -> None:
    assert requests.get(f"http://127.0.0.1:{port}/", timeout=5).content == b"never"


def by_urllib(port: int) -> None:
    assert urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).read() == b"never"


def by_http_client(port: int) -> None:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        line.request("GET", "/")
        assert line.getresponse().read() == b"never"
    finally:
        line.close()


def by_smtplib(port: int) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=5):
        pass


@pytest.mark.parametrize("ask", [by_requests, by_urllib, by_http_client])
@pytest.mark.parametrize("first", [b"", HEADERS, HEADERS + b"1\r\n\r\n"])
def test_a_dripping_web_server_is_left_in_time(ask: Callable[[int], None], first: bytes) -> None:
    assert SECONDS - 0.1 < seconds_until_it_fails(ask, first) < SECONDS + 1


@pytest.mark.parametrize("first", [b"", b"220-", b"220-a\r\n220-"])
def test_a_dripping_mail_server_is_left_in_time(first: bytes) -> None:
    assert SECONDS - 0.1 < seconds_until_it_fails(by_smtplib, first) < SECONDS + 1


def seconds_until_it_fails(ask: Callable[[int], None], first: bytes) -> float:
    faults = (OSError, http.client.HTTPException, smtplib.SMTPException, AssertionError)
    with dripping(first) as port:
        began = time.monotonic()
        with pytest.raises(faults), deadline(SECONDS):
            ask(port)
        return time.monotonic() - began


def test_an_answer_that_was_cut_short_does_not_look_whole() -> None:
    with dripping() as port, pytest.raises(DeadlineExceeded), deadline(SECONDS):
        requests.get(f"http://127.0.0.1:{port}/", timeout=5)


def test_what_is_done_in_time_is_left_alone() -> None:
    with dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", every=9) as port:
        with deadline(0.5):
            answer = requests.get(f"http://127.0.0.1:{port}/", timeout=5)
            with deadline(9):
                line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
                line.request("GET", "/")
        time.sleep(0.7)
        assert answer.content == b"ok" and line.getresponse().read() == b"ok"
        line.close()


def test_the_outer_deadline_holds_for_what_is_within() -> None:
    with dripping() as port:
        began = time.monotonic()
        with pytest.raises(DeadlineExceeded), deadline(SECONDS), deadline(60):
            by_http_client_quietly(port)
        assert time.monotonic() - began < SECONDS + 1


def by_http_client_quietly(port: int) -> None:
    with pytest.raises(AssertionError):
        by_http_client(port)


def test_threads_have_deadlines_of_their_own() -> None:
    took: list[float] = []

    def ask(port: int, seconds: float) -> None:
        began = time.monotonic()
        with pytest.raises(DeadlineExceeded), deadline(seconds):
            requests.get(f"http://127.0.0.1:{port}/", timeout=5)
        took.append(time.monotonic() - began)

    with dripping() as port:
        threads = [threading.Thread(target=ask, args=(port, seconds)) for seconds in (0.3, 0.9)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert took[0] < 0.8 <= took[1] < 1.6
