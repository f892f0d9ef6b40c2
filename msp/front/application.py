"""The ASGI application: receives each request completely, runs it in a thread, and sends the response.

Some paths have reserved threads, so that chat systems and health checks are answered whatever the load of pages.
"""

from __future__ import annotations

import asyncio
import contextlib
import http
import logging
import time
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from typing import Any

from msp.front.body import Body, Budget, NotReceived, Receive, receive_body
from msp.front.connection import EXTENSION, HttpConnection
from msp.front.limits import ServerLimits
from msp.front.proxies import Proxies
from msp.front.threads import Busy, Threads
from msp.front.wsgi import Answer, Application, Headers, Source, call, environ_of

log = logging.getLogger(__name__)

RETRY_SECONDS = 2
LINGER_SECONDS = 5.0  # of a refused body are read on, so that the client reads our response
WITHOUT_BODY = (204, 304)

Send = Callable[[dict[str, Any]], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerPlan:
    """What is served, with how many threads and which limits.

    `reserved_paths` are path prefixes with `reserved` threads of their own; `acknowledged` gets the seconds that each
    POST to one of them took.
    """

    app: Application
    threads: int
    reserved: int
    limits: ServerLimits = field(default_factory=ServerLimits)
    proxies: Proxies = field(default_factory=Proxies)
    reserved_paths: tuple[str, ...] = ()
    acknowledged: Callable[[float], None] = lambda _seconds: None


@dataclass(slots=True)
class _Request:
    scope: Any
    receive: Receive
    send: Send
    connection: HttpConnection
    body: Body
    announced: int | None
    is_anonymous: bool
    awaits_continue: bool


class Front:
    """The application of one process; created within its event loop."""

    def __init__(self, plan: ServerPlan) -> None:
        self._plan, self._limits = plan, plan.limits
        self._budget = Budget(plan.limits.bodies_bytes)
        self._pages = Threads("request", plan.threads, waiting=plan.limits.waiting)
        self._reserved = Threads("reserved", plan.reserved, waiting=plan.limits.waiting) if plan.reserved else None
        self._streams: set[asyncio.Task[None]] = set()

    def end_streams(self) -> None:
        """Close all push connections, because the process stops."""
        for task in list(self._streams):
            task.cancel()

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI 3)."""
        request = self._request(scope, receive, send)
        try:
            answer = await self._answer(request)
        except NotReceived as refused:
            await self._refuse(request, refused.status)
            return
        try:
            async with asyncio.timeout(None if answer.push else self._limits.delivery_seconds):
                await self._deliver(request, answer)
        except TimeoutError:
            request.connection.cut_off()

    def _request(self, scope: Any, receive: Receive, send: Send) -> _Request:
        named = {name: value for name, value in scope["headers"] if name in _LOOKED_AT}
        length = named.get(b"content-length")
        return _Request(
            scope=scope,
            receive=receive,
            send=send,
            connection=scope["extensions"][EXTENSION]["connection"],
            body=Body(self._limits, self._budget),
            announced=int(length) if length is not None else None if b"transfer-encoding" in named else 0,
            is_anonymous=b"cookie" not in named and b"authorization" not in named,
            awaits_continue=named.get(b"expect", b"").lower() == b"100-continue",
        )

    async def _answer(self, request: _Request) -> Answer:
        """The application's answer; raises NotReceived with the status to refuse with."""
        most = self._limits.body_limit(request.scope["path"], is_anonymous=request.is_anonymous)
        try:
            await receive_body(
                request.receive, request.body, announced=request.announced, most=most, limits=self._limits
            )
        except NotReceived as refused:
            request.body.close()
            if refused.status != 413 or request.is_anonymous or self._is_reserved(request):
                raise
            return await self._answer_too_large(request)
        except BaseException:
            request.body.close()
            raise
        return await self._in_thread(request, request.body.open(), request.body.length)

    async def _answer_too_large(self, request: _Request) -> Answer:
        """Have the application render the 413 page for a signed-in person, without the body."""
        length = max(request.announced or 0, self._limits.body_bytes + 1)
        answer = await self._in_thread(request, BytesIO(), length)
        await self._linger(request)
        answer.headers.append((b"connection", b"close"))
        return answer

    async def _in_thread(self, request: _Request, content: Any, length: int) -> Answer:
        environ = environ_of(request.scope, content, length, self._plan.proxies)
        is_reserved, began = self._is_reserved(request), time.monotonic()
        threads = self._reserved if is_reserved and self._reserved else self._pages
        work = partial(call, self._plan.app, environ, Context())
        try:
            async with asyncio.timeout(self._limits.answer_seconds):
                answer = await threads.run(work, abandoned=partial(self._forget, request))
        except TimeoutError:
            log.error("an answer took too long", extra={"path": request.scope["path"]})
            raise NotReceived(504) from None
        except Busy:
            request.body.close()
            raise NotReceived(503) from None
        except Exception:
            request.body.close()
            log.exception("the application failed")
            raise NotReceived(500) from None
        request.body.close()
        if is_reserved and request.scope["method"] == "POST":
            self._plan.acknowledged(time.monotonic() - began)
        return answer

    def _forget(self, request: _Request, answer: Answer | None) -> None:
        request.body.close()
        if answer is not None and answer.rest is not None:
            _in_background(self._pages.run(answer.rest.close))

    def _is_reserved(self, request: _Request) -> bool:
        path: str = request.scope["path"]
        return path.startswith(self._plan.reserved_paths) if self._plan.reserved_paths else False

    async def _deliver(self, request: _Request, answer: Answer) -> None:
        if answer.push is not None and request.scope["method"] != "HEAD":
            await self._push(request, answer.status, answer.headers, answer.push)
            return
        if answer.rest is None:
            await _send_whole(request, answer)
            return
        if request.scope["http_version"] == "1.0" and not _has_length(answer.headers):
            await _send_whole(request, await self._completed(answer))
            return
        await request.send(_start(answer.status, answer.headers))
        await request.send(_piece(answer.first, more=True))
        await self._send_rest(request, answer)

    async def _completed(self, answer: Answer) -> Answer:
        """The whole response at once, for clients without chunked encoding."""
        pieces, is_last = [answer.first], False
        while answer.rest is not None and not is_last:
            piece, is_last = await self._pages.run(answer.rest.read)
            pieces.append(piece)
        return Answer(answer.status, answer.headers, b"".join(pieces))

    async def _send_rest(self, request: _Request, answer: Answer) -> None:
        """Produce the next chunk once the client has taken the last one; no thread waits for a slow client."""
        rest, is_last = answer.rest, False
        assert rest is not None
        try:
            while not is_last and not request.connection.transport.is_closing():
                try:
                    piece, is_last = await self._pages.run(rest.read)
                except Busy:
                    await asyncio.sleep(0.1)
                    continue
                await request.send(_piece(piece, more=not is_last))
        finally:
            if not is_last:
                _in_background(self._pages.run(rest.close))

    async def _push(self, request: _Request, status: int, headers: Headers, source: Source) -> None:
        if request.scope["http_version"] == "1.0":
            await self._refuse(request, 505)
            return
        await request.send(_start(status, headers))
        sending = asyncio.create_task(_send_stream(request, source))
        self._streams.add(sending)
        gone = asyncio.create_task(_until_gone(request.receive))
        try:
            await asyncio.wait((sending, gone), return_when=asyncio.FIRST_COMPLETED)
        finally:
            sending.cancel()
            gone.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sending
            self._streams.discard(sending)
        await request.send(_piece(b"", more=False))

    async def _refuse(self, request: _Request, status: int) -> None:
        if request.connection.transport.is_closing():
            return
        if not status:
            request.connection.cut_off()
            return
        text = f"{http.HTTPStatus(status).phrase}\n".encode()
        headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(text)).encode())]
        if status in (429, 503):
            headers.append((b"retry-after", str(RETRY_SECONDS).encode()))
        await request.send(_start(status, [*headers, (b"connection", b"close")]))
        if status == 413:
            await request.send(_piece(text, more=True))
            await self._linger(request)
            text = b""
        await request.send(_piece(text, more=False))

    async def _linger(self, request: _Request) -> None:
        """Read and discard for a while what the client still sends, so that it reads our response."""
        if request.awaits_continue:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                while (message := await request.receive())["type"] == "http.request" and message["more_body"]:
                    pass


_LOOKED_AT = frozenset({b"content-length", b"transfer-encoding", b"cookie", b"authorization", b"expect"})
_background: set[asyncio.Task[Any]] = set()


def _in_background(work: Any) -> None:
    """Run a fire-and-forget job; if it cannot run, it is dropped."""

    async def quietly() -> None:
        with contextlib.suppress(Busy):
            await work

    task = asyncio.get_running_loop().create_task(quietly())
    _background.add(task)
    task.add_done_callback(_background.discard)


async def _send_stream(request: _Request, source: Source) -> None:
    pieces = source()
    try:
        async for piece in pieces:
            await request.send(_piece(piece, more=True))
    except Exception:
        log.exception("a push connection failed")
    finally:
        close = getattr(pieces, "aclose", None)
        if close is not None:
            await close()


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send_whole(request: _Request, answer: Answer) -> None:
    headers = answer.headers
    if not _has_length(headers) and answer.status not in WITHOUT_BODY and request.scope["method"] != "HEAD":
        headers = [*headers, (b"content-length", str(len(answer.first)).encode())]
    await request.send(_start(answer.status, headers))
    await request.send(_piece(answer.first, more=False))


def _has_length(headers: Headers) -> bool:
    return any(name.lower() == b"content-length" for name, _value in headers)


def _start(status: int, headers: Headers) -> dict[str, Any]:
    return {"type": "http.response.start", "status": status, "headers": headers}


def _piece(body: bytes, *, more: bool) -> dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": more}
