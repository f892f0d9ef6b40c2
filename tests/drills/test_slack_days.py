"""Slack throttles, breaks and hangs under real workers: each thread gets its answers later, once and in order."""

from typing import Any

from simulators.slack.server import SlackServer
from tests.drills.conversations import answers, open_threads
from tests.drills.desk import Desk, eventually

BAD_DAYS: dict[str, dict[str, Any]] = {
    "Me han bloqueado la cuenta": {"kind": "429", "times": 2, "retry_after": 2},
    "No puedo firmar el contrato": {"kind": "500", "times": 1},
    "La web da error": {"kind": "hang", "times": 1, "seconds": 30.0},
}


def test_each_thread_has_its_own_bad_day_and_none_holds_up_another(desk: Desk, slack_server: SlackServer) -> None:
    calm, *bad = open_threads(desk, slack_server, "Pido un ratón nuevo", *BAD_DAYS)
    for thread, fault in zip(bad, BAD_DAYS.values(), strict=True):
        slack_server.faults.add("chat.postMessage", where={"thread_ts": thread.ts}, **fault)
    for number in range(3):
        for thread in (*bad, calm):
            desk.reply(thread.ticket_id, f"paso {number}")
    expected = [f"paso {number}" for number in range(3)]
    eventually(lambda: answers(slack_server, calm) == expected, within=5, what="the calm thread is served at once")
    assert answers(slack_server, bad[-1]) == []
    desk.be_quiet_soon(within=25)
    assert [answers(slack_server, thread) for thread in bad] == [expected] * 3
