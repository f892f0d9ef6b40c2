"""The benchmark: preload, measure, compare with the baseline of the same run, print and write the results.

It runs on servers of its own in a scratch folder and talks to loopback alone; nothing of the installation is touched.
"""

import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from msp import embedded
from msp.bench import endpoints, environment, pages, report, search, startup, sustained_load, sweeps
from msp.bench.preload import SLACK_APP, TEAMS_TENANT, PreloadedIds, Workspace, preload
from msp.bench.report import BenchFigure, Say
from msp.config import Settings
from msp.kernel import migrate
from simulators.slack.server import SlackServer, create_slack_server
from simulators.slack.spread import Seat, spread
from simulators.teams.server import TeamsServer, create_teams_server

WORKERS = 2  # as `msp run` has them
# below every rate limit of Slack: each of the 480 people writes rarely
WORKSPACES, PEOPLE_EACH = 24, 20
FULL_DESK = ("pages", "endpoints", "cards", "flood", "overload")  # on a desk with 100,000 tickets
PARTS = ("starts", *FULL_DESK, "steps", "search")


def run_bench(
    settings: Settings, json_path: str | Path | None = None, *, only: Sequence[str] = PARTS, say: Say = print
) -> bool:
    """Measure the parts named by `only` and print the table; returns whether every target was met.

    All parts take about forty minutes, each alone at most fifteen.
    """
    began = time.monotonic()
    scratch = settings.home / "bench"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    try:
        figures: list[BenchFigure] = []
        if "starts" in only:
            say("Starting the whole desk, twice …")
            figures += startup.measure(scratch / "whole")
        if set(FULL_DESK) & set(only):
            figures += _on_a_full_desk(scratch / "full", only, say=say)
        if "steps" in only:
            figures += sweeps.measure(scratch / "steps", say=say)
        if "search" in only:
            figures += search.measure(settings.home / "bench-search", say=say)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    say("")
    report.show(figures, say=say)
    if json_path:
        report.write(figures, Path(json_path), seconds=time.monotonic() - began)
    return all(figure.is_met for figure in figures)


def _on_a_full_desk(home: Path, only: Sequence[str], *, say: Say) -> list[BenchFigure]:
    home.mkdir()
    with _slack() as (slack, seats), _teams() as teams:
        environ = environment.environment(home, PORT=str(environment.free_port())) | _chat(slack, teams)
        settings = Settings.from_env(environ)
        with embedded.running(settings):
            known = _filled(settings, _workspaces(slack, seats), say=say)
            figures: list[BenchFigure] = []
            if {"pages", "endpoints"} & set(only):
                figures += _web_alone(settings, environ, known, endpoints.Crowd(slack, seats), teams, only, say=say)
                endpoints.forget(_owner(settings))
            if {"cards", "flood", "overload"} & set(only):
                figures += _with_workers(settings, environ, endpoints.Crowd(slack, seats), only, say=say)
            return figures


def _filled(settings: Settings, workspaces: list[Workspace], *, say: Say) -> PreloadedIds:
    from wsgi import create_app

    began = time.monotonic()
    migrate.upgrade(settings)
    known = preload(create_app(settings), settings, workspaces=workspaces)
    say(f"100,000 tickets made in {time.monotonic() - began:.0f} s")
    return known


def _web_alone(
    settings: Settings,
    environ: dict[str, str],
    known: PreloadedIds,
    crowd: endpoints.Crowd,
    teams: TeamsServer,
    only: Sequence[str],
    *,
    say: Say,
) -> list[BenchFigure]:
    """Pages against the baseline, then the endpoints; without workers, so that each figure measures one thing."""
    log, floor_port = settings.home / "bench.log", environment.free_port()
    floor = (sys.executable, "-m", "msp.bench.baseline", str(floor_port), _owner(settings))
    with (
        environment.running(*environment.msp("web"), env=environ, log=log) as web,
        environment.running(*floor, env=environ, log=log) as bare,
    ):
        environment.answers(settings.port, "/readyz", process=web, log=log)
        environment.answers(floor_port, "/queue", process=bare, log=log)
        figures: list[BenchFigure] = []
        if "pages" in only:
            say("Pages and tickets, by turns with the floor …")
            figures += pages.measure(known, port=settings.port, floor_port=floor_port, say=say)
        if "endpoints" in only:
            say("The endpoints of Slack and Teams …")
            figures.append(endpoints.throughput(settings.port, floor_port, crowd, say=say))
            figures += endpoints.acks(settings.port, crowd, teams)
        return figures


def _with_workers(
    settings: Settings, environ: dict[str, str], crowd: endpoints.Crowd, only: Sequence[str], *, say: Say
) -> list[BenchFigure]:
    log = settings.home / "bench.log"
    say("Messages to cards …")
    with environment.running(*environment.msp("web"), env=environ, log=log) as web, _crew(environ, log):
        environment.answers(settings.port, "/readyz", process=web, log=log)
        crowd.slack.configure(events_url=f"http://127.0.0.1:{settings.port}/slack/events")
        time.sleep(5)  # wait until the workers have started
        figures = [endpoints.cards(crowd)] if "cards" in only else []
        if {"flood", "overload"} & set(only):
            figures += sustained_load.measure(settings.port, crowd, _owner(settings), only, say=say)
        return [*figures, BenchFigure("Slack calls refused by its rate limits", crowd.slack.throttled, "calls", 0)]


@contextmanager
def _crew(environ: dict[str, str], log: Path) -> Iterator[None]:
    with ExitStack() as stack:
        for role in ("clock", *["worker"] * WORKERS):
            stack.enter_context(environment.running(*environment.msp(role), env=environ, log=log))
        yield


@contextmanager
def _slack() -> Iterator[tuple[SlackServer, list[Seat]]]:
    slack = create_slack_server(app_id=SLACK_APP, retry_schedule=(), echo_bot_messages=False)
    seats = spread(slack, workspaces=WORKSPACES, people=PEOPLE_EACH)
    slack.add_channel(seats[0].team, "general", id=sustained_load.GENERAL, members=[seats[0].user])
    with slack.serve():
        yield slack, seats


def _workspaces(slack: SlackServer, seats: list[Seat]) -> list[Workspace]:
    teams = dict.fromkeys(seat.team for seat in seats)
    installed = ((team, slack.world.workspaces[team].install) for team in teams)
    return [Workspace(team, install.bot_token, install.bot_user_id) for team, install in installed]


@contextmanager
def _teams() -> Iterator[TeamsServer]:
    teams = create_teams_server()
    teams.add_tenant("Bench", id=TEAMS_TENANT)
    with teams.serve():
        yield teams


def _chat(slack: SlackServer, teams: TeamsServer) -> dict[str, str]:
    return {
        "SLACK_SIGNING_SECRET": slack.settings.signing_secret,
        "SLACK_API_URL": slack.api_url,
        "TEAMS_APP_ID": teams.settings.app_id,
        "TEAMS_APP_PASSWORD": teams.settings.password,
        "TEAMS_APP_TENANT_ID": teams.settings.tenant_id,
        "TEAMS_OPENID_METADATA_URL": teams.openid_url,
        "TEAMS_TOKEN_URL": teams.token_url,
    }


def _owner(settings: Settings) -> str:
    return settings.database_url.replace("+psycopg", "")
