"""What Teams' plug-in reads from the environment."""

from collections.abc import Mapping

from msp.config import WEB_ADDRESS, EnvironmentSetting


def token_url(given: Mapping[str, str]) -> str:
    """Microsoft's token endpoint: of the bot's own tenant, or of the Bot Framework."""
    tenant = given["TEAMS_APP_TENANT_ID"] or "botframework.com"
    return f"https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token"


SETTINGS = (
    EnvironmentSetting(
        name="TEAMS_APP_ID",
        description="Application (client) ID of the bot in Entra",
        use="required",
        needs=("TEAMS_APP_PASSWORD",),
    ),
    EnvironmentSetting(
        name="TEAMS_APP_PASSWORD",
        description="Client secret of the bot",
        use="required",
        is_secret=True,
        needs=("TEAMS_APP_ID",),
    ),
    EnvironmentSetting(
        name="TEAMS_APP_TENANT_ID",
        description="Tenant of a single-tenant bot; empty for a multi-tenant bot",
        needs=("TEAMS_APP_ID",),
    ),
    EnvironmentSetting(
        name="TEAMS_OPENID_METADATA_URL",
        description="OpenID document with the keys that tokens of Microsoft are signed with",
        type=WEB_ADDRESS,
        default="https://login.botframework.com/v1/.well-known/openidconfiguration",
    ),
    EnvironmentSetting(
        name="TEAMS_TOKEN_URL",
        description="Token endpoint that the bot signs in at; by default that of its tenant at Microsoft",
        type=WEB_ADDRESS,
        default_of=token_url,
    ),
)
