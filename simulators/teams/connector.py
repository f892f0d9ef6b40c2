"""The Bot Connector at the serviceUrl: routes, authentication, limits, and the answers.

Sources: learn.microsoft.com, "Bot Connector REST API reference" and "Send and receive messages"; errors, limits and
message splitting have their sources in their own modules.
"""

import base64
import binascii
import mimetypes
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, jsonify, request

from simulators.faults import Fault
from simulators.teams.activities import member_json
from simulators.teams.core import TeamsCore
from simulators.teams.limits import Use, uses
from simulators.teams.messages import create_conversation, remove, send, update
from simulators.teams.refusals import MESSAGES, STATUS, TeamsRefusal, bad_request, refusal, response_of
from simulators.teams.splitting import messages_of
from simulators.teams.world import Conversation

SCENARIOS = {
    "send": "send", "reply": "send", "update": "send", "delete": "send", "create_conversation": "create",
    "member": "members", "paged_members": "members", "members": "members", "activity_members": "members",
    "team": "conversations", "team_channels": "conversations",
}  # fmt: skip
UNPAGED = ("members", "activity_members")
Act = Callable[[], tuple[Any, int]]


def connector_routes(core: TeamsCore) -> Blueprint:
    """The Connector's routes, under /{region}/{tenant}/ as in the serviceUrl."""
    routes = Blueprint("teams_connector", __name__, url_prefix="/<region>/<tenant>/v3")

    def door(rule: str, operation: str, verb: str, act: Callable[..., tuple[Any, int]]) -> None:
        def view(region: str, tenant: str, **names: str) -> Response:
            return _answered(core, operation, tenant, names, lambda: act(core, tenant, **names))

        routes.add_url_rule(rule, operation, view, methods=[verb])

    talk = "/conversations/<conversation_id>"
    door("/conversations", "create_conversation", "POST", _create)
    door(f"{talk}/activities", "send", "POST", _send)
    door(f"{talk}/activities/<activity_id>", "reply", "POST", _send)
    door(f"{talk}/activities/<activity_id>", "update", "PUT", _update)
    door(f"{talk}/activities/<activity_id>", "delete", "DELETE", _delete)
    door(f"{talk}/activities/<activity_id>/members", "activity_members", "GET", _members)
    door(f"{talk}/members", "members", "GET", _members)
    door(f"{talk}/members/<member_id>", "member", "GET", _member)
    door(f"{talk}/pagedmembers", "paged_members", "GET", _paged_members)
    door("/teams/<team_id>", "team", "GET", _team)
    door("/attachments/<attachment_id>/views/<view_id>", "attachment", "GET", _attachment)
    door("/teams/<team_id>/conversations", "team_channels", "GET", _team_channels)
    return routes


def _answered(core: TeamsCore, operation: str, tenant: str, names: Mapping[str, str], act: Act) -> Response:
    body = request.get_json(silent=True)
    entry: dict[str, Any] = {
        "method": operation, "at": core.now().isoformat(), "tenant": tenant, "args": dict(names),
        "body": body, "status": None,
    }  # fmt: skip
    core.calls.append(entry)

    def perform() -> Response:
        try:
            _authorize(core)
            core.limits.take(_uses(operation, tenant, names, body))
            with core.world.lock:
                _refuse_disabled(core, tenant)
                answer, status = act()
            if not isinstance(answer, Response):
                answer = jsonify(answer) if answer is not None else Response()
            return finish(entry, answer, status)
        except TeamsRefusal as refused:
            return finish(entry, response_of(refused), refused.status)

    conversation = names.get("conversation_id", "")
    where = {"tenant": tenant, **names, "conversation": conversation.partition(";")[0]}
    return core.faults.meet(
        core.faults.take(operation, where),
        act=perform,
        refuse=lambda fault: finish(entry, befallen(fault), fault_status(fault)),
    )


def finish(entry: dict[str, Any], response: Response, status: int) -> Response:
    """Answer with a status and add it to the log of calls."""
    entry["status"] = response.status_code = status
    return response


def _authorize(core: TeamsCore) -> None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    claims = core.keyring.read_access_token(token) if scheme.lower() == "bearer" else None
    home = "botframework.com" if core.settings.multi_tenant else core.settings.tenant_id
    if claims is None or claims["appid"] != core.settings.app_id or claims["tid"] != home:
        raise TeamsRefusal(401, "", "Authorization has been denied for this request.")
    if not core.settings.is_registered:
        raise refusal("BotNotRegistered")


def _refuse_disabled(core: TeamsCore, tenant: str) -> None:
    known = core.world.tenants.get(tenant)
    if known is not None and known.is_disabled:
        raise refusal("BotDisabledByAdmin")


def _uses(operation: str, tenant: str, names: Mapping[str, str], body: object) -> list[Use]:
    """The limits of a request; a message that Teams splits counts once per part."""
    wanted = [*uses("tenant", tenant)]
    scenario = SCENARIOS.get(operation)
    if scenario is None:
        return wanted
    activity = body if isinstance(body, Mapping) else {}
    count = len(messages_of(activity)) if operation in ("send", "reply") else 1
    thread = _target(activity) if scenario == "create" else names.get("conversation_id", names.get("team_id", ""))
    thread = thread.partition(";")[0]
    wanted += uses(scenario, thread, count=count)
    return [*wanted, *uses("unpaged_roster", thread)] if operation in UNPAGED else wanted


def _target(wanted: Mapping[str, Any]) -> str:
    """The person or channel for which a conversation is to be created."""
    members, data = wanted.get("members"), wanted.get("channelData")
    if isinstance(members, list) and members and isinstance(members[0], Mapping):
        return str(members[0].get("id"))
    channel = data.get("channel") if isinstance(data, Mapping) else None
    return str(channel.get("id")) if isinstance(channel, Mapping) else ""


def fault_status(fault: Fault) -> int:
    """The HTTP status of a fault."""
    return fault.status or STATUS.get(fault.error, int(fault.kind) if fault.kind.isdecimal() else 400)


def befallen(fault: Fault) -> Response:
    """The answer of a fault; `retry_after` 0 leaves the header out, as Teams often does."""
    if fault.kind in ("502", "503") and not fault.error:
        return Response("<html><body><h1>Bad Gateway</h1></body></html>", mimetype="text/html")
    code = fault.error or ("Throttled" if fault.kind == "429" else "ServiceError")
    wait = fault.retry_after if fault_status(fault) == 429 else 0
    return response_of(TeamsRefusal(fault_status(fault), code, MESSAGES.get(code, code), retry_after=wait))


# ----------------------------------------------------------------------- operations


def _create(core: TeamsCore, tenant: str) -> tuple[Any, int]:
    return create_conversation(core, tenant, _body())


def _send(core: TeamsCore, tenant: str, *, conversation_id: str, activity_id: str = "") -> tuple[Any, int]:
    """201 with the message's id; 202 without one if the activity became several messages."""
    conversation, root = _place(core, tenant, conversation_id)
    posted = send(core, conversation, _body(), root=root, reply_to=activity_id)
    return ({"id": posted[0]["id"]}, 201) if len(posted) == 1 else (None, 202)


def _update(core: TeamsCore, tenant: str, *, conversation_id: str, activity_id: str) -> tuple[Any, int]:
    conversation, _ = _place(core, tenant, conversation_id)
    return {"id": update(core, conversation, activity_id, _body())["id"]}, 200


def _delete(core: TeamsCore, tenant: str, *, conversation_id: str, activity_id: str) -> tuple[Any, int]:
    conversation, _ = _place(core, tenant, conversation_id)
    remove(core, conversation, activity_id)
    return None, 200


def _members(core: TeamsCore, tenant: str, *, conversation_id: str, activity_id: str = "") -> tuple[Any, int]:
    conversation, _ = _place(core, tenant, conversation_id)
    return [member_json(user) for user in core.world.roster(conversation)], 200


def _member(core: TeamsCore, tenant: str, *, conversation_id: str, member_id: str) -> tuple[Any, int]:
    conversation, _ = _place(core, tenant, conversation_id)
    user = core.world.user(member_id, tenant_id=tenant)
    if user is None or not core.world.is_in(user, conversation):
        raise refusal("MemberNotFoundInConversation")
    return member_json(user), 200


def _paged_members(core: TeamsCore, tenant: str, *, conversation_id: str) -> tuple[Any, int]:
    conversation, _ = _place(core, tenant, conversation_id)
    people = list(core.world.roster(conversation))
    try:
        start = int(base64.urlsafe_b64decode(request.args.get("continuationToken", "") or "MA==").decode())
        size = max(50, min(int(request.args.get("pageSize", "200")), 500))
    except (binascii.Error, ValueError):
        raise bad_request("Invalid continuation token or page size.", code="BadArgument") from None
    page: dict[str, Any] = {"members": [member_json(user) for user in people[start : start + size]]}
    if start + size < len(people):
        page["continuationToken"] = base64.urlsafe_b64encode(str(start + size).encode()).decode()
    return page, 200


def _team(core: TeamsCore, tenant: str, *, team_id: str) -> tuple[Any, int]:
    team = core.world.teams.get(team_id)
    if team is None or team.tenant_id != tenant:
        raise refusal("ConversationNotFound")
    if not team.installed:
        raise refusal("BotNotInConversationRoster")
    return {
        "id": team.id, "name": team.name, "aadGroupId": team.aad_group_id, "tenantId": tenant,
        "channelCount": len(team.channels), "memberCount": len(team.members), "type": "standard",
    }, 200  # fmt: skip


def _team_channels(core: TeamsCore, tenant: str, *, team_id: str) -> tuple[Any, int]:
    _team(core, tenant, team_id=team_id)
    team = core.world.teams[team_id]
    shown = [{"id": id, "name": None if id == team.id else name} for id, name in team.channels.items()]
    return {"conversations": shown}, 200


def _attachment(core: TeamsCore, tenant: str, *, attachment_id: str, view_id: str) -> tuple[Any, int]:
    file = core.world.files.get(attachment_id)
    if file is None or view_id not in ("original", "thumbnail"):
        raise TeamsRefusal(404, "AttachmentNotFound", "The attachment was not found.")
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return Response(file.content, mimetype=kind), 200


def _place(core: TeamsCore, tenant: str, conversation_id: str) -> tuple[Conversation, str]:
    found = core.world.place(conversation_id)
    if found is None or found[0].tenant_id != tenant:
        raise refusal("ConversationNotFound")
    if not core.world.bot_is_in(found[0]):
        raise refusal("BotNotInConversationRoster")
    return found


def _body() -> dict[str, Any]:
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise bad_request("Could not parse the request body.")
    return body
