"""The page of an invoice on a local Stripe: the amount due, and a button to pay it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape
from typing import Any

from simulators.stripe.world import Object

_WORDS = {
    "es": {
        "open": "Pendiente de pago", "paid": "Pagada", "void": "Anulada", "uncollectible": "Incobrable",
        "due": "Vence el", "to": "Para", "subtotal": "Base imponible", "total": "Total", "rest": "Por pagar",
        "pay": "Pagar", "declined": "El banco ha rechazado la tarjeta. Prueba otra vez.",
        "decline": "Pagar con una tarjeta que el banco rechaza",
        "note": "Pasarela de pruebas: no se mueve dinero.", "credit": "Abono",
    },
    "en": {
        "open": "Awaiting payment", "paid": "Paid", "void": "Void", "uncollectible": "Uncollectible",
        "due": "Due", "to": "To", "subtotal": "Subtotal", "total": "Total", "rest": "Left to pay", "pay": "Pay",
        "declined": "The bank declined the card. Try again.", "decline": "Pay with a card that the bank declines",
        "note": "Test payment page: no money moves.", "credit": "Credit note",
    },
}  # fmt: skip
_WITHOUT_CENTS = {"bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof"}
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;background:#f4f5f7;color:#1a1f2b;margin:0}"
    "main{max-width:34rem;margin:6vh auto;background:#fff;border-radius:12px;padding:2rem;"
    "box-shadow:0 1px 3px #0002}h1{font-size:2rem;margin:.25rem 0}table{width:100%;border-collapse:collapse;"
    "margin:1.5rem 0}td{padding:.5rem 0;border-bottom:1px solid #e6e8ec}td:last-child{text-align:right;"
    "white-space:nowrap;padding-left:1rem;"
    "font-variant-numeric:tabular-nums}p{margin:.25rem 0;color:#555d6b}button{font:inherit;width:100%;"
    "padding:.75rem;border:0;border-radius:8px;background:#1f4fd8;color:#fff;font-weight:600;cursor:pointer}"
    "button.plain{background:none;color:#555d6b;font-weight:400;font-size:.875rem}"
    ".error{color:#a3201d}@media(prefers-color-scheme:dark){body{background:#14171d;color:#e8eaee}"
    "main{background:#1d2129}td{border-color:#333945}p,button.plain{color:#a9b0bd}.error{color:#ff9a94}}"
)


def language(customer: Object, accepted: str | None) -> str:
    """The page's language: the customer's first preferred locale, else the browser's; English without either."""
    wanted = next(iter(customer.get("preferred_locales") or []), None) or accepted or "en"
    return "es" if wanted.lower().startswith(("es", "ca", "gl", "eu")) else "en"


def invoice_page(invoice: Object, *, rates: Mapping[str, Object], lang: str, declined: bool = False) -> str:
    """The page in HTML; amounts in the invoice's currency, dates in UTC, taxes named as in `rates`."""
    words = _WORDS[lang]

    def amount(units: int) -> str:
        return money(units, invoice["currency"], lang=lang)

    rows = [(line["description"] or "", amount(line["amount"])) for line in invoice["_lines"]]
    rows.append((words["subtotal"], amount(invoice["subtotal_excluding_tax"])))
    for tax in invoice["total_taxes"]:
        rate = rates[tax["tax_rate_details"]["tax_rate"]]
        percentage = str(rate["percentage"]).replace(".", "," if lang == "es" else ".")
        rows.append((f"{rate['display_name']} {percentage} %", amount(tax["amount"])))
    rows.append((words["total"], amount(invoice["total"])))
    if invoice["amount_remaining"] != invoice["total"]:
        rows.append((words["rest"], amount(invoice["amount_remaining"])))
    payable = invoice["status"] in ("open", "uncollectible")
    headline = invoice["amount_remaining"] if payable else invoice["total"]
    error = f'<p class="error" role="alert">{words["declined"]}</p>' if declined else ""
    due = f"<p>{words['due']} {_day(invoice['due_date'])}</p>" if payable and invoice["due_date"] else ""
    body = (
        f"<p>{_text(invoice['account_name'])} · {_text(invoice['number'])}</p>"
        f"<h1>{amount(headline)}</h1><p><strong>{words[invoice['status']]}</strong></p>{due}"
        f"<p>{words['to']}: {_text(invoice['customer_name'] or invoice['customer_email'])}</p>"
        f"<table>{''.join(_row(*row) for row in rows)}</table>{error}"
        f"{_buttons(words, amount(headline)) if payable else ''}"
        f"<p>{_text(invoice['footer'])}</p><p><small>{words['note']}</small></p>"
    )
    return _document(lang, f"{invoice['account_name']} {invoice['number']}", body)


def credit_note_page(note: Object, *, lang: str) -> str:
    """A credit note in HTML."""
    words = _WORDS[lang]
    body = (
        f"<p>{words['credit']} {_text(note['number'])}</p><h1>{money(note['total'], note['currency'], lang=lang)}</h1>"
        f"<p>{_text(note['memo'])}</p><p><small>{words['note']}</small></p>"
    )
    return _document(lang, f"{words['credit']} {note['number']}", body)


def money(units: int, currency: str, *, lang: str) -> str:
    """Minor units formatted for people."""
    places = 0 if currency in _WITHOUT_CENTS else 2
    whole, cents = divmod(abs(units), 10**places)
    comma, dot = (",", ".") if lang == "es" else (".", ",")
    digits = f"{whole:,}".replace(",", dot) + (f"{comma}{cents:02d}" if places else "")
    return f"{'-' if units < 0 else ''}{digits} {'€' if currency == 'eur' else currency.upper()}"


def _buttons(words: dict[str, str], amount: str) -> str:
    return (
        f'<form method="post"><button name="card" value="good">{words["pay"]} {amount}</button>'
        f'<button class="plain" name="card" value="declined">{words["decline"]}</button></form>'
    )


def _row(name: str, amount: str) -> str:
    return f"<tr><td>{_text(name)}</td><td>{amount}</td></tr>"


def _day(moment: int) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%d/%m/%Y}"


def _text(value: Any) -> str:
    return escape(str(value or ""))


def _document(lang: str, title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{_text(title)}</title><style>{_STYLE}</style></head><body><main>{body}</main></body></html>"
    )
