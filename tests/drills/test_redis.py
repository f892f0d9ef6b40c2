"""Redis holds hints only: wiped, stopped or gone, nothing is lost and hardly anything is late."""

import time

from simulators.slack.server import SlackServer
from tests.drills.conversations import answers, open_threads, say
from tests.drills.desk import Desk, crowding, eventually

LOOK = 5.0  # seconds after which a worker polls without a hint


def test_wiped_in_the_middle_of_a_burst(desk: Desk, slack_server: SlackServer) -> None:
    threads = open_threads(desk, slack_server, "Correo parado", "VPN caída", "Sin tóner")
    for number in range(5):
        for thread in threads:
            say(slack_server, thread.who, f"más detalle {number}", thread=thread.ts, wait=False)
            desk.reply(thread.ticket_id, f"en ello {number}")
            desk.valkey.wipe()
    assert slack_server.settle(10)
    desk.be_quiet(within=45)  # Slack accepts a message a second in a chat
    for thread in threads:
        assert answers(slack_server, thread) == [f"en ello {number}" for number in range(5)]
        said = [body for body in desk.said_on(thread.ticket_id) if body.startswith("más detalle")]
        assert sorted(said) == [f"más detalle {number}" for number in range(5)]


def test_gone_for_a_while(desk: Desk, slack_server: SlackServer) -> None:
    [thread] = open_threads(desk, slack_server, "La centralita no suena")
    desk.valkey.be_away()
    try:
        for number in range(3):
            began = time.monotonic()
            say(slack_server, thread.who, f"aviso {number}", thread=thread.ts)
            assert slack_server.courier.deliveries[-1].state == "delivered"
            assert time.monotonic() - began < crowding()  # the endpoint does not wait for an unavailable Redis
            desk.reply(thread.ticket_id, f"lo miramos {number}")
        status, answer = desk.ask("GET", "/readyz")
        assert status == 503 and "queue" in str(answer)
        desk.be_quiet(within=LOOK + 5)
        assert answers(slack_server, thread) == [f"lo miramos {number}" for number in range(3)]
        desk.warn_at(thread.ticket_id, desk.time.now(), kind="resolution")
        taken = "select count(*) from sla_step where ticket_id = %s"
        eventually(
            lambda: desk.rows(taken, thread.ticket_id)[0][0] > 0, within=LOOK + 5, what="the workers tick by themselves"
        )
    finally:
        desk.valkey.be_back()
    desk.be_whole()
    began = time.monotonic()
    say(slack_server, thread.who, "y ahora", thread=thread.ts)
    eventually(lambda: "y ahora" in desk.said_on(thread.ticket_id), within=LOOK + 1, what="heard again")
    assert time.monotonic() - began < (LOOK + 1) * crowding()
