"""Pasted identifiers, word forms, text without spaces and very long tickets are all found."""

import pytest
from sqlalchemy import text

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.folding import fold
from msp.people.actions import add_person
from msp.tickets.search import search
from tests.search.conftest import Ask, attached, opened, said
from tests.world import World

WRITTEN = {
    "LOZ-1": (
        "Redes",
        "La IP 10.20.30.40:8443 y el equipo SRV-DC01, versión v10.0.19045.3803 del 2026-11-24T08:00:00Z.",
    ),
    "LOZ-2": ("Wi-Fi del almacén", "Va lenta; el e-mail también. Escribid a <jose.garcia-lopez@cliente.example>."),
    "LOZ-3": ("Factura F2026-00123", "GUID 3F2504E0-4F89-11D3-9A0C-0305E82C3301, foto aparte."),
    "LOZ-4": ("Teléfono", "Llamad al +34 612 34 56 78; de noche, al 915-123-456."),
    "LOZ-5": ("Parpadeo", "La luz del altavoz. La cuenta bloqueada. Busqué el cable. Que alguien actualice el portal."),
    "LOZ-6": ("Otra", "La impresora no imprimía bien y se perdió el trabajo. Copying of batteries."),
    "LOZ-7": ("プリンターが動かない", "二楼的打印机无法连接到网络"),
    "LOZ-8": ("Guía", "https://intranet.example/wiki/Guía_de_uso y L'impressora"),
}
PASTED = [
    # a port, a scheme, a version without its v, a day without its time
    ("10.20.30.40:8443", "LOZ-1"),
    ("http://10.20.30.40:8443/", "LOZ-1"),
    ("10.0.19045.3803", "LOZ-1"),
    ("10.0.19045", "LOZ-1"),
    ("2026-11-24", "LOZ-1"),
    ("srvdc01", "LOZ-1"),
    ("SRV_DC01", "LOZ-1"),
    # compounds in one word, addresses with surrounding punctuation
    ("wifi", "LOZ-2"),
    ("WiFi lenta", "LOZ-2"),
    ("email", "LOZ-2"),
    ("mailto:jose.garcia-lopez@cliente.example", "LOZ-2"),
    ("'jose.garcia-lopez@cliente.example',", "LOZ-2"),
    # beginnings of long numbers, and the sign of a number before one
    ("F2026-001", "LOZ-3"),
    ("IMG_2026", "LOZ-3"),
    ("img_20261123", "LOZ-3"),
    ("n.º F2026-00123", "LOZ-3"),
    ("factura nº F2026-00123", "LOZ-3"),
    ("3f2504e04f8911d39a0c0305e82c3301", "LOZ-3"),
    ("{3f2504e0-4f89-11d3-9a0c-0305e82c3301}", "LOZ-3"),
    # phone numbers in any groups
    ("612345678", "LOZ-4"),
    ("+34612345678", "LOZ-4"),
    ("0034 612 345 678", "LOZ-4"),
    ("612 345 678", "LOZ-4"),
    ("915123456", "LOZ-4"),
    ("(915) 123-456", "LOZ-4"),
    # Spanish word forms that stemming alone does not unify
    ("luces", "LOZ-5"),
    ("altavoces", "LOZ-5"),
    ("bloqueo", "LOZ-5"),
    ("bloquear", "LOZ-5"),
    ("buscar", "LOZ-5"),
    ("actualizar", "LOZ-5"),
    ("imprimir", "LOZ-6"),
    ("imprime", "LOZ-6"),
    ("imprimia", "LOZ-6"),
    ("perdido", "LOZ-6"),
    ("copies", "LOZ-6"),
    # no spaces between words
    ("动かない", "none"),
    ("動かない", "LOZ-7"),
    ("打印机", "LOZ-7"),
    ("无法连接", "LOZ-7"),
    ('"网络"', "LOZ-7"),
    ("网", "LOZ-7"),
    # addresses as browsers copy them, words behind an apostrophe
    ("https://intranet.example/wiki/Gu%C3%ADa_de_uso", "LOZ-8"),
    ("http://www.intranet.example", "LOZ-8"),
    ("impressora", "LOZ-8"),
    ("limpressora", "LOZ-8"),
]


@pytest.fixture
def written(world: World) -> World:
    """Tickets of Lozano that contain the terms."""
    for label, (subject, body) in WRITTEN.items():
        ticket = opened(world, world.marta, subject, body)
        assert ticket.number == int(label.removeprefix("LOZ-"))
        if label == "LOZ-3":
            attached(said(ticket, None, "Adjunto la foto."), "IMG_20261123_101533.jpg")
    return world


def test_what_is_pasted_finds_what_was_written(written: World) -> None:
    wrong = []
    for scope, requester in ((Scope.staff(), None), (Scope.client(written.lozano.id), written.marta.id)):
        with work(scope):
            for words, label in PASTED:
                found = [hit.row.label for hit in search(words, requester_id=requester).tickets]
                if found != ([label] if label in WRITTEN else []):
                    wrong.append((words, label, found))
    assert wrong == []


NUMBERS = [
    "ticket nº 2", "ticket number 2", "ticket no. 2", "n.º 2", "el ticket 2", "la incidencia 2", "incidencia nº 2",
    "avería 2", "petición 2", "request 2", "ticket-2", "número de ticket 2", "LOZ nº 2", "loz n.º 2", "LOZ #2",
    "ＬＯＺ－２", "lozano 2", "Ferretería Lozano 2", "Ticket 2 de Lozano", "ticket LOZ 2",
]  # fmt: skip


@pytest.mark.parametrize("words", NUMBERS)
def test_a_number_in_any_words_opens_its_ticket(written: World, words: str) -> None:
    with work(Scope.staff()):
        exact = search(words).exact
    assert exact is not None and exact.label == "LOZ-2"


@pytest.mark.parametrize("words", ["#2 #3", "2, 3", "2 y 3", "#2 and #3", "LOZ-2, LOZ-3"])
def test_several_numbers_are_found_together(written: World, console: Ask, api: Ask, words: str) -> None:
    assert console(written.tomas, words) == {"LOZ-2", "LOZ-3"} == api(written.tomas, words)


def test_a_code_before_a_number_means_that_client_alone(desk: World, console: Ask, api: Ask) -> None:
    assert console(desk.tomas, "LOZ #1") == {"LOZ-1"} == api(desk.tomas, "LOZ #1")


@pytest.mark.parametrize(
    "words",
    ["jpetx", "JPETX@", "jpetx@lozano.example.", "mailto:jpetx@lozano.example", "<jpetx@lozano.example>;",
     "943112233", "+34 943 11 22 33", "943 112 233", "oneill", "O’Neill"],
)  # fmt: skip
def test_a_person_is_found_by_address_and_phone_number(desk: World, words: str) -> None:
    with work(Scope.system()):
        person = add_person(
            client_id=desk.lozano.id,
            name="Juan Etxeberria O'Neill",
            email="jpetx@lozano.example",
            role="client_employee",
            locale="es",
            timezone="Europe/Madrid",
            at=clock.now(),
        )
        person.phone = "+34 943 11 22 33"
    with work(Scope.staff()):
        assert [each.name for each in search(words).people] == ["Juan Etxeberria O'Neill"]
    with work(Scope.staff_some([desk.azcarate.id])):
        assert not search(words).people


@pytest.mark.parametrize("words", ["B84562388", "b-84562388", "ESB84562388"])
def test_a_company_is_found_by_its_tax_number(desk: World, words: str) -> None:
    with work(Scope.system()) as session:
        session.merge(desk.lozano).tax_id = "ESB84562388"
    with work(Scope.staff()):
        assert [each.code for each in search(words).clients] == ["LOZ"]


def test_the_end_of_a_long_log_is_found(desk: World, console: Ask) -> None:
    """PostgreSQL keeps 255 positions of a word: too few for an address whose numbers occur everywhere."""
    lines = [f"2026-11-23 10:{n // 60 % 60:02}:{n % 60:02} conn from 10.0.0.{n % 250} ok" for n in range(900)]
    opened(desk, desk.dolores, "Registro", "\n".join([*lines, "2026-11-23 23:59:58 conn from 10.0.77.99 refused"]))
    for words in ("10.0.77.99", '"conn from 10.0.77.99"', "23:59:58", "registro refused"):
        assert console(desk.tomas, words) == {"LOZ-6"}, words
    assert console(desk.tomas, "10.0.77.98") == set()


def test_nothing_is_cut_in_two_between_the_parts_of_a_text(desk: World, console: Ask) -> None:
    for before in (31_990, 63_985):
        opened(desk, desk.dolores, "Corte", "a " * (before // 2) + f"servidor-{before}.example contesta mal")
    for words, label in (("servidor-31990.example", "LOZ-6"), ('"servidor-63985.example contesta mal"', "LOZ-7")):
        assert console(desk.tomas, words) == {label}, words


def test_words_are_found_wherever_they_stand_on_a_long_ticket(desk: World, console: Ask, api: Ask) -> None:
    """A ticket of several parts, each with one of the words."""
    ticket = opened(desk, desk.dolores, "Hilo largo", "x")
    for number in range(12):
        said(ticket, None, f"etapa{number} " + "lorem ipsum dolor " * 300)
    said(ticket, desk.tomas, "El tesoro.", is_note=True)
    for words in ("etapa0 etapa11", "hilo etapa0 etapa7", "dolores etapa0 etapa11"):
        assert console(desk.tomas, words) == {"LOZ-6"} == api(desk.tomas, words), words
        assert console(desk.dolores, words) == {"LOZ-6"}, words
    assert console(desk.marta, "etapa0 etapa11") == set() == console(desk.nuria, "etapa0 etapa11")
    assert console(desk.tomas, "etapa0 tesoro") == {"LOZ-6"}
    assert console(desk.dolores, "etapa0 tesoro") == set()
    assert console(desk.tomas, "etapa0 nada11") == set()


def test_a_rebuild_of_a_long_ticket_finds_the_same(desk: World, console: Ask) -> None:
    ticket = opened(desk, desk.dolores, "Hilo largo", "x")
    for number in range(12):
        said(ticket, None, f"etapa{number} " + "10.0.0.1 sit amet " * 250)
    said(ticket, None, "Al final 10.0.9.1")
    with work(Scope.system()) as session:
        session.execute(text("select search_rebuild(id) from ticket"))
        most = "select max(search_most_places(vector)) from ticket_search"
        assert session.execute(text(most)).scalar_one() < 255
    for words in ("10.0.9.1", "etapa0 etapa11"):
        assert console(desk.tomas, words) == {"LOZ-6"}, words


def test_what_was_found_is_marked_in_the_writing_of_the_text(written: World) -> None:
    with work(Scope.staff()):
        for words, mark in (("wifi", "Wi-Fi"), ("動かない", "動かない"), ("打印机", "打印机"), ("copies", "Copying")):
            [hit] = search(words).tickets
            pieces = [*hit.subject, *hit.excerpt.pieces]
            assert mark in "".join(text if is_match else " " for text, is_match in pieces).split(), words


def test_names_of_other_scripts_are_compared_as_the_database_does(world: World) -> None:
    names = ["Ёлка Николай", "プリンター ガ", "한국어 김", "Ελένη Άλφα", "Łukasz Åström-Müller", "Zoë Ñandú"]
    with work(Scope.system()) as session:
        folded = [session.execute(text("select search_fold(:name)"), {"name": name}).scalar_one() for name in names]
    assert [fold(name) for name in names] == folded
