"""One search for console, palette, portal and API: words, literal tokens, numbers, names; each within its scope."""

import pytest

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.tickets.message_changes import delete_message, edit_message, undelete_message
from msp.tickets.models import Attachment, Message, Ticket
from msp.tickets.search import search
from tests.search.conftest import Ask, attached, opened, said
from tests.world import World

WORDS = [
    # accents and case
    ("impresion", {"LOZ-1"}),
    ("IMPRESIÓN", {"LOZ-1"}),
    ("contrasena", {"LOZ-2"}),
    ("contraseña", {"LOZ-2"}),
    ("recepcion", {"LOZ-1"}),
    ("escaner", {"AZC-1"}),
    ("recepcio\u0301n", {"LOZ-1"}),  # decomposed, as some systems write it
    # Spanish and English word forms
    ("impresiones", {"LOZ-1"}),
    ("contraseñas", {"LOZ-2"}),
    ("servidores", {"LOZ-3"}),
    ("reiniciar", {"LOZ-3"}),
    ("cambiar", {"LOZ-3"}),
    ("printer", {"LOZ-4"}),
    ("company", {"LOZ-4"}),
    ("password", {"LOZ-4"}),
    ("run", {"LOZ-4"}),
    # beginnings of words
    ("impr", {"LOZ-1"}),
    ("ornito", {"LOZ-2"}),
    ("latigui", {"LOZ-3"}),
    # all words count, wherever on the ticket; stop words do not
    ("servidor conmutador", {"LOZ-3"}),
    ("la contraseña de la VPN", {"LOZ-2"}),
    ("servidor ornitorrinco", set()),
    ("hojas blanco", {"LOZ-1"}),
    # a phrase in quotes matches adjacent words
    ('"hojas de la HP"', {"LOZ-1"}),
    ('"HP de la hojas"', set()),
    # names
    ("nunez", {"LOZ-3", "LOZ-5"}),
    ("Núñez servidor", {"LOZ-3"}),
    ("nuñes", {"LOZ-3", "LOZ-5"}),
    ("dolores prieto", {"LOZ-2"}),
    ("azcarate", {"AZC-1"}),
    ("lozano instalar", {"LOZ-5"}),
]
LITERALS = [
    ("10.0.0.5", {"LOZ-3"}),
    ("10.0.0", {"LOZ-3"}),
    ("10.0.0.50", set()),
    ("110.0.0.5", set()),
    ("10.0.0.5.", {"LOZ-3"}),
    ("intranet.acme.example", {"LOZ-3"}),
    ("INTRANET.acme.EXAMPLE", {"LOZ-3"}),
    ("intranet", {"LOZ-3"}),
    ("intranet.acme", {"LOZ-3"}),
    ("presupuesto_año.pdf", {"LOZ-1"}),
    ("presupuesto_ano.pdf", {"LOZ-1"}),
    ("presupuesto", {"LOZ-1"}),
    ("FV-2026/0042", {"LOZ-1"}),
    ("fv 2026 0042", {"LOZ-1"}),
    ("FV-2026/0043", set()),
    ("ayuda+tpv@tienda.example", {"LOZ-1"}),
    ("tienda.example", {"LOZ-1"}),
    ("https://docs.acme.example/guia/tpv?id=7", {"LOZ-1"}),
    ("docs.acme.example/guia", {"LOZ-1"}),
    ("0x80070005", {"LOZ-5"}),
    ("0X80070005", {"LOZ-5"}),
    ("00:1A:2B:3C:4D:5E", {"LOZ-5"}),
    ("00-1a-2b-3c-4d-5e", {"LOZ-5"}),
    ("001A2B3C4D5E", {"LOZ-5"}),
    ("001a.2b3c.4d5e", {"LOZ-5"}),
    ("SN-4F2A/77", {"LOZ-5"}),
    ("sn-4f2", {"LOZ-5"}),
    ("oscar.nunez@lozano.example", {"LOZ-3", "LOZ-5"}),
]
NUMBERS = [
    ("LOZ-2", {"LOZ-2"}),
    ("loz-2", {"LOZ-2"}),
    ("LOZ 2", {"LOZ-2"}),
    ("loz2", {"LOZ-2"}),
    ("LOZ#2", {"LOZ-2"}),
    ("[LOZ-2]", {"LOZ-2"}),
    ("Re: [LOZ-2] No recuerdo", {"LOZ-2"}),
    ("ticket LOZ-2", {"LOZ-2"}),
    ("LOZ–2", {"LOZ-2"}),
    (" LOZ-002 ", {"LOZ-2"}),
    ("https://desk.example/desk/tickets/LOZ-2", {"LOZ-2"}),
    ("#4", {"LOZ-4"}),
    ("4", {"LOZ-4"}),
    ("LOZ-99", set()),
    ("#99999999999999999999", set()),
]


@pytest.mark.parametrize(("words", "expected"), [*WORDS, *LITERALS, *NUMBERS])
def test_console_and_api_find_the_same(desk: World, console: Ask, api: Ask, words: str, expected: set[str]) -> None:
    assert console(desk.tomas, words) == expected
    assert api(desk.tomas, words) == expected


def test_a_number_alone_finds_that_number_at_every_client(desk: World, console: Ask, api: Ask) -> None:
    for words in ("1", "#1", "ticket 1", "nº 1"):
        assert {"LOZ-1", "AZC-1"} <= console(desk.tomas, words)
        assert {"LOZ-1", "AZC-1"} <= api(desk.tomas, words)


SCOPES = [
    # who, words, results
    ("marta", "impresion", {"LOZ-1"}),
    ("marta", "contraseña", set()),  # a colleague's
    ("marta", "LOZ-2", set()),
    ("marta", "2", set()),
    ("marta", "lozano", {"LOZ-1", "LOZ-4"}),
    ("dolores", "contraseña", {"LOZ-2"}),
    ("dolores", "ornitorrinco", set()),  # a note
    ("dolores", "cofre ornitorrinco", set()),
    ("dolores", "escaner", set()),  # another client's
    ("dolores", "AZC-1", set()),
    ("dolores", "azcarate", set()),
    ("dolores", "nunez", {"LOZ-3", "LOZ-5"}),
    ("dolores", "conmutador", {"LOZ-3"}),
    ("dolores", "presupuesto_año.pdf", {"LOZ-1"}),
    ("inigo", "escaner", {"AZC-1"}),
    ("inigo", "impresion", set()),
    ("inigo", "lozano", set()),
    ("inigo", "1", {"AZC-1"}),
    ("tomas", "ornitorrinco", {"LOZ-2"}),
    ("nuria", "escaner", {"AZC-1"}),  # works for Azcárate only
    ("nuria", "impresion", set()),
    ("nuria", "ornitorrinco", set()),
    ("nuria", "LOZ-2", set()),
    ("nuria", "nunez", set()),
]


@pytest.mark.parametrize(("who", "words", "expected"), SCOPES)
def test_everybody_finds_what_they_may_see(
    desk: World, console: Ask, api: Ask, who: str, words: str, expected: set[str]
) -> None:
    person = getattr(desk, who)
    assert console(person, words) == expected
    assert api(person, words) == expected


def test_files_of_notes_are_found_by_staff_only(desk: World, console: Ask) -> None:
    with work(Scope.system()) as session:
        hidden = session.query(Message).filter_by(visibility="internal").one()
    attached(hidden, "plano_caja_fuerte.dwg")
    assert console(desk.tomas, "plano_caja_fuerte.dwg") == {"LOZ-2"}
    assert console(desk.dolores, "plano_caja_fuerte.dwg") == set()


def test_what_was_deleted_or_edited_away_is_not_found(desk: World, console: Ask, api: Ask) -> None:
    ticket = opened(desk, desk.dolores, "Otra cosa", "Nada.")
    message = said(ticket, None, "El código del almacén es salamandra")
    attached(message, "acta-salamandra.docx")
    assert console(desk.tomas, "salamandra") == {"LOZ-6"}
    with work(Scope.system()) as session:
        delete_message(session.get_one(Ticket, ticket.id), session.get_one(Message, message.id), at=clock.now())
    assert console(desk.tomas, "salamandra") == set() == api(desk.tomas, "salamandra")
    with work(Scope.system()) as session:
        mine, again = session.get_one(Ticket, ticket.id), session.get_one(Message, message.id)
        undelete_message(mine, again, body="Lagartija", content=None, at=clock.now())
    assert console(desk.tomas, "lagartija") == {"LOZ-6"}
    with work(Scope.system()) as session:
        mine = session.get_one(Ticket, ticket.id)
        edit_message(mine, session.get_one(Message, message.id), body="Camaleón", at=clock.now())
    assert console(desk.tomas, "lagartija") == set()
    assert console(desk.tomas, "camaleon") == {"LOZ-6"}


def test_a_message_that_becomes_a_note_is_not_found_by_the_client_any_more(desk: World, console: Ask) -> None:
    with work(Scope.system()) as session:
        message = session.query(Message).filter(Message.body.contains("conmutador")).one()
        message.visibility = "internal"
    assert console(desk.tomas, "conmutador") == {"LOZ-3"}
    assert console(desk.dolores, "conmutador") == set()


def test_a_removed_file_is_not_found(desk: World, console: Ask) -> None:
    with work(Scope.system()) as session:
        session.delete(session.query(Attachment).one())
    assert console(desk.tomas, "presupuesto") == set()


def test_a_name_that_changes_is_found_by_the_new_one(desk: World, console: Ask) -> None:
    with work(Scope.system()) as session:
        session.merge(desk.marta).name = "Marta Zubizarreta"
        session.merge(desk.lozano).name = "Suministros Quijote"
    assert console(desk.tomas, "zubizarreta") == {"LOZ-1", "LOZ-4"}
    assert console(desk.tomas, "quijote impresion") == {"LOZ-1"}
    assert console(desk.tomas, "ruiz") == set()


def test_everything_on_a_very_long_ticket_is_found(desk: World, console: Ask) -> None:
    ticket = opened(desk, desk.dolores, "Registro", "línea 0.0.0.0\n" * 7_000)
    for number in range(3):
        said(ticket, None, " ".join(f"palabra{number}x{each}" for each in range(6_000)))
    said(ticket, None, "Al final 172.16.254.1 contesta")
    for words in ("palabra0x5999", "palabra2x0", "172.16.254.1", "registro contesta"):
        assert console(desk.tomas, words) == {"LOZ-6"}, words


def test_the_best_match_comes_first(desk: World) -> None:
    """A number before words; words of the subject before those of messages; then the newest."""
    opened(desk, desk.dolores, "Otra cosa", "La impresión también falla, como LOZ-2.")
    with work(Scope.staff()):
        assert [hit.row.label for hit in search("impresión").tickets] == ["LOZ-1", "LOZ-6"]
        assert [hit.row.label for hit in search("loz-2").tickets] == ["LOZ-2", "LOZ-6"]


@pytest.mark.parametrize(
    "words",
    ["", " ", "'", "a' | b", "%_", "!!", "&|", "\\", "x" * 5000, "LOZ-999999999999", ":*", '"', '""', "a", "-", "…",
     "😀", "de la", "(((", "<->", "10.", "\u0301", "日本", "ª", "'; select"],
)  # fmt: skip
def test_whatever_is_typed_breaks_nothing(desk: World, console: Ask, words: str) -> None:
    console(desk.tomas, words)
    console(desk.dolores, words)
