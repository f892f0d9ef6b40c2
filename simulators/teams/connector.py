"""The bot's side of Teams: the token endpoint, the OpenID documents, and the Connector at the serviceUrl.

Codes and messages are those of learn.microsoft.com, "Status codes from bot conversational APIs".
"""

import base64
import binascii
import json
import mimetypes
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, jsonify, request

from simulators.faults import Fault
from simulators.teams.activities import member_json
from simulators.teams.core import TeamsCore
from simulators.teams.messages import TeamsRefusal, create_conversation, remove, send, update
from simulators.teams.tokens import CONNECTOR_SCOPE
from simulators.teams.world import Conversation

SEND_PACE = ((7, 1.0), (8, 2.0), (60, 30.0), (1800, 3600.0))
READ_PACE = ((14, 1.0), (16, 2.0), (120, 30.0), (3600, 3600.0))
READS = {"members", "paged_members", "member", "activity_members", "team", "team_channels", "attachment"}
MESSAGES = {
    "BotDisabledByAdmin": "The tenant admin disabled this bot",
    "BotNotInConversationRoster": "The bot is not part of the conversation roster.",
    "ConversationBlockedByUser": "User blocked the conversation with the bot.",
    "ConversationNotFound": "Conversation not found.",
    "BotNotRegistered": "No registration found for this bot.",
    "PreconditionFailed": "Precondition failed, please try again.",
    "MessageSizeTooBig": "Message size too large.",
    "Throttled": "Too many requests.",
    "ServiceError": "Unknown",
}
STATUS = {
    "BotDisabledByAdmin": 403, "BotNotInConversationRoster": 403, "ConversationBlockedByUser": 403,
    "MessageWritesBlocked": 403, "ForbiddenOperationException": 403, "ConversationNotFound": 404,
    "BotNotRegistered": 401, "PreconditionFailed": 412, "MessageSizeTooBig": 413, "Throttled": 429,
}  # fmt: skip
Act = Callable[[], tuple[Any, int]]


def connector_routes(core: TeamsCore) -> Blueprint:
    """The Connector's routes, under /{region}/{tenant}/ as the serviceUrl has them."""
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
            _keep_pace(core, operation, names)
            with core.world.lock:
                answer, status = act()
            if not isinstance(answer, Response):
                answer = jsonify(answer) if answer is not None else Response()
            return _finish(entry, answer, status)
        except TeamsRefusal as refusal:
            return _finish(entry, _refusal(refusal), refusal.status)

    conversation = names.get("conversation_id", "")
    where = {"tenant": tenant, **names, "conversation": conversation.partition(";")[0]}
    return core.faults.meet(
        core.faults.take(operation, where),
        act=perform,
        refuse=lambda fault: _finish(entry, _befallen(fault), _fault_status(fault)),
    )


def _finish(entry: dict[str, Any], response: Response, status: int) -> Response:
    entry["status"] = response.status_code = status
    return response


def _authorize(core: TeamsCore) -> None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    claims = core.keyring.read_access_token(token) if scheme.lower() == "bearer" else None
    home = "botframework.com" if core.settings.multi_tenant else core.settings.tenant_id
    if claims is None or claims["appid"] != core.settings.app_id or claims["tid"] != home:
        raise TeamsRefusal(401, "", "Authorization has been denied for this request.")


def _keep_pace(core: TeamsCore, operation: str, names: Mapping[str, str]) -> None:
    if not core.enforce_limits:
        return
    rules = READ_PACE if operation in READS else SEND_PACE
    kind = "read" if operation in READS else "send"
    key = (kind, names.get("conversation_id", names.get("team_id", "")))
    wait = core.pace.wait_needed(key, rules)
    if wait > 0:
        raise TeamsRefusal(429, "Throttled", MESSAGES["Throttled"], retry_after=max(1, round(wait + 0.5)))


def _refusal(refusal: TeamsRefusal) -> Response:
    if refusal.status == 401 and not refusal.code:
        return jsonify({"message": refusal.message})
    if refusal.code == "MessageWritesBlocked":
        return jsonify(_writes_blocked())
    response = jsonify({"error": {"code": refusal.code, "message": refusal.message}})
    if refusal.retry_after:
        response.headers["Retry-After"] = str(refusal.retry_after)
    return response


def _writes_blocked() -> dict[str, Any]:
    told = {
        "subCode": "MessageWritesBlocked", "details": "Thread is blocked from message writes.",
        "errorCode": None, "errorSubCode": None,
    }  # fmt: skip
    return {"errorCode": 209, "message": json.dumps(told, indent=2).replace("\n", "\r\n")}


def _fault_status(fault: Fault) -> int:
    return fault.status or STATUS.get(fault.error, int(fault.kind) if fault.kind.isdecimal() else 400)


def _befallen(fault: Fault) -> Response:
    if fault.kind in ("502", "503") and not fault.error:
        return Response("<html><body><h1>Bad Gateway</h1></body></html>", mimetype="text/html")
    code = fault.error or ("Throttled" if fault.kind == "429" else "ServiceError")
    wait = fault.retry_after if _fault_status(fault) == 429 else 0
    return _refusal(TeamsRefusal(_fault_status(fault), code, MESSAGES.get(code, code), retry_after=wait))


# ----------------------------------------------------------------------- operations


def _create(core: TeamsCore, tenant: str) -> tuple[Any, int]:
    return create_conversation(core, tenant, _body())


def _send(core: TeamsCore, tenant: str, *, conversation_id: str, activity_id: str = "") -> tuple[Any, int]:
    conversation, root = _place(core, tenant, conversation_id)
    return {"id": send(core, conversation, _body(), root=root, reply_to=activity_id)["id"]}, 201


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
    if user is None or user not in core.world.roster(conversation):
        raise TeamsRefusal(404, "MemberNotFoundInConversation", "Member not found in conversation.")
    return member_json(user), 200


def _paged_members(core: TeamsCore, tenant: str, *, conversation_id: str) -> tuple[Any, int]:
    conversation, _ = _place(core, tenant, conversation_id)
    people = list(core.world.roster(conversation))
    try:
        start = int(base64.urlsafe_b64decode(request.args.get("continuationToken", "") or "MA==").decode())
        size = max(50, min(int(request.args.get("pageSize", "200")), 500))
    except (binascii.Error, ValueError):
        raise TeamsRefusal(400, "BadArgument", "Invalid continuation token or page size.") from None
    page: dict[str, Any] = {"members": [member_json(user) for user in people[start : start + size]]}
    if start + size < len(people):
        page["continuationToken"] = base64.urlsafe_b64encode(str(start + size).encode()).decode()
    return page, 200


def _team(core: TeamsCore, tenant: str, *, team_id: str) -> tuple[Any, int]:
    team = core.world.teams.get(team_id)
    if team is None or team.tenant_id != tenant:
        raise TeamsRefusal(404, "ConversationNotFound", MESSAGES["ConversationNotFound"])
    if not team.installed:
        raise TeamsRefusal(403, "BotNotInConversationRoster", MESSAGES["BotNotInConversationRoster"])
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
        raise TeamsRefusal(404, "ConversationNotFound", MESSAGES["ConversationNotFound"])
    if not core.world.bot_is_in(found[0]):
        raise TeamsRefusal(403, "BotNotInConversationRoster", MESSAGES["BotNotInConversationRoster"])
    return found


def _body() -> dict[str, Any]:
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise TeamsRefusal(400, "BadSyntax", "Could not parse the request body.")
    return body


# ------------------------------------------------------------ tokens and documents


def login_routes(core: TeamsCore) -> Blueprint:
    """Where the bot gets its token, and where everybody finds the signing keys."""
    routes = Blueprint("teams_login", __name__)

    def guarded(operation: str, act: Callable[[], Response]) -> Response:
        core.calls.append({"method": operation, "at": core.now().isoformat()})
        return core.faults.meet(
            core.faults.take(operation, {}), act=act,
            refuse=lambda fault: _finish({}, _befallen(fault), _fault_status(fault)),
        )  # fmt: skip

    @routes.post("/<tenant>/oauth2/v2.0/token")
    def token(tenant: str) -> Response:
        return guarded("token", lambda: _token(core, tenant))

    @routes.get("/v1/.well-known/openidconfiguration")
    def metadata() -> Response:
        base = core.url or request.host_url.rstrip("/")
        document = {
            "issuer": "https://api.botframework.com",
            "authorization_endpoint": "https://invalid.botframework.com",
            "jwks_uri": f"{base}/v1/.well-known/keys",
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        }
        return guarded("openid", lambda: jsonify(document))

    @routes.get("/v1/.well-known/keys")
    def keys() -> Response:
        return guarded("keys", lambda: jsonify(core.keyring.jwks()))

    return routes


def _token(core: TeamsCore, tenant: str) -> Response:
    form, app = request.form, core.settings
    if form.get("grant_type") != "client_credentials":
        return _denied(400, "unsupported_grant_type", "AADSTS70003: The grant type is not supported.")
    if form.get("scope") != CONNECTOR_SCOPE:
        return _denied(400, "invalid_scope", "AADSTS1002012: The provided value for scope is not valid.")
    if form.get("client_id") != app.app_id:
        return _denied(400, "unauthorized_client", "AADSTS700016: Application was not found in the directory.")
    if form.get("client_secret") != app.password:
        return _denied(401, "invalid_client", "AADSTS7000215: Invalid client secret provided.")
    known = {app.tenant_id, "botframework.com", *core.world.tenants}
    if tenant not in known:
        return _denied(400, "invalid_request", f"AADSTS90002: Tenant '{tenant}' not found.")
    made, life = core.keyring.access_token(tenant=tenant)
    return jsonify({"token_type": "Bearer", "expires_in": life, "ext_expires_in": life, "access_token": made})


def _denied(status: int, error: str, description: str) -> Response:
    response = jsonify({"error": error, "error_description": description})
    response.status_code = status
    return response
