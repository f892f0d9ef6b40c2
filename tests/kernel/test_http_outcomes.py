"""Every status and both forms of Retry-After, and how a download handles each answer."""

import threading
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from msp.kernel import clock
from msp.kernel.errors import InDoubt, OutsideFailure, Permanent, Temporary
from msp.kernel.http_outcomes import LONGEST_WAIT, download, failure, retry_after

NOW = datetime(2026, 11, 4, 9, 0, tzinfo=UTC)


@pytest.fixture
def at_nine() -> Iterator[None]:
    with clock.frozen(NOW):
        yield


def date(**later: int) -> str:
    return format_datetime(NOW + timedelta(**later), usegmt=True)


@pytest.mark.unit
@pytest.mark.usefixtures("at_nine")
@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        (None, None),
        ({}, None),
        ({"Retry-After": "30"}, 30.0),
        ({"retry-after": " 30 "}, 30.0),
        ({"RETRY-AFTER": ["30"]}, 30.0),
        ({"Retry-After": 30}, 30.0),
        ({"Retry-After": "1.5"}, 1.5),
        ({"Retry-After": "0"}, 0.0),
        ({"Retry-After": "86400"}, LONGEST_WAIT),
        ({"Retry-After": date(seconds=90)}, 90.0),
        ({"Retry-After": date(hours=-1)}, 1.0),
        ({"Retry-After": date(days=2)}, LONGEST_WAIT),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "1e9"}, None),
        ({"Retry-After": "٣"}, None),
        ({"Retry-After": []}, None),
        ({"Retry-After": "Wed, 99 Nov 2026 09:00:00 GMT"}, None),
        ({"Retry-After": "Wed, 04 Nov 2026 09:01:00"}, None),
    ],
)
def test_retry_after(headers: Mapping[str, object] | None, seconds: float | None) -> None:
    assert retry_after(headers) == seconds


@pytest.mark.unit
@pytest.mark.parametrize(
    ("status", "is_repeatable", "kind", "reason"),
    [
        (302, True, Permanent, "redirected"),
        (400, True, Permanent, "http_400"),
        (401, False, Permanent, "http_401"),
        (404, True, Permanent, "http_404"),
        (408, False, Temporary, "http_408"),
        (410, True, Permanent, "http_410"),
        (425, True, Temporary, "http_425"),
        (429, False, Temporary, "http_429"),
        (500, True, Temporary, "http_500"),
        (500, False, InDoubt, "http_500"),
        (503, True, Temporary, "http_503"),
        (503, False, InDoubt, "http_503"),
    ],
)
def test_statuses(status: int, is_repeatable: bool, kind: type[OutsideFailure], reason: str) -> None:
    found = failure(status, {"Retry-After": "7"}, is_repeatable=is_repeatable)
    assert type(found) is kind and found.reason == reason
    assert getattr(found, "retry_after", None) == (7.0 if isinstance(found, Temporary) else None)


@pytest.mark.unit
def test_a_reason_of_the_service_replaces_the_status() -> None:
    assert failure(503, None, reason="stripe_503").reason == "stripe_503"


class Files(BaseHTTPRequestHandler):
    """Answers with the status in its path; `/slow` sends a byte at a time."""

    def do_GET(self) -> None:
        if self.path == "/slow":
            self.send_response(200)
            self.end_headers()
            for _ in range(100):
                self.wfile.write(b".")
                time.sleep(0.05)
            return
        self.send_response(int(self.path[1:]))
        self.send_header("Location", "http://elsewhere.example/")
        self.send_header("Retry-After", "9")
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        self.wfile.write(b"whole file")

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def files() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Files) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def fetch(url: object, *, seconds: float = 5.0) -> tuple[str, bytes]:
    with download(
        url, may_fetch=lambda address: address.host == "127.0.0.1", headers={}, timeout=2, seconds=seconds
    ) as file:
        return file.content_type, b"".join(file.chunks)


def test_a_download(files: str) -> None:
    assert fetch(f"{files}/200") == ("text/plain", b"whole file")


@pytest.mark.parametrize(
    ("path", "kind", "reason"),
    [
        ("/302", Permanent, "redirected"),
        ("/403", Permanent, "http_403"),
        ("/404", Permanent, "http_404"),
        ("/429", Temporary, "http_429"),
        ("/503", Temporary, "http_503"),
        ("/204", Permanent, "http_204"),
        ("/slow", Temporary, "no_answer"),
    ],
)
def test_a_download_that_fails(files: str, path: str, kind: type[OutsideFailure], reason: str) -> None:
    with pytest.raises(kind) as failed:
        fetch(files + path, seconds=0.5)
    assert failed.value.reason == reason
    if reason in ("http_429", "http_503"):
        assert getattr(failed.value, "retry_after", None) == 9.0


@pytest.mark.parametrize("url", ["http://localhost:9/x", "https://127.0.0.1@evil.example/", "ftp://127.0.0.1/x", None])
def test_a_download_from_a_host_that_is_not_allowed(url: object) -> None:
    with pytest.raises(Permanent, match="foreign_address"):
        fetch(url)
