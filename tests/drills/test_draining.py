"""After SIGTERM, web and workers finish current work and take nothing new; no message is sent twice."""

import signal
import threading
import time
from typing import Any

import psutil

from simulators.slack.server import SlackServer
from tests.drills.conversations import answers, calls, open_threads
from tests.drills.desk import Desk, crowding, eventually

SLOW = 2.0  # seconds that Slack takes for the current calls at SIGTERM


def told_to_stop(desk: Desk, role: str) -> list[psutil.Process]:
    found = desk.role(role)
    for process in found:
        process.send_signal(signal.SIGTERM)
    return found


def test_workers_end_what_they_have_in_hand_and_take_nothing_new(desk: Desk, slack_server: SlackServer) -> None:
    threads = open_threads(desk, slack_server, "El ratón no va", "El teclado no va", "La pantalla no va", "Otra cosa")
    printed = len(desk.printed.read_text())
    slack_server.faults.add("chat.postMessage", "slow", times=3, seconds=SLOW)
    before, looks = calls(slack_server, "chat.postMessage"), calls(slack_server, "conversations.replies")
    for thread in threads[:3]:
        desk.reply(thread.ticket_id, "en ello")
    eventually(lambda: calls(slack_server, "chat.postMessage") == before + 3, within=5, what="three are in flight")
    told = told_to_stop(desk, "worker")
    assert len(told) == 2
    time.sleep(0.3 * crowding())
    desk.reply(threads[3].ticket_id, "después")
    eventually(lambda: not all(process.is_running() for process in told), within=15, what="the first has ended")
    [(first_ended,)] = desk.rows("select clock_timestamp()")  # from then on a new worker may take the remaining rows
    psutil.wait_procs(told, timeout=15)
    assert not any(process.is_running() for process in told)
    of_this = "from delivery d join event e on e.id = d.event_id where e.subject_id = %s and e.kind = 'ticket.replied'"
    of_this += " and d.subscriber = 'replies'"
    for thread in threads[:3]:  # completed by the worker that leased it: no lease expires, nothing was tried twice
        assert desk.rows(f"select state, attempts, crash_count, lease_until, reason {of_this}", thread.ticket_id) == [
            ("done", 1, 0, None, None)
        ] * len(desk.rows(f"select 1 {of_this}", thread.ticket_id))
    desk.be_whole()
    desk.be_quiet(within=10)
    [(taken,)] = desk.rows(f"select min(done_at) {of_this}", threads[3].ticket_id)
    assert taken > first_ended  # by the new workers
    assert [answers(slack_server, thread) for thread in threads] == [["en ello"]] * 3 + [["después"]]
    assert calls(slack_server, "chat.postMessage") == before + 4
    assert calls(slack_server, "conversations.replies") == looks  # no send was uncertain
    assert desk.printed.read_text()[printed:].count("ended (exit code 0)") == 2


def test_a_web_answers_the_requests_it_has(desk: Desk, slack_server: SlackServer) -> None:
    answered: list[tuple[int, Any]] = []

    def ask() -> None:
        asked = {"client_id": client, "requester": "marta@lozano.example", "subject": "Se para la web"}
        answered.append(desk.ask("POST", "/api/v1/tickets", asked, key="while-it-stops", timeout=30))

    [(client,)] = desk.rows("select id::text from client where code = 'LOZ'")
    held = "lock table ticket_counter in access exclusive mode"
    with desk._owner() as owner, owner.transaction():
        owner.execute(held.encode())
        asking = threading.Thread(target=ask)
        asking.start()
        waits = "select 1 from pg_locks where relation = 'ticket_counter'::regclass and not granted"
        eventually(lambda: desk.rows(waits), within=5, what="the request waits for the counter")
        told = told_to_stop(desk, "web")
        time.sleep(1)
        assert told[0].is_running() and not answered
    asking.join(20)
    psutil.wait_procs(told, timeout=15)
    [(status, _ticket)] = answered
    assert status == 201
    assert desk.rows("select count(*) from ticket where subject = 'Se para la web'") == [(1,)]
    assert desk.ask("GET", "/healthz", timeout=20)[0] == 200  # later requests wait for the next web process
    desk.be_whole()


def test_the_clock_ends_at_once(desk: Desk) -> None:
    [clock] = told_to_stop(desk, "clock")
    assert clock.wait(5) in (0, None)
    desk.be_whole()
