"""Sends one mail over SMTP (RFC 5321) and classifies failures: not accepted, uncertain, refused."""

import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from typing import Literal
from urllib.parse import unquote, urlsplit

from integrations.mail.platform import MAIL
from msp.kernel.deadlines import deadline
from msp.kernel.destinations import place_at
from msp.kernel.errors import InDoubt, Permanent, Temporary

TIMEOUT = 20.0  # seconds for one answer; RFC 5321 allows a server minutes, but a worker's thread is blocked meanwhile
WAITS = 3  # limit for a whole mail, as a multiple of the timeout
DOUBT_PAUSE = 30.0
REFUSED_SIGN_IN_PAUSE = 300.0
LOOPBACK = ("localhost", "127.0.0.1", "::1")
PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
_ADDRESS = re.compile(r"[^\s<>@\x00-\x1f\x7f]{1,64}@[^\s<>@\x00-\x1f\x7f]{1,253}")

Security = Literal["offered", "required", "at_once"]


class MailInDoubt(InDoubt):
    """The text was sent and no answer came: the server may have accepted it."""


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server: TLS if it is `offered`, `required` before any other command, or `at_once`."""

    host: str
    port: int
    security: Security
    user: str = ""
    password: str = ""
    timeout: float = TIMEOUT

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine, where the connection cannot be intercepted."""
        return self.host in LOOPBACK


def server_of(url: str, *, timeout: float = TIMEOUT) -> Server:
    """The server of an SMTP_URL (see `integrations.mail.settings.smtp_url`)."""
    parts = urlsplit(url)
    security: dict[str, Security] = {"smtp": "offered", "smtp+starttls": "required", "smtps": "at_once"}
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    port = parts.port or (587 if user and parts.scheme == "smtp" else PORTS[parts.scheme])
    return Server(parts.hostname or "", port, security[parts.scheme], user, password, timeout)


def is_address(text: str) -> bool:
    """Whether a text has the form of an email address."""
    return _ADDRESS.fullmatch(text) is not None


def hand_over(server: Server, message: EmailMessage, *, sender: str, recipient: str) -> None:
    """Send one mail for one recipient to the server.

    Raises Temporary (not accepted: no connection, 4xx), MailInDoubt (the text was sent, no answer came) or Permanent
    (5xx, or an invalid address), each with the server's code and text.
    """
    for address in (sender, recipient):
        if not is_address(address):
            raise Permanent("bad_address")
    raw = _on_the_wire(message)
    with _line(server) as line:
        options = _options(line, recipient)
        _check(*line.mail(sender, options))
        _check(*line.rcpt(_ascii_domain(recipient)))
        _check(*line.docmd("DATA"), wanted=354)
        try:
            line.send(raw)
            code, words = line.getreply()
        except (OSError, smtplib.SMTPException) as fault:
            raise MailInDoubt("no_answer_after_text", retry_after=DOUBT_PAUSE) from fault
        _check(code, words)


@contextmanager
def _line(server: Server) -> Iterator[smtplib.SMTP]:
    """A connection ready for commands; a failure before the text is never uncertain."""
    with place_at(MAIL.name), deadline(WAITS * server.timeout, is_framed=True):
        yield from _spoken_on(server)


def _spoken_on(server: Server) -> Iterator[smtplib.SMTP]:
    try:
        line = _dial(server)
    except smtplib.SMTPResponseException as refused:
        raise _failure(refused.smtp_code, refused.smtp_error, is_ours=True) from refused
    except (OSError, smtplib.SMTPException) as fault:
        raise Temporary("no_connection") from fault
    try:
        yield line
    except smtplib.SMTPResponseException as refused:
        raise _failure(refused.smtp_code, refused.smtp_error) from refused
    except (OSError, smtplib.SMTPException) as fault:
        raise Temporary("line_cut") from fault
    finally:
        _hang_up(line)


def _dial(server: Server) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if server.security == "at_once":
        line: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=server.timeout, context=context)
    else:
        line = smtplib.SMTP(server.host, server.port, timeout=server.timeout)
    try:
        _greet(line, server, context)
    except BaseException:
        line.close()
        raise
    return line


def _greet(line: smtplib.SMTP, server: Server, context: ssl.SSLContext) -> None:
    line.ehlo_or_helo_if_needed()
    is_private = server.security == "at_once"
    if not is_private and (server.security == "required" or line.has_extn("starttls")):
        line.starttls(context=context)
        line.ehlo()
        is_private = True
    if server.user:
        if not (is_private or server.is_local):
            raise Temporary("no_tls_for_password", retry_after=REFUSED_SIGN_IN_PAUSE)
        line.login(server.user, server.password)


def _hang_up(line: smtplib.SMTP) -> None:
    try:
        if line.sock is not None:
            line.sock.settimeout(2)
            line.quit()
    except (OSError, smtplib.SMTPException):  # the mail is settled; errors of QUIT do not matter
        pass
    finally:
        line.close()


def _options(line: smtplib.SMTP, recipient: str) -> list[str]:
    local = recipient.rpartition("@")[0]
    if local.isascii():
        return []
    if not line.has_extn("smtputf8"):
        raise Permanent("address_needs_smtputf8")
    return ["SMTPUTF8", "BODY=8BITMIME"]


def _ascii_domain(address: str) -> str:
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{domain if domain.isascii() else domain.encode('idna').decode()}"
    except UnicodeError as wrong:
        raise Permanent("bad_address") from wrong


def _check(code: int, words: bytes, *, wanted: int = 0) -> None:
    if code == wanted or (not wanted and 200 <= code < 300):
        return
    raise _failure(code, words)


def _failure(code: int, words: bytes | str, *, is_ours: bool = False) -> Exception:
    """4xx: Temporary. 5xx: Permanent, except a refused sign-in or greeting (`is_ours`), which our settings cause."""
    answer = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    reason = f"smtp_{code} {' '.join(answer.split())}".strip()[:200]
    if is_ours and code >= 500:
        return Temporary(reason, retry_after=REFUSED_SIGN_IN_PAUSE)
    return Permanent(reason) if 500 <= code < 600 else Temporary(reason)


def _on_the_wire(message: EmailMessage) -> bytes:
    """The text with CRLFs, dots doubled at the start of lines, and the end marker (RFC 5321, 4.5.2)."""
    raw = message.as_bytes(policy=policy.SMTP)
    raw = re.sub(rb"\r\n|\r|\n", b"\r\n", raw)
    raw = re.sub(rb"(?m)^\.", b"..", raw)
    return raw + (b"" if raw.endswith(b"\r\n") else b"\r\n") + b".\r\n"
