"""VERI*FACTU off: records and their chain are kept, and nothing claims that the tax agency has them."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from billing.credit_notes import credit
from billing.legal.huella import Record, broken_links
from billing.models import Invoice, InvoiceRecord
from billing.pdf import render
from billing.queries import access_document, record_of
from msp.kernel import clock, issuer, settings
from msp.kernel.db import Scope, work
from msp.kernel.errors import Invalid
from tests.billing.desk import issued, log, run, ticket_of, utc
from tests.billing.pdf_text import characters, streams
from tests.web.api.conftest import Programs, program  # noqa: F401 (a fixture)
from tests.world import World, sign_in

CLAIMS = (
    "VERI*FACTU",
    "verificable",
    "verifiable",
    "sede electrónica",
    "agenciatributaria",
    "aeat.es",
    "QR tributario",
)
ADDRESSES = ("/billing/?period=2026-10", "/billing/invoices", "/billing/invoices/{id}")


@pytest.fixture
def draft(world: World) -> Invoice:
    log(ticket_of(world), world.tomas, utc(6, 8), 110)
    _, (made,) = run(world)
    return made


def stored_mode(mode: object) -> None:
    """Store a mode directly, without the domain function."""
    with work(Scope.system()):
        settings.write("provider", settings.read("provider") | {"verifactu_mode": mode})


def claims(pdf: bytes) -> list[str]:
    """The claims on a document: only the legend has an asterisk on these invoices, and only the QR is a figure."""
    found = ["legend"] if "*" in characters(pdf) else []
    alts = [one for one in [pdf, *streams(pdf)] if b"/Alt" in one or b"/Figure" in one]
    return found + (["figure"] if alts else [])


def test_a_document_with_qr_and_legend_would_be_noticed(world: World, draft: Invoice) -> None:
    invoice = issued(world, draft)
    with work(Scope.staff()) as session:
        found = session.get_one(Invoice, invoice.id)
        assert claims(render(found, timezone="Europe/Madrid", qr_url="https://agency.example/qr")) == [
            "legend",
            "figure",
        ]
        assert claims(render(found, timezone="Europe/Madrid", qr_url=None)) == []


@pytest.mark.parametrize("mode", ["unset", "off", "verifactu", "on", 1, None])
def test_no_document_carries_qr_or_legend_and_records_are_chained(world: World, draft: Invoice, mode: object) -> None:
    if mode != "unset":
        stored_mode(mode)
    invoice = issued(world, draft)
    with work(Scope.staff(actor_id=world.carmen.id)):
        note = credit(invoice.id, reason="Duplicada", at=clock.now())
    assert invoice.issuer["verifactu_mode"] == note.issuer["verifactu_mode"] == "off"
    with work(Scope.staff()):
        for each in (invoice, note):
            assert claims(access_document(each.id).content) == []
        kept: list[InvoiceRecord] = [one for one in (record_of(invoice.id), record_of(note.id)) if one]
        assert [one.position for one in kept] == [1, 2] and kept[1].previous == kept[0].huella
        chain = [Record(one.kind, one.fields, one.huella) for one in kept]  # type: ignore[arg-type]
        assert list(broken_links(chain)) == []


def test_pages_preview_and_portal_claim_nothing(world: World, web: FlaskClient, draft: Invoice) -> None:
    browser = sign_in(web, world.carmen)
    assert claims(browser.get(f"/billing/invoices/{draft.id}/pdf").data) == []
    invoice = issued(world, draft)
    for address in ADDRESSES:
        page = browser.get(address.format(id=invoice.id)).text
        assert [claim for claim in CLAIMS if claim.lower() in page.lower()] == []
    page = browser.get(f"/billing/invoices/{invoice.id}").text
    assert "Registro de facturación" in page and "no se envía a la Agencia Tributaria" in page
    assert "tax-qr" not in page
    assert browser.get(f"/billing/invoices/{invoice.id}/qr.svg").status_code == 404
    manager = sign_in(web, world.dolores)
    page = manager.get("/portal/invoices/").text
    assert invoice.number in page and not [claim for claim in CLAIMS if claim.lower() in page.lower()]  # type: ignore[operator]


def test_the_api_gives_the_record_without_an_address_at_the_tax_agency(
    world: World,
    program: Programs,  # noqa: F811
    draft: Invoice,
) -> None:
    record: dict[str, Any] = program(world.carmen).post(f"/invoices/{draft.id}/issue").get_json()["record"]
    assert (record["position"], len(record["huella"]), record["qr_url"]) == (1, 64, None)


@pytest.mark.parametrize(
    ("mode", "code"),
    [
        ("verifactu", "not_available"),
        ("VERIFACTU", "unknown"),
        ("on", "unknown"),
        ("", "unknown"),
        (None, "unknown"),
        (True, "unknown"),
        (["off"], "unknown"),
    ],
)
def test_a_mode_that_cannot_be_kept_to_is_refused_in_the_domain(world: World, mode: object, code: str) -> None:
    with work(Scope.system()):
        with pytest.raises(Invalid) as refused:
            issuer.set_verifactu_mode(mode)
        assert refused.value.fields == {"verifactu_mode": [code]}
        assert "verifactu_mode" not in settings.read("provider")


def test_off_is_kept_with_the_rest_of_the_issuers_data(world: World) -> None:
    with work(Scope.system()):
        before = settings.read("provider")
        assert issuer.set_verifactu_mode("off") == "off"
        assert settings.read("provider") == before | {"verifactu_mode": "off"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"verifactu_mode": "off"}, 200),
        ({"verifactu_mode": "verifactu"}, 422),
        ({"verifactu_mode": "on"}, 422),
        ({"verifactu_mode": None}, 422),
        ({}, 422),
    ],
)
def test_the_api_refuses_what_the_domain_refuses(
    world: World,
    program: Programs,  # noqa: F811
    body: dict[str, Any],
    status: int,
) -> None:
    admin = program(world.ana)
    answer = admin.patch("/invoice-settings", body)
    assert answer.status_code == status
    if status != 200:
        assert "verifactu_mode" in answer.get_json()["errors"]
    shown = {"verifactu_mode": "off", "available_modes": ["off"]}
    assert (
        admin.get("/invoice-settings").get_json() == program(world.carmen).get("/invoice-settings").get_json() == shown
    )
    assert program(world.carmen).patch("/invoice-settings", {"verifactu_mode": "off"}).status_code == 403
    assert program(world.tomas).get("/invoice-settings").status_code == 403


@pytest.mark.parametrize(
    ("locale", "off", "reason"),
    [
        ("es", "VERI*FACTU desactivado", "No disponible: esta versión no puede enviar registros"),
        ("en", "VERI*FACTU off", "Not available: this version cannot send records"),
    ],
)
def test_the_settings_page_offers_off_and_says_why_not_the_other(
    world: World, web: FlaskClient, locale: str, off: str, reason: str
) -> None:
    with work(Scope.system()) as session:
        session.merge(world.ana).locale = locale
    browser = sign_in(web, world.ana)
    page = browser.get("/admin/settings").text
    assert f'value="off" checked><span>{off}' in page
    assert 'value="verifactu" disabled><span>' in page and reason in page
    assert browser.post("/admin/settings/verifactu", data={"verifactu_mode": "off"}).status_code == 303
    for wrong in ({"verifactu_mode": "verifactu"}, {"verifactu_mode": "on"}, {}):
        assert browser.post("/admin/settings/verifactu", data=wrong).status_code == 422
    with work(Scope.system()):
        assert settings.read("provider")["verifactu_mode"] == "off"
    assert (
        sign_in(web, world.carmen).post("/admin/settings/verifactu", data={"verifactu_mode": "off"}).status_code == 403
    )
