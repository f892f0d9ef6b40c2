"""HTTP behaviour for clients and proxies: framing, keep-alive, pipelining, HEAD, 100-continue, chunks, addresses."""

import pytest

from tests.front.conftest import Served


def test_a_request_reaches_the_application_as_it_was_sent(server: Served) -> None:
    with server.client() as client:
        answer = client.ask(
            "POST", "/echo/a%2Fb%20%C3%B1?q=1&q=2", "Content-Type: text/plain", "X-One: 1", body=b"hola"
        )
    told = answer.json()
    assert (told["method"], told["path"], told["query"], told["body"]) == ("POST", "/echo/a/b ñ", "q=1&q=2", "hola")
    assert told["headers"]["X-One"] == "1" and told["headers"]["Content-Length"] == "4"
    assert told["remote"] == "127.0.0.1" and told["scheme"] == "http"
    assert "date" in answer.headers and "server" not in answer.headers


def test_one_connection_serves_many_requests_until_it_is_idle_for_long(server: Served) -> None:
    with server.client() as client:
        for _ in range(3):
            assert client.ask("GET", "/echo").status == 200
        assert client.is_ended(within=3)


def test_pipelined_requests_are_answered_in_order(server: Served) -> None:
    with server.client() as client:
        client.send(b"".join(b"GET /echo/%d HTTP/1.1\r\nHost: x\r\n\r\n" % number for number in range(20)))
        assert [client.answer().json()["path"] for _ in range(20)] == [f"/echo/{number}" for number in range(20)]


def test_a_connection_ends_when_the_client_asks_for_it(server: Served) -> None:
    with server.client() as client:
        assert client.ask("GET", "/echo", "Connection: close").headers["connection"] == "close"
        assert client.is_ended(within=1)
    with server.client() as client:
        client.send(b"GET /echo HTTP/1.0\r\n\r\n")
        assert client.answer().status == 200
        assert client.is_ended(within=1)


def test_head_has_the_headers_of_get_and_no_body(server: Served) -> None:
    with server.client() as client:
        asked = client.ask("GET", "/pieces/1/1000")
        assert asked.headers.get("transfer-encoding") == "chunked" or asked.headers["content-length"] == "1000"
        assert client.ask("HEAD", "/reserved/x").headers["content-length"] != "0"
        assert client.ask("GET", "/nothing").status == 204
        assert client.ask("GET", "/reserved/x").status == 200  # nothing of either answer is left


def test_a_body_is_asked_for_where_the_client_waits_for_that(server: Served) -> None:
    with server.client() as client:
        client.send(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
        assert client.head()[0] == 100
        assert client.send(b"hola").answer().json()["body"] == "hola"


@pytest.mark.parametrize("size", [5, 100_000])
def test_a_chunked_body_arrives_whole_and_with_its_length(server: Served, size: int) -> None:
    with server.client() as client:
        head = b"POST /echo HTTP/1.1\r\nHost: x\r\nCookie: session=x\r\nTransfer-Encoding: chunked\r\n\r\n"
        half = b"%x\r\n%s\r\n" % (size, b"a" * size)
        client.send(head).send(half).send(half).send(b"0\r\n\r\n")
        told = client.answer().json()
        assert told["size"] == 2 * size and told["headers"]["Content-Length"] == str(2 * size)
        assert client.ask("GET", "/echo").status == 200


def test_a_long_answer_arrives_whole(server: Served) -> None:
    with server.client() as client:
        assert len(client.ask("GET", "/pieces/50/100000").body) == 5_000_000
        client.send(b"GET /pieces/50/10000 HTTP/1.0\r\n\r\n")
        told = client.answer()
        assert len(told.body) == 500_000 and told.headers["content-length"] == "500000"


def test_an_answer_that_breaks_off_does_not_look_whole(server: Served) -> None:
    with server.client() as client, pytest.raises((EOFError, ConnectionError)):
        client.ask("GET", "/breaks-off")
    with server.client() as client:
        assert client.ask("GET", "/fails").status == 500


@pytest.mark.parametrize(
    ("told", "remote", "scheme"),
    [
        (("X-Forwarded-For: 203.0.113.9",), "203.0.113.9", "http"),
        (("X-Forwarded-For: 10.9.9.9, 203.0.113.9, 127.0.0.1", "X-Forwarded-Proto: https"), "203.0.113.9", "https"),
        (("X-Forwarded-For: 127.0.0.1, 203.0.113.9",), "203.0.113.9", "http"),
        (("X-Forwarded-For: 198.51.100.1", "X-Forwarded-For: 203.0.113.9"), "203.0.113.9", "http"),
        (("X-Forwarded-For: 203.0.113.9:4711",), "203.0.113.9", "http"),
        (("X-Forwarded-For: [2001:db8::1]:4711",), "2001:db8::1", "http"),
        (("X-Forwarded-For: nobody",), "127.0.0.1", "http"),
        (("X_Forwarded_For: 203.0.113.9", "X_Forwarded_Proto: https"), "127.0.0.1", "http"),
    ],
)
def test_a_proxy_of_ours_tells_for_whom_it_asks(
    server: Served, told: tuple[str, ...], remote: str, scheme: str
) -> None:
    with server.client() as client:
        answer = client.ask("GET", "/echo", *told).json()
        assert (answer["remote"], answer["scheme"]) == (remote, scheme)


@pytest.mark.parametrize(
    "sent",
    [
        b"NONSENSE\r\n\r\n",
        b"GET /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        b"GET /echo HTTP/1.1\r\nHost : x\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /echo\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /echo HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"GET /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n",
    ],
)
def test_what_is_no_http_is_refused_and_harms_nobody(server: Served, sent: bytes) -> None:
    with server.client() as client:
        assert client.send(sent).answer().status in (400, 404, 405)
        assert client.is_ended(within=4)
    with server.client() as client:
        assert client.ask("GET", "/echo").status == 200


@pytest.mark.parametrize("target", ["*", "http://elsewhere.example/echo", "//evil.example/echo"])
def test_odd_targets_do_no_harm(server: Served, target: str) -> None:
    with server.client() as client:
        assert client.ask("OPTIONS", target).status < 500
