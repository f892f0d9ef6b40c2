"""Inbox and outbox rows that failed after all attempts; a person retries or discards them."""

import re
from collections.abc import Callable
from typing import cast
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext, pgettext
from flask_login import current_user
from werkzeug.wrappers import Response

from msp.clients.platforms import platform_named
from msp.kernel import clock, dead_letters, wake
from msp.kernel.db import Scope, work
from msp.kernel.dead_letters import DRAINS, MODELS, DeadLetterDiscarded, Queue
from msp.kernel.errors import NotFound
from msp.operations.uncertain_sends import UncertainSends, all_uncertain_sends
from msp.web.admin import list_queries, queue_rows
from msp.web.admin.pager import Pager
from msp.web.admin.queue_rows import STATES, DeliveryRow, HandledRow, RowFilter
from msp.web.confirm import confirmation, needs_confirmation
from msp.web.guards import Answer, needs
from msp.web.sharing import clients_seen
from msp.web.shell import shell
from msp.words.event_messages import event_message
from msp.words.failure_messages import failure_sentence, unknown_code

_ID = re.compile(r"(inbound|delivery)-(\d{1,18})")


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this page."""
    guard = needs("administer")
    blueprint.add_url_rule("/deliveries", "deliveries", guard(deliveries))
    blueprint.add_url_rule("/deliveries/retry", "retry_all", guard(retry_all), methods=["POST"])
    for name, view in (("retry", retry), ("drop", drop)):
        blueprint.add_url_rule(f"/deliveries/<delivery_id>/{name}", f"{name}_delivery", guard(view), methods=["POST"])


def deliveries() -> str:
    """The rows of one state with their reasons, filtered by direction and program."""
    wanted, pager = _wanted(request.args.get), Pager.of_request()
    found, total = queue_rows.rows_page(wanted, offset=pager.offset)
    names = list_queries.names_of_clients({row.client_id for row in found if row.client_id})
    labels = list_queries.labels_of_tickets({row.subject_id for row in found if row.subject_id})
    done = queue_rows.handled(found)
    return render_template(
        "admin/deliveries.html",
        shell=shell(current="admin.deliveries"),
        rows=[_row(row, names, labels, done.get((row.queue, row.id))) for row in found],
        waiting=count_waiting(),
        tabs=tabs(wanted.state, wanted),
        filters=[_ways(wanted), _programs(wanted)],
        wanted=wanted,
        total=total,
        **pager.context(total),
    )


def retry(delivery_id: str) -> Response:
    """Queue one dead row again."""
    queue, row_id = _named(delivery_id)
    if dead_letters.retry(queue, [row_id], actor_id=current_user.person.id, at=clock.now()):
        wake.send(DRAINS[queue])
        flash(gettext("Retrying now."), "green")
    return redirect(_back(), 303)


def drop(delivery_id: str) -> Answer:
    """Discard one dead row; it is kept as a record."""
    queue, row_id = _named(delivery_id)
    if needs_confirmation():
        return confirmation(
            gettext("Discard this delivery"),
            gettext("It can no longer be retried. It is kept in the log."),
            button=gettext("Discard"),
            back_url=_back(),
        )
    if dead_letters.discard(queue, [row_id], actor_id=current_user.person.id, at=clock.now()):
        flash(gettext("Discarded. It is kept in the log."), "green")
    return redirect(_back(), 303)


def retry_all() -> Response:
    """Queue all dead rows again that match the page's filters."""
    wanted, count = _wanted(request.form.get), 0
    for queue, ids in queue_rows.row_ids(RowFilter("dead", wanted.queue, wanted.program)).items():
        count += dead_letters.retry(queue, ids, actor_id=current_user.person.id, at=clock.now())
        wake.send(DRAINS[queue])
    flash(ngettext("Retrying %(num)d now.", "Retrying %(num)d now.", count), "green")
    return redirect(_back(), 303)


def _back() -> str:
    return _url(_wanted(request.form.get))


def _url(wanted: RowFilter) -> str:
    return url_for(
        "admin.deliveries",
        state=wanted.state if wanted.state != "dead" else None,
        queue=wanted.queue,
        program=wanted.program or None,
    )


def _wanted(read: Callable[[str], str | None]) -> RowFilter:
    asked = {name: read(name) or "" for name in ("state", "queue", "program")}
    return RowFilter(
        state=asked["state"] if asked["state"] in STATES else "dead",
        queue=next((queue for queue in MODELS if queue == asked["queue"]), None),
        program=asked["program"][:100],
    )


def _named(delivery_id: str) -> tuple[Queue, int]:
    found = _ID.fullmatch(delivery_id)
    if found is None:
        raise NotFound("delivery")
    queue, row_id = cast(Queue, found[1]), int(found[2])
    if not queue_rows.is_seen(queue, row_id):
        raise NotFound("delivery")
    return queue, row_id


# ------------------------------------------------------------- display


def count_waiting() -> int:
    """Number of pending rows."""
    return queue_rows.count_rows("pending")


def tabs(current: str, wanted: RowFilter) -> list[dict[str, object]]:
    """The tabs: row states and uncertain sends, each with its count."""
    titles = {"dead": gettext("Failed"), "pending": gettext("In progress"), "discarded": gettext("Discarded")}
    found: list[dict[str, object]] = [
        {
            "label": f"{titles[state]} · {queue_rows.count_rows(state)}",
            "url": _url(RowFilter(state, wanted.queue, wanted.program)),
            "current": state == current,
        }
        for state in STATES
    ]
    for ledger in all_uncertain_sends() if clients_seen() is None else ():
        url = url_for("admin.in_doubt", what=ledger.what)
        label = gettext("Uncertain")
        found.append({"label": f"{label} · {_count(ledger)}", "url": url, "current": current == "doubt"})
    return found


def _count(ledger: UncertainSends) -> int:
    with work(Scope.system()):
        return ledger.count(clock.now())


def _ways(wanted: RowFilter) -> dict[str, object]:
    titles: dict[Queue | None, str] = {
        None: gettext("both"),
        "inbound": gettext("inbound"),
        "delivery": gettext("outbound"),
    }
    return {
        "label": gettext("Direction"),
        "value": titles[wanted.queue],
        "is_set": wanted.queue is not None,
        "clear_url": _url(RowFilter(wanted.state, None, wanted.program)),
        "options": [
            {
                "label": title,
                "url": _url(RowFilter(wanted.state, queue, wanted.program)),
                "current": queue == wanted.queue,
            }
            for queue, title in titles.items()
        ],
    }


def _programs(wanted: RowFilter) -> dict[str, object]:
    known = queue_rows.programs(wanted.state)
    return {
        "label": gettext("Integration"),
        "value": _program(wanted.program) if wanted.program else pgettext("feminine", "all"),
        "is_set": bool(wanted.program),
        "clear_url": _url(RowFilter(wanted.state, wanted.queue)),
        "options": [
            {
                "label": _program(name) if name else pgettext("feminine", "all"),
                "url": _url(RowFilter(wanted.state, wanted.queue, name)),
                "current": name == wanted.program,
            }
            for name in ("", *known)
        ],
    }


def _row(
    row: DeliveryRow, names: dict[UUID, str], labels: dict[UUID, str], done: HandledRow | None
) -> dict[str, object]:
    label = labels.get(row.subject_id) if row.subject_id else None
    client = names.get(row.client_id, "") if row.client_id else ""
    return {
        "id": f"{row.queue}-{row.id}",
        "kind": _sentence(row, label),
        "client": client,
        "event": row.kind,
        "message": event_message(row.event) if row.event else "",
        "error": failure_sentence(row.reason, service=row.name),
        "error_code": unknown_code(row.reason),
        "excerpt": row.excerpt,
        "size": row.size,
        "tries": row.tries,
        "at": row.at,
        "url": url_for("desk.ticket", label=label) if label else None,
        "done": done and {"text": _done(done), "at": done.at},
    }


def _done(done: HandledRow) -> str:
    by = done.by or gettext("someone")
    if done.kind == DeadLetterDiscarded.kind:
        return gettext("Discarded by %(person)s", person=by)
    return gettext("Retried by %(person)s", person=by)


def _sentence(row: DeliveryRow, label: str | None) -> str:
    name = _program(row.name)
    if row.queue == "inbound":
        return gettext("Message from %(program)s", program=name)
    if label:
        return gettext("Update of %(ticket)s for %(program)s", ticket=label, program=name)
    return gettext("Update for %(program)s", program=name)


def _program(name: str) -> str:
    """A source or subscriber by its display name."""
    stem = name.partition("_")[0].partition(":")[0]
    if platform := platform_named(stem):
        return str(platform.label)
    known = {"stripe": "Stripe", "notify": gettext("notifications")}
    known |= {"account": gettext("invitation email"), "chat": gettext("the chat")}
    return str(known.get(stem, name))
