"""Environment of a drill: a desk of real processes, and simulated Slack, Teams, Stripe and mail servers."""

import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from simulators.serving import RunningServer
from simulators.slack.server import SlackServer, create_slack_server
from simulators.smtp.server import MailServer, create_mail_server
from simulators.stripe.server import StripeServer, create_stripe_server
from simulators.teams.server import TeamsServer, create_teams_server
from tests.drills.conversations import CROWD, INIGO, MARTA, PABLO, SUPPORT, TOM
from tests.drills.desk import Desk, DeskTime, clean_environment
from tests.world import SLACK_APP_ID, SLACK_BOT_TOKEN, SLACK_BOT_USER, SLACK_TEAM, TEAMS_TENANT

SLACK_SECRET = "slack-signing-secret-of-the-drills"
STRIPE_KEY = "sk_test_0123456789abcdefghij"
STRIPE_SECRET = "whsec_of_the_drills_0123456789abcdef"
SOON = (0.5, 1.0, 2.0)  # seconds until an unanswered request is sent again


@dataclass(frozen=True)
class Outside:
    """The platforms around a desk, each with the handle that makes it unavailable and available again."""

    slack: SlackServer
    teams: TeamsServer
    stripe: StripeServer
    mail: MailServer
    handles: dict[str, RunningServer]

    def settle(self, within: float) -> bool:
        """Wait until all their requests were accepted or given up."""
        return all(server.settle(within) for server in (self.slack, self.teams, self.stripe))

    def be_well(self) -> None:
        """Remove all faults."""
        for server in (self.slack, self.teams, self.stripe, self.mail):
            server.faults.clear()


@contextmanager
def outside(desk_port: int, time: DeskTime) -> Iterator[Outside]:
    """Start the platforms for a desk that will listen on this port."""
    doors = f"http://127.0.0.1:{desk_port}"
    made = Outside(_slack(doors, time), _teams(doors, time), _stripe(doors), create_mail_server(), {})
    with ExitStack() as stack:
        for name in ("slack", "teams", "stripe", "mail"):
            made.handles[name] = stack.enter_context(getattr(made, name).serve())
        yield made


def _slack(doors: str, time: DeskTime) -> SlackServer:
    """Lozano's Slack. The app is the provider's own, so that reading threads has the usual rate limits."""
    server = create_slack_server(
        distribution="internal",
        signing_secret=SLACK_SECRET,
        app_id=SLACK_APP_ID,
        retry_schedule=SOON,
        events_url=f"{doors}/slack/events",
        now=time.now,
    )
    server.add_workspace("Lozano", team_id=SLACK_TEAM, bot_token=SLACK_BOT_TOKEN, bot_user_id=SLACK_BOT_USER)
    server.add_user(SLACK_TEAM, id=MARTA, real_name="Marta Ruiz", email="marta@lozano.example")
    server.add_user(SLACK_TEAM, id=PABLO, real_name="Pablo Gil", email="pablo@lozano.example")
    server.add_user(SLACK_TEAM, id=TOM, real_name="Tom Price", email="tom@lozano.example", locale="en-GB")
    for number, person in enumerate(CROWD):
        server.add_user(SLACK_TEAM, id=person, real_name=f"Persona {number}", email=f"p{number}@lozano.example")
    server.add_channel(SLACK_TEAM, "soporte", id=SUPPORT, members=[MARTA, PABLO, TOM])
    return server


def _teams(doors: str, time: DeskTime) -> TeamsServer:
    """Azcárate's Teams, with Íñigo in it."""
    server = create_teams_server(endpoint=f"{doors}/api/messages", retry_schedule=SOON, now=time.now)
    server.add_tenant("Azcárate Abogados", id=TEAMS_TENANT, domain="azcarate.example")
    server.add_user(TEAMS_TENANT, id=INIGO, name="Iñigo Azcárate", email="inigo@azcarate.example")
    return server


def _stripe(doors: str) -> StripeServer:
    return create_stripe_server([(f"{doors}/stripe/webhook", STRIPE_SECRET)], api_key=STRIPE_KEY, retry_schedule=SOON)


@contextmanager
def ground() -> Iterator[tuple[Desk, Outside]]:
    """A desk by `msp run` with its own PostgreSQL and Valkey, and the platforms around it.

    Its home is not a pytest folder, whose parents are not accessible to the user that PostgreSQL runs as.
    """
    home = Path(tempfile.mkdtemp(prefix="guardia-drill-"))
    home.chmod(0o755)
    port, time = _free_port(), DeskTime(home / "ahead")
    with outside(port, time) as around:
        desk = Desk(_environment(home, port, around), time, home / "printed")
        try:
            desk.start()
            yield desk, around
        finally:
            desk.stop()
    shutil.rmtree(home)  # only after success


def _environment(home: Path, port: int, around: Outside) -> dict[str, str]:
    teams = around.teams
    return clean_environment(
        MSP_HOME=str(home),
        MSP_ENV="demo",
        MSP_DEMO="0",
        MSP_CLOCK=str(home / "ahead"),
        PORT=str(port),
        SLACK_SIGNING_SECRET=SLACK_SECRET,
        SLACK_API_URL=around.slack.api_url,
        TEAMS_APP_ID=teams.settings.app_id,
        TEAMS_APP_PASSWORD=teams.settings.password,
        TEAMS_APP_TENANT_ID=teams.settings.tenant_id,
        TEAMS_OPENID_METADATA_URL=teams.openid_url,
        TEAMS_TOKEN_URL=teams.token_url,
        STRIPE_API_KEY=STRIPE_KEY,
        STRIPE_WEBHOOK_SECRET=STRIPE_SECRET,
        STRIPE_API_BASE=around.handles["stripe"].url,
        SMTP_URL=around.mail.url,
        MAIL_FROM="Guardia <guardia@guardia.example>",
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
