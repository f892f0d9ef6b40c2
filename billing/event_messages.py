"""One sentence for each event of an invoice (msp.words.event_messages)."""

from flask_babel import gettext

from billing import events
from msp.words.event_messages import add_event_messages


def _noted(event: events.InvoicePaymentNoted) -> str:
    """A line that came to the ledger; its amount stands there."""
    return gettext("Payment recorded") if event.amount >= 0 else gettext("Refund recorded")


add_event_messages(
    {
        events.InvoiceDrafted: lambda _: gettext("Draft created"),
        events.InvoiceHeld: lambda _: gettext("Held"),
        events.InvoiceReleased: lambda _: gettext("Released"),
        events.InvoiceIssued: lambda _: gettext("Issued"),
        events.InvoicePaymentOpened: lambda _: gettext("The payment page is open"),
        events.InvoicePushRequested: lambda _: gettext("Sent to Stripe again"),
        events.InvoicePaid: lambda _: gettext("Paid"),
        events.InvoicePaymentFailed: lambda _: gettext("The payment failed"),
        events.InvoiceVoided: lambda _: gettext("Cancelled at Stripe; still due"),
        events.InvoicePaymentNoted: _noted,
        events.InvoiceCredited: lambda event: gettext("Corrected by %(number)s", number=event.number or ""),
    }
)
