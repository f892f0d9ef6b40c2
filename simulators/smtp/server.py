"""A simulated mail server: SMTP (RFC 5321) as a relay, with access to every received mail.

`create_mail_server` makes it, `.serve()` starts it on a port. AUTH PLAIN and LOGIN are required if `users` is given;
STARTTLS and implicit TLS are available if `tls` is given.
"""

import ssl
import threading
from collections import deque
from collections.abc import Mapping
from socket import SHUT_RDWR, socket
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

from msp.kernel import clock
from simulators.faults import Fault, Faults
from simulators.feed import Feed
from simulators.ids import Now
from simulators.serving import RunningServer
from simulators.smtp.mailbox import MailBox, ReceivedMail
from simulators.smtp.session import MailSession


class MailServer:
    """A simulated mail server: `url` is its address (smtp://… or smtps://…) once served.

    Faults (`.faults.add(operation, kind, …)`) take an `operation` of "connect", "ehlo", "auth", "mail", "rcpt", "data"
    (the go-ahead before the text), "message" (the answer after it) or "*"; `where` restricts them by `sender` and
    `recipient`. Kind "error" answers with the code in `status` (451, 550, …) and the text in `error`, and closes the
    connection after a 421; "hang" does nothing, keeps the connection open for `seconds` and closes it; "slow" waits
    `seconds` first; "drop" acts and closes the connection before the answer: at "message" the mail is accepted and the
    sender gets no answer.
    """

    def __init__(
        self, *, now: Now, users: Mapping[str, str], tls: ssl.SSLContext | None, implicit_tls: bool, max_size: int
    ) -> None:
        self.box = MailBox(now)
        self.feed = Feed(now)
        self.calls: deque[dict[str, Any]] = deque(maxlen=20_000)
        self.users, self.max_size = dict(users), max_size
        self.tls, self.implicit_tls = tls, implicit_tls
        self.closing = threading.Event()
        self.faults = Faults(self.closing)
        self.url = ""
        self._listener: _Listener | None = None

    def serve(self, host: str = "127.0.0.1", port: int = 0) -> RunningServer:
        """Start the server in threads, one per connection; closing the handle closes the open connections."""
        scheme = "smtps" if self.tls and self.implicit_tls else "smtp"

        def listen(at: int) -> "_Listener":
            self._listener = _Listener((host, at), self)
            return self._listener

        running = RunningServer(listen, port, self._close, scheme=scheme)
        self.url = running.url
        return running

    def messages(self, *, to: str = "", sender: str = "") -> list[ReceivedMail]:
        """The received mails, in order, repeated ones included, filtered by an envelope's recipient or sender."""
        return self.box.messages(to=to, sender=sender)

    def wait_for(self, count: int, *, seconds: float = 5.0) -> list[ReceivedMail]:
        """The mails, once there are at least so many; raises TimeoutError if that does not happen."""
        return self.box.wait_for(count, seconds=seconds)

    def refuse(self, operation: str, status: int, *, times: int | None = 1, **details: Any) -> Fault:
        """Answer the next calls of an operation with an SMTP code: 4xx temporary, 5xx permanent."""
        return self.faults.add(operation, "error", status=status, times=times, **details)

    def reset(self) -> None:
        """Remove mails, calls and faults."""
        self.faults.clear()
        self.calls.clear()
        self.feed.clear()
        self.box.clear()

    def take(
        self, sender: str, recipients: list[str], raw: bytes, *, helo: str = "", is_secure: bool = False
    ) -> ReceivedMail:
        """Store a completely received mail."""
        mail = self.box.keep(sender, recipients, raw, helo=helo, is_secure=is_secure)
        self.feed.add("mail", number=mail.number, message_id=mail.message_id, recipients=list(recipients))
        return mail

    def _close(self) -> None:
        self.closing.set()
        if self._listener is not None:
            self._listener.cut_all()


class _Listener(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], server: MailServer) -> None:
        self._server = server
        self._lines: set[socket] = set()
        self._lock = threading.Lock()
        super().__init__(address, StreamRequestHandler)  # `finish_request` makes the handler, which knows the server

    def finish_request(self, request: Any, client_address: Any) -> None:
        line = request
        with self._lock:
            self._lines.add(line)
        try:
            if self._server.tls and self._server.implicit_tls:
                line = self._server.tls.wrap_socket(request, server_side=True)
            MailSession(line, client_address, self, desk=self._server)
        except OSError:  # the other side closed the connection, which is allowed
            pass
        finally:
            with self._lock:
                self._lines.discard(request)
            if line is not request:
                line.close()

    def cut_all(self) -> None:
        """Close every open connection."""
        with self._lock:
            for line in self._lines:
                try:
                    line.shutdown(SHUT_RDWR)
                except OSError:  # closed already
                    pass


def create_mail_server(
    *,
    now: Now = clock.now,
    users: Mapping[str, str] | None = None,
    tls: ssl.SSLContext | None = None,
    implicit_tls: bool = False,
    max_size: int = 10 * 1024 * 1024,
) -> MailServer:
    """Return a mail server that accepts mail to any address; with `users` (name → password) only after sign-in.

    With `tls` it offers STARTTLS, or implicit TLS with `implicit_tls`; `max_size` is in bytes.
    """
    return MailServer(now=now, users=users or {}, tls=tls, implicit_tls=implicit_tls, max_size=max_size)
