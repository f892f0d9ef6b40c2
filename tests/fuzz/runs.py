"""The runs of signed bodies and forms. After a number of calls the database is reset."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random

from flask import Flask
from flask.testing import FlaskClient

from msp.config import Settings
from msp.kernel import clock, inbox, ttl_cache, wake
from msp.kernel.db import Scope, work
from msp.tickets.opening import Request, open_ticket
from simulators.teams.server import TeamsServer
from tests.conftest import empty
from tests.fuzz import signed
from tests.fuzz.calls import Call, Tally, make
from tests.fuzz.faults import LastFault
from tests.fuzz.forms import ROLES, Forms, sessions
from tests.fuzz.stored import StoredRows
from tests.world import World, sign_in
from tests.world_snapshot import WorldSnapshot

SIGNED_BATCH, PAGES_BATCH = 500, 200  # calls on one database
READ_AGAIN = 10  # batches, after which the forms are read from the pages again


@dataclass(frozen=True)
class Size:
    """How many calls of each part, and which parts."""

    signed: int = 4700
    forms: int = 200
    api: int = 100
    seed: int = 8
    only: str = ""
    is_worked: bool = False

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Size":
        """Read SEED and ONLY; COUNT for each part, or FUZZ=all for the size of `make fuzz`."""
        whole = (100_000, 20_000, 10_000) if environment.get("FUZZ") == "all" else (cls.signed, cls.forms, cls.api)
        if count := environment.get("COUNT"):
            whole = (int(count),) * 3
        return cls(
            *whole,
            seed=int(environment.get("SEED") or 8),
            only=environment.get("ONLY", ""),
            is_worked="COUNT" in environment or "FUZZ" in environment,
        )


@dataclass
class Ground:
    """The desk under test."""

    app: Flask
    settings: Settings
    snapshot: WorldSnapshot
    stored: StoredRows
    last_fault: LastFault = field(default_factory=LastFault)

    def renew(self) -> World:
        """Reset to the fixtures with a ticket for each client; rate limits are cleared."""
        empty(self.settings)
        wake.connection().flushdb()
        ttl_cache.clear()
        world = self.snapshot.restore()
        for client, person in ((world.lozano, world.marta), (world.azcarate, world.inigo)):
            with work(Scope.client(client.id)):
                wanted = Request(subject="El TPV no cobra", body="Hay cola.", source="portal")
                open_ticket(client, requester=person, request=wanted, at=clock.now())
        self.stored.forget()
        return world


def run_signed(
    ground: Ground, teams: TeamsServer, *, count: int, seed: int, only: str = "", is_worked: bool = False
) -> Tally:
    """Mutated bodies with valid signatures; with `is_worked` accepted ones are processed too, without a fault."""
    maker, tally = signed.Signed(teams), Tally("signed bodies")
    chosen = [path for path in signed.PATHS if only in path]
    with listening(ground):
        for number in range(count if chosen else 0):
            if number % SIGNED_BATCH == 0:
                if is_worked:
                    work_accepted(ground, tally)
                ground.renew()
                web = ground.app.test_client()
            random = Random(f"{seed} signed {number}")
            path = random.choices(chosen, [signed.WEIGHTS[signed.PATHS.index(each)] for each in chosen])[0]
            checked(ground, maker.call(path, random), web, tally, about=path)
    return tally


def work_accepted(ground: Ground, tally: Tally) -> None:
    """Process accepted rows with a worker, each once."""
    while inbox.work_one():
        if fault := ground.last_fault.take():
            tally.note(f"in the worker: {fault}", Call("", "(a stored body)"))


def run_forms(ground: Ground, *, count: int, seed: int, only: str = "") -> Tally:
    """Mutated forms to every route that accepts one, as every role."""
    forms, tally = Forms(ground.app), Tally("form posts")
    chosen: list[str] = []
    with listening(ground):
        for number in range(count):
            if number % PAGES_BATCH == 0:
                world = ground.renew()
                clients = sessions(ground.app, world)
                if number % (READ_AGAIN * PAGES_BATCH) == 0:
                    forms.read({role: clients[role] for role in _readers(count, seed)}, world)
                chosen = chosen or sorted(rule for rule in forms.bare if only in rule)
                ground.stored.since_last()
            if not chosen:
                break
            random = Random(f"{seed} forms {number}")
            rule = random.choice(chosen)
            call = forms.call(rule, random)
            if checked(ground, call, clients[call.by], tally, about=rule) in (302, 303, 401):
                _sign_in_again(ground, clients, world, call.by)
    return tally


def _readers(count: int, seed: int) -> list[str]:
    """The people whose pages are read: all; in a short run one of a client and one of the staff."""
    if count >= READ_AGAIN * PAGES_BATCH:
        return list(ROLES)
    random = Random(f"{seed} readers")
    return [random.choice(("dolores", "inigo", "marta")), random.choice(("ana", "carmen", "rosa", "tomas"))]


def checked(ground: Ground, call: Call, web: FlaskClient, tally: Tally, *, about: str) -> int:
    """Make a call and record a wrong answer with its exception. Returns the status."""
    status = make(call, web, ground.stored, tally, about=about)
    fault = ground.last_fault.take()
    if status >= 500 and fault:
        tally.note(f"{status} at {about}: {fault}", call)
        tally.faults.pop(f"{status} at {about}", None)
    return status


def _sign_in_again(ground: Ground, clients: dict[str, FlaskClient], world: World, role: str) -> None:
    """Sign in again after posts that end a session, if the person may still sign in."""
    if role and clients[role].get("/account").status_code != 200:
        clients[role] = sign_in(ground.app.test_client(), getattr(world, role))
    ground.stored.since_last()


@contextmanager
def listening(ground: Ground) -> Iterator[None]:
    """Collect exceptions; their stack traces are not printed one by one."""
    root = logging.getLogger()
    root.addHandler(ground.last_fault)
    try:
        yield
    finally:
        root.removeHandler(ground.last_fault)
