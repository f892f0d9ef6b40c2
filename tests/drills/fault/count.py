"""Comparison of the drill's log with the data of the desk and the platforms."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from statistics import median
from typing import Any

from tests.drills.fault.clocks import wrong_clocks
from tests.drills.fault.faults import Scene

RECOVERY = 10.0  # seconds
RECOVERED = "whole again within 10 s of the return"
MISSED_AFTER = timedelta(seconds=60)  # an answer that arrives while the step is late cancels it
SHOWN = 12
HASHED = (
    "IDEmisorFactura",
    "NumSerieFactura",
    "FechaExpedicionFactura",
    "TipoFactura",
    "CuotaTotal",
    "ImporteTotal",
    "Huella",
    "FechaHoraHusoGenRegistro",
)


@dataclass
class Line:
    """One row of the result; `wrong` names each item that differs."""

    what: str
    count: int
    wrong: list[str] = field(default_factory=list)
    apart: str = ""


def reckon(scene: Scene) -> list[Line]:
    """Count everything; requires a desk without pending work."""
    return [
        _messages(scene),
        _replies_stored(scene),
        *_replies_told(scene),
        _cards(scene),
        _timelines(scene),
        _clocks(scene),
        _steps(scene),
        _entries(scene),
        _numbers(scene),
        _chain(scene),
        _stripe(scene),
        _payments(scene),
        _mails(scene),
        _given_up(scene),
        _recovery(scene),
        Line("the drill itself", sum(scene.ledger.faults.values()), scene.ledger.trouble),
    ]


# ---------------------------------------------------------------- conversation


def _messages(scene: Scene) -> Line:
    rows = _by_mark(scene, "select body, ticket_id::text from message where channel in ('slack', 'teams')", "m")
    line = Line("messages taken: on one ticket, once", 0)
    unsure = 0
    for spoken in scene.ledger.spoken:
        on = rows.get(spoken.mark, [])
        line.count += spoken.is_accepted
        unsure += not spoken.is_accepted
        if len(on) > 1 or (spoken.is_accepted and not on):
            line.wrong.append(f"{spoken.mark} ({spoken.platform}) is on tickets {on}")
    line.apart = f"{unsure} never taken" if unsure else ""
    return line


def _replies_stored(scene: Scene) -> Line:
    rows = _by_mark(scene, "select body, ticket_id::text from message where channel = 'api' order by id", "r")
    line = Line("replies asked for: stored once, sent", 0)
    states = _by_mark(scene, _STATES, "r")
    for ticket, asked in scene.ledger.replies.items():
        for each in asked:
            line.count += 1
            if not each.is_accepted or rows.get(each.mark, []) != [ticket]:
                line.wrong.append(f"{each.mark}: answered {each.status}, on tickets {rows.get(each.mark, [])}")
            elif states.get(each.mark) != ["sent"]:
                line.wrong.append(f"{each.mark} on {ticket} is {states.get(each.mark)}")
    return line


_STATES = "select body, delivery_state from message where channel = 'api'"


def _replies_told(scene: Scene) -> list[Line]:
    """In each thread: every answer, in order, once; in Teams, where messages cannot be looked up, possibly twice."""
    lines = {name: Line(f"replies in {name}: in the thread, in order, once", 0) for name in ("Slack", "Teams")}
    again = 0
    places = scene.desk.rows("select ticket_id::text, platform, channel, thread from conversation")
    for ticket, platform, channel, thread in places:
        wanted = [each.mark for each in scene.ledger.replies.get(ticket, []) if each.is_accepted]
        line = lines["Slack" if platform == "slack" else "Teams"]
        heard = _heard_in(scene, platform, channel, thread, set(wanted))
        line.count += len(wanted)
        once = list(dict.fromkeys(heard))
        if once != wanted:
            line.wrong.append(f"{ticket}: said {wanted}, heard {heard}")
        elif len(once) != len(heard) and platform == "slack":
            line.wrong.append(f"{ticket}: heard more than once {_twice(heard)}")
        else:
            again += len(heard) - len(once)
    lines["Teams"].apart = f"{again} in doubt, said again" if again else ""
    return list(lines.values())


def _heard_in(scene: Scene, platform: str, channel: str, thread: str, wanted: set[str]) -> list[str]:
    if platform == "slack":
        told = scene.outside.slack.messages(channel=channel, thread_ts=thread, author="bot")
    else:
        told = scene.outside.teams.messages(conversation=channel, author="bot")
    marks = [_mark_of(str(message.get("text") or ""), "r") for message in told]
    return [mark for mark in marks if mark in wanted]


def _cards(scene: Scene) -> Line:
    """Every ticket of Slack has its card once; it is the app's first message in a thread."""
    line = Line("cards in Slack: one in each thread", 0)
    for ticket, channel, thread in scene.desk.rows(
        "select ticket_id::text, channel, thread from conversation where platform = 'slack'"
    ):
        line.count += 1
        told = scene.outside.slack.messages(channel=channel, thread_ts=thread, author="bot")
        openings = [
            message
            for message in told
            if str((message.get("metadata") or {}).get("event_payload", {}).get("delivery", "")).endswith(".0")
            and message.get("blocks")
            and not _mark_of(str(message.get("text") or ""), "r")
        ]
        keys = Counter(message["metadata"]["event_payload"]["delivery"] for message in openings)
        if not openings or max(keys.values()) > 1:
            line.wrong.append(f"{ticket}: {dict(keys)}")
    return line


def _timelines(scene: Scene) -> Line:
    """Each change of status begins with the status of the one before it."""
    line, now = Line("changes of status: an unbroken line", 0), dict[str, str]()
    query = (
        "select subject_id::text, data->>'before', data->>'after' from event where kind = 'ticket.status_changed'"
        " order by seq"
    )
    for ticket, before, after in scene.desk.rows(query):
        line.count += 1
        if now.get(ticket, "new") != before:
            line.wrong.append(f"{ticket}: from {before}, where it was {now.get(ticket, 'new')}")
        now[ticket] = after
    for ticket, status in scene.desk.rows("select id::text, status from ticket"):
        if now.get(ticket, "new") != status:
            line.wrong.append(f"{ticket} is {status}, its line ends with {now.get(ticket, 'new')}")
    return line


# ------------------------------------------------------------------------ time


def _clocks(scene: Scene) -> Line:
    count, wrong = wrong_clocks(scene.desk)
    return Line("clocks: as their history has them", count, wrong)


def _steps(scene: Scene) -> Line:
    """Each step that was taken has one event, in order; none that was due while its clock ran is missing."""
    line = Line("escalation steps: once, in order, none left out", 0)
    told = Counter(
        scene.desk.rows(
            "select subject_id::text, data->>'clock', (data->>'step_due_at')::timestamptz from event"
            " where kind in ('sla.warned', 'sla.breached', 'sla.escalated')"
        )
    )
    query = (
        "select s.ticket_id::text, k.kind, s.due_at, s.clock_id::text, s.key, s.taken_at"
        " from sla_step s join sla_clock k on k.id = s.clock_id order by s.taken_at, s.due_at, s.step"
    )
    last: dict[str, Any] = {}
    steps: Counter[tuple[str, str]] = Counter()
    moments = set()
    for ticket, kind, due, clock, step, taken in scene.desk.rows(query):
        line.count += 1
        steps[clock, step] += 1
        moments.add((ticket, kind, due))
        if told[ticket, kind, due] != 1:
            line.wrong.append(f"{ticket} {kind} step {step} of {due}: said {told[ticket, kind, due]} times")
        if taken < due:
            line.wrong.append(f"{ticket} {kind} step {step}: taken {taken}, before {due}")
        if clock in last and last[clock] > taken:
            line.wrong.append(f"{ticket} {kind} step {step}: out of order")
        last[clock] = taken
    line.wrong += [
        f"clock {clock} step {step}: taken {times} times" for (clock, step), times in steps.items() if times > 1
    ]
    line.wrong += [f"{ticket} {kind} of {due}: said, and no step taken" for ticket, kind, due in set(told) - moments]
    line.wrong += _left_out(scene)
    line.apart = f"{_late(scene)} late, and marked so"
    return line


def _left_out(scene: Scene) -> list[str]:
    now = scene.desk.time.now()
    waiting = "select ticket_id::text, kind, next_step_at from sla_clock where state = 'running' and next_step_at < %s"
    wrong = [f"{ticket} {kind}: due since {due}" for ticket, kind, due in scene.desk.rows(waiting, now)]
    breached = (
        "select k.ticket_id::text, k.kind, k.due_at, coalesce(k.met_at, %s) from sla_clock k where k.due_at is not null"
        " and k.due_at < coalesce(k.met_at, %s) and k.state in ('running', 'met') and k.breached_at is null"
    )
    for ticket, kind, due, until in scene.desk.rows(breached, now, now):
        if scene.ledger.lasted(due, until) > MISSED_AFTER:
            wrong.append(f"{ticket} {kind}: due {due}, kept {until}, and no breach")
    return wrong


def _late(scene: Scene) -> int:
    return int(scene.desk.rows("select count(*) from event where (data->>'is_late')::boolean")[0][0])


# ----------------------------------------------------------------------- money


def _entries(scene: Scene) -> Line:
    rows = _by_mark(scene, "select note, id::text from time_entry", "t")
    line = Line("hours written down: once, billed at most once", 0)
    for asked in scene.ledger.entries:
        line.count += 1
        if len(rows.get(asked.mark, [])) != int(asked.is_accepted):
            line.wrong.append(f"{asked.mark}: answered {asked.status}, entries {rows.get(asked.mark, [])}")
    query = (
        "select e.id::text, e.state, count(distinct i.id) filter (where i.state = 'issued') from time_entry e"
        " left join invoice_line_entry l on l.entry_id = e.id left join invoice_line n on n.id = l.line_id"
        " left join invoice i on i.id = n.invoice_id group by e.id, e.state"
    )
    for entry, state, invoices in scene.desk.rows(query):
        if invoices != int(state == "billed"):
            line.wrong.append(f"{entry} is {state}, on {invoices} invoices")
    return line


def _numbers(scene: Scene) -> Line:
    """Consecutive from one, without gaps or duplicates; a number answered as «issued» is issued."""
    line, series = Line("invoice numbers: none missing, none twice", 0), defaultdict(list)
    for code, number in scene.desk.rows("select series, number from invoice where state = 'issued'"):
        line.count += 1
        series[code].append(int(number.rpartition("-")[2]))
    for code, numbers in series.items():
        if sorted(numbers) != list(range(1, len(numbers) + 1)):
            line.wrong.append(f"{code}: {sorted(numbers)}")
        [(last,)] = scene.desk.rows("select last from invoice_series where code = %s", code)
        if last != len(numbers):
            line.wrong.append(f"{code}: the series stands at {last}, {len(numbers)} were issued")
    issued = {row[0] for row in scene.desk.rows("select id::text from invoice where state = 'issued'")}
    missing = [each.mark for each in scene.ledger.issued if each.is_accepted and each.mark not in issued]
    line.wrong += [f"{mark} was answered as issued and is not" for mark in missing]
    return line


def _chain(scene: Scene) -> Line:
    """Each record contains the huella before it, and its own is the hash of its fields (AEAT v0.1.2)."""
    line, before = Line("chain of records: unbroken", 0), ""
    for position, fields, previous, huella in scene.desk.rows(
        "select position, fields, previous, huella from invoice_record order by position"
    ):
        line.count += 1
        text = "&".join(f"{name}={fields[name]}" for name in HASHED)
        if (position, previous, fields["Huella"]) != (line.count, before, before):
            line.wrong.append(f"record {position} follows {previous[:12]}, not {before[:12]}")
        if sha256(text.encode()).hexdigest().upper() != huella:
            line.wrong.append(f"record {position}: its huella is of another text")
        before = huella
    return line


def _stripe(scene: Scene) -> Line:
    line, twins = Line("invoices at Stripe: each once, same sum", 0), defaultdict(list)
    for twin in _at_stripe(scene):
        twins[twin["metadata"].get("invoice_uuid", "")].append(twin)
    for invoice, payable in scene.desk.rows(
        "select id::text, payable from invoice where state = 'issued' and kind = 'invoice' and payable > 0"
    ):
        line.count += 1
        found = twins.pop(invoice, [])
        if [(twin["total"], twin["status"] in ("open", "paid")) for twin in found] != [(payable, True)]:
            line.wrong.append(f"{invoice}: {[(twin['id'], twin['status'], twin['total']) for twin in found]}")
    line.wrong += [f"{invoice}: at Stripe and not issued here" for invoice in twins]
    return line


def _payments(scene: Scene) -> Line:
    line = Line("paid at Stripe: paid here, and no other", 0)
    states = dict(scene.desk.rows("select stripe_invoice_id, state from payment where stripe_invoice_id is not null"))
    for twin in _at_stripe(scene):
        line.count += twin["status"] == "paid"
        if states.get(twin["id"]) != twin["status"]:
            line.wrong.append(f"{twin['id']} is {twin['status']} there, {states.get(twin['id'])} here")
    return line


def _at_stripe(scene: Scene) -> list[dict[str, Any]]:
    stripe = scene.outside.stripe
    with stripe.world.lock:
        return [dict(each) for each in stripe.world.all("invoices") if each["status"] != "void"]


# ------------------------------------------------------------------------ mail


def _mails(scene: Scene) -> Line:
    """Each mail arrived once, plus once for every try without an answer; there are no unknown mails."""
    line = Line("mails: arrived, once", 0)
    came = Counter(mail.message_id for mail in scene.outside.mail.messages())
    again = 0
    for message, state, doubts in scene.desk.rows("select message_id, state, doubts from mail_post"):
        line.count += 1
        times = came.pop(message, 0)
        again += max(0, times - 1)
        if state != "sent" or not 1 <= times <= 1 + doubts:
            line.wrong.append(f"{message} is {state}, in doubt {doubts} times, came {times} times")
    line.wrong += [f"{message} came {times} times and was never ours" for message, times in came.items()]
    line.apart = f"{again} in doubt, sent again" if again else ""
    return line


# ------------------------------------------------------------------- the drill


def _given_up(scene: Scene) -> Line:
    query = "select '{0} ' || id || ' ' || key || ': ' || reason from {0} where state in ('dead', 'discarded')"
    rows = scene.desk.rows(f"{query.format('inbound')} union all {query.format('delivery')}")
    [(count,)] = scene.desk.rows("select (select count(*) from inbound) + (select count(*) from delivery)")
    return Line("rows of inbox and outbox: none given up", count, [row[0] for row in rows])


def _recovery(scene: Scene) -> Line:
    found = scene.ledger.recoveries
    line = Line(RECOVERED, len(found))
    line.wrong = [
        f"{each.what}: {each.whole:.1f} s (crowded {each.crowding:.1f} times)"
        for each in found
        if each.whole > RECOVERY * each.crowding
    ]
    if found:
        worst = max(found, key=lambda each: each.whole)
        line.apart = (
            f"median {median(each.whole for each in found):.1f} s, worst {worst.whole:.1f} s ({worst.what});"
            f" back after {median(each.back for each in found):.1f} s;"
            f" {sum(each.whole > RECOVERY for each in found)} longer than 10 s;"
            f" machine crowded {median(each.crowding for each in found):.1f} times"
        )
    return line


def _by_mark(scene: Scene, query: str, letter: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for text, value in scene.desk.rows(query):
        found[_mark_of(text, letter)].append(value)
    return found


def _mark_of(text: str, letter: str) -> str:
    word = text.rstrip().rpartition(" ")[2].rpartition("\n")[2]
    return word if word[:1] == letter and word[1:].isdecimal() else ""


def _twice(heard: Iterable[str]) -> list[str]:
    return [mark for mark, times in Counter(heard).items() if times > 1]


def table(lines: list[Line]) -> str:
    """The lines as a text table, with the rows that differ below."""
    width = max(len(line.what) for line in lines)
    drawn = [f"{'':{width}}  {'count':>7}  {'differ':>7}"]
    drawn += [f"{line.what:{width}}  {line.count:>7}  {len(line.wrong):>7}  {line.apart}".rstrip() for line in lines]
    for line in lines:
        if line.wrong:
            drawn += ["", f"{line.what}:", *(f"  {each}" for each in line.wrong[:SHOWN])]
            if len(line.wrong) > SHOWN:
                drawn.append(f"  … and {len(line.wrong) - SHOWN} more")
    return "\n".join(drawn)
