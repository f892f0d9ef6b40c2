"""Invoices print any text in every field of the document; PDF/A-3 stays valid."""

from dataclasses import dataclass
from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from billing.credit_notes import credit
from billing.queries import access_document
from msp.clients.actions import edit_client
from msp.clients.models import Client
from msp.contracts.actions import RateLine
from msp.contracts.models import Contract
from msp.kernel import clock, settings
from msp.kernel.db import Scope, work
from msp.people.models import Person
from msp.tickets.models import Ticket
from tests.billing.desk import client_of, contract_of, issued, log, run, ticket_of, utc
from tests.billing.pdf_text import characters, embedded_fonts, streams
from tests.world import World, sign_in

SAMPLES = {
    "emoji": "No va 😀🖨️ 👨‍👩‍👧‍👦 👍🏽 🇪🇸 1️⃣ 🤷🏿‍♀️",
    "cjk": "サーバー 服务器 서버",
    "right to left": "الخادم لا يعمل (שרת) 12:30",
    "indic and thai": "सर्वर बंद है เซิร์ฟเวอร์ล่ม",
    "control": "a\x01b\x08c\x1b[31m\x7f \r\n\t d",
    "nowhere": "\ufffe\uffff\ufdd0\ue000\U000f1234 𓀀",
    "direction": "\u202eexe.fdp\u202c \u200f\u2067x\u2069",
    "marks": "Z" + "\u0301\u0323" * 60,
    "long": "x" * 5000,
    "long emoji": "😀👩🏽‍💻" * 400,
    "markup": '#panic() \\ $x$ *a* _b_ `c` <d> [e] @f // {"g"}',
}
EVERYTHING = " ".join(text for name, text in SAMPLES.items() if name != "long emoji")


@dataclass(frozen=True)
class Typed:
    """A client, its contracts, its ticket and the issuer, all named with one text."""

    client: Client
    contract: Contract


def typed(world: World, text: str) -> Typed:
    """Put a text into every field that a document prints."""
    short = text[:500]
    client = client_of(world, "RAR", name=text, legal_name=text, tax_id="B84562388")
    with work(Scope.staff()) as session:
        found = session.get_one(Client, client.id)
        address = dict.fromkeys(("line1", "line2", "postcode", "city", "province"), text) | {"country": "ES"}
        edit_client(found, billing_address=address, at=clock.now())
        provider = settings.read("provider")
        more = {"legal_name": short, "registry": short, "email": text, "phone": text, "address": address}
        settings.write("provider", provider | more)
    terms = {
        "clauses": {"multipliers": text, "rounding": text},
        "rounding": {"default": {"scope": "entry", "increment": 15, "mode": "up", "minimum": 15}},
    }
    contract = contract_of(world, client, "time_and_materials", terms, name=text, po_number=text)
    milestones = [{"name": text, "due_on": "2026-10-15", "amount": "100.00"}]
    contract_of(world, client, "fixed_price", {"milestones": milestones}, name=short, po_number=text)
    ticket = ticket_of(world, client, contract=contract)
    with work(Scope.staff()) as session:
        session.execute(update(Ticket).where(Ticket.id == ticket.id).values(subject=text))
        session.execute(update(Person).where(Person.id == world.tomas.id).values(name=text))
    log(ticket, world.tomas, utc(6, 8), 100, note=text)
    return Typed(client, contract)


@pytest.mark.parametrize("name", SAMPLES)
def test_what_people_type_is_previewed_issued_and_credited(world: World, web: FlaskClient, name: str) -> None:
    given = typed(world, SAMPLES[name])
    made, (draft,) = run(world, clients=[given.client])
    assert made.left_out == []
    browser = sign_in(web, world.carmen)
    preview = browser.get(f"/billing/invoices/{draft.id}/pdf")
    assert (preview.status_code, preview.data[:5]) == (200, b"%PDF-")
    invoice = issued(world, draft)
    with work(Scope.staff(actor_id=world.carmen.id)):
        note = credit(invoice.id, reason=SAMPLES[name][:500], at=clock.now())
        for each in (invoice, note):
            assert access_document(each.id).content.startswith(b"%PDF-")
    for page in (f"/billing/invoices/{invoice.id}", f"/billing/invoices/{note.id}", "/billing/?period=2026-10"):
        assert browser.get(page).status_code == 200


def test_each_character_has_a_glyph_or_a_visible_replacement(world: World) -> None:
    given = typed(world, EVERYTHING)
    _, (draft,) = run(world, clients=[given.client])
    issued(world, draft)
    with work(Scope.staff()):
        content = access_document(draft.id).content
    shown = set(characters(content))
    for part in ("😀", "🤷", "サ", "服", "서", "خ", "ש", "ซ", "स", "�", "Z", "#"):
        assert part in shown, part
    assert not shown & set("\x01\x1b\ufffe\ue000𓀀\u202e")
    assert {"NotoEmoji-Regular", "Inter-Regular"} <= embedded_fonts(content)
    metadata = b"".join(part for part in streams(content) if b"pdfaid" in part)
    assert b"<pdfaid:part>3<" in metadata and b"<pdfaid:conformance>B<" in metadata


def test_an_invoice_in_plain_letters_embeds_one_font_only(world: World) -> None:
    client = client_of(world)
    contract_of(world, client, "time_and_materials", {}, rates=[RateLine("remote", date(2026, 1, 1), 75_00)])
    log(ticket_of(world, client), world.tomas, utc(6, 8), 60)
    _, (draft,) = run(world, clients=[client])
    issued(world, draft)
    with work(Scope.staff()):
        content = access_document(draft.id).content
    assert embedded_fonts(content) == {"Inter-Regular"}
    assert len(content) < 60_000
