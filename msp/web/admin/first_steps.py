"""Checklist of a new installation: the steps to the first ticket and invoice.

Each step checks itself off. Packages above add theirs with `add_first_step`; this module does not depend on billing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template, url_for
from flask_babel import lazy_gettext
from sqlalchemy import exists, select

from msp.calendars.models import Calendar
from msp.clients.models import Client, Connection
from msp.contracts.models import Contract
from msp.kernel.db import Model, db
from msp.kernel.issuer import read_issuer
from msp.kernel.ttl_cache import cached
from msp.people.models import Person
from msp.tickets.models import Ticket
from msp.web.guards import needs
from msp.web.shell import MenuEntry, add_menu, shell

ISSUER_NEEDS = ("legal_name", "tax_id", "address")
MENU = MenuEntry(
    "desk", lazy_gettext("First steps"), "list-checks", "admin.first_steps", "administer", 1,
    count=lambda: open_steps() or None, is_shown=lambda: open_steps() > 0, tone="",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FirstStep:
    """One step: `is_done` queries the database, `why` explains its purpose, `link` is the page where it is done."""

    key: str
    title: object
    why: object
    link: Callable[[], str]
    is_done: Callable[[], bool]
    order: int


_steps: dict[str, FirstStep] = {}


def add_first_step(step: FirstStep) -> None:
    """Add a step to the checklist; an existing step with the same key is replaced."""
    _steps[step.key] = step


def add_routes(blueprint: Blueprint) -> None:
    """The route of this page, its menu entry and the steps of this package."""
    blueprint.add_url_rule("/first-steps", "first_steps", needs("administer")(first_steps))
    add_menu(MENU)
    for step in _own_steps():
        add_first_step(step)


def open_steps() -> int:
    """Number of open steps, cached for at most five seconds."""
    return cached(lambda: sum(not done for _, done in _states()), name="open first steps", seconds=5.0)


def first_steps() -> str:
    """The checklist; the first open step is marked as next."""
    states = _states()
    coming = next((step.key for step, done in states if not done), "")
    return render_template(
        "admin/first_steps.html",
        shell=shell(current="admin.first_steps"),
        steps=[_row(step, is_done=done, is_next=step.key == coming) for step, done in states],
        done=sum(done for _, done in states),
    )


def _states() -> list[tuple[FirstStep, bool]]:
    return [(step, step.is_done()) for step in sorted(_steps.values(), key=lambda step: step.order)]


def _row(step: FirstStep, *, is_done: bool, is_next: bool) -> dict[str, Any]:
    return {
        "title": str(step.title), "why": str(step.why), "url": step.link(), "is_done": is_done, "is_next": is_next,
    }  # fmt: skip


def _any(model: type[Model], *where: Any) -> bool:
    return bool(db.session.execute(select(exists(select(1).select_from(model).where(*where)))).scalar_one())


def _has_issuer() -> bool:
    issuer = read_issuer()
    return all(issuer.get(name) for name in ISSUER_NEEDS)


def _first_client_url() -> str:
    """URL to create the first client's contract; the list of clients if there is none."""
    query = select(Client.id).where(Client.active).order_by(Client.created_at, Client.id).limit(1)
    client_id = db.session.execute(query).scalar_one_or_none()
    return url_for("admin.new_contract", client_id=client_id) if client_id else url_for("admin.clients")


def _own_steps() -> tuple[FirstStep, ...]:
    return (
        FirstStep(
            "company",
            lazy_gettext("Your company"),
            lazy_gettext("Legal name, tax ID and address are shown on every invoice."),
            lambda: url_for("admin.settings"),
            _has_issuer,
            10,
        ),
        FirstStep(
            "calendar",
            lazy_gettext("A calendar"),
            lazy_gettext("SLA targets count business hours only; holidays of each region are included."),
            lambda: url_for("admin.new_calendar"),
            lambda: _any(Calendar),
            20,
        ),
        FirstStep(
            "client",
            lazy_gettext("A client"),
            lazy_gettext("The company whose people ask for help."),
            lambda: url_for("admin.new_client"),
            lambda: _any(Client),
            30,
        ),
        FirstStep(
            "contract",
            lazy_gettext("A contract"),
            lazy_gettext("It sets SLA targets, hours and prices. Without one, tickets have no deadline."),
            _first_client_url,
            lambda: _any(Contract),
            40,
        ),
        FirstStep(
            "chat",
            lazy_gettext("The chat of a client"),
            lazy_gettext("Where the client's people write. Until then, tickets are opened here or in the portal."),
            lambda: url_for("admin.connections"),
            lambda: _any(Connection, Connection.client_id.is_not(None), Connection.broken_reason.is_(None)),
            50,
        ),
        FirstStep(
            "people",
            lazy_gettext("Your team"),
            lazy_gettext("Technicians and account managers, each with their own sign-in."),
            lambda: url_for("admin.new_person"),
            lambda: _any(Person, Person.client_id.is_(None), Person.role != "administrator"),
            60,
        ),
        FirstStep(
            "ticket",
            lazy_gettext("The first ticket"),
            lazy_gettext("Write to Guardia in chat, or open one here for a caller."),
            lambda: url_for("desk.new_ticket"),
            lambda: _any(Ticket),
            70,
        ),
    )
