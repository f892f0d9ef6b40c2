"""Every refused click is answered to the person who clicked, where they see it (C7, C11)."""

from collections.abc import Callable

from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.tickets.actions import change_status
from msp.tickets.models import Ticket
from msp.tickets.queries import access_ticket
from simulators.slack.server import SlackServer
from tests.slack.conftest import MARTA, SUPPORT, TOM
from tests.world import SLACK_BOT_USER, SLACK_TEAM, World

Drain = Callable[[], int]
Tickets = Callable[[], list[Ticket]]
MENTION = f"<@{SLACK_BOT_USER}>"


def card_in(slack_server: SlackServer, drain: Drain) -> str:
    slack_server.say(SLACK_TEAM, MARTA, SUPPORT, f"{MENTION} el TPV no cobra")
    drain()
    return str(slack_server.messages(channel=SUPPORT, author="bot")[0]["ts"])


def test_c7_somebody_of_another_company_reads_that_it_cannot_be_done(
    slack_server: SlackServer, drain: Drain, tickets: Tickets
) -> None:
    card = card_in(slack_server, drain)
    slack_server.add_workspace("Proveedor", team_id="T0OTHER", installed=False)
    luis = slack_server.add_user("T0OTHER", real_name="Luis Gómez", email="luis@otro.example", locale="en-US").id
    slack_server.world.channels[SUPPORT].shared_with.append("T0OTHER")
    slack_server.world.channels[SUPPORT].members.add(luis)
    slack_server.places.open_thread("T0OTHER", luis, SUPPORT, slack_server.messages(channel=SUPPORT)[0]["ts"])
    slack_server.click(SLACK_TEAM, luis, SUPPORT, card, "more_urgent")
    drain()
    assert tickets()[0].priority == "normal"
    assert [each["text"] for each in slack_server.ephemerals(SUPPORT, luis)] == ["This action is not available here."]


def test_c7_c11_under_a_card_that_stands_in_no_thread_the_result_is_seen(
    slack_server: SlackServer, drain: Drain, tickets: Tickets
) -> None:
    slack_server.slash(SLACK_TEAM, MARTA, SUPPORT, "/guardia", "la impresora no imprime")
    drain()
    [card] = [each for each in slack_server.messages(author="bot") if each.get("blocks")]
    channel = slack_server.world.im(SLACK_TEAM, MARTA).id
    for _ in range(2):
        slack_server.click(SLACK_TEAM, MARTA, channel, card["ts"], "talk_to_person")
        drain()
    seen = [each["text"] for each in slack_server.ephemerals(channel, MARTA)]
    assert len(seen) == 1 and "hace un momento" in seen[0]
    assert slack_server.unseen(channel, MARTA) == []


def test_c7_a_stale_card_tells_each_reader_in_their_language(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, world: World
) -> None:
    card = card_in(slack_server, drain)
    old = dict(slack_server.world.channels[SUPPORT].messages[card])
    with work(Scope.staff(actor_id=world.tomas.id)):
        change_status(access_ticket(tickets()[0].id), "resolved", at=clock.now())
    drain()
    slack_server.world.channels[SUPPORT].messages[card] = old
    slack_server.click(SLACK_TEAM, TOM, SUPPORT, card, "more_urgent")
    drain()
    assert "Already done" in slack_server.ephemerals(SUPPORT, TOM)[0]["text"]
