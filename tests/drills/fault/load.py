"""Normal load during the faults: people write, technicians answer, time is entered, invoices are issued.

API requests are repeated with the same idempotency key until there is an answer.
"""

from __future__ import annotations

import http.client
import random
import threading
import time
import traceback
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.drills.conversations import CROWD, INIGO, MARTA, PABLO, TOM
from tests.drills.desk import Desk
from tests.drills.environment import Outside
from tests.drills.fault.ledger import Asked, Ledger, Spoken
from tests.world import SLACK_TEAM, TEAMS_TENANT

SLACK_PEOPLE = (MARTA, PABLO, TOM, *CROWD[:20])
TEAMS_PEOPLE = (INIGO, *(f"29:p{number}" for number in range(8)))
TECHNICIANS = 2
MOST_THREADS = 40
PAUSE = 0.2  # seconds between two acts of one thread
BEARABLE = 20  # rows
SETTLING = 10.0  # seconds for the last invoices to reach Stripe before one is paid
COLLEAGUES = {person: f"Persona {person[4:]}" for person in TEAMS_PEOPLE[1:]}
HOPELESS = (500, 502, 503, 504, 429)


@dataclass
class Load:
    """The threads that create load; `stop` lets each finish its request."""

    desk: Desk
    outside: Outside
    ledger: Ledger
    seed: int
    behind: int = 0  # pending rows: with a backlog, requests become less frequent
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _slack_threads: list[tuple[str, str]] = field(default_factory=list)
    _tickets: list[str] = field(default_factory=list)
    _tomas: str = ""

    def start(self) -> None:
        """Start all threads."""
        self._tomas = str(self.desk.rows("select id from person where name = 'Tomás Rey'")[0][0])
        for person, name in COLLEAGUES.items():
            if person not in self.outside.teams.world.users:
                mail = f"{person.removeprefix('29:')}@azcarate.example"
                self.outside.teams.add_user(TEAMS_TENANT, id=person, name=name, email=mail)
        roles: list[Callable[[random.Random], None]] = [self._write, self._keep_books]
        roles += [self._technician(number) for number in range(TECHNICIANS)]
        for number, act in enumerate(roles):
            dice = random.Random(self.seed * 1000 + number)
            thread = threading.Thread(target=self._live, args=(act, dice), name=f"load {number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self, *, within: float) -> None:
        """Let all threads finish; one that does not is recorded as trouble."""
        self._stop.set()
        limit = time.monotonic() + within
        for thread in self._threads:
            thread.join(max(0.0, limit - time.monotonic()))
            if thread.is_alive():
                self.ledger.trouble.append(f"{thread.name} did not come to an end")

    def settle_up(self) -> None:
        """At the end: bill the month so far once more, and pay an open invoice."""
        self._close_the_month()
        limit = time.monotonic() + SETTLING
        while not self._awaiting() and time.monotonic() < limit:
            time.sleep(0.2)
        self._pay(random.Random(self.seed))

    def _live(self, act: Callable[[random.Random], None], dice: random.Random) -> None:
        while not self._stop.is_set():
            try:
                act(dice)
            except Exception:
                self.ledger.trouble.append(traceback.format_exc(limit=4))
            self._stop.wait(PAUSE * (1 + self.behind / BEARABLE) * dice.uniform(0.5, 1.5))

    # ------------------------------------------------------------------ people

    def _write(self, dice: random.Random) -> None:
        """A person writes: a third in Teams, most of the rest in an existing thread."""
        mark = self.ledger.mark("m")
        text = f"No me funciona el puesto {dice.randrange(100)} {mark}"
        if dice.random() < 0.35:
            said = self.outside.teams.say(TEAMS_TENANT, dice.choice(TEAMS_PEOPLE), "", text, wait=False)
            self.ledger.spoken.append(Spoken(mark, "teams", [said.delivery] if said.delivery else []))
            return
        known = self._slack_threads
        is_new = not known or (len(known) < MOST_THREADS and dice.random() < 0.25)
        who, thread = (dice.choice(SLACK_PEOPLE), None) if is_new else dice.choice(known)
        heard = self.outside.slack.say(SLACK_TEAM, who, "im", text, thread_ts=thread, wait=False)
        self.ledger.spoken.append(Spoken(mark, "slack", heard.deliveries))
        if is_new:
            known.append((who, heard.ts))

    # ------------------------------------------------------------- technicians

    def _technician(self, number: int) -> Callable[[random.Random], None]:
        """A technician with tickets of their own, so that the order of their answers is known."""

        def act(dice: random.Random) -> None:
            if number == 0 and (not self._tickets or dice.random() < 0.1):
                self._look_around()
            own = [ticket for ticket in self._tickets if uuid.UUID(ticket).int % TECHNICIANS == number]
            if not own:
                return
            ticket, luck = dice.choice(own), dice.random()
            if luck < 0.75:
                self._reply(ticket)
            elif luck < 0.9:
                wanted = dice.choice(["open", "waiting_client", "scheduled", "resolved", "closed"])
                self._change(ticket, {"status": wanted} | _schedule(wanted))
            elif luck < 0.95:
                self._change(ticket, {"priority": dice.choice(["urgent", "high", "normal"])})
            else:  # from now on they are notified of the client's messages there
                self._change(ticket, {"assignee_id": self._tomas})

        return act

    def _look_around(self) -> None:
        status, page = self._ask("GET", "/api/v1/tickets?limit=100")
        if status == 200:
            self._tickets = [each["id"] for each in page["items"]]

    def _reply(self, ticket: str) -> None:
        asked = Asked(self.ledger.mark("r"), f"/api/v1/tickets/{ticket}/messages")
        self.ledger.replies[ticket].append(asked)
        self._insist(asked, {"body": f"Lo miramos {asked.mark}"})

    def _change(self, ticket: str, change: dict[str, str]) -> None:
        asked = Asked(ticket, f"/api/v1/tickets/{ticket}")
        self.ledger.changes.append(asked)
        self._insist(asked, change, method="PATCH")

    # ------------------------------------------------------------------- money

    def _keep_books(self, dice: random.Random) -> None:
        """Enter time; now and then bill the month so far, issue the invoices, and pay one."""
        tickets = list(self._tickets)
        if not tickets:
            return
        luck = dice.random()
        if luck < 0.5:
            self._log_time(dice, dice.choice(tickets))
        elif luck < 0.6:
            self._close_the_month()
        elif luck < 0.7:
            self._pay(dice)

    def _log_time(self, dice: random.Random, ticket: str) -> None:
        asked = Asked(self.ledger.mark("t"), f"/api/v1/tickets/{ticket}/time-entries")
        self.ledger.entries.append(asked)
        started = self.desk.time.now() - timedelta(minutes=90)
        entry = {"started_at": started.isoformat(), "minutes": dice.randrange(10, 90), "note": asked.mark}
        self._insist(asked, entry)

    def _close_the_month(self) -> None:
        today = self.desk.time.now().date()
        period = {"period_start": today.replace(day=1).isoformat(), "period_end": today.isoformat()}
        run = Asked(self.ledger.mark("c"), "/api/v1/invoice-runs")
        made = self._insist(run, period, by="carmen")
        for draft in made.get("drafts", []) if run.is_accepted else []:
            asked = Asked(draft["id"], f"/api/v1/invoices/{draft['id']}/issue")
            self.ledger.issued.append(asked)
            self._insist(asked, {}, by="carmen")

    def _pay(self, dice: random.Random) -> None:
        if waiting := self._awaiting():
            chosen = dice.choice(waiting)
            self.outside.stripe.pay(chosen)
            self.ledger.paid.append(chosen)

    def _awaiting(self) -> list[str]:
        stripe = self.outside.stripe
        with stripe.world.lock:
            return [each["id"] for each in stripe.world.all("invoices") if each["status"] == "open"]

    # --------------------------------------------------------------- retries

    def _insist(self, asked: Asked, body: dict[str, Any], *, method: str = "POST", by: str = "tomas") -> dict[str, Any]:
        key = f"{asked.mark}-{uuid.uuid4()}" if method == "POST" else ""
        while True:
            asked.tries += 1
            status, answer = self._ask(method, asked.path, body, by=by, key=key)
            if status and status not in HOPELESS:
                asked.status = status
                return answer if isinstance(answer, dict) else {}
            time.sleep(0.25)
            if self._stop.is_set() and asked.tries > 400:
                return {}

    def _ask(self, method: str, path: str, body: Any = None, *, by: str = "tomas", key: str = "") -> tuple[int, Any]:
        try:
            return self.desk.ask(method, path, body, by=by, key=key, timeout=8)
        except (OSError, http.client.HTTPException, ValueError):
            return 0, None


def working_hours_after(at: datetime) -> datetime:
    """09:05 Madrid winter time on the next working day: the start of a drill's day."""
    day = at + timedelta(days=1)
    while day.weekday() > 4:
        day += timedelta(days=1)
    return day.replace(hour=8, minute=5, second=0, microsecond=0)


def _schedule(status: str) -> dict[str, str]:
    later = datetime.now(UTC) + timedelta(days=30)
    return {"scheduled_for": later.isoformat()} if status == "scheduled" else {}
