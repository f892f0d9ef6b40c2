"""Threads of tickets that were merged, closed long ago, or marked as spam."""

from datetime import timedelta

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.tickets.linking import links_of
from msp.tickets.merging import merge
from msp.tickets.models import Ticket
from msp.tickets.opening import Request, open_ticket
from msp.tickets.queries import access_ticket
from msp.tickets.spam import blocked_senders, mark_spam
from tests.channels.behaviour import behaviour
from tests.channels.cast import MARTA
from tests.channels.desk import Desk
from tests.channels.driver import Driver

GROUP = "Following up"


def of_dolores(desk: Desk) -> Ticket:
    world = desk.world
    with work(Scope.client(world.lozano.id)):
        request = Request(subject="Ningún TPV cobra", body="Ningún TPV cobra", source="portal")
        return open_ticket(world.lozano, requester=world.dolores, request=request, at=clock.now())[0]


@behaviour(GROUP)
def test_merged_ticket(driver: Driver, desk: Desk) -> None:
    """After a merge the thread says which ticket continues, and what is written in it is added to that one."""
    said = driver.say(MARTA, "El TPV no cobra")
    desk.work()
    [first], second = desk.tickets(), of_dolores(desk)
    with work(Scope.staff(actor_id=desk.world.tomas.id)):
        merge(first.id, second.id, at=clock.now())
    desk.work()
    assert "LOZ-1 forma parte ahora de LOZ-2: Ningún TPV cobra" in desk.read()
    clock.advance(timedelta(minutes=5))
    driver.say(MARTA, "Pone error 41", thread=said)
    desk.work()
    assert desk.bodies(second)[-1] == "Pone error 41" and desk.bodies(first) == []
    desk.reply("Lo miramos", second)
    desk.work()
    assert [each.text for each in desk.replies() if "Lo miramos" in each.text]


@behaviour(GROUP)
def test_closed_long_ago(driver: Driver, desk: Desk) -> None:
    """A message in the thread of a ticket that was closed long ago opens a ticket that follows it, with its card."""
    said = driver.say(MARTA, "El TPV no cobra")
    desk.work()
    desk.set_status("resolved")
    desk.set_status("closed")
    clock.advance(timedelta(days=40))
    driver.say(MARTA, "Vuelve a fallar el TPV", thread=said)
    desk.work()
    old, new = desk.tickets()
    assert old.status == "closed" and desk.bodies(new) == ["Vuelve a fallar el TPV"]
    assert "LOZ-2" in desk.read()
    if driver.platform.capabilities.threads_in_chats:
        with work(Scope.staff()):
            assert [each.relation for each in links_of(new.id)] == ["follow_up_of"]


@behaviour(GROUP)
def test_blocked_sender(driver: Driver, desk: Desk) -> None:
    """The messages of a blocked sender are counted, not stored, and not answered."""
    driver.say(MARTA, "Gane dinero ya")
    desk.work()
    with work(Scope.staff(actor_id=desk.world.tomas.id)):
        mark_spam(access_ticket(desk.tickets()[0].id, lock=True), at=clock.now(), blocks=True)
    desk.work()
    driver.say(MARTA, "Gane mucho más dinero")
    desk.work()
    assert len(desk.tickets()) == 1 and len(desk.messages()) == 1
    with work(Scope.staff()):
        assert [each.message_count for each in blocked_senders()] == [1]
