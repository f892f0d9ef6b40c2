"""Report pages: every figure links to its tickets, each role sees its own data, files are safe to open."""

import csv
import re
from datetime import timedelta
from html import unescape
from io import StringIO

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from msp.kernel import clock
from msp.kernel.db import Scope, db, work
from msp.people.models import Person
from msp.tickets.actions import take
from msp.tickets.opening import Request, open_ticket
from msp.tickets.queries import access_ticket
from tests.reports.ticket_history import answer_each_day
from tests.reports.two_months import NOW, tell_two_months
from tests.world import World, sign_in


@pytest.fixture
def months(world: World) -> World:
    """The fixtures, two months later: it is 2 November, 10:00 in Madrid."""
    tell_two_months(world)
    clock.advance(NOW - clock.now())
    return world


def page(web: FlaskClient, who: Person, path: str) -> str:
    answer = sign_in(web, who).get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.text


def rows(text: str) -> list[list[str]]:
    """The cells of each row of the first table, as texts."""
    table = text.partition("<tbody>")[2].partition("</table>")[0]
    return [
        [" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in re.split(r"</t[hd]>", row)[:-1]]
        for row in re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
    ]


def read(text: str, delimiter: str = ";") -> list[list[str]]:
    assert text.startswith("\N{ZERO WIDTH NO-BREAK SPACE}")
    return list(csv.reader(StringIO(text[1:]), delimiter=delimiter))


def test_figures_of_a_month_and_what_stands_behind_each(web: FlaskClient, months: World) -> None:
    text = page(web, months.rosa, "/desk/reports?from=2026-10")
    assert [row[:7] for row in rows(text)] == [
        ["Azcárate Abogados", "0", "0", "0", "0", "3", "–"],
        ["Ferretería Lozano", "5", "2", "1", "2", "1", "40,0 %"],
        ["Total", "5", "2", "1", "2", "4", "40,0 %"],
    ]
    assert "5 + 4 = 9" in text
    links = {unescape(each) for each in re.findall(r'class="figure[^"]*" href="([^"]+)"[^>]*>\d+<', text)}
    assert links
    for link in links:
        number = re.search(rf'href="{re.escape(link.replace("&", "&amp;"))}"[^>]*>(\d+)<', text)
        assert number, link
        assert page(web, months.rosa, link).count('<details class="sla-target">') == int(number[1]), link


def test_a_long_table_comes_in_pages_with_the_sum_of_all(
    web: FlaskClient, months: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("msp.web.desk.reports.ROWS", 1)
    first = page(web, months.rosa, "/desk/reports?from=2026-10&by=client")
    assert [row[0] for row in rows(first)] == ["Azcárate Abogados", "Total"] and "1–1 de 2" in first
    after = re.search(r'rel="next" href="([^"]+)"', first)
    assert after is not None
    second = page(web, months.rosa, unescape(after[1]))
    assert [row[:2] for row in rows(second)] == [["Ferretería Lozano", "5"], ["Total", "5"]]
    assert 'rel="prev"' in second and 'rel="next"' not in second
    assert web.get("/desk/reports?from=2026-10&page=3").status_code == 404


def test_the_list_says_due_met_margin_and_why(web: FlaskClient, months: World) -> None:
    text = page(web, months.rosa, "/desk/reports/targets?from=2026-09&outcome=met_late")
    for part in ("LOZ-2", "Irene Navas", "30 min tarde", "cumplido fuera de SLA", "Contrato «Guardia 24»"):
        assert part in unescape(text).replace("\N{NO-BREAK SPACE}", " ").replace("“", "«").replace("”", "»"), part


@pytest.mark.parametrize("by", ["client", "contract", "priority", "type", "technician", "tier", "month", "kind"])
def test_every_grouping_in_both_languages(web: FlaskClient, months: World, by: str) -> None:
    with work(Scope.system()) as session:
        session.get_one(Person, months.ana.id).locale = "en"
    spanish = page(web, months.rosa, f"/desk/reports?from=2026-09&to=2026-10&by={by}")
    english = page(web, months.ana, f"/desk/reports?from=2026-09&to=2026-10&by={by}")
    assert "Informes" in spanish and "Reports" in english
    assert [row[1:6] for row in rows(spanish)] and len(rows(spanish)) == len(rows(english))


def test_technicians_see_their_own_and_the_teams_totals(web: FlaskClient, months: World) -> None:
    text = page(web, months.tomas, "/desk/reports?from=2026-09&by=technician")
    assert [(row[0], row[1]) for row in rows(text)] == [
        ("Tomás Rey", "4"),
        ("Otros técnicos", "2"),
        ("Sin asignar", "0"),
        ("Total", "6"),
    ]
    assert "Irene Navas" not in text
    own = f"/desk/reports/targets?from=2026-09&technician={months.tomas.id}"
    assert page(web, months.tomas, own)
    assert sign_in(web, months.tomas).get(own.replace(str(months.tomas.id), str(months.irene.id))).status_code == 404
    assert "Irene Navas" not in page(web, months.tomas, "/desk/reports/targets?from=2026-09")
    assert "Irene" not in sign_in(web, months.tomas).get("/desk/reports/targets.csv?from=2026-09").text
    assert "Irene Navas" in page(web, months.carmen, "/desk/reports?from=2026-09&by=technician")


def test_restricted_staff_see_their_clients_only(web: FlaskClient, months: World) -> None:
    for path in (
        "/desk/reports",
        "/desk/reports/targets",
        "/desk/reports/attainment.csv",
        "/desk/reports/targets.csv",
    ):
        text = page(web, months.nuria, f"{path}?from=2026-09&to=2026-10")
        assert "LOZ" not in text and "Lozano" not in text, path
    assert [row[0] for row in rows(page(web, months.nuria, "/desk/reports?from=2026-10"))] == ["Azcárate Abogados"]


def test_the_portal_shows_managers_their_own_company(web: FlaskClient, months: World) -> None:
    text = page(web, months.dolores, "/portal/reports?from=2026-09")
    assert rows(text)[0][:7] == ["Primera respuesta", "4", "3", "1", "0", "0", "75,0 %"]
    assert "6 + 2 = 8" in text
    behind = page(web, months.dolores, "/portal/reports/targets?from=2026-09&outcome=met,met_late")
    assert "LOZ-2" in behind and "Irene" not in behind and "Tomás" not in behind.partition("<main")[2]
    assert "LOZ" not in page(web, months.inigo, "/portal/reports/targets?from=2026-09&to=2026-10")
    for path in ("/portal/reports", "/portal/reports/targets"):
        assert sign_in(web, months.marta).get(path).status_code == 404
        assert sign_in(web, months.dolores).get(f"{path}?by=technician").status_code == 404
        assert sign_in(web, months.dolores).get(f"{path}?technician={months.irene.id}").status_code == 404
    assert sign_in(web, months.dolores).get("/desk/reports").status_code == 404


@pytest.mark.parametrize(
    "query",
    ["from=2026-13", "from=2026-10&to=2026-09", "by=colour", "kind=third", "client=x", "tier=4", "outcome=good",
     "page=0", "page=x", "month=2026-1", "technician=0", "from=0001-01", "page=99999999999"],
)  # fmt: skip
def test_addresses_that_ask_for_nothing_are_not_found(web: FlaskClient, months: World, query: str) -> None:
    for path in (
        "/desk/reports",
        "/desk/reports/targets",
        "/desk/reports/attainment.csv",
        "/desk/reports/targets.csv",
    ):
        assert sign_in(web, months.rosa).get(f"{path}?{query}").status_code == 404, path


def test_files_hold_the_same_figures_and_no_formulas(web: FlaskClient, months: World) -> None:
    with clock.frozen(NOW - timedelta(days=20)), work(Scope.client(months.lozano.id)):
        asked = Request(subject='=HYPERLINK("https://x")', body="x", source="portal")
        open_ticket(months.lozano, requester=months.marta, request=asked, at=clock.now())
    answer = sign_in(web, months.rosa).get("/desk/reports/attainment.csv?from=2026-09")
    assert "Dentro de SLA;Cumplido fuera de SLA;" in answer.text
    assert answer.mimetype == "text/csv" and "attachment" in answer.headers["Content-Disposition"]
    head, lozano, total = read(answer.text)
    assert head[0] == "Cliente" and lozano == [
        "Ferretería Lozano",
        "6",
        "5",
        "1",
        "0",
        "83,3",
        "2",
        "1",
        "1",
        "0",
        "0",
        "0",
        "8",
    ]
    assert total[1:] == lozano[1:]
    file = read(sign_in(web, months.rosa).get("/desk/reports/targets.csv?from=2026-09&to=2026-10").text)
    assert len(file) == 1 + 15 + 2
    assert {row[1] for row in file[1:]} == {"No imprime", '\'=HYPERLINK("https://x")'}
    late = next(row for row in file if row[0] == "LOZ-2" and row[7] == "cumplido fuera de SLA")
    assert late[8:12] == ["2026-09-01 10:00", "2026-09-01 10:30", "2026-09-01 11:00", "-30"]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1"])
def test_every_beginning_of_a_formula_is_kept_from_running(web: FlaskClient, world: World, text: str) -> None:
    from msp.web.reporting.files import csv_file

    with web.application.test_request_context():
        assert read(csv_file("x", ["a"], [[text]]).get_data(as_text=True))[1] == [f"'{text}"]


def test_the_forecast_says_what_and_why(web: FlaskClient, world: World) -> None:
    for number, who in enumerate((world.tomas, None)):
        asked = Request(subject="El TPV no cobra", body="x", source="slack", priority="urgent")
        with work(Scope.client(world.lozano.id)):
            ticket, _ = open_ticket(world.lozano, requester=world.marta, request=asked, at=clock.now())
        if who:
            with work(Scope.staff(actor_id=who.id)):
                take(access_ticket(ticket.id), who, at=clock.now())
        assert number == ticket.number - 1
    text = page(web, world.rosa, "/desk/reports/forecast?hours=8")
    assert "LOZ-1" in text and "LOZ-2" in text and "sin datos suficientes" in text
    assert "Historial insuficiente: 0 de 30 objetivos pasados" in text and "En riesgo: 0 de 2 tickets abiertos" in text
    assert "Aún no hay previsiones pasadas con las que comparar." in text
    assert "LOZ-1" not in page(web, world.irene, "/desk/reports/forecast?hours=8")
    assert "LOZ-2" in page(web, world.irene, "/desk/reports/forecast?hours=8")
    assert "LOZ" not in page(web, world.nuria, "/desk/reports/forecast?hours=8")
    assert "LOZ" not in page(web, world.nuria, "/desk/reports/forecast.csv?hours=8")
    file = read(sign_in(web, world.rosa).get("/desk/reports/forecast.csv?hours=2").text)
    assert [row[0] for row in file[1:]] == ["LOZ-1", "LOZ-2"] or [row[0] for row in file[1:]] == ["LOZ-2", "LOZ-1"]
    assert "LOZ" not in page(web, world.rosa, "/desk/reports/forecast?hours=8&tier=3")
    for wrong in ("hours=3", "client=x", "tier=9"):
        assert sign_in(web, world.rosa).get(f"/desk/reports/forecast?{wrong}").status_code == 404
    assert sign_in(web, world.dolores).get("/desk/reports/forecast").status_code == 404


def test_the_forecast_says_how_often_it_was_right(web: FlaskClient, world: World) -> None:
    """In both languages, with the same figures: every third answer of the last weeks was late."""
    answer_each_day(world, late_every=3)
    asked = Request(subject="El TPV no cobra", body="x", source="slack", priority="urgent")
    with work(Scope.client(world.lozano.id)):
        open_ticket(world.lozano, requester=world.marta, request=asked, at=clock.now())
    text = words(page(web, world.rosa, "/desk/reports/forecast?hours=8"))
    assert "En riesgo: 1 de 1 ticket abierto" in text and "en riesgo" in text
    assert "Se incumplieron unos 3 de cada 10 objetivos como este." in text
    assert "Comparado con 45 de este cliente (Primera respuesta en 30 min)" in text
    assert "De 15 objetivos previstos en riesgo, se incumplieron 5." in text
    assert "De 23 objetivos previstos dentro de SLA, se incumplieron 2." in text
    assert "Previsiones de 19 mañanas de las últimas 4 semanas (de lunes a viernes, 9:00)" in text
    file = read(sign_in(web, world.rosa).get("/desk/reports/forecast.csv?hours=2").text)
    assert file[1][6:9] == ["33", "45", "en riesgo"]
    with work(Scope.system()) as session:
        session.get_one(Person, world.rosa.id).locale = "en"
    text = words(page(web, world.rosa, "/desk/reports/forecast?hours=8"))
    assert "At risk: 1 of 1 open ticket" in text
    assert "About 3 in 10 targets like this one were missed." in text
    assert "Of 15 targets forecast at risk, 5 were missed." in text
    assert "Of 23 targets forecast on track, 2 were missed." in text


def test_the_forecast_is_made_of_what_one_may_see(web: FlaskClient, world: World) -> None:
    """Nuria works for Azcárate only: her figures include neither Lozano's tickets nor its past."""
    answer_each_day(world, late_every=3)
    asked = Request(subject="No imprime", body="x", source="slack", priority="urgent")
    with work(Scope.client(world.azcarate.id)):
        open_ticket(world.azcarate, requester=world.inigo, request=asked, at=clock.now())
    text = words(page(web, world.nuria, "/desk/reports/forecast?hours=8"))
    assert "AZC-1" in text and "Historial insuficiente: 0 de 30 objetivos pasados" in text
    assert "Aún no hay previsiones pasadas" in text
    assert "de todos los clientes" in words(page(web, world.rosa, "/desk/reports/forecast?hours=8"))


def words(text: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


def test_an_empty_desk_has_pages_too(web: FlaskClient, world: World) -> None:
    for path in ("/desk/reports", "/desk/reports/targets", "/desk/reports/forecast", "/desk/reports/attainment.csv"):
        page(web, world.rosa, path)
    page(web, world.dolores, "/portal/reports")


def test_pages_take_a_few_statements(web: FlaskClient, months: World) -> None:
    sign_in(web, months.rosa)
    for path, most in (
        ("/desk/reports?by=technician", 14),
        ("/desk/reports/targets", 16),
        ("/desk/reports/forecast", 14),
    ):
        statements: list[str] = []
        listen = (db.engine, "before_cursor_execute", lambda *args, seen=statements: seen.append(args[2]))
        event.listen(*listen)
        try:
            assert web.get(f"{path}?from=2026-09&to=2026-10" if "?" not in path and "fore" not in path else path)
        finally:
            event.remove(*listen)
        assert len(statements) <= most, (path, len(statements))
