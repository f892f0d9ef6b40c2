"""The simulated mail server: SMTP with the standard library's client, stored mails, and faults."""

import smtplib
import socket
from collections.abc import Iterator
from email import policy
from email.message import EmailMessage

import pytest

from simulators.smtp.server import MailServer, create_mail_server


@pytest.fixture
def mail() -> Iterator[MailServer]:
    """A server without sign-in."""
    server = create_mail_server()
    with server.serve():
        yield server


def dial(server: MailServer, *, timeout: float = 5) -> smtplib.SMTP:
    port = int(server.url.rpartition(":")[2])
    return smtplib.SMTP("127.0.0.1", port, timeout=timeout)


def letter(
    subject: str = "Impresora", text: str = "No imprime.\n.\n..dos puntos\n", to: str = "ana@x.es"
) -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"], made["Message-ID"] = "desk@y.es", to, subject, "<1.abc@y.es>"
    made.set_content(text)
    made.add_alternative("<p>No imprime.</p>", subtype="html")
    return made


def test_takes_a_mail_as_it_was_sent(mail: MailServer) -> None:
    with dial(mail) as line:
        line.send_message(letter("Impresora de la Señora Núñez"), to_addrs=["ana@x.es", "luis@x.es"])
    (got,) = mail.messages()
    assert (got.sender, got.recipients) == ("desk@y.es", ("ana@x.es", "luis@x.es"))
    assert got.subject == "Impresora de la Señora Núñez" and got.message_id == "<1.abc@y.es>"
    assert got.text == "No imprime.\n.\n..dos puntos\n" and got.html == "<p>No imprime.</p>\n"
    assert mail.messages(to="LUIS@x.es") == [got] and mail.messages(to="eva@x.es") == []


def test_a_line_takes_one_mail_after_another(mail: MailServer) -> None:
    with dial(mail) as line:
        line.send_message(letter("uno"))
        line.send_message(letter("dos"))
    assert [got.subject for got in mail.messages()] == ["uno", "dos"]


@pytest.mark.parametrize(("operation", "status"), [("message", 451), ("message", 554), ("mail", 550), ("data", 421)])
def test_refuses_with_the_code_it_was_told(mail: MailServer, operation: str, status: int) -> None:
    mail.refuse(operation, status, error="4.7.1 greylisted")
    with dial(mail) as line, pytest.raises(smtplib.SMTPResponseException) as refused:
        line.send_message(letter())
    assert refused.value.smtp_code == status and refused.value.smtp_error == b"4.7.1 greylisted"
    assert mail.messages() == []
    with dial(mail) as line:
        line.send_message(letter())
    assert len(mail.messages()) == 1


def test_refuses_one_recipient_and_takes_the_other(mail: MailServer) -> None:
    mail.refuse("rcpt", 550, times=None, where={"recipient": "gone@x.es"})
    with dial(mail) as line:
        refused = line.send_message(letter(), to_addrs=["ana@x.es", "gone@x.es"])
    assert list(refused) == ["gone@x.es"] and mail.messages()[0].recipients == ("ana@x.es",)


def test_drop_takes_the_mail_and_cuts_the_line_before_the_answer(mail: MailServer) -> None:
    mail.faults.add("message", "drop")
    with pytest.raises(smtplib.SMTPServerDisconnected), dial(mail) as line:
        line.send_message(letter())
    assert len(mail.messages()) == 1


def test_hang_takes_nothing_and_keeps_the_sender_waiting(mail: MailServer) -> None:
    mail.faults.add("message", "hang", seconds=5)
    line = dial(mail, timeout=0.2)
    with pytest.raises((TimeoutError, smtplib.SMTPServerDisconnected)):
        line.send_message(letter())
    line.close()
    mail.faults.clear()
    assert mail.messages() == []


def test_slow_takes_it_after_a_while(mail: MailServer) -> None:
    mail.faults.add("data", "slow", seconds=0.1)
    with dial(mail) as line:
        line.send_message(letter())
    assert len(mail.messages()) == 1


def test_hang_at_the_greeting(mail: MailServer) -> None:
    mail.faults.add("connect", "hang", seconds=5)
    with pytest.raises((TimeoutError, smtplib.SMTPServerDisconnected)):
        dial(mail, timeout=0.2)
    mail.faults.clear()


def test_asks_for_a_password_where_it_has_users() -> None:
    server = create_mail_server(users={"desk": "geheim"})
    with server.serve():
        with dial(server) as line, pytest.raises(smtplib.SMTPSenderRefused):
            line.send_message(letter())
        with dial(server) as line, pytest.raises(smtplib.SMTPAuthenticationError):
            line.login("desk", "wrong")
        with dial(server) as line:
            line.login("desk", "geheim")
            line.send_message(letter())
    assert len(server.messages()) == 1


def test_keeps_to_the_order_of_commands(mail: MailServer) -> None:
    with dial(mail) as line:
        assert line.docmd("MAIL FROM:<a@b.es>")[0] == 503  # no greeting before
        line.ehlo()
        assert line.docmd("RCPT TO:<a@b.es>")[0] == 503
        assert line.docmd("DATA")[0] == 503
        assert line.docmd("MAIL FROM:a@b.es")[0] == 501
        assert line.docmd("MAIL FROM:<a@b.es> SIZE=99999999999")[0] == 552
        assert line.docmd("WHAT")[0] == 500


def ready_for_text(line: smtplib.SMTP) -> None:
    line.ehlo()
    for command in ("MAIL FROM:<a@b.es>", "RCPT TO:<c@d.es>", "DATA"):
        line.docmd(command)


@pytest.mark.parametrize(
    "text",
    [
        b"Subject: x\r\n\r\nhello\n.\nMAIL FROM:<evil@b.es>\r\n.\r\n",
        b"Subject: x\r\n\r\nhello\r.\rmore\r\n.\r\n",
        b"Subject: x\n\nhello\n\r\n.\r\n",
    ],
)
def test_bare_line_ends_are_refused_and_end_no_mail(mail: MailServer, text: bytes) -> None:
    """Otherwise one mail could contain a second one."""
    with dial(mail) as line:
        ready_for_text(line)
        line.send(text)
        assert line.getreply() == (550, b"5.5.2 a line ends with CR LF")
        assert line.noop()[0] == 250
    assert mail.messages() == []


@pytest.mark.parametrize(("length", "code"), [(998, 250), (999, 550)])
def test_a_text_line_has_at_most_998_bytes(mail: MailServer, length: int, code: int) -> None:
    with dial(mail) as line:
        ready_for_text(line)
        line.send(b"Subject: x\r\n\r\n" + b"." + b"." * length + b"\r\n.\r\n")
        assert line.getreply()[0] == code
    assert len(mail.messages()) == (code == 250)


def test_a_mail_over_the_limit_is_refused_when_declared_and_when_sent() -> None:
    server = create_mail_server(max_size=500)
    with server.serve():
        with dial(server) as line, pytest.raises(smtplib.SMTPSenderRefused) as declared:
            line.send_message(letter(text="x\n" * 300))
        with dial(server) as line:
            ready_for_text(line)
            line.send(b"x\r\n" * 300 + b".\r\n")
            assert line.getreply()[0] == 552
    assert declared.value.smtp_code == 552 and server.messages() == []


def test_nobody_speaks_before_their_turn(mail: MailServer) -> None:
    with dial(mail) as line:
        line.ehlo()
        assert not line.has_extn("pipelining")
        line.send(b"MAIL FROM:<a@b.es>\r\nRCPT TO:<c@d.es>\r\nDATA\r\n")
        assert line.getreply()[0] == 503
    with dial(mail) as line:
        line.ehlo()
        for command in ("MAIL FROM:<a@b.es>", "RCPT TO:<c@d.es>"):
            line.docmd(command)
        line.send(b"DATA\r\nSubject: x\r\n\r\nhello\r\n.\r\n")
        assert line.getreply()[0] == 503
    assert mail.messages() == []


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("EHLO", 501),
        ("MAIL FROM:<a@b.es> RET=HDRS", 555),
        ("MAIL FROM:<josé@b.es>", 553),
        ("MAIL FROM:<josé@b.es> SMTPUTF8", 250),
        ("MAIL FROM:<a@b.es> BODY=8BITMIME SIZE=10", 250),
    ],
)
def test_parameters_and_letters_beyond_ascii(mail: MailServer, command: str, code: int) -> None:
    with dial(mail) as line:
        line.ehlo()
        line.send(f"{command}\r\n".encode())
        assert line.getreply()[0] == code


def test_recipients_are_refused_one_by_one_for_now_or_for_good(mail: MailServer) -> None:
    mail.refuse("rcpt", 451, times=None, where={"recipient": "later@x.es"})
    mail.refuse("rcpt", 550, times=None, where={"recipient": "gone@x.es"})
    with dial(mail) as line:
        refused = line.send_message(letter(), to_addrs=["later@x.es", "ana@x.es", "gone@x.es"])
    assert {address: code for address, (code, _) in refused.items()} == {"later@x.es": 451, "gone@x.es": 550}
    assert [got.recipients for got in mail.messages()] == [("ana@x.es",)]
    with dial(mail) as line:
        line.ehlo()
        line.docmd("MAIL FROM:<a@b.es>")
        assert [line.docmd(f"RCPT TO:<p{n}@x.es>")[0] for n in range(101)] == [250] * 100 + [452]
        line.send(b"RCPT TO:<jos\xc3\xa9@x.es>\r\n")
        assert line.getreply()[0] == 553


def test_a_421_closes_the_line_and_a_refused_greeting_serves_nobody(mail: MailServer) -> None:
    mail.refuse("mail", 421)
    with dial(mail) as line:
        line.ehlo()
        assert line.docmd("MAIL FROM:<a@b.es>")[0] == 421
        with pytest.raises(smtplib.SMTPServerDisconnected):
            line.noop()
    mail.refuse("connect", 554)
    with socket.create_connection(("127.0.0.1", int(mail.url.rpartition(":")[2])), timeout=5) as raw:
        assert raw.recv(100).startswith(b"554")
        raw.sendall(b"EHLO x\r\n")
        assert raw.recv(100).startswith(b"503")


def test_the_envelope_is_kept_with_the_senders_host(mail: MailServer) -> None:
    with dial(mail) as line:
        line.ehlo("desk.guardia.example")
        line.sendmail("desk@y.es", ["ana@x.es"], letter().as_bytes(policy=policy.SMTP))
    [got] = mail.messages()
    assert (got.helo, got.is_secure, got.sender) == ("desk.guardia.example", False, "desk@y.es")


def test_a_closed_server_answers_nobody() -> None:
    server = create_mail_server()
    running = server.serve()
    line = dial(server)
    running.close()
    with pytest.raises(smtplib.SMTPServerDisconnected):
        line.noop()
    line.close()
    with pytest.raises(OSError), socket.create_connection(("127.0.0.1", running.port), timeout=1):  # noqa: PT011
        pass
