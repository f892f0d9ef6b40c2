"""First start of a demonstration: loads the demo and issues the invoices of its last two months."""

from flask import Flask

from msp.demo.generator import PASSWORD, generate
from msp.demo.invoiced import invoice_last_months
from msp.demo.load import is_empty, load
from msp.kernel import clock

ACCOUNTS = (
    ("irene.navas@guardiasoporte.example", "technician, tier 2"),
    ("tomas.rey@guardiasoporte.example", "technician, tier 1"),
    ("carmen.solis@guardiasoporte.example", "team lead"),
    ("beatriz.salcedo@guardiasoporte.example", "account manager"),
    ("elena.guardiola@guardiasoporte.example", "administrator"),
    ("angel.lozano@ferreterialozano.example", "client manager"),
    ("marta.ruiz@ferreterialozano.example", "client employee"),
)


def load_once(app: Flask) -> bool:
    """Fill an empty installation; returns False if it already has data."""
    with app.app_context():
        if not is_empty():
            return False
        now = clock.now()
        load(generate(now))
        invoice_last_months(now)
    return True


__all__ = ["ACCOUNTS", "PASSWORD", "load_once"]
