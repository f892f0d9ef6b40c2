"""Sending by SMTP: with and without TLS, with authentication, and the meaning of a server's codes."""

import datetime
import ssl
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from integrations.mail.smtp import MailInDoubt, hand_over, server_of
from msp.kernel.errors import Permanent, Temporary
from simulators.smtp.server import MailServer, create_mail_server


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate of localhost."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    at = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(at - datetime.timedelta(days=1))
        .not_valid_after(at + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def plain() -> Iterator[MailServer]:
    server = create_mail_server()
    with server.serve():
        yield server


def letter(text: str = "Hola\n.\nfin") -> EmailMessage:
    made = EmailMessage()
    made["Subject"], made["Message-ID"] = "Señal", "<1@x.es>"
    made.set_content(text)
    return made


def deliver(url: str, to: str = "ana@x.es", message: EmailMessage | None = None) -> None:
    hand_over(server_of(url, timeout=1), message or letter(), sender="desk@y.es", recipient=to)


def port(server: MailServer) -> str:
    return server.url.rpartition(":")[2]


@pytest.mark.parametrize(("scheme", "at_once"), [("smtp", False), ("smtp+starttls", False), ("smtps", True)])
def test_with_tls_and_a_password(
    tls: ssl.SSLContext, certificate: Path, monkeypatch: pytest.MonkeyPatch, scheme: str, at_once: bool
) -> None:
    server = create_mail_server(users={"desk@y.es": "p@ss:w/rd"}, tls=tls, implicit_tls=at_once)
    with server.serve():
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        deliver(f"{scheme}://desk%40y.es:p%40ss%3Aw%2Frd@localhost:{port(server)}")
    assert server.messages()[0].text == "Hola\n.\nfin\n"
    assert at_once or {"command": "STARTTLS", "line": "STARTTLS"} in server.calls


def test_a_certificate_of_somebody_else_ends_it_before_anything_is_said(tls: ssl.SSLContext) -> None:
    server = create_mail_server(tls=tls)
    with server.serve(), pytest.raises(Temporary):
        deliver(f"smtp+starttls://localhost:{port(server)}")
    assert server.messages() == []


def test_starttls_that_is_asked_for_and_not_offered_sends_nothing(plain: MailServer) -> None:
    with pytest.raises(Temporary):
        deliver(plain.url.replace("smtp://", "smtp+starttls://"))
    assert plain.messages() == []


def test_a_wrong_password_is_no_mails_fault() -> None:
    server = create_mail_server(users={"desk": "right"})
    with server.serve(), pytest.raises(Temporary) as refused:
        deliver(server.url.replace("smtp://", "smtp://desk:wrong@"))
    assert refused.value.reason.startswith("smtp_535") and refused.value.retry_after == 300


@pytest.mark.parametrize(
    ("operation", "code", "failure"),
    [
        ("connect", 554, Temporary),
        ("mail", 451, Temporary),
        ("mail", 550, Permanent),
        ("rcpt", 452, Temporary),
        ("rcpt", 553, Permanent),
        ("data", 451, Temporary),
        ("data", 554, Permanent),
        ("message", 452, Temporary),
        ("message", 552, Permanent),
    ],
)
def test_codes(plain: MailServer, operation: str, code: int, failure: type[Exception]) -> None:
    plain.refuse(operation, code)
    with pytest.raises(failure) as refused:
        deliver(plain.url)
    assert type(refused.value) is failure and f"smtp_{code}" in str(refused.value)


@pytest.mark.parametrize("operation", ["connect", "ehlo", "mail", "rcpt", "data"])
@pytest.mark.parametrize("kind", ["hang", "drop"])
def test_nothing_is_in_doubt_before_the_text(plain: MailServer, operation: str, kind: str) -> None:
    plain.faults.add(operation, kind, seconds=3)
    with pytest.raises(Temporary) as failed:
        deliver(plain.url)
    assert not isinstance(failed.value, MailInDoubt)
    plain.faults.clear()


@pytest.mark.parametrize("kind", ["hang", "drop"])
def test_after_the_text_it_is_in_doubt(plain: MailServer, kind: str) -> None:
    plain.faults.add("message", kind, seconds=3)
    with pytest.raises(MailInDoubt):
        deliver(plain.url)
    plain.faults.clear()


def test_nobody_listens() -> None:
    with pytest.raises(Temporary):
        deliver("smtp://127.0.0.1:1")


@pytest.mark.parametrize("to", ["", "ana", "a b@x.es", "a@x.es\r\nRCPT TO:<b@x.es>", "<a@x.es>", "a@b@c"])
def test_what_is_no_address(plain: MailServer, to: str) -> None:
    with pytest.raises(Permanent, match="bad_address"):
        deliver(plain.url, to)
    assert not plain.calls


def test_domains_beyond_ascii(plain: MailServer) -> None:
    deliver(plain.url, "ana@ferretería.es")
    deliver(plain.url, "josé@x.es")
    assert [got.recipients for got in plain.messages()] == [("ana@xn--ferretera-n5a.es",), ("josé@x.es",)]


def test_ports_where_none_is_named() -> None:
    urls = ("smtp://h", "smtp://u:p@h", "smtp+starttls://h", "smtps://h")
    assert [server_of(url).port for url in urls] == [25, 587, 587, 465]
