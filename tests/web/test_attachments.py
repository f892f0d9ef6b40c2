"""Files that staff attach: one validation for console and API, downloads only, and those of notes stay among staff."""

import io
import re
import zipfile

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.people.models import Person
from msp.tickets import upload_quota
from msp.tickets.attaching import UNKNOWN_TYPE, media_type
from msp.tickets.models import Attachment, Message, Ticket
from msp.tickets.opening import Request, open_ticket
from msp.words import formats
from tests.web.multipart import Sent, multipart
from tests.world import World, sign_in

TPV = Request(subject="El TPV no cobra", body="Hay cola.", source="portal")
PAGE = "/desk/tickets/LOZ-1"


@pytest.fixture
def ticket(world: World) -> Ticket:
    with work(Scope.client(world.lozano.id)):
        return open_ticket(world.lozano, requester=world.marta, request=TPV, at=clock.now())[0]


@pytest.fixture
def desk(web: FlaskClient, world: World, ticket: Ticket) -> FlaskClient:
    return sign_in(web, world.tomas)


def text(name: str = "error.log", content: bytes = b"error 41", kind: str = "text/plain") -> Sent:
    return content, name, kind


def send(web: FlaskClient, *sent: Sent, path: str = f"{PAGE}/reply", **fields: str) -> tuple[int, str]:
    form = multipart({"body": "Mira el registro", "visibility": "public", **fields}, *sent)
    answer = web.post(path, **form, headers={"Referer": f"http://localhost{path.removesuffix('/reply')}"})
    return answer.status_code, answer.text


def at_files(page: str) -> str:
    """The error at the file field, which has the focus; empty if there is none."""
    field = re.search(r'<input id="(f-)?files" [^>]*aria-invalid="true" autofocus>', page)
    error = re.search(r'data-file-error role="alert">([^<]+)</p>', page)
    assert page.count(" autofocus") <= 1 and 'class="flashes"' not in page
    return error[1] if field and error else ""


def stored() -> list[Attachment]:
    with work(Scope.staff()) as session:
        return list(session.scalars(select(Attachment).order_by(Attachment.id)))


def test_reply_and_note_keep_their_files(desk: FlaskClient) -> None:
    assert send(desk, text(), text("captura.png", b"\x89PNG", "image/png"))[0] == 303
    assert send(desk, text("clave.txt", b"secreto"), visibility="internal")[0] == 303
    assert [(each.name, each.size, each.content_type) for each in stored()] == [
        ("error.log", 8, "text/plain"),
        ("captura.png", 4, "image/png"),
        ("clave.txt", 7, "text/plain"),
    ]
    page = desk.get(PAGE).text
    assert all(name in page for name in ("error.log", "captura.png", "clave.txt"))


def test_files_of_a_note_stay_among_staff(desk: FlaskClient, world: World) -> None:
    send(desk, text())
    send(desk, text("clave.txt", b"secreto"), visibility="internal")
    public, internal = stored()
    portal = sign_in(desk.application.test_client(), world.dolores)
    with portal.get(f"/portal/attachments/{public.id}") as answer:
        assert answer.data == b"error 41"
    assert portal.get(f"/portal/attachments/{internal.id}").status_code == 404
    assert "clave.txt" not in portal.get("/portal/tickets/LOZ-1").text
    with work(Scope.client(world.lozano.id)) as session:
        assert [each.id for each in session.scalars(select(Attachment))] == [public.id]


def test_originals_are_downloads_only(desk: FlaskClient) -> None:
    send(desk, text("foto.png", b"<script>alert(1)</script>", "image/png"))
    answer = desk.get(f"/desk/attachments/{stored()[0].id}")
    answer.close()
    assert answer.mimetype == UNKNOWN_TYPE
    assert answer.headers["Content-Disposition"] == "attachment; filename=foto.png"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"


def test_refused_files_store_nothing(desk: FlaskClient) -> None:
    status, page = send(desk, text(content=b""))
    assert (status, "Un archivo está vacío." in page) == (422, True)
    status, page = send(desk, *[text()] * 11)
    assert (status, "Como máximo 10 archivos." in page) == (422, True)
    status, page = send(desk, text(content=b"x" * (20 * 1024 * 1024 + 1)))
    assert (status, "como máximo 20 MB" in page) == (422, True)
    assert stored() == []
    with work(Scope.staff()) as session:
        assert len(session.scalars(select(Message)).all()) == 1


def test_200_megabytes_are_refused_before_they_are_read(desk: FlaskClient) -> None:
    form = {"body": "Mira", "files": (io.BytesIO(b"x"), "a")}
    claimed = {"CONTENT_LENGTH": str(200 * 1024 * 1024)}
    answer = desk.post(f"{PAGE}/reply", data=form, environ_overrides=claimed)
    assert answer.status_code == 413


def test_names_and_archives_are_harmless(desk: FlaskClient) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("0", b"\0" * 30_000_000)
    sent = [
        text("C:/temp/../informe.pdf"),
        text("../../etc/passwd"),
        text("factura‮gpj.exe"),
        (packed.getvalue(), "b.zip", "application/zip"),
    ]
    assert send(desk, *sent)[0] == 303
    names = [each.name for each in stored()]
    assert names == ["informe.pdf", "passwd", "facturagpj.exe", "b.zip"]
    assert stored()[3].size == len(packed.getvalue())


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("image/png", "image/png"),
        ("Text/HTML; charset=utf-8", "text/html"),
        ("", UNKNOWN_TYPE),
        ("text", UNKNOWN_TYPE),
        ("text/plain\r\nX-Evil: 1", UNKNOWN_TYPE),
        ("a/" + "b" * 300, UNKNOWN_TYPE),
    ],
)
def test_media_types(given: str, kept: str) -> None:
    assert media_type(given) == kept


def test_limits_and_the_rest_of_the_quota_are_shown(desk: FlaskClient) -> None:
    send(desk, text(content=b"x" * 3_000_000))
    shown = "Como máximo 10 archivos de 20 MB cada uno, 29 MB en total; hoy quedan 197 MB."
    assert shown in desk.get(PAGE).text.replace(formats.THIN, " ")


def test_a_new_ticket_takes_files(desk: FlaskClient, world: World) -> None:
    form = {
        "client_id": str(world.lozano.id),
        "requester_id": str(world.marta.id),
        "subject": "Impresora",
        "body": "No imprime",
        "idempotency_key": "uno",
    }
    status, page = send(desk, text(content=b""), path="/desk/new", priority="high", source="email", **form)
    assert (status, at_files(page)) == (422, "Un archivo está vacío.")
    assert "No imprime</textarea>" in page and 'value="Impresora"' in page
    chosen = re.findall(r'value="([^"]+)"(?: selected| checked)', page)
    assert chosen == [form["client_id"], form["requester_id"], "email", "incident", "high"]
    assert send(desk, text(), path="/desk/new", **form)[0] == 303
    [kept] = stored()
    with work(Scope.staff()) as session:
        assert session.get_one(Message, kept.message_id).body == "No imprime"


@pytest.mark.parametrize("visibility", ["public", "internal"])
def test_a_refused_file_is_explained_at_its_field_and_the_text_kept(desk: FlaskClient, visibility: str) -> None:
    status, page = send(desk, text(content=b""), visibility=visibility)
    assert (status, at_files(page)) == (422, "Un archivo está vacío.")
    assert "Mira el registro</textarea>" in page and f'value="{visibility}" checked' in page
    assert 'id="thread"' in page


def test_an_empty_text_is_explained_at_its_field(desk: FlaskClient, world: World) -> None:
    fault = re.compile(r'aria-describedby="body-error" aria-invalid="true" autofocus>.*?id="body-error"', re.DOTALL)
    status, page = send(desk, body="  ", visibility="internal")
    assert (status, bool(fault.search(page)), 'value="internal" checked' in page) == (422, True, True)
    marta = sign_in(desk.application.test_client(), world.marta)
    status, page = send(marta, body="  ", path="/portal/tickets/LOZ-1/reply")
    assert (status, bool(fault.search(page))) == (422, True)


def test_a_reply_with_a_refused_file_is_still_held_and_its_confirmation_kept(desk: FlaskClient, world: World) -> None:
    seen = 'name="last_seen_message_id" value="([^"]*)"'
    first = re.search(seen, desk.get(PAGE).text)
    assert first is not None
    send(sign_in(desk.application.test_client(), world.irene), path=f"{PAGE}/reply")
    _, page = send(desk, text(content=b""), visibility="internal", last_seen_message_id=first[1])
    assert re.findall(seen, page) == [first[1]]
    _, page = send(desk, last_seen_message_id=first[1], then="waiting_client")
    confirmed = re.search(r'name="confirmed_message_id" value="([^"]*)"', page)
    assert confirmed is not None
    fields = {"last_seen_message_id": first[1], "confirmed_message_id": confirmed[1], "then": "waiting_client"}
    status, page = send(desk, text(content=b""), **fields)
    assert (status, at_files(page), re.findall(seen, page)) == (422, "Un archivo está vacío.", [first[1]])
    assert 'name="then" value="waiting_client"' in page and confirmed[0] in page
    assert send(desk, text(), **fields)[0] == 303


def test_the_portal_explains_a_refused_file_at_its_field_and_keeps_the_text(
    web: FlaskClient, world: World, ticket: Ticket, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(web, world.marta)
    reply = "/portal/tickets/LOZ-1/reply"
    for sent, fault in (
        ([text(content=b"")], "Un archivo está vacío."),
        ([text()] * 11, "Como máximo 10 archivos."),
        ([text(content=b"x" * 200)], "Has alcanzado el límite diario"),
    ):
        monkeypatch.setattr(upload_quota, "PERSON_BYTES", 100)
        status, page = send(web, *sent, path=reply)
        assert (status, at_files(page).startswith(fault)) == (422, True)
        assert "Mira el registro</textarea>" in page and "Hay cola." in page
    assert stored() == []
    assert send(web, text(), path=reply)[0] == 303


def test_a_held_reply_asks_for_its_files_again_without_script(desk: FlaskClient, world: World) -> None:
    first = re.search(r'name="last_seen_message_id" value="([^"]*)"', desk.get(PAGE).text)
    assert first is not None
    send(sign_in(desk.application.test_client(), world.irene), path=f"{PAGE}/reply")
    status, page = send(desk, text(), last_seen_message_id=first[1])
    assert (status, "<noscript> Vuelve a seleccionar sus archivos.</noscript>" in page) == (409, True)
    assert stored() == []


def test_a_technician_of_other_clients_attaches_nothing(web: FlaskClient, world: World, ticket: Ticket) -> None:
    stranger: Person = world.nuria
    assert send(sign_in(web, stranger), text())[0] == 404
    assert stored() == []
