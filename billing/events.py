"""Events of invoices and credit notes. Those from issuing on are public: the client sees them."""

from uuid import UUID

from msp.kernel.event_types import Event


class InvoiceDrafted(Event, kind="invoice.drafted", icon="file-text"):
    """A billing run made a draft."""


class InvoiceHeld(Event, kind="invoice.held", icon="circle-pause"):
    """A draft was held back from issuing."""


class InvoiceReleased(Event, kind="invoice.released", icon="circle-play"):
    """A draft that was held back may be issued again."""


class InvoiceIssued(Event, kind="invoice.issued", icon="receipt-euro", visibility="public"):
    """An invoice or a credit note (`invoice_kind`) was issued under its number."""

    number: str
    invoice_kind: str
    total: str
    currency: str


class InvoicePushRequested(Event, kind="invoice.push_requested", icon="refresh-cw"):
    """Somebody asked for an invoice to be sent to Stripe again."""


class InvoicePaymentOpened(Event, kind="invoice.sent", icon="credit-card", visibility="public"):
    """The invoice can be paid at Stripe."""


class InvoicePaid(Event, kind="invoice.paid", icon="circle-check", visibility="public"):
    """All that was due has been received."""


class InvoicePaymentFailed(Event, kind="invoice.payment_failed", icon="circle-alert", visibility="public"):
    """A payment at Stripe failed."""


class InvoiceVoided(Event, kind="invoice.voided", icon="circle-alert", visibility="public"):
    """Stripe no longer collects the invoice, which is still due."""


class InvoicePaymentNoted(Event, kind="invoice.payment_noted", icon="credit-card"):
    """An entry was added to the payment ledger; `amount` in minor units, positive for money received."""

    payment_kind: str
    amount: int
    entry_id: UUID


class InvoiceCredited(Event, kind="invoice.credited", icon="receipt-euro", visibility="public"):
    """A credit note corrects the invoice."""

    number: str | None
    credit_note_id: UUID
    corrects_all: bool
