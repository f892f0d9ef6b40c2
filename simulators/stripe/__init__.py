"""Stripe: REST API, hosted invoice page and signed webhooks.

- `server`: `create_stripe_server`
- `routes`, `api`, `params`, `reading`, `errors`: requests and answers
- `customers`, `items`, `invoices`, `credit`, `payments`, `totals`: objects
- `webhooks`: signed webhooks
- `page`: the hosted invoice page
- `world`: the account's state
"""
