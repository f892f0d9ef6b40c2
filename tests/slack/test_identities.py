"""Who wrote in a client's Slack: colleagues of a grid, staff, guests, strangers, people who were renamed or left."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from integrations.channels import WorkspaceLink
from integrations.slack.profiles import enterprise_of, profile_of
from msp.clients.actions import connect, disconnect, edit_client, note_unknown
from msp.clients.models import Client, Connection
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.events import StoredEvent
from msp.kernel.inbox import Inbound
from msp.people.editing import edit_person
from msp.people.models import ChatIdentity, Person
from msp.sla.models import Clock
from msp.tickets.actions import change_status
from msp.tickets.models import Message, Ticket
from msp.tickets.queries import access_ticket
from simulators.slack.server import SlackServer
from tests.slack.conftest import MARTA, SUPPORT
from tests.world import SLACK_BOT_TOKEN, SLACK_BOT_USER, SLACK_TEAM, World

Drain = Callable[[], int]
Tickets = Callable[[], list[Ticket]]
SaidOn = Callable[[Ticket], list[Message]]
MENTION = f"<@{SLACK_BOT_USER}>"
GRID = "E0LOZANO"
STAFF = "Formas parte del equipo de soporte. Abre los tickets de un cliente en la consola."
GUEST = "Hola. Eres un invitado en Ferretería Lozano"
A_DAY = timedelta(days=1, minutes=1)


def user(server: SlackServer, real_name: str, *, team: str = SLACK_TEAM, email: str = "", **more: Any) -> str:
    """Somebody new in Slack: their id."""
    made = server.add_user(team, real_name=real_name or "x", email=email)
    for name, value in {"real_name": real_name, **more}.items():
        setattr(made, name, value)
    return made.id


def answers(server: SlackServer, channel: str) -> list[str]:
    """What the bot said in a channel, without the cards' buttons."""
    return [message["text"] for message in server.messages(channel=channel, author="bot")]


def direct(server: SlackServer, who: str) -> list[str]:
    """What the bot said to somebody in private."""
    return answers(server, server.open_im(SLACK_TEAM, who).id)


def person_behind(who: str, team: str = SLACK_TEAM) -> Person | None:
    """Whom the desk knows somebody in Slack to be."""
    with work(Scope.system()) as session:
        query = select(Person).join(ChatIdentity, ChatIdentity.person_id == Person.id)
        return session.scalars(
            query.where(ChatIdentity.external_id == who, ChatIdentity.workspace == team)
        ).one_or_none()


def known(who: str) -> Person:
    person = person_behind(who)
    assert person is not None
    return person


def change(client: Client, **changes: object) -> None:
    with work(Scope.system()) as session:
        edit_client(session.get_one(Client, client.id), at=clock.now(), **changes)


def people_named(name: str) -> int:
    with work(Scope.system()) as session:
        return len(session.scalars(select(Person.id).where(Person.name == name)).all())


# ------------------------------------------------------------------- Enterprise Grid


def of_grid(server: SlackServer, **more: Any) -> str:
    """Somebody whose home is another workspace of Lozano's grid."""
    server.world.workspaces[SLACK_TEAM].enterprise_id = GRID
    server.add_workspace("Lozano Logística", team_id="T0GRID", installed=False)
    about = {"enterprise_id": GRID, "email": "vera@lozano.example"} | more
    return user(server, "Vera Soto", team="T0GRID", **about)


@pytest.mark.parametrize("teams", [[SLACK_TEAM], []], ids=["a common team", "the same organisation"])
def test_a_colleague_of_the_same_grid_opens_a_ticket(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, world: World, teams: list[str]
) -> None:
    vera = of_grid(slack_server, teams=teams)
    slack_server.say(SLACK_TEAM, vera, SUPPORT, f"{MENTION} el TPV no cobra")
    drain()
    [ticket] = tickets()
    assert ticket.requester_id == known(vera).id and known(vera).client_id == world.lozano.id
    assert (known(vera).email, known(vera).is_guest) == ("vera@lozano.example", False)


def test_a_colleague_of_the_same_grid_may_press_buttons(
    slack_server: SlackServer, drain: Drain, tickets: Tickets
) -> None:
    vera = of_grid(slack_server)
    slack_server.say(SLACK_TEAM, MARTA, SUPPORT, f"{MENTION} el TPV no cobra")
    drain()
    card = slack_server.messages(channel=SUPPORT, author="bot")[0]["ts"]
    slack_server.click(SLACK_TEAM, vera, SUPPORT, card, "more_urgent")
    drain()
    assert tickets()[0].priority == "high"


@pytest.mark.parametrize("enterprise", ["E0OTHER", ""], ids=["another organisation", "no organisation"])
def test_people_of_other_organisations_stay_strangers(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, enterprise: str
) -> None:
    slack_server.world.workspaces[SLACK_TEAM].enterprise_id = GRID
    slack_server.add_workspace("Proveedor", team_id="T0OTHER", installed=False)
    luis = user(slack_server, "Luis Gómez", team="T0OTHER", email="marta@lozano.example", enterprise_id=enterprise)
    channel = slack_server.add_channel(SLACK_TEAM, "con-proveedor", members=[MARTA], shared_with=["T0OTHER"]).id
    said = slack_server.say(SLACK_TEAM, MARTA, channel, f"{MENTION} el TPV no cobra")
    drain()
    slack_server.say("T0OTHER", luis, channel, f"{MENTION} ¿cómo va?")
    slack_server.say("T0OTHER", luis, channel, "yo también", thread_ts=said.ts)
    drain()
    assert len(tickets()) == 1 and person_behind(luis) is None
    assert answers(slack_server, channel)[-1].startswith("Hola. Aquí solo puedo ayudar")


@pytest.mark.parametrize(
    ("payload", "enterprise"),
    [
        ({"authorizations": [{"enterprise_id": "E1"}], "enterprise_id": "E9"}, "E1"),
        ({"authorizations": [{"enterprise_id": None}], "enterprise_id": "E9"}, ""),  # the host's, in a shared channel
        ({"authorizations": [], "context_enterprise_id": "E1"}, "E1"),
        ({"team": {"id": "T1", "enterprise_id": "E1"}}, "E1"),
        ({"authorizations": "E1", "team": None}, ""),
        ({"authorizations": [5]}, ""),
    ],
)
def test_whose_organisation_an_event_is_heard_for(payload: dict[str, Any], enterprise: str) -> None:
    assert enterprise_of(payload) == enterprise


def test_somebody_whom_slack_does_not_show_us_is_a_stranger(
    slack_server: SlackServer, drain: Drain, tickets: Tickets
) -> None:
    slack_server.faults.add("users.info", "error", error="user_not_visible", times=9)
    ana = user(slack_server, "Ana Mora", email="ana@lozano.example")
    slack_server.say(SLACK_TEAM, ana, SUPPORT, f"{MENTION} hola, no imprime")
    drain()
    assert tickets() == [] and len(answers(slack_server, SUPPORT)) == 1


def test_the_installation_is_the_one_that_slack_names_as_authorised(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, world: World
) -> None:
    """In a channel that another company shares with the client, `team_id` is that company's workspace."""
    slack_server.send_event(
        {
            "type": "event_callback", "team_id": "T0HOST", "context_team_id": SLACK_TEAM, "event_id": "Ev0SHARED",
            "authorizations": [{"team_id": SLACK_TEAM, "user_id": SLACK_BOT_USER, "is_bot": True}],
            "is_ext_shared_channel": True,
            "event": {
                "type": "app_mention", "user": MARTA, "text": f"{MENTION} el TPV no cobra", "channel": SUPPORT,
                "ts": f"{clock.now().timestamp():.6f}", "team": SLACK_TEAM, "user_team": SLACK_TEAM,
            },
        },
        wait=True,
    )  # fmt: skip
    drain()
    assert [ticket.client_id for ticket in tickets()] == [world.lozano.id]


@pytest.mark.parametrize(
    ("locale", "answer"),
    [("en-GB", "Hello. Here I can only help"), ("es-MX", "Hola. Aquí solo puedo"), ("fr-FR", "Hola. Aquí solo puedo")],
)
def test_a_stranger_is_answered_in_their_language(
    slack_server: SlackServer, drain: Drain, locale: str, answer: str
) -> None:
    slack_server.add_workspace("Proveedor", team_id="T0OTHER", installed=False)
    luis = user(slack_server, "Luis Gómez", team="T0OTHER", locale=locale)
    channel = slack_server.add_channel(SLACK_TEAM, "con-proveedor", members=[MARTA], shared_with=["T0OTHER"]).id
    slack_server.say("T0OTHER", luis, channel, f"{MENTION} hello")
    drain()
    assert [words.startswith(answer) for words in answers(slack_server, channel)] == [True]


def test_somebody_of_an_unknown_company_is_answered_in_their_language(
    slack_server: SlackServer, drain: Drain, world: World
) -> None:
    other = slack_server.add_workspace("Talleres Ruiz", team_id="T0RUIZ")
    ana = user(slack_server, "Ana Ruiz", team="T0RUIZ", locale="en-US")
    with work(Scope.system()):
        note_unknown("slack", "T0RUIZ", secret=other.bot_token, settings={}, messages=0, at=clock.now())
    said = slack_server.say("T0RUIZ", ana, "im", "My mail is down")
    drain()
    assert [words[:5] for words in answers(slack_server, said.channel)] == ["Hello"]


# ------------------------------------------------------------------------------ staff


def tomas_in_lozano(server: SlackServer) -> str:
    """Tomás with an account in Lozano's workspace, under his own address."""
    return user(server, "Tomás (soporte)", email="Tomas@Guardia.example")


def test_a_technician_opens_no_ticket_in_a_clients_slack(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, world: World
) -> None:
    tomas = tomas_in_lozano(slack_server)
    slack_server.say(SLACK_TEAM, tomas, "im", "El servidor de Lozano no responde")
    slack_server.say(SLACK_TEAM, tomas, SUPPORT, f"{MENTION} abre un ticket")
    drain()
    assert tickets() == [] and people_named("Tomás (soporte)") == 0
    assert known(tomas).id == world.tomas.id
    assert direct(slack_server, tomas) == [STAFF] and answers(slack_server, SUPPORT) == [STAFF]


def test_a_technician_known_from_the_desks_own_workspace_is_staff_in_a_shared_channel(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, world: World
) -> None:
    desk = slack_server.add_workspace("Guardia", team_id="T0DESK")
    tomas = user(slack_server, "Tomás Rey", team="T0DESK", email="tomas@guardia.example")
    with work(Scope.system()):
        connect(None, kind="slack", external_id="T0DESK", secret=desk.bot_token, at=clock.now())
    slack_server.say("T0DESK", tomas, "im", "Hola")
    drain()
    channel = slack_server.add_channel(
        SLACK_TEAM, "con-guardia", members=[MARTA], shared_with=["T0DESK"], with_bot=False
    )
    channel.members.add(SLACK_BOT_USER)
    slack_server.say("T0DESK", tomas, channel.id, f"{MENTION} ¿qué tal?")
    drain()
    assert tickets() == [] and known(tomas).id == world.tomas.id
    assert answers(slack_server, channel.id) == [STAFF]


def test_what_a_technician_says_in_a_tickets_thread_is_a_public_reply_that_is_not_sent_back(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, said_on: SaidOn, world: World
) -> None:
    tomas = tomas_in_lozano(slack_server)
    said = slack_server.say(SLACK_TEAM, MARTA, SUPPORT, f"{MENTION} el TPV no cobra")
    drain()
    clock.advance(timedelta(minutes=5))
    slack_server.say(SLACK_TEAM, tomas, SUPPORT, "Lo miro ahora mismo", thread_ts=said.ts)
    drain()
    _, reply = said_on(tickets()[0])
    assert (reply.author_id, reply.body) == (world.tomas.id, "Lo miro ahora mismo")
    assert (reply.visibility, reply.channel, reply.delivery_state, reply.delivery_channel) == (
        "public", "slack", "sent", "slack",
    )  # fmt: skip
    assert tickets()[0].status == "open"
    assert not any("Lo miro ahora mismo" in text for text in answers(slack_server, SUPPORT))
    with work(Scope.staff()) as session:
        first_response = select(Clock).where(Clock.kind == "first_response")
        assert session.scalars(first_response).one().met_at is not None


def test_edits_and_redeliveries_of_a_technicians_words_stay_one_reply(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, said_on: SaidOn
) -> None:
    tomas = tomas_in_lozano(slack_server)
    said = slack_server.say(SLACK_TEAM, MARTA, SUPPORT, f"{MENTION} el TPV no cobra")
    drain()
    words = slack_server.say(SLACK_TEAM, tomas, SUPPORT, "Lo miro", thread_ts=said.ts)
    slack_server.redeliver(words.event_ids[0], times=2)
    drain()
    slack_server.edit(SLACK_TEAM, tomas, SUPPORT, words.ts, "Lo miro hoy")
    drain()
    assert [message.body for message in said_on(tickets()[0])][1:] == ["Lo miro hoy"]
    assert len(answers(slack_server, SUPPORT)) == 1


def test_a_technician_who_may_not_see_the_client_adds_nothing(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, said_on: SaidOn
) -> None:
    nuria = user(slack_server, "Nuria Font", email="nuria@guardia.example")
    said = slack_server.say(SLACK_TEAM, MARTA, SUPPORT, f"{MENTION} el TPV no cobra")
    drain()
    slack_server.say(SLACK_TEAM, nuria, SUPPORT, "Lo miro yo", thread_ts=said.ts)
    slack_server.say(SLACK_TEAM, nuria, SUPPORT, f"{MENTION} lo miro yo", thread_ts=said.ts)
    drain()
    assert len(said_on(tickets()[0])) == 1 and answers(slack_server, SUPPORT)[1:] == [STAFF]


def test_a_former_technician_is_neither_staff_nor_of_the_client(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, world: World
) -> None:
    tomas = tomas_in_lozano(slack_server)
    with work(Scope.system()) as session:
        edit_person(session.get_one(Person, world.tomas.id), at=clock.now(), active=False)
    slack_server.say(SLACK_TEAM, tomas, "im", "No puedo entrar")
    drain()
    assert tickets() == [] and people_named("Tomás (soporte)") == 0
    assert direct(slack_server, tomas)[0].startswith("Hola. Tu acceso a este servicio de soporte está desactivado")


def test_a_technicians_press_changes_nothing_and_they_are_told(
    slack_server: SlackServer, drain: Drain, tickets: Tickets
) -> None:
    tomas = tomas_in_lozano(slack_server)
    slack_server.say(SLACK_TEAM, MARTA, SUPPORT, f"{MENTION} el TPV no cobra")
    drain()
    card = slack_server.messages(channel=SUPPORT, author="bot")[0]["ts"]
    slack_server.click(SLACK_TEAM, tomas, SUPPORT, card, "more_urgent")
    drain()
    assert tickets()[0].priority == "normal"
    assert [each["text"] for each in slack_server.ephemerals(SUPPORT, tomas)] == [STAFF]


def test_a_technicians_command_is_answered_at_once_and_not_kept(
    slack_server: SlackServer, drain: Drain, tickets: Tickets
) -> None:
    tomas = tomas_in_lozano(slack_server)
    slack_server.say(SLACK_TEAM, tomas, "im", "Hola")
    drain()
    sent = slack_server.slash(SLACK_TEAM, tomas, SUPPORT, "/guardia", "no imprime")
    assert sent.body["text"] == STAFF
    drain()
    assert tickets() == []
    with work(Scope.system()) as session:
        assert session.query(Inbound).filter(Inbound.external_id.startswith("command:")).count() == 0


def test_a_command_of_somebody_unknown_who_opens_no_tickets_is_answered_in_private(
    slack_server: SlackServer, drain: Drain, tickets: Tickets
) -> None:
    tomas = tomas_in_lozano(slack_server)
    slack_server.slash(SLACK_TEAM, tomas, SUPPORT, "/guardia", "no imprime")
    drain()
    assert tickets() == [] and direct(slack_server, tomas) == [STAFF]


def test_somebody_who_was_taken_for_an_employee_becomes_staff(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, world: World
) -> None:
    tomas = user(slack_server, "Tomás Rey", email="tomas.rey@lozano.example")
    slack_server.say(SLACK_TEAM, tomas, "im", "No imprime")
    drain()
    assert known(tomas).client_id == world.lozano.id
    slack_server.change_profile(SLACK_TEAM, tomas, email="tomas@guardia.example")
    drain()
    assert known(tomas).id == world.tomas.id


# ----------------------------------------------------------------------------- guests


@pytest.mark.parametrize(
    ("email", "account"),
    [
        ("luis@otra.example", {}),
        ("luis@lozano.example.otra.example", {}),
        ("luis@lozano.example", {"is_restricted": True}),
        ("luis@otra.example", {"is_restricted": True, "is_ultra_restricted": True}),
        ("", {"is_ultra_restricted": True}),
    ],
)
def test_a_guest_is_named_one_and_helped(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, email: str, account: dict[str, Any]
) -> None:
    luis = user(slack_server, "Luis Gómez", email=email, **account)
    slack_server.say(SLACK_TEAM, luis, "im", "No me va el correo")
    drain()
    assert len(tickets()) == 1 and tickets()[0].requester_id == known(luis).id
    assert (known(luis).is_guest, known(luis).role) == (True, "client_employee")


@pytest.mark.parametrize(
    ("email", "domains"),
    [
        ("eva@LOZANO.example", ["lozano.example"]),
        ("eva@tienda.lozano.example", ["lozano.example"]),
        ("eva@otra.example", []),
        ("", ["lozano.example"]),
    ],
)
def test_a_member_is_no_guest(
    slack_server: SlackServer, drain: Drain, world: World, email: str, domains: list[str]
) -> None:
    change(world.lozano, mail_domains=domains)
    eva = user(slack_server, "Eva Ríos", email=email)
    slack_server.say(SLACK_TEAM, eva, "im", "No me va el correo")
    drain()
    assert known(eva).is_guest is False


def test_a_client_that_refuses_guests_has_them_told_whom_to_ask(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, said_on: SaidOn, world: World
) -> None:
    change(world.lozano, guest_policy="refuse")
    luis = user(slack_server, "Luis Gómez", email="luis@otra.example")
    said = slack_server.say(SLACK_TEAM, MARTA, SUPPORT, f"{MENTION} el TPV no cobra")
    drain()
    slack_server.say(SLACK_TEAM, luis, "im", "No me va el correo")
    slack_server.say(SLACK_TEAM, luis, SUPPORT, "A mí tampoco", thread_ts=said.ts)
    slack_server.say(SLACK_TEAM, luis, SUPPORT, f"{MENTION} no imprime")
    drain()
    assert len(tickets()) == 1 and len(said_on(tickets()[0])) == 1
    assert person_behind(luis) is None  # nothing of them is kept
    [private] = direct(slack_server, luis)
    assert private.startswith(GUEST) and "contacto en Ferretería Lozano" in private
    assert answers(slack_server, SUPPORT)[1:] == [private]


def test_the_guest_policy_counts_for_guests_who_are_known_already(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, world: World
) -> None:
    luis = user(slack_server, "Luis Gómez", email="luis@otra.example", locale="en-GB")
    slack_server.say(SLACK_TEAM, luis, "im", "My mail does not work")
    drain()
    change(world.lozano, guest_policy="refuse")
    slack_server.say(SLACK_TEAM, luis, "im", "And the printer neither")
    drain()
    assert len(tickets()) == 1
    assert direct(slack_server, luis)[-1].startswith("Hello. You are a guest at Ferretería Lozano")


def test_a_guest_is_no_manager_by_an_address(slack_server: SlackServer, drain: Drain, world: World) -> None:
    luis = user(slack_server, "Luis Gómez", email="dolores@lozano.example", is_restricted=True)
    slack_server.say(SLACK_TEAM, luis, "im", "No me va el correo")
    drain()
    assert known(luis).id != world.dolores.id
    assert (known(luis).role, known(luis).is_guest, known(luis).email) == ("client_employee", True, None)


def test_what_an_administrator_says_of_a_guest_stays(slack_server: SlackServer, drain: Drain, world: World) -> None:
    luis = user(slack_server, "Luis Gómez", email="luis@otra.example")
    slack_server.say(SLACK_TEAM, luis, "im", "No me va el correo")
    drain()
    with work(Scope("msp_system", actor_id=world.ana.id)) as session:
        edit_person(session.get_one(Person, known(luis).id), at=clock.now(), is_guest=False)
    clock.advance(A_DAY)
    slack_server.say(SLACK_TEAM, luis, "im", "Sigue sin ir")
    drain()
    assert known(luis).is_guest is False


def test_a_domain_that_becomes_the_clients_makes_members_of_its_guests(
    slack_server: SlackServer, drain: Drain, world: World
) -> None:
    luis = user(slack_server, "Luis Gómez", email="luis@otra.example")
    slack_server.say(SLACK_TEAM, luis, "im", "No me va el correo")
    drain()
    change(world.lozano, mail_domains=["lozano.example", "otra.example"])
    clock.advance(A_DAY)
    slack_server.say(SLACK_TEAM, luis, "im", "Sigue sin ir")
    drain()
    assert known(luis).is_guest is False


# --------------------------------------------------------------------- names, profiles


def test_a_renamed_person_is_renamed(slack_server: SlackServer, drain: Drain, tickets: Tickets) -> None:
    slack_server.say(SLACK_TEAM, MARTA, "im", "El TPV no cobra")
    drain()
    slack_server.change_profile(SLACK_TEAM, MARTA, real_name="Marta Soler", email="msoler@lozano.example")
    drain()
    assert known(MARTA).name == "Marta Soler"
    assert known(MARTA).email == "marta@lozano.example"  # she signs in with it


def test_the_address_of_somebody_without_an_account_follows(slack_server: SlackServer, drain: Drain) -> None:
    eva = user(slack_server, "Eva Ríos", email="eva@lozano.example")
    slack_server.say(SLACK_TEAM, eva, "im", "El TPV no cobra")
    drain()
    slack_server.change_profile(SLACK_TEAM, eva, email="marta@lozano.example")
    drain()
    assert known(eva).email == "eva@lozano.example"  # the other one is Marta's
    slack_server.change_profile(SLACK_TEAM, eva, email="eva.rios@lozano.example")
    drain()
    assert known(eva).email == "eva.rios@lozano.example"


def test_a_name_that_an_administrator_gave_stays(slack_server: SlackServer, drain: Drain, world: World) -> None:
    slack_server.say(SLACK_TEAM, MARTA, "im", "El TPV no cobra")
    drain()
    with work(Scope("msp_system", actor_id=world.ana.id)) as session:
        edit_person(session.get_one(Person, world.marta.id), at=clock.now(), name="Marta Ruiz (caja)")
    for name in ("Marta Ruiz (caja)", "Marta R."):
        slack_server.change_profile(SLACK_TEAM, MARTA, real_name=name)
        drain()
    assert known(MARTA).name == "Marta Ruiz (caja)"


def test_a_profile_is_read_again_once_a_day(slack_server: SlackServer, drain: Drain) -> None:
    eva = user(slack_server, "Eva Ríos", email="eva@lozano.example")
    slack_server.say(SLACK_TEAM, eva, "im", "El TPV no cobra")
    drain()
    slack_server.world.users[eva].real_name = "Eva Ríos Mena"  # and no event came
    for _ in range(3):
        slack_server.say(SLACK_TEAM, eva, "im", "Sigue igual")
        drain()
    assert known(eva).name == "Eva Ríos" and len(asked(slack_server, eva)) == 1
    clock.advance(A_DAY)
    for _ in range(2):
        slack_server.say(SLACK_TEAM, eva, "im", "Sigue igual")
        drain()
    assert known(eva).name == "Eva Ríos Mena" and len(asked(slack_server, eva)) == 2
    assert "Eva" in direct(slack_server, eva)[-1]


@pytest.mark.parametrize("fault", ["drop", "500", "garbage"])
def test_a_profile_that_cannot_be_read_again_keeps_no_message(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, said_on: SaidOn, fault: str
) -> None:
    said = slack_server.say(SLACK_TEAM, MARTA, SUPPORT, f"{MENTION} el TPV no cobra")
    drain()
    clock.advance(A_DAY)
    slack_server.faults.add("users.info", fault, times=9)
    for text in ("Sigue igual", "¿Hola?"):
        slack_server.say(SLACK_TEAM, MARTA, SUPPORT, text, thread_ts=said.ts)
    before = len(asked(slack_server, MARTA))
    drain()
    assert [message.body for message in said_on(tickets()[0])][1:] == ["Sigue igual", "¿Hola?"]
    assert len(asked(slack_server, MARTA)) == before + 1


def asked(server: SlackServer, who: str) -> list[Any]:
    """The calls of users.info about somebody."""
    calls = [call for call in server.calls if call["method"] == "users.info"]
    return [call for call in calls if call["args"].get("user") == who]


def test_the_profile_changes_of_people_whom_we_do_not_know_are_not_kept(
    slack_server: SlackServer, drain: Drain
) -> None:
    eva = user(slack_server, "Eva Ríos", email="eva@lozano.example")
    slack_server.change_profile(SLACK_TEAM, eva, real_name="Eva Mena")
    with work(Scope.system()) as session:
        assert session.query(Inbound).count() == 0


@pytest.mark.parametrize("event", [{"user": None}, {"user": "U1"}, {"user": {"id": 5}}, {}])
def test_odd_profile_changes_are_no_fault(slack_server: SlackServer, drain: Drain, event: dict[str, Any]) -> None:
    sent = slack_server.send_event(
        {
            "type": "event_callback", "team_id": SLACK_TEAM, "event_id": "Ev0ODD", "event_time": 1,
            "event": {"type": "user_change"} | event,
        },
        wait=True,
    )  # fmt: skip
    assert sent.answer is not None and sent.answer.status == 200
    drain()


@pytest.mark.parametrize(
    ("profile", "name"),
    [
        ({"real_name": "Eva Ríos"}, "Eva Ríos"),
        ({"real_name": "  \u200b\n", "display_name": "eva.r"}, "eva.r"),
        ({"real_name": "", "display_name": "", "name": "evita"}, "evita"),
        ({"real_name": "\u3164", "display_name": "\u2800", "name": " ", "email": "eva@lozano.example"}, "eva"),
        ({"real_name": "", "display_name": "", "name": ""}, "Usuario de Slack"),
        ({"real_name": "Eva\x07\r\n\u202eRíos\u2066"}, "Eva Ríos"),
        ({"real_name": "E" * 5000}, "E" * 200),
        ({"real_name": "王小明"}, "王小明"),
        ({"real_name": "👩‍💻"}, "👩‍💻"),
    ],
)
def test_every_name_makes_a_person(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, profile: dict[str, str], name: str
) -> None:
    made = slack_server.add_user(SLACK_TEAM, real_name="x")
    for field, value in profile.items():
        setattr(made, field, value)
    slack_server.say(SLACK_TEAM, made.id, "im", "El TPV no cobra")
    drain()
    assert len(tickets()) == 1 and known(made.id).name == name
    assert len(direct(slack_server, made.id)) == 1


# ------------------------------------------------------------- left, switched off, two


@pytest.mark.parametrize("how", ["person", "slack"])
def test_somebody_who_left_opens_nothing_and_is_told(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, said_on: SaidOn, world: World, how: str
) -> None:
    said = slack_server.say(SLACK_TEAM, MARTA, SUPPORT, f"{MENTION} el TPV no cobra")
    drain()
    if how == "person":
        with work(Scope.system()) as session:
            edit_person(session.get_one(Person, world.marta.id), at=clock.now(), active=False)
    else:
        slack_server.change_profile(SLACK_TEAM, MARTA, deleted=True)
        drain()
        slack_server.world.users[MARTA].deleted = False  # what she said before arrives late
    slack_server.say(SLACK_TEAM, MARTA, SUPPORT, f"{MENTION} y la impresora tampoco")
    slack_server.say(SLACK_TEAM, MARTA, SUPPORT, "sigue igual", thread_ts=said.ts)
    drain()
    assert len(tickets()) == 1 and len(said_on(tickets()[0])) == 1
    assert answers(slack_server, SUPPORT)[-1].startswith("Hola. Tu acceso a este servicio de soporte está desactivado")


def test_somebody_who_comes_back_is_heard_again(slack_server: SlackServer, drain: Drain, tickets: Tickets) -> None:
    for is_deleted in (True, False):
        slack_server.change_profile(SLACK_TEAM, MARTA, deleted=is_deleted)
        drain()
    slack_server.say(SLACK_TEAM, MARTA, "im", "El TPV no cobra")
    drain()
    assert len(tickets()) == 1


def test_people_of_a_client_that_is_switched_off_open_nothing_and_are_told(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, world: World
) -> None:
    change(world.lozano, active=False)
    eva = user(slack_server, "Eva Ríos", email="eva@lozano.example", locale="en-US")
    slack_server.say(SLACK_TEAM, MARTA, "im", "El TPV no cobra")
    slack_server.say(SLACK_TEAM, eva, "im", "The till is dead")
    drain()
    assert tickets() == [] and person_behind(eva) is None
    assert "Ferretería Lozano no está activo" in direct(slack_server, MARTA)[0]
    assert "Ferretería Lozano is not active" in direct(slack_server, eva)[0]


def test_somebody_in_the_workspaces_of_two_clients_is_two_people(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, world: World
) -> None:
    other = slack_server.add_workspace("Azcárate", team_id="T0AZC")
    with work(Scope.system()) as session:
        azcarate = session.get_one(Client, world.azcarate.id)
        connect(azcarate, kind="slack", external_id="T0AZC", secret=other.bot_token, at=clock.now())
    here = user(slack_server, "Sara Vega", email="sara@otra.example")
    there = user(slack_server, "Sara Vega", team="T0AZC", email="sara@otra.example")
    slack_server.say(SLACK_TEAM, here, "im", "El TPV no cobra")
    slack_server.say("T0AZC", there, "im", "The scanner is dead")
    drain()
    in_lozano, in_azcarate = known(here), person_behind(there, "T0AZC")
    assert in_azcarate is not None and in_lozano.id != in_azcarate.id
    assert (in_lozano.client_id, in_azcarate.client_id) == (world.lozano.id, world.azcarate.id)


def test_a_workspace_that_goes_to_another_client_takes_its_people_along(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, world: World
) -> None:
    slack_server.say(SLACK_TEAM, MARTA, "im", "El TPV no cobra")
    drain()
    with work(Scope.system()) as session:
        disconnect(session.query(Connection).filter_by(external_id=SLACK_TEAM).one(), at=clock.now())
        session.flush()
        azcarate = session.get_one(Client, world.azcarate.id)
        connect(azcarate, kind="slack", external_id=SLACK_TEAM, secret=SLACK_BOT_TOKEN, at=clock.now())
    slack_server.say(SLACK_TEAM, MARTA, "im", "El escáner no va")
    drain()
    assert {ticket.client_id for ticket in tickets()} == {world.lozano.id, world.azcarate.id}
    assert known(MARTA).client_id == world.azcarate.id and known(MARTA).id != world.marta.id


def test_a_connection_that_is_renewed_says_that_it_works_again(world: World) -> None:
    with work(Scope.system()) as session:
        session.query(Connection).filter_by(external_id=SLACK_TEAM).one().broken_reason = "token_revoked"
    for _ in range(2):
        with work(Scope.system()) as session:
            lozano = session.get_one(Client, world.lozano.id)
            connect(lozano, kind="slack", external_id=SLACK_TEAM, secret="xoxb-new", at=clock.now())
    with work(Scope.staff()) as session:
        [event] = session.scalars(select(StoredEvent).where(StoredEvent.kind == "connection.restored"))
    assert (event.client_id, event.data) == (world.lozano.id, {"connection": "slack"})


# ---------------------------------------------------------------------------- profiles

LINK = WorkspaceLink(None, "slack", SLACK_TEAM, {}, None)
USER = {"id": "U1", "team_id": SLACK_TEAM, "profile": {"email": "ana@lozano.example", "real_name": "Ana"}}


@pytest.mark.parametrize(
    ("changes", "email"),
    [
        ({}, "ana@lozano.example"),
        ({"is_email_confirmed": True}, "ana@lozano.example"),
        ({"is_email_confirmed": False}, None),
        ({"team_id": "T9"}, None),
        ({"profile": None}, None),
        ({"profile": {"email": 5}}, None),
    ],
)
def test_an_address_counts_where_slack_vouches_for_it(changes: dict[str, Any], email: str | None) -> None:
    assert profile_of(USER | changes, LINK, enterprise="").email == email


@pytest.mark.parametrize(
    ("changes", "enterprise", "is_colleague"),
    [
        ({}, "", True),
        ({"team_id": "T9"}, "E1", False),
        ({"team_id": "T9", "enterprise_user": {"enterprise_id": "E1", "teams": ["T9"]}}, "E1", True),
        ({"team_id": "T9", "enterprise_user": {"enterprise_id": "E1", "teams": ["T9"]}}, "E2", False),
        ({"team_id": "T9", "enterprise_user": {"enterprise_id": "", "teams": None}}, "", False),
        ({"team_id": "T9", "enterprise_user": {"enterprise_id": "E1"}, "is_stranger": True}, "E1", False),
        ({"team_id": "E1", "enterprise_user": {"enterprise_id": "E1", "teams": [SLACK_TEAM]}}, "", True),
        ({"team_id": "T9", "enterprise_user": "E1"}, "E1", False),
    ],
)
def test_whose_colleague_somebody_is(changes: dict[str, Any], enterprise: str, is_colleague: bool) -> None:
    assert (profile_of(USER | changes, LINK, enterprise=enterprise).workspace == SLACK_TEAM) is is_colleague


def test_nothing_that_was_refused_is_kept_in_events(slack_server: SlackServer, drain: Drain, world: World) -> None:
    change(world.lozano, guest_policy="refuse")
    luis = user(slack_server, "Luis Gómez", email="luis@otra.example")
    slack_server.say(SLACK_TEAM, luis, "im", "La clave es hunter2")
    drain()
    with work(Scope.staff()) as session:
        [event] = session.scalars(select(StoredEvent).where(StoredEvent.kind == "chat.refused_wrote"))
    assert "hunter2" not in str(event.data) and event.data["is_personal"] is True


def test_a_reply_on_a_finished_ticket_by_staff_leaves_it_finished(
    slack_server: SlackServer, drain: Drain, tickets: Tickets, world: World
) -> None:
    tomas = tomas_in_lozano(slack_server)
    said = slack_server.say(SLACK_TEAM, MARTA, SUPPORT, f"{MENTION} el TPV no cobra")
    drain()
    with work(Scope.staff(actor_id=world.irene.id)):
        change_status(access_ticket(tickets()[0].id), "resolved", at=clock.now(), actor_id=world.irene.id)
    slack_server.say(SLACK_TEAM, tomas, SUPPORT, "Avisadme si vuelve", thread_ts=said.ts)
    drain()
    assert tickets()[0].status == "resolved"
