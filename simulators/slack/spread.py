"""Spreads the load of a benchmark or a drill over workspaces and people, to stay within Slack's rate limits.

Limits hold per workspace and method, and for messages also per channel; they cannot be switched off. So a load states
its calls per minute, and gets seats to write from in turn:

    needed = workspaces_needed({"chat.postMessage": 1200, "chat.update": 300, "users.info": 40})
    seats = spread(server, workspaces=needed, people=60 * messages_per_second // needed)
    for number in range(count):
        seat = seats[number % len(seats)]
        server.say(seat.team, seat.user, "im", …)

Each workspace is then connected in the desk with its own team id, token and bot (`server.world.workspaces[team]`).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from simulators.slack.limits import PER_MINUTE, POSTING, POSTS_PER_MINUTE
from simulators.slack.server import SlackServer
from simulators.slack.web import METHODS


@dataclass(frozen=True)
class Seat:
    """A person at a workspace, who can write."""

    team: str
    user: str


def workspaces_needed(per_minute: Mapping[str, float]) -> int:
    """How many workspaces a load needs, given the calls of each method per minute."""
    return max(math.ceil(calls / _allowed(method)) for method, calls in per_minute.items())


def _allowed(method: str) -> int:
    return POSTS_PER_MINUTE if method == POSTING else PER_MINUTE[METHODS[method].tier]


def spread(server: SlackServer, *, workspaces: int, people: int, prefix: str = "SPREAD") -> list[Seat]:
    """Add so many workspaces with so many people each; consecutive seats are in different workspaces.

    Team ids are T0<prefix>000 and up, people's U0<prefix>000X000 and up, with addresses at t000.example and up.
    """
    teams = [f"T0{prefix}{number:03}" for number in range(workspaces)]
    for number, team in enumerate(teams):
        server.add_workspace(f"Workspace {number:03}", team_id=team, bot_user_id=f"U0{prefix}{number:03}BOT")
    return [_seat(server, team, f"U0{prefix}{at:03}X{number:03}", f"p{number:03}@t{at:03}.example")
            for number in range(people) for at, team in enumerate(teams)]  # fmt: skip


def _seat(server: SlackServer, team: str, user: str, email: str) -> Seat:
    server.add_user(team, id=user, real_name=f"Persona {user[-3:]}", email=email)
    return Seat(team, user)
