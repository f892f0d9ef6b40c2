"""From time entries to invoices and their collection. `register(app, settings)` adds all of it.

- `rating`: prices one contract's period; pure
- `legal`: the invoice records of RD 1007/2023 and the tax QR
- `sentences`: sentences for codes of rating and billing
- `inputs`, `billed_before`: what a draft is made from, and what earlier invoices hold
- `counted_units`: what is billed by the piece
- `terms`, `terms_in_force`, `contract_fees`, `fees_due`: terms and fixed fees by day
- `sections`, `drafts`, `runs`, `month`: a contract's part, drafts, billing runs, closing a month
- `tax`, `parties`: tax rates, what the law asks of both parties
- `invoices`, `issuing`, `numbering`, `chain`: issue, number, chain of invoice records
- `credit_notes`: credit notes
- `documents`, `pdf`, `printable`, `fonts`: the PDF
- `payments`, `collection`, `stripe`, `stripe_client`, `stripe_returns`, `stripe_webhook`: payments, collection through
  Stripe
- `faults`, `phrases`: faults in a client's data; codes of billing
- `events`, `event_messages`: events of invoices, and a sentence for each
- `models`, `queries`: tables; reading them
- `pages`, `payment_pages`, `portal`, `views`, `confirmations`, `first_step`: pages and what they show
- `api`, `api_shapes`: REST API
"""

from flask import Flask

from billing import api, documents, first_step, issuing, pages, portal, stripe
from billing import event_messages as _event_messages  # noqa: F401  (registers them)
from billing.sentences.refusals import MESSAGES
from msp.config import Settings
from msp.words.refusals import add_messages


def register(app: Flask, settings: Settings) -> None:
    """Add billing's pages, API and subscribers."""
    issuing.use_environment("test" if settings.is_demo else "production")
    add_messages(MESSAGES)
    pages.register(app)
    first_step.register()
    portal.register(app)
    api.register(app)
    documents.listen()
    stripe.register(app, settings)
