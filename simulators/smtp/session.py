"""One session with the simulated mail server, by RFC 5321: commands, their order and their codes.

As strict as current servers: a lone LF is refused (Postfix's smtpd_forbid_bare_newline, against smuggled mails), and so
is early input (smtpd_forbid_unauth_pipelining; PIPELINING is not offered) and a text line of more than 998 bytes (Exim,
KumoMTA: RFC 5321 4.5.3.1.6).
"""

import base64
import binascii
from collections.abc import Callable
from socketserver import StreamRequestHandler
from typing import TYPE_CHECKING, Any

from simulators.smtp.envelope import MOST_RECIPIENTS, Path, read_path
from simulators.smtp.wire import LONGEST_COMMAND, LONGEST_TEXT_LINE, Wire

if TYPE_CHECKING:
    from simulators.smtp.server import MailServer

NAME = "mail.playground.test"
BARE = "5.5.2 a line ends with CR LF"
AHEAD = "5.5.0 improper use of command pipelining"

Answer = tuple[int, str]


class _Cut(Exception):
    """Closes the connection without an answer."""


class MailSession(StreamRequestHandler):
    """Greets, takes commands one by one, and answers each with a code."""

    def __init__(self, request: Any, address: Any, server: Any, *, desk: "MailServer") -> None:
        self._desk = desk
        self._plain_line = request
        self._wire = Wire(request)
        self._greeted = self._is_known = self._is_refused = False
        self._name = ""
        self._sender: str | None = None
        self._parameters: dict[str, str] = {}
        self._recipients: list[str] = []
        self._is_secure = bool(desk.tls and desk.implicit_tls)
        super().__init__(request, address, server)

    def handle(self) -> None:
        """Serve commands until QUIT, or until either side closes the connection."""
        try:
            self._is_refused = self._meet("connect", {}, lambda: (220, f"{NAME} ESMTP")) != 220
            while not self._desk.closing.is_set() and (line := self._wire.line(LONGEST_COMMAND)):
                if line.is_bare:
                    self._say(500, BARE)
                elif self._wire.is_spoken_ahead():
                    self._note_command(line.content.decode("utf-8", "replace"))
                    self._say(503, AHEAD)
                    raise _Cut
                else:
                    self._obey(line.content.decode("utf-8", "replace"))
        except _Cut:
            pass

    def finish(self) -> None:
        """Close the streams opened here."""
        super().finish()
        if self.connection is not self._plain_line:
            self.connection.close()

    # ------------------------------------------------------------------ commands

    def _obey(self, line: str) -> None:
        verb, _, rest = line.partition(" ")
        self._note_command(line)
        command = _COMMANDS.get(verb.upper())
        if command is None:
            self._say(500, "5.5.2 I do not know that command")
        elif self._is_refused and verb.upper() != "QUIT":
            self._say(503, "5.5.1 no service here")
        else:
            command(self, rest.strip())

    def _note_command(self, line: str) -> None:
        verb = line.partition(" ")[0].upper()
        self._desk.calls.append({"command": verb, "line": line if verb != "AUTH" else "AUTH …"})

    def _ehlo(self, rest: str) -> None:
        def act() -> Answer:
            self._greeted, self._name = True, rest
            self._forget_envelope()
            return 250, "\n".join([NAME, *self._extensions()])

        self._greet(rest, act)

    def _helo(self, rest: str) -> None:
        def act() -> Answer:
            self._greeted, self._name = True, rest
            self._forget_envelope()
            return 250, NAME

        self._greet(rest, act)

    def _greet(self, rest: str, act: Callable[[], Answer]) -> None:
        if not rest:
            self._say(501, "5.5.4 say who you are")
        else:
            self._meet("ehlo", {}, act)

    def _extensions(self) -> list[str]:
        offered = [f"SIZE {self._desk.max_size}", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"]
        if self._desk.tls and not self._is_secure:
            offered.append("STARTTLS")
        if self._desk.users:
            offered.append("AUTH PLAIN LOGIN")
        return offered

    def _starttls(self, rest: str) -> None:
        if self._desk.tls is None or self._is_secure:
            self._say(502, "5.5.1 TLS is not offered")
            return
        self._say(220, "2.0.0 go ahead")
        self.request = self.connection = self._desk.tls.wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", buffering=0)
        self._wire.secure(self.connection)
        self._is_secure, self._greeted, self._is_known = True, False, False
        self._forget_envelope()

    def _auth(self, rest: str) -> None:
        mechanism, _, first = rest.partition(" ")
        given = {"PLAIN": self._plain, "LOGIN": self._login}.get(mechanism.upper())
        if given is None or not self._desk.users:
            self._say(504, "5.5.4 no such way to sign in")
            return
        name, password = given(first)

        def act() -> Answer:
            self._is_known = self._desk.users.get(name) == password and name in self._desk.users
            return (235, "2.7.0 welcome") if self._is_known else (535, "5.7.8 wrong name or password")

        self._meet("auth", {"user": name}, act)

    def _plain(self, first: str) -> tuple[str, str]:
        parts = _decoded(first or self._asked("")).split("\0")
        return (parts[1], parts[2]) if len(parts) == 3 else ("", "")

    def _login(self, first: str) -> tuple[str, str]:
        name = _decoded(first or self._asked("VXNlcm5hbWU6"))
        return name, _decoded(self._asked("UGFzc3dvcmQ6"))

    def _asked(self, challenge: str) -> str:
        self._say(334, challenge)
        line = self._wire.line(LONGEST_COMMAND)
        if line is None:
            raise _Cut
        return line.content.decode("ascii", "replace").strip()

    def _mail(self, rest: str) -> None:
        path = read_path(rest, "FROM:")
        if not self._greeted or self._sender is not None:
            self._say(503, "5.5.1 not now")
        elif self._desk.users and not self._is_known:
            self._say(530, "5.7.0 sign in first")
        elif path is None:
            self._say(501, "5.5.4 MAIL FROM:<address>")
        elif path.unknown:
            self._say(555, f"5.5.4 unknown parameter {path.unknown[0]}")
        elif not path.address.isascii() and "SMTPUTF8" not in path.parameters:
            self._say(553, "5.6.7 this address needs SMTPUTF8")
        else:
            self._take_sender(path)

    def _take_sender(self, path: Path) -> None:
        def act() -> Answer:
            if path.size > self._desk.max_size:
                return 552, "5.3.4 too large"
            self._sender, self._parameters = path.address, path.parameters
            return 250, "2.1.0 ok"

        self._meet("mail", {"sender": path.address}, act)

    def _rcpt(self, rest: str) -> None:
        path = read_path(rest, "TO:")
        if self._sender is None:
            self._say(503, "5.5.1 MAIL first")
        elif path is None or "@" not in path.address:
            self._say(501, "5.5.4 RCPT TO:<address>")
        elif path.parameters:
            self._say(555, "5.5.4 RCPT takes no parameters here")
        elif not path.address.isascii() and "SMTPUTF8" not in self._parameters:
            self._say(553, "5.6.7 this address needs SMTPUTF8")
        elif len(self._recipients) >= MOST_RECIPIENTS:
            self._say(452, "4.5.3 too many recipients")
        else:
            self._take_recipient(path.address, self._sender)

    def _take_recipient(self, recipient: str, sender: str) -> None:
        def act() -> Answer:
            self._recipients.append(recipient)
            return 250, "2.1.5 ok"

        self._meet("rcpt", {"sender": sender, "recipient": recipient}, act)

    def _data(self, rest: str) -> None:
        if self._sender is None or not self._recipients:
            self._say(503, "5.5.1 MAIL and RCPT first")
            return
        envelope = {"sender": self._sender, "recipient": self._recipients[0]}
        if self._meet("data", envelope, lambda: (354, "end with <CRLF>.<CRLF>")) != 354:
            return
        (raw, complaint), sender, recipients = self._text(), self._sender, self._recipients
        self._forget_envelope()

        def act() -> Answer:
            if complaint:
                return 550, complaint
            if len(raw) > self._desk.max_size:
                return 552, "5.3.4 too large"
            taken = self._desk.take(sender, recipients, raw, helo=self._name, is_secure=self._is_secure)
            return 250, f"2.0.0 taken as {taken.number}"

        self._meet("message", envelope, act)

    def _text(self) -> tuple[bytes, str]:
        """Read the text up to a lone dot between CRLFs, without the dots of transparency (RFC 5321, 4.5.2).

        Returns the text and the reason why the server refuses it ("" if it accepts it).
        """
        lines: list[bytes] = []
        complaint = ""
        while (line := self._wire.line()) is not None:
            if line.content == b"." and line.ends_rightly:
                return b"".join(each + b"\r\n" for each in lines), complaint
            content = line.content[1:] if line.content.startswith(b".") else line.content
            if line.is_bare:
                complaint = complaint or BARE
            elif len(content) + 2 > LONGEST_TEXT_LINE:
                complaint = complaint or "5.6.0 a line is longer than 998 bytes"
            lines.append(content)
        raise _Cut

    def _rset(self, rest: str) -> None:
        self._forget_envelope()
        self._say(250, "2.0.0 ok")

    def _noop(self, rest: str) -> None:
        self._say(250, "2.0.0 ok")

    def _vrfy(self, rest: str) -> None:
        self._say(252, "2.1.5 send and see")

    def _quit(self, rest: str) -> None:
        self._say(221, "2.0.0 bye")
        raise _Cut

    # ------------------------------------------------------------------- answers

    def _meet(self, operation: str, arguments: dict[str, str], act: Callable[[], Answer]) -> int:
        """Answer according to the fault for this call, or by `act`; returns the code."""
        fault = self._desk.faults.take(operation, arguments)
        if fault is None:
            return self._say(*act())
        self._desk.calls.append({"fault": fault.kind, "operation": operation, **arguments})
        if fault.kind in ("hang", "slow"):
            self._desk.faults.wait(fault.seconds)
        if fault.kind == "slow":
            return self._say(*act())
        if fault.kind == "drop":
            act()
        if fault.kind in ("hang", "drop"):
            raise _Cut
        code = fault.status or (int(fault.kind) if fault.kind.isdecimal() else 451)
        self._say(code, fault.error or "as you were told to expect")
        if code == 421:  # the service closes the connection after it (RFC 5321, 3.8)
            raise _Cut
        return code

    def _say(self, code: int, words: str) -> int:
        lines = words.split("\n")
        said = [f"{code}-{line}\r\n" for line in lines[:-1]] + [f"{code} {lines[-1]}\r\n"]
        self.wfile.write("".join(said).encode())
        return code

    def _forget_envelope(self) -> None:
        self._sender, self._parameters, self._recipients = None, {}, []


_COMMANDS: dict[str, Callable[[MailSession, str], None]] = {
    "EHLO": MailSession._ehlo,
    "HELO": MailSession._helo,
    "STARTTLS": MailSession._starttls,
    "AUTH": MailSession._auth,
    "MAIL": MailSession._mail,
    "RCPT": MailSession._rcpt,
    "DATA": MailSession._data,
    "RSET": MailSession._rset,
    "NOOP": MailSession._noop,
    "VRFY": MailSession._vrfy,
    "QUIT": MailSession._quit,
}


def _decoded(given: str) -> str:
    try:
        return base64.b64decode(given, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""
