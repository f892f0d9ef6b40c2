"""Who is invoiced and how that is taxed: validated wherever it is stored, and derived from both parties' data."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from billing.invoices import issue
from billing.models import Invoice
from billing.month import read_month
from billing.sentences import sentence
from msp.clients.actions import edit_client
from msp.clients.models import Client
from msp.clients.tax_regime import TAX_REGIMES, Undecided, regime_between
from msp.kernel import clock, settings
from msp.kernel.db import Json, Scope, work
from msp.kernel.errors import Conflict, Invalid
from msp.kernel.i18n import reading_as
from tests.billing.desk import OCTOBER, client_of, contract_of, issued, run
from tests.web.api.conftest import Programs, program  # noqa: F401 (a fixture)
from tests.web.forms import posted
from tests.world import World, sign_in

MADRID = {"line1": "Calle Mayor 1", "postcode": "28013", "city": "Madrid", "country": "ES"}
TEGUISE = {"line1": "Calle Real 2", "postcode": "35530", "city": "Teguise", "country": "ES"}
CEUTA = {"line1": "Calle Real 3", "postcode": "51001", "city": "Ceuta", "country": "ES"}
MELILLA = {"line1": "Calle Real 4", "postcode": "52001", "city": "Melilla", "country": "ES"}
PALMA = {"line1": "Calle Real 5", "postcode": "07001", "city": "Palma", "country": "ES"}
BERLIN = {"line1": "Lindenallee 6", "postcode": "35037", "city": "Berlin", "country": "DE"}
ATHENS = {"line1": "Ermou 7", "postcode": "10563", "city": "Atenas", "country": "GR"}
LONDON = {"line1": "Fleet Street 8", "postcode": "EC4A 2BB", "city": "London", "country": "GB"}
SL, NIE, DE, FR, EL = "B84562388", "X1234567L", "DE136695976", "FR40303265045", "EL094259216"
CASES: list[tuple[Json, Json, str, str]] = [
    (MADRID, TEGUISE | {"postcode": "E-35 530"}, SL, "canarias_b2b"),
    (MADRID, MADRID, SL, "national"),
    (MADRID, PALMA, SL, "national"),
    (PALMA, MADRID, NIE, "national"),
    (MADRID, TEGUISE, SL, "canarias_b2b"),
    (MADRID, BERLIN, DE, "eu_b2b"),
    (MADRID, ATHENS, EL, "eu_b2b"),
    (MADRID, LONDON, "GB123", "outside_eu"),
    (TEGUISE, TEGUISE, SL, "igic"),
]
UNDECIDED: list[tuple[Json, Json, str, str]] = [
    (MADRID, CEUTA, SL, "tax_territory"),
    (MADRID, MELILLA, SL, "tax_territory"),
    (CEUTA, CEUTA, SL, "tax_territory"),
    (TEGUISE, MADRID, SL, "tax_territory"),
    (TEGUISE, BERLIN, DE, "tax_territory"),
    (LONDON, MADRID, SL, "tax_territory"),
    (MADRID, BERLIN, SL, "tax_vat_number_missing"),
    (MADRID, BERLIN, f"ES{SL}", "tax_vat_number_missing"),
    (MADRID, BERLIN, FR, "tax_vat_number_missing"),
]


def set_issuer(address: Json) -> None:
    with work(Scope.system()):
        settings.write("provider", settings.read("provider") | {"address": address})


def store(client: Client, **values: object) -> Client:
    """Set values on a client as an earlier version stored them, without validation."""
    with work(Scope.system()) as session:
        session.execute(update(Client).where(Client.id == client.id).values(**values))
        return session.get_one(Client, client.id, populate_existing=True)


def drafted(world: World, **details: Any) -> tuple[Client, Invoice]:
    client = client_of(world, **details)
    contract_of(world, client, "flat_fee", {"fee": "100.00"}, starts_on=OCTOBER.first)
    _, (draft,) = run(world, clients=[client])
    return client, draft


def codes(draft: Invoice) -> list[str]:
    return [warning["code"] for warning in draft.warnings]


@pytest.mark.parametrize(("issuer", "client", "tax_id", "found"), CASES, ids=lambda value: str(value)[-22:])
def test_the_regime_follows_from_both_parties(issuer: Json, client: Json, tax_id: str, found: str) -> None:
    assert regime_between({"address": issuer}, address=client, tax_id=tax_id) == found


@pytest.mark.parametrize(("issuer", "client", "tax_id", "code"), UNDECIDED, ids=lambda value: str(value)[-22:])
def test_what_this_desk_does_not_bill_is_left_to_a_person(issuer: Json, client: Json, tax_id: str, code: str) -> None:
    with pytest.raises(Undecided) as refused:
        regime_between({"address": issuer}, address=client, tax_id=tax_id)
    assert refused.value.code == code


@pytest.mark.parametrize(("issuer", "client", "tax_id", "found"), CASES, ids=lambda value: str(value)[-22:])
def test_a_regime_that_contradicts_the_parties_is_not_stored(
    world: World, issuer: Json, client: Json, tax_id: str, found: str
) -> None:
    set_issuer(issuer)
    details: Json = {"billing_address": client, "tax_id": tax_id}
    assert client_of(world, "OWN", **details).tax_regime == found
    assert client_of(world, "SAID", **details, tax_regime=found).tax_regime == found
    for at, other in enumerate(each for each in TAX_REGIMES if each != found):
        with pytest.raises(Invalid) as refused:
            client_of(world, f"BAD{at}", **details, tax_regime=other)
        assert refused.value.fields == {"tax_regime": ["contradicts_parties"]}


@pytest.mark.parametrize(("issuer", "client", "tax_id", "found"), CASES, ids=lambda value: str(value)[-22:])
def test_an_invoice_whose_regime_contradicts_the_parties_is_not_issued(
    world: World, issuer: Json, client: Json, tax_id: str, found: str
) -> None:
    set_issuer(issuer)
    buyer, draft = drafted(world, billing_address=client, tax_id=tax_id)
    right = {"national": 21_00, "igic": 7_00}.get(found, 0)
    assert draft.tax == right and codes(draft) == []
    other = "eu_b2b" if found == "national" else "national"
    buyer = store(buyer, tax_regime=other)
    _, (again,) = run(world, clients=[buyer])
    assert again.tax == right and codes(again) == ["draft.tax_contradiction"]
    with pytest.raises(Conflict) as refused:
        issued(world, again)
    assert (refused.value.code, refused.value.params) == ("tax_contradiction", {"stated": other, "given": found})
    with work(Scope.staff()):
        assert [place.state for place in read_month(OCTOBER).places] == ["missing"]
    buyer = store(buyer, tax_regime=found)
    run(world, clients=[buyer])
    assert issued(world, draft).tax == right


@pytest.mark.parametrize(("issuer", "client", "tax_id", "code"), UNDECIDED, ids=lambda value: str(value)[-22:])
def test_an_invoice_whose_tax_nobody_decided_is_not_issued(
    world: World, issuer: Json, client: Json, tax_id: str, code: str
) -> None:
    buyer, _ = drafted(world)
    set_issuer(issuer)
    buyer = store(buyer, billing_address=client, tax_id=tax_id)
    _, (draft,) = run(world, clients=[buyer])
    assert "draft.tax_undecided" in codes(draft)
    with pytest.raises(Conflict) as refused:
        issued(world, draft)
    assert refused.value.code in ("tax_undecided", "tax_id_invalid")
    for locale in ("es", "en"):
        with reading_as(locale, "Europe/Madrid"):
            assert all(sentence(warning) for warning in draft.warnings)


TYPED = [
    ("FOO", MADRID, "nif_shape"),
    ("B84562389", MADRID, "nif_check"),
    ("B8456238", MADRID, "nif_shape"),
    ("12345678A", MADRID, "nif_check"),
    ("DE136695976", MADRID, "nif_shape"),
    ("B84562388", BERLIN, "vat_shape"),
    ("DE136695977", BERLIN, "vat_shape"),
    ("FR40303265045", BERLIN, "vat_shape"),
    ("GR094259216", ATHENS, "vat_shape"),
    ("DE000", {}, "vat_shape"),
    ("FOO", {}, "nif_shape"),
    ("\x00", LONDON, "invalid"),
    ("x" * 41, LONDON, "invalid"),
]
TIDY = [
    ("ESB84562388", MADRID, "B84562388"),
    (" b-84562388 ", MADRID, "B84562388"),
    ("es b84562388", MADRID, "B84562388"),
    ("x1234567l", MADRID, "X1234567L"),
    ("12345678z", MADRID, "12345678Z"),
    ("de 136 695 976", BERLIN, "DE136695976"),
    ("094259216", ATHENS, "EL094259216"),
    (" GB 123 ", LONDON, "GB 123"),
    ("b84562388", {}, "B84562388"),
    ("de136695976", {}, "DE136695976"),
    ("  ", MADRID, None),
]


@pytest.mark.parametrize(("typed", "address", "code"), TYPED, ids=str)
def test_a_tax_number_that_is_none_is_refused_by_the_domain(world: World, typed: str, address: Json, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        client_of(world, tax_id=typed, billing_address=address)
    assert refused.value.fields == {"tax_id": [code]}
    client = client_of(world, "OLD", tax_id=None, billing_address=address)
    with pytest.raises(Invalid), work(Scope.staff()) as session:
        edit_client(session.get_one(Client, client.id), at=clock.now(), tax_id=typed)


@pytest.mark.parametrize(("typed", "address", "kept"), TIDY, ids=str)
def test_a_tax_number_is_kept_in_its_compact_form(world: World, typed: str, address: Json, kept: str | None) -> None:
    assert client_of(world, tax_id=typed, billing_address=address).tax_id == kept


@pytest.mark.parametrize(
    ("details", "field", "code"),
    [
        ({"billing_address": MADRID | {"country": "XX"}}, "billing_address.country", "invalid"),
        ({"billing_address": MADRID | {"country": "España"}}, "billing_address.country", "invalid"),
        ({"billing_address": MADRID | {"line1": "a\x00b"}}, "billing_address.line1", "invalid"),
        ({"billing_address": MADRID | {"street": "x"}}, "billing_address.street", "unknown_field"),
        ({"billing_address": ["Calle Mayor 1"]}, "billing_address", "invalid"),
        ({"billing_email": "nobody"}, "billing_email", "email_shape"),
        ({"payment_days": -1}, "payment_days", "invalid"),
        ({"payment_days": 366}, "payment_days", "invalid"),
        ({"tax_regime": "none"}, "tax_regime", "invalid"),
    ],
    ids=str,
)
def test_billing_data_that_make_no_sense_are_refused(world: World, details: Json, field: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        client_of(world, tax_id=None, **details)
    assert refused.value.fields == {field: [code]}


def test_page_and_api_refuse_the_same_billing_data(
    world: World,
    web: FlaskClient,
    program: Programs,  # noqa: F811
) -> None:
    admin = program(world.ana)
    body: Json = {"code": "NEW", "name": "Nueva", "billing_address": MADRID}
    for more, errors in (
        ({"tax_id": "FOO"}, {"tax_id": ["nif_shape"]}),
        ({"tax_id": SL, "tax_regime": "eu_b2b"}, {"tax_regime": ["contradicts_parties"]}),
    ):
        answer = admin.post("/clients", body | more)
        assert (answer.status_code, answer.get_json()["errors"]) == (422, errors)
    made = admin.post("/clients", body | {"tax_id": "ESB84562388"}).get_json()
    assert (made["tax_id"], made["tax_regime"]) == ("B84562388", "national")
    moved = admin.patch(f"/clients/{made['id']}", {"billing_address": BERLIN})
    assert (moved.status_code, moved.get_json()["errors"]) == (422, {"tax_id": ["vat_shape"]})
    browser = sign_in(web, world.ana)
    form = posted(browser.get("/admin/clients/new").text) | {"code": "PAG", "name": "Página", "street": "Calle 1"}
    form |= {"postcode": "28013", "city": "Madrid", "country": "es", "tax_id": SL}
    for more, said in (
        ({"tax_id": "FOO"}, "nueve caracteres"),
        ({"postcode": "1"}, "cinco cifras"),
        ({"tax_regime": "igic"}, "determinan el impuesto"),
    ):
        refused = browser.post("/admin/clients/new", data=form | more)
        assert refused.status_code == 422 and said in refused.text
    assert browser.post("/admin/clients/new", data=form).status_code == 303


@pytest.mark.parametrize(
    ("values", "code", "params"),
    [
        ({"billing_address": {}}, "address_missing", {"missing": ["line1", "postcode", "city", "country"]}),
        ({"billing_address": MADRID | {"line1": " "}}, "address_missing", {"missing": ["line1"]}),
        ({"billing_address": MADRID | {"city": ""}}, "address_missing", {"missing": ["city"]}),
        ({"tax_id": None}, "tax_id_missing", {}),
        ({"tax_id": "FOO"}, "tax_id_invalid", {}),
        ({"tax_id": "ESB84562388X"}, "tax_id_invalid", {}),
    ],
    ids=str,
)
def test_nobody_is_invoiced_without_tax_number_and_address(
    world: World, web: FlaskClient, values: Json, code: str, params: Json
) -> None:
    client, _ = drafted(world)
    client = store(client, **values)
    _, (draft,) = run(world, clients=[client])
    assert codes(draft) == [f"draft.{code}"]
    with pytest.raises(Conflict) as refused, work(Scope.staff()):
        issue(draft.id, at=clock.now())
    assert (refused.value.code, refused.value.params) == (code, params)
    browser = sign_in(web, world.carmen)
    page = browser.post(f"/billing/invoices/{draft.id}/issue", follow_redirects=True)
    with reading_as("es", "Europe/Madrid"):
        assert sentence(draft.warnings[0]) in page.text.replace("&#39;", "'")
    with work(Scope.staff()):
        assert [place.state for place in read_month(OCTOBER).places] == ["missing"]


def test_nobody_issues_without_an_address_of_their_own(world: World) -> None:
    _, draft = drafted(world)
    set_issuer({"line1": "Calle de Alcalá 120", "country": "ES"})
    with pytest.raises(Conflict) as refused:
        issued(world, draft)
    assert refused.value.code == "provider_incomplete"
    assert refused.value.params["missing"] == ["address.postcode", "address.city"]


def test_the_month_says_beforehand_what_is_missing_of_the_issuer(world: World, web: FlaskClient) -> None:
    _, draft = drafted(world)
    path = f"/billing/?period=2026-10&invoice={draft.id}"
    assert "datos fiscales de tu empresa" not in sign_in(web, world.carmen).get(path).text
    set_issuer({"line1": "Calle de Alcalá 120", "country": "ES"})
    said = "Faltan datos fiscales de tu empresa (código postal, localidad)"
    page = web.get(path).text
    assert said in page and 'href="/admin/settings">Ajustes' not in page
    assert said in web.post(f"/billing/invoices/{draft.id}/issue", follow_redirects=True).text
    with work(Scope.system()):
        settings.write("provider", {})
    page = sign_in(web, world.ana).get(path).text
    assert "(razón social, NIF, dirección)" in page and 'href="/admin/settings">Ajustes' in page


def test_a_number_that_stood_there_before_does_not_hinder_other_changes(world: World) -> None:
    client = client_of(world)
    store(client, tax_id="FOO", tax_regime="eu_b2b")
    change: Callable[..., Any] = edit_client
    with work(Scope.staff()) as session:
        change(session.get_one(Client, client.id), at=clock.now(), name="Norte", tax_id="FOO", tax_regime="eu_b2b")
        assert session.get_one(Client, client.id).name == "Norte"
