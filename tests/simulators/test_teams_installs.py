"""Installing and removing the app in the local Teams in each scope; its people; and refusals to the bot."""

import pytest
from botbuilder.schema import ConversationParameters
from botframework.connector import ConnectorClient

from simulators.teams.server import APP_ID, TeamsServer
from tests.simulators.receiver import Receiver
from tests.simulators.teams_kit import LOZANO, client_for, denied, message

BOT = {"id": f"28:{APP_ID}"}


def events(receiver: Receiver) -> list[tuple[str, str]]:
    """The kind of each event, with its action or eventType."""
    got = [each.json for each in receiver.got]
    return [(a["type"], a.get("action") or a["channelData"].get("eventType", "")) for a in got]


def test_a_person_installs_removes_and_installs_again(
    teams: TeamsServer, receiver: Receiver, connector: ConnectorClient
) -> None:
    """microsoft/botframework-sdk#6604 and microsoft/BotBuilder-Samples#2599."""
    teams.install(LOZANO, "29:ana")
    installed, joined = (got.json for got in receiver.got)
    assert (installed["type"], installed["action"]) == ("installationUpdate", "add")
    assert joined["membersAdded"] == [BOT, {"id": "29:ana", "aadObjectId": "aad-ana"}]
    assert installed["from"] == {"id": "29:ana", "aadObjectId": "aad-ana"}
    chat = installed["conversation"]["id"]
    connector.conversations.send_to_conversation(chat, message("Hola, Ana"))
    teams.uninstall(LOZANO, "29:ana")
    refused = denied(connector.conversations.send_to_conversation, chat, message("¿Ana?"))
    assert refused == (403, "BotNotInConversationRoster")
    with pytest.raises(ValueError, match="removed"):
        teams.say(LOZANO, "29:ana", "", "¿hola?")
    teams.install(LOZANO, "29:ana")
    assert events(receiver)[2:] == [("installationUpdate", "remove"), ("installationUpdate", "add")]
    assert receiver.got[-1].json["conversation"]["id"] == chat
    teams.say(LOZANO, "29:ana", "", "aquí estoy")
    connector.conversations.send_to_conversation(chat, message("Hola otra vez"))


def test_one_team_removes_the_app_and_nobody_else(
    teams: TeamsServer, receiver: Receiver, connector: ConnectorClient, channel: str
) -> None:
    shop = next(iter(teams.world.teams.values()))
    office = teams.add_team(LOZANO, "Oficina", members=["29:ana"], channels=["Soporte"], installed=True)
    chat = teams.open_chat(LOZANO, "29:ana")["id"]
    teams.uninstall(LOZANO, "29:ana", conversation=channel)
    send = connector.conversations.send_to_conversation
    assert denied(send, channel, message("x")) == (403, "BotNotInConversationRoster")
    assert denied(send, shop.id, message("x")) == (403, "BotNotInConversationRoster")
    send(office.id, message("x"))
    send(chat, message("x"))
    assert events(receiver) == [("installationUpdate", "remove"), ("conversationUpdate", "teamMemberRemoved")]
    removed, left = (got.json for got in receiver.got)
    assert removed["channelData"]["team"]["id"] == left["channelData"]["team"]["id"] == shop.id
    assert removed["channelData"]["tenant"] == {"id": LOZANO}
    assert left["conversation"]["id"] == shop.id and left["membersRemoved"] == [BOT]
    teams.install(LOZANO, "29:ana", conversation=channel)
    send(channel, message("x"))
    added, joined = (got.json for got in receiver.got[2:])
    assert added["channelData"]["settings"]["selectedChannel"] == {"id": channel}
    assert (joined["channelData"]["eventType"], joined["conversation"]["id"]) == ("teamMemberAdded", channel)
    assert joined["membersAdded"] == [BOT] and joined["channelData"]["team"]["name"] == "Tienda"


def test_a_group_chat_and_upgrades(teams: TeamsServer, receiver: Receiver) -> None:
    group = teams.add_group_chat(LOZANO, members=["29:ana", "29:luis"], installed=False).id
    teams.install(LOZANO, "29:ana", conversation=group)
    teams.upgrade(LOZANO, "29:ana", conversation=group)
    teams.upgrade(LOZANO, "29:ana", conversation=group, action="remove-upgrade")
    teams.upgrade(LOZANO, "29:ana", conversation=group)
    teams.uninstall(LOZANO, "29:ana", conversation=group)
    assert events(receiver) == [
        ("installationUpdate", "add"),
        ("conversationUpdate", ""),
        ("installationUpdate", "add-upgrade"),
        ("installationUpdate", "remove-upgrade"),
        ("installationUpdate", "add-upgrade"),
        ("installationUpdate", "remove"),
        ("conversationUpdate", ""),
    ]
    assert {got.json["conversation"]["conversationType"] for got in receiver.got} == {"groupChat"}
    with pytest.raises(ValueError, match="action"):
        teams.upgrade(LOZANO, "29:ana", action="add")


def test_people_come_and_go_and_channels_are_renamed(teams: TeamsServer, receiver: Receiver, channel: str) -> None:
    team = next(iter(teams.world.teams.values()))
    teams.change_members(LOZANO, "29:ana", channel, removed=["29:luis"])
    teams.change_members(LOZANO, "29:ana", channel, added=["29:luis"])
    removed, added = (got.json for got in receiver.got)
    assert removed["membersRemoved"][0]["id"] == added["membersAdded"][0]["id"] == "29:luis"
    assert {removed["conversation"]["id"], added["conversation"]["id"]} == {team.id}
    teams.conversation_event(LOZANO, "29:ana", channel, "channelRenamed")
    data = receiver.got[-1].json["channelData"]
    assert (data["eventType"], data["channel"]["name"], data["team"]["id"]) == ("channelRenamed", "Caja", team.id)


@pytest.mark.parametrize("code", ["MessageWritesBlocked", "ConversationBlockedByUser"])
def test_a_person_blocks_the_bot(teams: TeamsServer, connector: ConnectorClient, code: str) -> None:
    chat = teams.open_chat(LOZANO, "29:ana")["id"]
    teams.block(LOZANO, "29:ana", code=code)
    status, told = denied(connector.conversations.send_to_conversation, chat, message("x"))
    assert status == 403 and code in told
    teams.block(LOZANO, "29:ana", blocked=False)
    connector.conversations.send_to_conversation(chat, message("x"))
    with pytest.raises(ValueError, match="no reason"):
        teams.block(LOZANO, "29:ana", code="ConversationNotFound")


def test_an_administrator_disables_the_app_and_azure_forgets_it(teams: TeamsServer, connector: ConnectorClient) -> None:
    chat = teams.open_chat(LOZANO, "29:ana")["id"]
    send = connector.conversations.send_to_conversation
    teams.disable(LOZANO)
    assert denied(send, chat, message("x")) == (403, "BotDisabledByAdmin")
    assert denied(connector.conversations.get_conversation_members, chat) == (403, "BotDisabledByAdmin")
    teams.disable(LOZANO, disabled=False)
    teams.configure(is_registered=False)
    assert denied(send, chat, message("x")) == (401, "BotNotRegistered")
    teams.configure(is_registered=True)
    send(chat, message("x"))


def test_guests_and_people_without_an_address(
    teams: TeamsServer, receiver: Receiver, connector: ConnectorClient, channel: str
) -> None:
    """OfficeDev/BotBuilder-MicrosoftTeams#88: a guest who never signed in has neither name nor address."""
    home = "44444444-4444-4444-8444-444444444444"
    staff = teams.add_guest(LOZANO, name="Tomás Rey", email="tomas@guardia.example", home_tenant_id=home)
    silent = teams.add_guest(LOZANO, name="", email="", aad_object_id=None)
    plain = teams.add_user(LOZANO, name="Sin Correo", upn="sc@lozano.es")
    next(iter(teams.world.teams.values())).members += [staff.id, silent.id, plain.id]
    teams.say(LOZANO, staff.id, channel, "@Guardia soy yo")
    said = receiver.got[0].json
    assert said["channelData"]["tenant"]["id"] == said["conversation"]["tenantId"] == LOZANO
    told = {m.id: m for m in connector.conversations.get_conversation_members(channel)}
    of_staff = told[staff.id].additional_properties
    assert (of_staff["email"], of_staff["tenantId"]) == ("tomas@guardia.example", home)
    assert of_staff["userPrincipalName"] == "tomas_guardia.example#EXT#@lozano.es"
    assert told[silent.id].name is None and told[silent.id].aad_object_id is None
    assert "email" not in told[silent.id].additional_properties
    assert "email" not in told[plain.id].additional_properties
    assert told[plain.id].additional_properties["userPrincipalName"] == "sc@lozano.es"


def test_a_renamed_person_has_the_new_name_everywhere(
    teams: TeamsServer, receiver: Receiver, connector: ConnectorClient, channel: str
) -> None:
    teams.rename(LOZANO, "29:ana", name="Ana García", email="ana.garcia@lozano.es")
    teams.say(LOZANO, "29:ana", channel, "@Guardia hola")
    assert receiver.got[0].json["from"]["name"] == "Ana García"
    told = connector.conversations.get_conversation_member(channel, "29:ana")
    assert told.name == "Ana García" and told.additional_properties["email"] == "ana.garcia@lozano.es"


def test_a_chat_is_created_with_members_of_a_team_that_has_the_app(teams: TeamsServer) -> None:
    connector = client_for(teams, LOZANO)
    outside = teams.add_user(LOZANO, name="Fuera")
    wanted = ConversationParameters(members=[{"id": outside.id}], tenant_id=LOZANO)
    refused = denied(connector.conversations.create_conversation, wanted)
    assert refused == (403, "ForbiddenOperationException")
