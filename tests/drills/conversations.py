"""How a drill talks: people in Slack, Tomás over the API, and what stood in the thread in the end."""

from dataclasses import dataclass

from simulators.slack.server import SlackServer
from tests.drills.desk import Desk, eventually
from tests.world import SLACK_TEAM

MARTA, PABLO, TOM = "U0MARTA", "U0PABLO", "U0TOM"
SUPPORT = "C0SUPPORT"
INIGO = "29:inigo"
CROWD = tuple(f"U0CROWD{number:02}" for number in range(60))  # so many that no channel gets more than it takes


@dataclass(frozen=True)
class Thread:
    """A conversation in Slack, its ticket and who opened it."""

    channel: str
    ts: str
    ticket_id: str
    who: str


def say(slack: SlackServer, who: str, text: str, *, thread: str | None = None, wait: bool = True) -> str:
    """Somebody writes to the bot in their direct messages; returns the message's ts."""
    return slack.say(SLACK_TEAM, who, "im", text, thread_ts=thread, wait=wait).ts


def ticket_of(desk: Desk, ts: str) -> str | None:
    """The ticket of a thread, once there is one."""
    found = desk.rows("select ticket_id::text from conversation where thread = %s", ts)
    assert len(found) < 2
    return found[0][0] if found else None


def open_threads(desk: Desk, slack: SlackServer, *texts: str) -> list[Thread]:
    """A ticket for each text, each in the direct messages of another person: a channel takes one post a second."""
    people = CROWD[: len(texts)]
    channels = [slack.world.im(SLACK_TEAM, who).id for who in people]
    stamps = [say(slack, who, text) for who, text in zip(people, texts, strict=True)]
    said = list(zip(channels, stamps, strict=True))
    eventually(lambda: all(heard(slack, *each) for each in said), within=15, what="every thread has its card")
    desk.be_quiet(within=10)
    return [Thread(channels[n], ts, ticket_of(desk, ts) or "", people[n]) for n, ts in enumerate(stamps)]


def heard(slack: SlackServer, channel: str, ts: str) -> list[str]:
    """What the bot said in a thread, without the name of the technician who wrote it."""
    told = slack.messages(channel=channel, thread_ts=ts, author="bot")
    return [message["text"].split("\n", 1)[-1] for message in told]


def answers(slack: SlackServer, thread: Thread) -> list[str]:
    """What was said in a thread after its card."""
    return heard(slack, thread.channel, thread.ts)[1:]


def calls(slack: SlackServer, method: str) -> int:
    """How often a method of Slack was called so far."""
    return sum(call["method"] == method for call in slack.calls)
