"""Search results: the text with the terms marked, and links to people and companies."""

import pytest
from flask.testing import FlaskClient

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.people.models import Person
from msp.people.tokens import add_token
from msp.tickets.actions import change_status
from msp.tickets.models import Ticket
from msp.tickets.search import Piece, search, similar_resolved
from tests.search.conftest import Ask, opened, said
from tests.world import World, sign_in

EXCERPTS = [
    # terms, where on the ticket, the marked text
    ("impresion", "message", "La <impresión> sale en blanco", None),
    ("conmutador", "message", "Servidor lento", "He reiniciado el <conmutador> y cambié el latiguillo de la sala."),
    ("reiniciar", "message", "Servidor lento", "He <reiniciado> el conmutador y cambié el latiguillo de la sala."),
    ("ornitorrinco", "note", "No recuerdo la contraseña", "La clave del cofre es «<ornitorrinco>»."),
    ("presupuesto_ano.pdf", "attachment", "La impresión sale en blanco", "<presupuesto_año.pdf>"),
    ("10.0.0.5", "message", "Servidor lento", "El servidor <10.0.0.5> (intranet.acme.example) no contesta."),
    ("dolores", "requester", "No recuerdo la contraseña", "<Dolores> Prieto"),
    ("azcarate", "requester", "El escáner atasca el papel", "Iñigo <Azcárate>"),
]


@pytest.mark.parametrize(("words", "place", "subject", "excerpt"), EXCERPTS)
def test_a_hit_shows_the_text_that_was_found(
    desk: World, words: str, place: str, subject: str, excerpt: str | None
) -> None:
    with work(Scope.staff()):
        [hit] = search(words).tickets
    assert marks(hit.subject) == subject
    if excerpt is None:
        assert hit.excerpt.place == "subject" and marks(hit.excerpt.pieces) == subject
    else:
        assert (hit.excerpt.place, marks(hit.excerpt.pieces)) == (place, excerpt)


def marks(pieces: list[Piece]) -> str:
    return "".join(f"<{text}>" if is_match else text for text, is_match in pieces)


def test_the_console_marks_it_and_says_where_it_was_found(desk: World, web: FlaskClient) -> None:
    page = sign_in(web, desk.tomas).get("/desk/search?q=ornitorrinco").text
    assert '<b>nota</b> <span translate="no">La clave del cofre es «<mark>ornitorrinco</mark>».' in page
    page = sign_in(web, desk.dolores).get("/portal/search?q=conmutador").text
    assert "<mark>conmutador</mark>" in page


def test_the_palette_gets_the_list_alone_and_a_page_the_page(desk: World, web: FlaskClient) -> None:
    headers = {"HX-Request": "true", "HX-Target": "div#palette-list"}
    listed = sign_in(web, desk.tomas).get("/desk/search?q=ornitorrinco", headers=headers).text
    assert '<div class="found">' in listed and "LOZ-2" in listed and "<html" not in listed
    assert "<html" in web.get("/desk/search?q=ornitorrinco", headers={"HX-Request": "true"}).text


def test_what_is_found_is_text_and_never_markup(desk: World, web: FlaskClient) -> None:
    opened(desk, desk.marta, "<b>x</b> peligroso", "<script>alert('peligroso')</script>")
    page = sign_in(web, desk.tomas).get("/desk/search?q=peligroso").text
    assert "<b>x</b>" not in page and "<script>alert" not in page
    assert "&lt;script&gt;alert(&#39;<mark>peligroso</mark>" in page


def test_a_long_text_is_cut_around_what_was_found(desk: World) -> None:
    ticket = opened(desk, desk.marta, "Acta", "palabra " * 2_000 + "salamandra " + "palabra " * 2_000)
    with work(Scope.staff()):
        [hit] = search("salamandra").tickets
    shown = marks(hit.excerpt.pieces)
    assert "<salamandra>" in shown and len(shown) < 250 and shown.startswith("…") and shown.endswith("…")
    assert hit.row.id == ticket.id


def test_a_person_found_opens_their_page_with_their_tickets(desk: World, web: FlaskClient) -> None:
    for words in ("nunez", "Oscar Núñez", "nuñes", "oscar.nunez@lozano.example", "núñez lozano"):
        page = sign_in(web, desk.tomas).get("/desk/search", query_string={"q": words}).text
        assert "Óscar Núñez" in page, words
    link = page.partition('href="/desk/people/')[2].partition('"')[0]
    opened_page = web.get(f"/desk/people/{link}").text
    assert "LOZ-3" in opened_page and "LOZ-5" in opened_page and "oscar.nunez@lozano.example" in opened_page
    assert "LOZ-1" not in opened_page


def test_a_technician_found_opens_what_they_are_assigned(desk: World, web: FlaskClient) -> None:
    with work(Scope.system()) as session:
        session.query(Ticket).filter_by(subject="Servidor lento").one().assignee_id = desk.irene.id
    page = sign_in(web, desk.tomas).get(f"/desk/people/{desk.irene.id}").text
    assert "LOZ-3" in page and "LOZ-1" not in page


def test_the_page_of_a_stranger_is_not_there(desk: World, web: FlaskClient) -> None:
    assert sign_in(web, desk.nuria).get(f"/desk/people/{desk.marta.id}").status_code == 404
    assert sign_in(web, desk.dolores).get(f"/desk/people/{desk.marta.id}").status_code == 404
    assert "Marta" not in sign_in(web, desk.nuria).get("/desk/search?q=marta").text


@pytest.mark.parametrize("words", ["lozano", "Ferretería Lozano, S.L.", "ferreteria", "LOZ", "lozzano", "loza"])
def test_a_company_is_found(desk: World, words: str) -> None:
    with work(Scope.staff()):
        assert [client.code for client in search(words).clients] == ["LOZ"]


def test_people_who_left_are_not_listed_but_their_tickets_are_found(desk: World, console: Ask) -> None:
    with work(Scope.system()) as session:
        session.query(Person).filter_by(email="oscar.nunez@lozano.example").one().active = False
    assert console(desk.tomas, "nunez") == {"LOZ-3", "LOZ-5"}
    with work(Scope.staff()):
        assert not search("nunez").people


def test_only_one_ticket_of_a_number_that_was_typed_opens(desk: World, web: FlaskClient) -> None:
    sign_in(web, desk.tomas)
    assert web.get("/desk/search?q=loz%202").location.endswith("/desk/tickets/LOZ-2")
    assert web.get("/desk/search?q=%234").location.endswith("/desk/tickets/LOZ-4")
    assert web.get("/desk/search?q=1").status_code == 200  # LOZ-1 and AZC-1
    assert sign_in(web, desk.dolores).get("/portal/search?q=loz2").location.endswith("/portal/tickets/LOZ-2")


def test_the_api_gives_the_same_in_the_same_order(desk: World, web: FlaskClient) -> None:
    with work(Scope.system()):
        staff = add_token(desk.tomas, role="staff", name="tests", at=clock.now())
        manager = add_token(desk.dolores, role="client", name="tests", at=clock.now())
        employee = add_token(desk.marta, role="client", name="tests", at=clock.now())
    found = asked(web, staff, "nunez")
    assert [each["number"] for each in found["tickets"]] == ["LOZ-5", "LOZ-3"]
    assert [each["name"] for each in found["people"]] == ["Óscar Núñez"]
    assert found["tickets"][0]["excerpt"] == {"place": "requester", "text": "Óscar Núñez", "matches": [[6, 11]]}
    assert [each["code"] for each in asked(web, staff, "azcarate")["clients"]] == ["AZC"]
    ours = asked(web, manager, "lozano")
    assert len(ours["tickets"]) == 5 and not ours["people"] and not ours["clients"]
    assert [each["number"] for each in asked(web, employee, "lozano")["tickets"]] == ["LOZ-4", "LOZ-1"]


def asked(web: FlaskClient, token: str, words: str) -> dict[str, list[dict[str, object]]]:
    bearer = {"Authorization": f"Bearer {token}"}
    answer = web.get("/api/v1/search", query_string={"q": words}, headers=bearer)
    assert answer.status_code == 200, answer.data
    return dict(answer.get_json())


def test_pages_of_what_the_api_finds_go_on(desk: World, web: FlaskClient) -> None:
    with work(Scope.system()):
        token = add_token(desk.tomas, role="staff", name="tests", at=clock.now())
    seen: list[str] = []
    cursor = ""
    while True:
        path = f"/api/v1/tickets?q=lozano&limit=2{cursor}"
        page = web.get(path, headers={"Authorization": f"Bearer {token}"}).get_json()
        seen += [each["number"] for each in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == ["LOZ-5", "LOZ-4", "LOZ-3", "LOZ-2", "LOZ-1"]


def solved(world: World, requester: Person, subject: str, body: str, how: str | None) -> Ticket:
    ticket = opened(world, requester, subject, body)
    if how:
        said(ticket, world.tomas, how)
    said(ticket, None, "¡Gracias!")
    with work(Scope.staff()) as session:
        change_status(session.get_one(Ticket, ticket.id), "resolved", at=clock.now())
    return ticket


def test_similar_tickets_share_rare_words_and_show_what_solved_them(desk: World, web: FlaskClient) -> None:
    for number in range(6):
        solved(
            desk, desk.marta, f"Nada funciona desde esta mañana {number}", "Desde esta mañana. Hola, gracias.", "Hecho."
        )
    solved(desk, desk.dolores, "El plóter escupe tinta", "Los planos del plóter salen manchados.", "Cambié el cabezal.")
    new = opened(
        desk, desk.marta, "Desde esta mañana el ploter mancha", "Hola, desde esta mañana los planos salen mal."
    )
    with work(Scope.staff()) as session:
        found = similar_resolved(session.get_one(Ticket, new.id))
    assert [each.row.label for each in found][:1] == ["LOZ-12"]
    assert marks(found[0].resolution) == "Cambié el cabezal."
    assert "<plóter>" in marks(found[0].subject)
    page = sign_in(web, desk.tomas).get("/desk/tickets/LOZ-13/similar", headers={"HX-Request": "true"}).text
    assert "LOZ-12" in page and "Cambié el cabezal." in page


@pytest.mark.parametrize(
    "subject",
    [
        "Hola, desde esta mañana no va",
        "Good morning, please help us with this",
        "…",
        "Buenos días",
        "Es urgente, ayuda por favor",
        "Esto no funciona desde ayer, un problema",
        "It is not working, urgent problem",
    ],
)
def test_nothing_is_similar_by_words_that_say_nothing(desk: World, subject: str) -> None:
    solved(
        desk, desk.marta, "Buenos días, desde esta tarde no va con esto", "Please help us, good day. Gracias", "Hecho."
    )
    body = "Urgente: hoy no funciona, ayer funcionaba. Not working, urgent problem."
    solved(desk, desk.marta, "Un problema urgente", body, "Hecho.")
    new = opened(desk, desk.dolores, subject, subject)
    with work(Scope.staff()) as session:
        found = similar_resolved(session.get_one(Ticket, new.id))
    assert not found


def test_similar_tickets_stay_within_the_clients_of_the_reader(desk: World) -> None:
    solved(desk, desk.marta, "El plóter escupe tinta", "Los planos.", "Cambié el cabezal.")
    new = opened(desk, desk.dolores, "Plóter sin tinta", "Los planos.")
    with work(Scope.staff_some([desk.azcarate.id])):
        assert not similar_resolved(new)
    with work(Scope.staff_some([desk.lozano.id])):
        assert [each.row.label for each in similar_resolved(new)] == ["LOZ-6"]


def test_a_deleted_message_is_no_excerpt_and_a_note_no_excerpt_for_clients(desk: World) -> None:
    with work(Scope.client(desk.lozano.id)):
        assert not search("ornitorrinco").tickets
        [hit] = search("contraseña").tickets
        assert "ornitorrinco" not in marks(hit.excerpt.pieces)
