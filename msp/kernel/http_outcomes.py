"""What an HTTP answer means: success, retry (when), in doubt or permanent; and downloads with limits."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import BinaryIO

import requests

from msp.kernel import clock
from msp.kernel.deadlines import DeadlineExceeded, deadline
from msp.kernel.errors import InDoubt, OutsideFailure, Permanent, Temporary
from msp.kernel.web_address import WebAddress, parse_web_address

CHUNK = 64 * 1024
LONGEST_WAIT = 3600.0  # longest accepted wait in seconds
_SECONDS = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")  # RFC 9110 wants whole numbers; some services send fractions


def retry_after(headers: Mapping[str, object] | None) -> float | None:
    """The header `Retry-After` (RFC 9110, 10.2.3), a number or a date, in seconds; None if missing or invalid."""
    written = next((value for name, value in (headers or {}).items() if name.lower() == "retry-after"), None)
    if isinstance(written, list):
        written = next(iter(written), None)
    text = str(written or "").strip()
    if _SECONDS.fullmatch(text):
        return min(float(text), LONGEST_WAIT)
    try:
        seconds = (parsedate_to_datetime(text) - clock.now()).total_seconds()
    except (TypeError, ValueError):
        return None
    return min(max(seconds, 1.0), LONGEST_WAIT)


def is_temporary(status: int) -> bool:
    """Whether the same request may succeed later."""
    return status in (408, 425, 429) or status >= 500


def failure(
    status: int, headers: Mapping[str, object] | None, *, reason: str = "", is_repeatable: bool = True
) -> OutsideFailure:
    """The failure for a status other than 2xx; `reason` is `http_<status>` unless given.

    5xx after a request that is not repeatable is InDoubt: it may have been done.
    """
    if status >= 500 and not is_repeatable:
        return InDoubt(reason or f"http_{status}", retry_after=retry_after(headers))
    if is_temporary(status):
        return Temporary(reason or f"http_{status}", retry_after=retry_after(headers))
    return Permanent(reason or ("redirected" if 300 <= status < 400 else f"http_{status}"))


@dataclass(frozen=True, slots=True)
class Download:
    """A file being downloaded."""

    content_type: str
    chunks: Iterator[bytes]


@contextmanager
def download(
    url: object,
    *,
    may_fetch: Callable[[WebAddress], bool],
    headers: Mapping[str, str],
    timeout: float,
    seconds: float,
) -> Iterator[Download]:
    """GET a file from a host that `may_fetch` allows; redirects are not followed.

    `timeout` limits each socket operation, `seconds` the whole download; the reader limits the size (`files.keep`).
    Raises Permanent or Temporary.
    """
    address = parse_web_address(url)
    if address is None or not may_fetch(address):
        raise Permanent("foreign_address")
    try:
        with (
            deadline(seconds),
            requests.get(address.url, headers=headers, stream=True, allow_redirects=False, timeout=timeout) as response,
        ):
            if response.status_code != 200:
                raise failure(response.status_code, response.headers)
            yield Download(response.headers.get("Content-Type", ""), response.iter_content(CHUNK))
    except (requests.RequestException, DeadlineExceeded) as fault:
        raise Temporary("no_answer") from fault


def send_bytes(
    url: object, content: BinaryIO, *, may_fetch: Callable[[WebAddress], bool], timeout: float, seconds: float
) -> None:
    """POST a file to a host that `may_fetch` allows; redirects are not followed.

    `timeout` limits each socket operation, `seconds` the whole upload. Raises Permanent or Temporary.
    """
    address = parse_web_address(url)
    if address is None or not may_fetch(address):
        raise Permanent("foreign_address")
    headers = {"Content-Type": "application/octet-stream"}
    try:
        with (
            deadline(seconds),
            requests.post(address.url, data=content, headers=headers, allow_redirects=False, timeout=timeout) as answer,
        ):
            if answer.status_code != 200:
                raise failure(answer.status_code, answer.headers)
    except (requests.RequestException, DeadlineExceeded) as fault:
        raise Temporary("no_answer") from fault
