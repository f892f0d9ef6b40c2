"""What Slack's plug-in reads from the environment."""

from msp.config import WEB_ADDRESS, EnvironmentSetting

SETTINGS = (
    EnvironmentSetting(
        name="SLACK_SIGNING_SECRET",
        description="Signing secret of the Slack app, which every request of Slack is verified with",
        use="required",
        is_secret=True,
    ),
    EnvironmentSetting(
        name="SLACK_CLIENT_ID",
        description="Client ID of the Slack app, for workspaces that install it by OAuth",
        use="install",
        needs=("SLACK_CLIENT_SECRET", "SLACK_SIGNING_SECRET"),
    ),
    EnvironmentSetting(
        name="SLACK_CLIENT_SECRET",
        description="Client secret of the Slack app, for OAuth",
        use="install",
        is_secret=True,
        needs=("SLACK_CLIENT_ID",),
    ),
    EnvironmentSetting(
        name="SLACK_API_URL",
        description="Base address of the Web API, for proxies and tests",
        type=WEB_ADDRESS,
        default="https://slack.com/api/",
    ),
)
