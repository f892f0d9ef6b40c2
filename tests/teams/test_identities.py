"""Who wrote in a client's Teams, where strangers are answered, and the effects of installing and removing the app."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from integrations.channels import WorkspaceLink
from integrations.teams.profiles import profile_of
from msp.clients.actions import edit_client
from msp.clients.models import Client, Connection
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.events import StoredEvent
from msp.kernel.inbox import Inbound
from msp.kernel.unhandled import unhandled
from msp.people.models import ChatIdentity, Person
from msp.tickets.actions import assign, change_status
from msp.tickets.messages import reply
from msp.tickets.models import Conversation, Message, Ticket
from tests.teams.desk import Desk
from tests.world import TEAMS_TENANT, World

Drain = Callable[[], int]
OTHER = "99999999-0000-4000-8000-000000000001"
BOT = "@Guardia"
IN_ENGLISH = "Hello. Your company is not connected"
IN_SPANISH = "Hola. Tu empresa aún no está conectada"


def tickets() -> list[Ticket]:
    with work(Scope.staff()) as session:
        return session.query(Ticket).order_by(Ticket.number).all()


def said_on(ticket: Ticket) -> list[Message]:
    with work(Scope.staff()) as session:
        return list(session.scalars(select(Message).where(Message.ticket_id == ticket.id).order_by(Message.id)))


def known(external_id: str, tenant: str = TEAMS_TENANT) -> Person:
    with work(Scope.system()) as session:
        query = select(Person).join(ChatIdentity, ChatIdentity.person_id == Person.id)
        where = (ChatIdentity.external_id == external_id, ChatIdentity.workspace == tenant)
        return session.scalars(query.where(*where)).one()


def from_bot(desk: Desk, conversation: str, tenant: str = TEAMS_TENANT) -> list[str]:
    """The bot's messages in a conversation."""
    said = desk.teams.messages(tenant=tenant, author="bot")
    return [each.get("text", "") for each in said if each["conversation"]["id"].startswith(conversation)]


def member(desk: Desk, id: str, name: str, *, tenant: str = TEAMS_TENANT, **more: Any) -> str:
    desk.teams.add_user(tenant, id=id, name=name, **more)
    return id


def outsiders(desk: Desk, *, locale: str) -> str:
    """An unconnected company, and one of its people."""
    desk.teams.add_tenant("Otra, S.L.", id=OTHER, domain="otra.example")
    return member(desk, "29:olga", "Olga Otra", tenant=OTHER, email="olga@otra.example", locale=locale)


# ------------------------------------------------------------ strangers and their answers


@pytest.mark.parametrize(
    ("kind", "locale", "answer"),
    [
        ("personal", "en-GB", IN_ENGLISH),
        ("personal", "es-MX", IN_SPANISH),
        ("personal", "fr-FR", IN_SPANISH),
        ("group", "en-US", IN_ENGLISH),
        ("channel", "en-US", IN_ENGLISH),
    ],
)
def test_an_unknown_tenant_is_answered_where_they_wrote_in_their_language(
    desk: Desk, drain: Drain, kind: str, locale: str, answer: str
) -> None:
    olga = outsiders(desk, locale=locale)
    place = {"personal": "", "group": "", "channel": ""}[kind]
    if kind == "group":
        place = desk.teams.add_group_chat(OTHER, members=[olga], name="Equipo").id
    if kind == "channel":
        place = desk.teams.add_team(OTHER, "Todos", members=[olga], installed=True).id
    said = desk.teams.say(OTHER, olga, place, "hello there" if kind == "personal" else f"{BOT} hello there")
    drain()
    assert tickets() == []
    [words] = from_bot(desk, said.conversation, OTHER)
    assert words.startswith(answer)
    asked = [call["args"]["conversation_id"] for call in desk.teams.calls if call["method"] == "send"]
    suffix = f";messageid={said.id}" if kind == "channel" else ""
    assert asked == [f"{said.conversation}{suffix}"]


def test_the_language_of_the_client_app_counts_where_the_activity_names_none(desk: Desk, drain: Drain) -> None:
    olga = outsiders(desk, locale="en-GB")
    activity = desk.teams.say(OTHER, olga, "", "hello").activity | {"id": "1790000000001"}
    del activity["locale"]
    drain()
    desk.post(activity, token="")
    drain()
    assert [words.startswith(IN_ENGLISH) for words in from_bot(desk, "", OTHER)] == [True, True]


@pytest.mark.parametrize("kind", ["channel", "group"])
def test_somebody_of_another_tenant_is_a_stranger_and_answered_in_their_language(
    desk: Desk, drain: Drain, kind: str
) -> None:
    luis = member(desk, "29:luis", "Luis", email="luis@otra.example", locale="es-ES")
    desk.teams.world.users[luis].home_tenant_id = OTHER
    place = desk.channel()
    if kind == "group":
        place = desk.teams.add_group_chat(TEAMS_TENANT, members=[luis, desk.person]).id
    else:
        desk.teams.change_members(TEAMS_TENANT, desk.person, place, added=[luis])
    desk.teams.say(TEAMS_TENANT, luis, place, f"{BOT} hola")
    drain()
    assert tickets() == []
    assert [words.startswith("Hola. Aquí solo puedo ayudar") for words in from_bot(desk, place)] == [True]


def test_events_about_strangers_hold_no_words(desk: Desk, drain: Drain) -> None:
    desk.teams.say(OTHER, outsiders(desk, locale="en-GB"), "", "the password is hunter2")
    drain()
    with work(Scope.staff()) as session:
        [event] = session.scalars(select(StoredEvent).where(StoredEvent.kind == "chat.unconnected_wrote"))
    assert "hunter2" not in str(event.data) and event.data["is_personal"] is True


# --------------------------------------------------------------------- staff and guests


@pytest.mark.parametrize(
    "account",
    [
        {"email": "tomas@guardia.example", "is_guest": True},
        {"email": "", "upn": "tomas_guardia.example#EXT#@azcarate.onmicrosoft.com", "is_guest": True},
        {"email": "Tomas@Guardia.example"},
    ],
)
def test_a_technician_opens_no_ticket_in_a_clients_teams(
    desk: Desk, drain: Drain, world: World, account: dict[str, Any]
) -> None:
    tomas = member(desk, "29:tomas", "Tomás (soporte)", **account)
    said = desk.teams.say(TEAMS_TENANT, tomas, "", "El servidor no responde")
    drain()
    assert tickets() == [] and known(tomas).id == world.tomas.id
    [answer] = from_bot(desk, said.conversation)
    assert answer.replace("\\", "").startswith("Formas parte del equipo de soporte")


def test_what_a_technician_says_in_a_channels_thread_is_a_public_reply(desk: Desk, drain: Drain, world: World) -> None:
    nuria = member(desk, "29:nuria", "Nuria", email="nuria@guardia.example", is_guest=True)
    channel = desk.channel()
    desk.teams.change_members(TEAMS_TENANT, desk.person, channel, added=[nuria])
    root = desk.say(f"{BOT} the scanner is dead", conversation=channel)
    drain()
    before = len(from_bot(desk, channel))
    desk.teams.say(TEAMS_TENANT, nuria, channel, f"{BOT} on my way", reply_to=root.id)
    drain()
    [ticket] = tickets()
    _, answer = said_on(ticket)
    assert (answer.author_id, answer.visibility, answer.channel, answer.delivery_state) == (
        world.nuria.id, "public", "teams", "sent",
    )  # fmt: skip
    assert len(from_bot(desk, channel)) == before and ticket.status == "open"


@pytest.mark.parametrize("home", ["", OTHER], ids=["of this tenant", "of their own"])
def test_a_guest_is_named_one_and_the_clients_setting_decides(
    desk: Desk, drain: Drain, world: World, home: str
) -> None:
    luis = member(desk, "29:luis", "Luis Gómez", email="luis@otra.example", is_guest=True, locale="en-GB")
    desk.teams.world.users[luis].home_tenant_id = home
    desk.teams.say(TEAMS_TENANT, luis, "", "The scanner is dead")
    drain()
    assert len(tickets()) == 1 and tickets()[0].requester_id == known(luis).id
    assert (known(luis).is_guest, known(luis).email) == (True, "luis@otra.example")
    with work(Scope.system()) as session:
        edit_client(session.get_one(Client, world.azcarate.id), at=clock.now(), guest_policy="refuse")
    said = desk.teams.say(TEAMS_TENANT, luis, "", "Something else is dead")
    drain()
    assert len(tickets()) == 1 and len(said_on(tickets()[0])) == 1
    assert from_bot(desk, said.conversation)[-1].startswith("Hello. You are a guest at Azcárate Abogados")


def test_a_guest_is_no_manager_by_an_address(desk: Desk, drain: Drain, world: World) -> None:
    inigo = member(desk, "29:other", "Iñigo", email="inigo@azcarate.example", is_guest=True)
    desk.teams.say(TEAMS_TENANT, inigo, "", "The scanner is dead")
    drain()
    assert known(inigo).id != world.inigo.id and known(inigo).role == "client_employee"


def test_somebody_whom_the_roster_does_not_show_is_answered_and_opens_nothing(desk: Desk, drain: Drain) -> None:
    desk.teams.faults.add("member", "error", error="MemberNotFoundInConversation", status=404, times=9)
    eva = member(desk, "29:eva", "Eva", email="eva@azcarate.example")
    said = desk.teams.say(TEAMS_TENANT, eva, "", "The scanner is dead")
    drain()
    assert tickets() == [] and len(from_bot(desk, said.conversation)) == 1
    with work(Scope.system()) as session:
        assert {row.state for row in session.query(Inbound)} == {"done"}


# -------------------------------------------------------------------------------- names


def test_a_renamed_person_is_renamed_the_next_day(desk: Desk, drain: Drain) -> None:
    eva = member(desk, "29:eva", "Eva Ríos", email="eva@azcarate.example")
    desk.teams.say(TEAMS_TENANT, eva, "", "The scanner is dead")
    drain()
    desk.teams.world.users[eva].name = "Eva Mena"
    clock.advance(desk.a_while * 300)
    desk.teams.say(TEAMS_TENANT, eva, "", "Still dead")
    drain()
    assert known(eva).name == "Eva Mena"


@pytest.mark.parametrize("fault", ["500", "html", "403"])
def test_a_profile_that_cannot_be_read_again_keeps_no_message(desk: Desk, drain: Drain, fault: str) -> None:
    desk.say("The scanner is dead")
    drain()
    clock.advance(desk.a_while * 300)
    kind, code = ("error", "BotNotInConversationRoster") if fault == "403" else (fault, "")
    desk.teams.faults.add("member", kind, error=code, times=9)
    desk.say("Still dead")
    drain()
    assert [message.body for message in said_on(tickets()[0])] == ["The scanner is dead", "Still dead"]


def test_a_guest_without_name_and_address_is_heard(desk: Desk, drain: Drain) -> None:
    nobody = member(desk, "29:nobody", "", email="", upn="#EXT#@azcarate.example", is_guest=True)
    desk.teams.say(TEAMS_TENANT, nobody, "", "The scanner is dead")
    drain()
    assert len(tickets()) == 1 and known(nobody).name == "Teams user"  # in the client's language


LINK = WorkspaceLink(None, "teams", TEAMS_TENANT, {}, None)


@pytest.mark.parametrize(
    ("member", "email", "is_guest"),
    [
        ({"email": "ana@x.example", "userPrincipalName": "ana@x.onmicrosoft.com"}, "ana@x.example", False),
        ({"userPrincipalName": "ana@x.example"}, "ana@x.example", False),
        ({"email": "Ana Mora"}, None, False),
        ({"userPrincipalName": "ana_maria_y.example#EXT#@x.onmicrosoft.com"}, "ana_maria@y.example", True),
        (
            {"userPrincipalName": "ana_y.example#ext#@x.onmicrosoft.com", "email": "boss@x.example"},
            "ana@y.example",
            True,
        ),
        ({"email": "ana_y.example#EXT#@x.onmicrosoft.com"}, "ana@y.example", True),
        ({"userRole": "guest", "email": "ana@y.example"}, "ana@y.example", True),
        ({"userRole": "guest", "userPrincipalName": "5f2c#EXT#@x.onmicrosoft.com"}, None, True),
        ({"userRole": "guest", "tenantId": OTHER}, None, True),
        ({}, None, False),
    ],
)
def test_whose_address_a_member_has(member: dict[str, str], email: str | None, is_guest: bool) -> None:
    profile = profile_of(member, LINK, "29:ana", {})
    assert (profile.email, profile.is_guest, profile.workspace) == (email, is_guest, TEAMS_TENANT)


# --------------------------------------------------------- the app is installed, removed, installed again


def broken_reason() -> str | None:
    with work(Scope.system()) as session:
        return session.scalars(select(Connection.broken_reason).where(Connection.kind == "teams")).one()


def marks() -> dict[str, str | None]:
    """The reason why each ticket's thread cannot be reached, by the ticket's subject."""
    with work(Scope.system()) as session:
        rows = session.execute(
            select(Ticket.subject, Conversation.unreachable_reason).join(Ticket, Ticket.id == Conversation.ticket_id)
        )
        return {row.subject: row.unreachable_reason for row in rows}


def three_tickets(desk: Desk, drain: Drain) -> tuple[str, str]:
    """Tickets in two channels of one team, in another team and in Íñigo's chat; returns a channel of each team."""
    other = desk.teams.add_team(TEAMS_TENANT, "Socios", members=[desk.person], installed=True).id
    general = desk.teams.world.conversations[desk.channel()].team_id
    for place, words in ((desk.channel(), "sala"), (general, "general"), (other, "socios")):
        desk.say(f"{BOT} {words}", conversation=place)
    desk.say("chat")
    drain()
    return desk.channel(), other


LEFT_OUT = {"Sala": "app_removed", "General": "app_removed", "Socios": None, "Chat": None}


def test_an_app_taken_out_of_a_team_marks_that_teams_threads_alone(desk: Desk, drain: Drain) -> None:
    channel, _ = three_tickets(desk, drain)
    desk.teams.uninstall(TEAMS_TENANT, desk.person, conversation=channel)
    drain()
    assert marks() == LEFT_OUT and broken_reason() is None
    desk.teams.install(TEAMS_TENANT, desk.person, conversation=channel)
    drain()
    assert set(marks().values()) == {None}
    with work(Scope.staff()) as session:
        kinds = list(
            session.scalars(
                select(StoredEvent.kind).where(StoredEvent.kind.contains("reachable")).order_by(StoredEvent.seq)
            )
        )
    assert kinds == ["ticket.unreachable"] * 2 + ["ticket.reachable"] * 2


def test_words_from_a_team_that_the_app_was_taken_out_of_say_that_it_is_back(desk: Desk, drain: Drain) -> None:
    channel, _ = three_tickets(desk, drain)
    desk.teams.uninstall(TEAMS_TENANT, desk.person, conversation=channel)
    drain()
    general = desk.teams.world.teams[desk.teams.world.conversations[channel].team_id]
    general.installed = True  # and no event was sent
    desk.say("nothing of the kind")
    drain()
    assert marks() | {"Chat": None} == LEFT_OUT  # another chat is no evidence of it
    desk.say(f"{BOT} again", conversation=channel)
    drain()
    assert set(marks().values()) == {None}


def test_an_app_taken_out_of_a_persons_chat_marks_that_chat_alone(desk: Desk, drain: Drain) -> None:
    three_tickets(desk, drain)
    desk.teams.uninstall(TEAMS_TENANT, desk.person)
    drain()
    assert marks() == dict.fromkeys(LEFT_OUT) | {"Chat": "app_removed"} and broken_reason() is None
    desk.teams.install(TEAMS_TENANT, desk.person)
    drain()
    assert set(marks().values()) == {None}


def test_an_upgrade_of_the_app_is_no_removal(desk: Desk, drain: Drain) -> None:
    channel, _ = three_tickets(desk, drain)
    for action in ("remove-upgrade", "add-upgrade"):
        activity = desk.activity("") | {"type": "installationUpdate", "action": action, "id": f"f:{action}"}
        desk.post(activity | {"conversation": {"id": channel, "conversationType": "channel"}}, token="")
    drain()
    assert set(marks().values()) == {None}


def test_an_installation_update_of_an_unknown_action_is_counted(
    desk: Desk, drain: Drain, caplog: pytest.LogCaptureFixture
) -> None:
    channel, _ = three_tickets(desk, drain)
    before = unhandled().get(("teams", "installation_update"), 0)
    activity = desk.activity("") | {"type": "installationUpdate", "action": "dance", "id": "f:dance"}
    desk.post(activity | {"conversation": {"id": channel, "conversationType": "channel"}}, token="")
    drain()
    assert unhandled()["teams", "installation_update"] == before + 1
    assert "an installation update was not handled" in caplog.messages and set(marks().values()) == {None}


def test_a_tenant_that_blocked_the_app_is_broken_until_something_comes_from_it(
    desk: Desk, drain: Drain, world: World
) -> None:
    desk.say("The scanner is dead")
    drain()
    desk.teams.faults.add("send", "error", error="BotDisabledByAdmin", times=1)
    answered(world, "On it")
    drain()
    assert broken_reason() == "BotDisabledByAdmin"
    desk.say("Hello?")
    drain()
    assert broken_reason() is None
    with work(Scope.staff()) as session:
        [event] = session.scalars(select(StoredEvent).where(StoredEvent.kind == "connection.restored"))
    assert (event.client_id, event.data) == (world.azcarate.id, {"connection": "teams"})


@pytest.mark.parametrize("where", ["personal", "team", "group"])
def test_an_app_that_is_added_anywhere_heals_a_broken_tenant(desk: Desk, drain: Drain, where: str) -> None:
    with work(Scope.system()) as session:
        session.query(Connection).filter_by(kind="teams").one().broken_reason = "app_removed"
    place = {"personal": "", "team": desk.channel()}.get(where)
    if place is None:
        place = desk.teams.add_group_chat(TEAMS_TENANT, members=[desk.person], installed=False).id
    desk.teams.install(TEAMS_TENANT, desk.person, conversation=place)
    drain()
    assert broken_reason() is None


def test_a_post_that_arrives_heals_a_broken_tenant(desk: Desk, drain: Drain, world: World) -> None:
    desk.say("The scanner is dead")
    drain()
    with work(Scope.system()) as session:
        session.query(Connection).filter_by(kind="teams").one().broken_reason = "BotDisabledByAdmin"
    with work(Scope.staff(actor_id=world.irene.id)) as session:
        change_status(session.query(Ticket).one(), "resolved", at=clock.now(), actor_id=world.irene.id)
    drain()
    assert broken_reason() is None


def answered(world: World, body: str) -> None:
    with work(Scope.staff(actor_id=world.irene.id)) as session:
        ticket = session.query(Ticket).one()
        assign(ticket, world.irene, at=clock.now(), actor_id=world.irene.id)
        reply(ticket, author=world.irene, body=body, at=clock.now())
