"""Stripe: the REST API, its pages and signed webhooks."""
