"""Microsoft's sign-in: the bot's token endpoint, and the published signing keys.

Sources: learn.microsoft.com, "Authenticate requests with the Bot Connector API"; Entra's error codes (AADSTS…).
"""

from collections.abc import Callable

from flask import Blueprint, Response, jsonify, request

from simulators.teams.connector import befallen, fault_status, finish
from simulators.teams.core import TeamsCore
from simulators.teams.tokens import CONNECTOR_SCOPE


def login_routes(core: TeamsCore) -> Blueprint:
    """The token endpoint, the OpenID document and the document of keys."""
    routes = Blueprint("teams_login", __name__)

    def guarded(operation: str, act: Callable[[], Response]) -> Response:
        core.calls.append({"method": operation, "at": core.now().isoformat()})
        return core.faults.meet(
            core.faults.take(operation, {}), act=act,
            refuse=lambda fault: finish({}, befallen(fault), fault_status(fault)),
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
