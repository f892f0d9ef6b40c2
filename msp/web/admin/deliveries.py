"""What no try could work: in from other programs, or out to them; tried again or given up by a person."""

import re
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from msp.kernel import leases, wake
from msp.kernel.errors import NotFound
from msp.kernel.events import Delivery
from msp.kernel.inbox import Inbound
from msp.kernel.leases import Leased
from msp.web.admin import reading
from msp.web.admin.reading import Dead
from msp.web.guards import needs
from msp.web.shell import shell

QUEUES: dict[str, tuple[type[Leased], str]] = {"inbound": (Inbound, "inbox"), "delivery": (Delivery, "outbox")}
_ID = re.compile(r"(inbound|delivery)-(\d{1,18})")


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this page."""
    guard = needs("administer")
    blueprint.add_url_rule("/deliveries", "deliveries", guard(deliveries))
    blueprint.add_url_rule("/deliveries/retry", "retry_all", guard(retry_all), methods=["POST"])
    for name, view in (("retry", retry), ("drop", drop)):
        blueprint.add_url_rule(f"/deliveries/<delivery_id>/{name}", f"{name}_delivery", guard(view), methods=["POST"])


def deliveries() -> str:
    """The dead rows with their reasons, and how many are still on their way."""
    found = reading.dead_rows()
    names = reading.names_of_clients({row.client_id for row in found if row.client_id})
    labels = reading.labels_of_tickets({row.subject_id for row in found if row.subject_id})
    return render_template(
        "admin/deliveries.html",
        shell=shell(current="admin.deliveries"),
        rows=[_row(row, names, labels) for row in found],
        waiting=reading.count_pending(),
    )


def retry(delivery_id: str) -> Response:
    """Put one dead row back in line."""
    queue, row_id = _named(delivery_id)
    model, drain = QUEUES[queue]
    leases.retry(model, row_id)
    wake.send(drain)
    flash(gettext("It is tried again now."), "green")
    return redirect(url_for("admin.deliveries"), 303)


def drop(delivery_id: str) -> Response:
    """Give one dead row up for good; it stays as a record."""
    queue, row_id = _named(delivery_id)
    leases.discard(QUEUES[queue][0], row_id)
    flash(gettext("Given up. It stays in the records."), "green")
    return redirect(url_for("admin.deliveries"), 303)


def retry_all() -> Response:
    """Put every dead row back in line."""
    found = reading.dead_ids()
    for queue, row_id in found:
        leases.retry(QUEUES[queue][0], row_id)
    for queue in {queue for queue, _ in found}:
        wake.send(QUEUES[queue][1])
    flash(ngettext("%(num)d is tried again now.", "%(num)d are tried again now.", len(found)), "green")
    return redirect(url_for("admin.deliveries"), 303)


def _named(delivery_id: str) -> tuple[str, int]:
    found = _ID.fullmatch(delivery_id)
    if found is None:
        raise NotFound("delivery")
    return found[1], int(found[2])


def _row(row: Dead, names: dict[UUID, str], labels: dict[UUID, str]) -> dict[str, object]:
    label = labels.get(row.subject_id) if row.subject_id else None
    client = names.get(row.client_id, "") if row.client_id else ""
    return {
        "id": f"{row.queue}-{row.id}",
        "kind": _sentence(row, label),
        "to": " · ".join(part for part in (client, row.kind) if part),
        "error": row.reason or gettext("no reason was given"),
        "tries": row.tries,
        "at": row.at,
        "url": url_for("desk.ticket", label=label) if label else None,
    }


def _sentence(row: Dead, label: str | None) -> str:
    name = _program(row.name)
    if row.queue == "inbound":
        return gettext("What came in from %(program)s", program=name)
    if label:
        return gettext("News of %(ticket)s for %(program)s", ticket=label, program=name)
    return gettext("News for %(program)s", program=name)


def _program(name: str) -> str:
    """A source or subscriber by the name that people know it by."""
    stem = name.partition("_")[0].partition(":")[0]
    known = {"slack": "Slack", "teams": "Teams", "stripe": "Stripe", "notify": gettext("notifications")}
    known |= {"nudge": gettext("notifications"), "chat": gettext("the chat")}
    return str(known.get(stem, name))
