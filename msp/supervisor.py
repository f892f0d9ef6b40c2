"""`msp run`: starts servers, migrations and demo data, then web, workers and clock as forked children.

One warm process imports the application once and forks the others, so that they share its memory. It never opens a
connection that a child could inherit: steps that need one run in a child of their own.
"""

from __future__ import annotations

import gc
import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from flask import Flask

from msp import embedded, web_server
from msp.config import Settings
from msp.embedded import EmbeddedServerError, ServerProcess
from msp.forking import Signals, caught_signals, fork

LONGEST_PAUSE = 30.0  # maximum seconds before a crashing child is restarted
HEALTHY_AFTER = 10.0  # seconds of running after which earlier crashes are not counted
TRIES_BEFORE_READY = 3  # crashes of one child before the desk was ready once; then startup fails

Say = Callable[[str], None]


class StartError(Exception):
    """The desk cannot start; the message says why."""


@dataclass(frozen=True)
class ProcessRole:
    """A kind of child: function, number of processes, and grace period to stop (seconds)."""

    name: str
    run: Callable[[], None]
    count: int = 1
    grace: float = 10.0


@dataclass(frozen=True)
class SetupStep:
    """A step to finish before the children start; runs in its own process."""

    title: str
    run: Callable[[], None]


@dataclass(frozen=True)
class ProcessPlan:
    """The parts of a desk: application, preparation steps, children in the order of stopping."""

    load: Callable[[], Flask]
    steps: Callable[[Flask], list[SetupStep]]
    roles: Callable[[Flask, socket.socket], list[ProcessRole]]
    welcome: Callable[[], list[str]]


@dataclass
class _Child:
    role: ProcessRole
    number: int
    pid: int = 0
    born: float = 0.0
    deaths: int = 0
    due: float = field(default_factory=time.monotonic)

    @property
    def title(self) -> str:
        return f"{self.role.name} {self.number}" if self.role.count > 1 else self.role.name


@dataclass
class _Rest:
    """Failed restarts of a server, and when to try next (monotonic seconds)."""

    failures: int = 0
    due: float = 0.0


def run(settings: Settings, plan: ProcessPlan, *, say: Say = print) -> None:
    """Start everything, keep it running, and stop it in order on SIGINT or SIGTERM. Blocks."""
    began = time.monotonic()
    with caught_signals() as asked, embedded.alone(settings, purpose="run"), _listening(settings) as listener:
        servers = embedded.start_all(settings)
        children: list[_Child] = []
        try:
            app = plan.load()  # while the servers start
            for server in servers:
                server.wait()
            if settings.embedded_database:
                embedded.ensure_database(settings)
            for step in plan.steps(app):
                _take(step, asked, say=say)
                if asked.stop:
                    return
            children += [_Child(role, number + 1) for role in plan.roles(app, listener) for number in range(role.count)]
            gc.collect()
            gc.freeze()
            _keep_running(settings, children, servers, asked, lambda: _welcome(plan, began, say=say), say=say)
        finally:
            if asked.stop:
                say("Stopping …")
            _stop_all(children, servers, asked)


@contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    """The listening socket of the web, bound before anything starts: a port in use is reported, connections wait."""
    try:
        listener = web_server.listen(settings.port)
    except OSError as error:
        raise StartError(f"Port {settings.port} cannot be used ({error.strerror}): set PORT to another") from error
    with listener:
        yield listener


def _take(step: SetupStep, asked: Signals, *, say: Say) -> None:
    began = time.monotonic()
    pid = fork(step.run)
    while not (ended := os.waitpid(pid, os.WNOHANG))[0]:
        asked.wait(1.0)
        if asked.stop:
            os.kill(pid, signal.SIGKILL)  # a step is one transaction: the next start repeats it
            os.waitpid(pid, 0)
            return
    if ended[1]:
        raise StartError(f"«{step.title}» failed; the reason is shown above")
    if time.monotonic() - began > 1:
        say(f"{step.title}: {time.monotonic() - began:.1f} s")


def _keep_running(
    settings: Settings,
    children: list[_Child],
    servers: list[ServerProcess],
    asked: Signals,
    on_ready: Callable[[], None],
    *,
    say: Say,
) -> None:
    is_ready, rests = False, [_Rest() for _ in servers]
    while not asked.stop:
        for child in children:
            _supervise(child, is_ready=is_ready, say=say)
        _supervise_servers(settings, servers, rests, is_ready=is_ready, say=say)
        if not is_ready and _answers(settings.port):
            is_ready = True
            on_ready()
        asked.wait(1.0 if is_ready else 0.05)


def _supervise(child: _Child, *, is_ready: bool, say: Say) -> None:
    now = time.monotonic()
    if child.pid:
        pid, status = os.waitpid(child.pid, os.WNOHANG)
        if not pid:
            return
        child.pid = 0
        child.deaths = 1 if now - child.born > HEALTHY_AFTER else child.deaths + 1
        if not is_ready and child.deaths >= TRIES_BEFORE_READY:
            raise StartError(f"{child.title} ended {child.deaths} times ({_how(status)}); the reason is shown above")
        pause = min(LONGEST_PAUSE, 0.25 * 2**child.deaths)
        child.due = now + pause
        say(f"{child.title} ended ({_how(status)}); starting it again in {pause:.1f} s")
    if now >= child.due:
        child.pid, child.born = fork(child.role.run), now


def _supervise_servers(
    settings: Settings, servers: list[ServerProcess], rests: list[_Rest], *, is_ready: bool, say: Say
) -> None:
    """Restart servers that ended. Once the desk was ready, retries go on with growing pauses."""
    for place, (server, rest) in enumerate(zip(servers, rests, strict=True)):
        if server.process.poll() is None or time.monotonic() < rest.due:
            continue
        say(f"{server.name} ended ({_how_popen(server.process.returncode)}); starting it again")
        start = embedded.start_postgres if server.name == "PostgreSQL" else embedded.start_valkey
        try:
            servers[place] = start(settings)
            servers[place].wait()
            rest.failures = 0
        except (EmbeddedServerError, OSError, subprocess.SubprocessError) as failure:
            if not is_ready:
                raise
            rest.failures += 1
            pause = min(LONGEST_PAUSE, 0.25 * 2**rest.failures)
            rest.due = time.monotonic() + pause
            say(f"{failure}\nTrying again in {pause:.1f} s")


def _stop_all(children: list[_Child], servers: list[ServerProcess], asked: Signals) -> None:
    """Stop the children role by role, then the servers; a second signal kills all that still run."""
    first_signals = asked.stop
    for name in dict.fromkeys(child.role.name for child in children):
        group = [child for child in children if child.role.name == name and child.pid]
        for child in group:
            _send(child, signal.SIGTERM)
        deadline = time.monotonic() + max((child.role.grace for child in group), default=0.0)
        while any(child.pid for child in group):
            if time.monotonic() > deadline or asked.stop > max(first_signals, 1):
                for child in group:
                    _send(child, signal.SIGKILL, whole_group=True)
            for child in group:
                if child.pid and os.waitpid(child.pid, os.WNOHANG)[0]:
                    child.pid = 0
            if any(child.pid for child in group):
                asked.wait(0.05)
    for server in reversed(servers):
        server.stop()


def _send(child: _Child, number: signal.Signals, *, whole_group: bool = False) -> None:
    if not child.pid:
        return
    try:
        if whole_group:
            os.killpg(child.pid, number)
        else:
            os.kill(child.pid, number)
    except ProcessLookupError:
        pass  # it has ended; waitpid reports it


def _answers(port: int) -> bool:
    """Whether the desk's readiness check succeeds: database and queue are reachable."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _welcome(plan: ProcessPlan, began: float, *, say: Say) -> None:
    for line in plan.welcome():
        say(line)
    say(f"Ready after {time.monotonic() - began:.1f} s. Ctrl-C stops all of it.")


def _how(status: int) -> str:
    return _how_popen(os.waitstatus_to_exitcode(status))


def _how_popen(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"
