"""Processes are killed during work: nothing is lost, nothing sent twice, and the order within a thread is kept."""

import threading
import time
from datetime import timedelta

from simulators.slack.server import SlackServer
from tests.drills.conversations import PABLO, TOM, answers, calls, heard, open_threads, say, ticket_of
from tests.drills.desk import Desk, crowding, eventually, freeze
from tests.world import SLACK_TEAM

RECOVERY = 10.0  # seconds from a worker's death until another has taken over its work


def test_the_same_event_five_times_at_once_is_one_ticket(desk: Desk, slack_server: SlackServer) -> None:
    slack_server.configure(events_url="")
    said = slack_server.say(SLACK_TEAM, PABLO, "im", "El escáner no digitaliza")
    slack_server.configure(events_url=f"http://127.0.0.1:{desk.port}/slack/events")
    sent = slack_server.redeliver(said.event_ids[0], times=5, parallel=True)
    assert [delivery.answer.status for delivery in sent if delivery.answer] == [200] * 5
    eventually(lambda: heard(slack_server, said.channel, said.ts), within=5, what="the card")
    desk.be_quiet(within=5)
    assert desk.rows("select count(*) from inbound where external_id = %s", said.event_ids[0]) == [(1,)]
    assert desk.rows("select count(*) from ticket where subject = 'El escáner no digitaliza'") == [(1,)]
    assert len(heard(slack_server, said.channel, said.ts)) == 1


def test_workers_killed_with_everything_in_flight(desk: Desk, slack_server: SlackServer) -> None:
    threads = open_threads(desk, slack_server, "El TPV no cobra", "No va la impresora", "Sin conexión en almacén")
    for thread in threads:
        slack_server.faults.add("chat.postMessage", "slow", seconds=4.0, where={"thread_ts": thread.ts})
    slack_server.faults.add("users.info", "slow", times=1, seconds=4.0)
    before, looks = calls(slack_server, "chat.postMessage"), calls(slack_server, "conversations.replies")
    first = say(slack_server, TOM, "My laptop does not start")  # calls users.info, which hangs during the kill
    say(slack_server, TOM, "It only beeps", thread=first)
    for number in range(3):
        for thread in threads:
            desk.reply(thread.ticket_id, f"respuesta {number}")
    eventually(lambda: calls(slack_server, "chat.postMessage") >= before + 3, within=5, what="three are in flight")
    killed = time.monotonic()
    assert len(desk.kill("worker")) == 2
    expected = [f"respuesta {number}" for number in range(3)]
    eventually(
        lambda: all(answers(slack_server, thread)[-1:] == expected[-1:] for thread in threads),
        within=RECOVERY + 5,
        what=f"all answers, order aside: {[answers(slack_server, thread) for thread in threads]}",
    )
    desk.be_quiet(within=10)
    assert time.monotonic() - killed < (RECOVERY + 3) * crowding()  # the sending, and the look-up of uncertain sends
    assert [answers(slack_server, thread) for thread in threads] == [expected] * 3
    assert calls(slack_server, "conversations.replies") >= looks + 3  # looked up before sending again
    assert desk.said_on(ticket_of(desk, first) or "") == ["My laptop does not start", "It only beeps"]
    states = desk.rows(
        "select distinct delivery_state from message where channel = 'api' and ticket_id = any(%s::uuid[])",
        [thread.ticket_id for thread in threads],
    )
    assert states == [("sent",)]


def test_the_web_killed_after_storing_and_before_answering(desk: Desk, slack_server: SlackServer) -> None:
    began = desk.time.now()
    stored = "select count(*) from inbound where payload->'event'->>'user' = 'U0PABLO' and created_at >= %s"
    sender = threading.Thread(target=say, args=(slack_server, PABLO, "No abre el programa de nóminas"))
    with desk._owner() as owner, owner.transaction():
        owner.execute(b"lock table inbound in exclusive mode")
        sender.start()
        waits = (
            "select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like 'insert into inbound%%'"
            " and pid in (select pid from pg_locks where relation = 'inbound'::regclass and not granted)"
        )
        eventually(lambda: desk.rows(waits), within=5, what="the web waits for the table")
        for process in desk.role("web")[0].children():
            freeze(process)  # the database continues: stored, not answered
    eventually(lambda: desk.rows(stored, began) == [(1,)], within=20, what="stored")
    desk.kill("web")
    sender.join(10)
    delivery = slack_server.courier.deliveries[-1]
    assert delivery.attempts[0]["status"] is None  # Slack got no answer
    desk.be_whole()
    assert slack_server.settle(20) and delivery.state == "delivered"  # it was sent again, and recognized
    desk.be_quiet(within=10)
    assert desk.rows(stored, began) == [(1,)]
    assert desk.rows("select count(*) from ticket where subject = 'No abre el programa de nóminas'") == [(1,)]


def test_connections_to_the_database_cut_under_everybody(desk: Desk, slack_server: SlackServer) -> None:
    [thread] = open_threads(desk, slack_server, "El servidor de ficheros va lento")
    others = "datname = current_database() and pid <> pg_backend_pid()"
    cut = f"select pg_terminate_backend(pid) from pg_stat_activity where {others}"
    for number in range(6):
        say(slack_server, thread.who, f"sigue igual {number}", thread=thread.ts)
        assert slack_server.settle(20)  # a refused event is sent again, after the later messages
        if number % 2:
            desk.run(cut)
    desk.be_quiet(within=20)
    expected = ["El servidor de ficheros va lento", *(f"sigue igual {number}" for number in range(6))]
    assert desk.said_on(thread.ticket_id) == expected


def test_an_escalation_fires_within_two_seconds_of_its_moment(desk: Desk, slack_server: SlackServer) -> None:
    steps = 3
    threads = open_threads(desk, slack_server, *(f"Avería número {number}" for number in range(steps)))
    for number, thread in enumerate(threads):
        desk.warn_at(thread.ticket_id, desk.time.now() + timedelta(seconds=0.5 + number * 0.7))
    taken = "select extract(epoch from taken_at - due_at)::float from sla_step where ticket_id = any(%s::uuid[])"
    ids = [thread.ticket_id for thread in threads]
    eventually(lambda: len(desk.rows(taken, ids)) == steps, within=0.5 + steps * 0.7 + 2, what="every step is taken")
    late = [row[0] for row in desk.rows(taken, ids)]
    assert all(0 <= each < 2 * crowding() for each in late), late
    warned = "select count(*) from event where kind = 'sla.warned' and subject_id = any(%s::uuid[])"
    assert desk.rows(warned, ids) == [(steps,)]
