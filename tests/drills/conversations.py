"""Conversations of the drills: people in Slack, Tomás over the API, and the content of threads."""

from dataclasses import dataclass

from simulators.slack.server import SlackServer
from tests.drills.desk import Desk, eventually
from tests.world import SLACK_TEAM

MARTA, PABLO, TOM = "U0MARTA", "U0PABLO", "U0TOM"
SUPPORT = "C0SUPPORT"
INIGO = "29:inigo"
CROWD = tuple(f"U0CROWD{number:02}" for number in range(60))  # enough that no channel exceeds its rate limit


@dataclass(frozen=True)
class Thread:
    """A conversation in Slack, its ticket and the person who opened it."""

    channel: str
    ts: str
    ticket_id: str
    who: str


def say(slack: SlackServer, who: str, text: str, *, thread: str | None = None, wait: bool = True) -> str:
    """Write to the bot in a person's direct messages; returns the message's ts."""
    return slack.say(SLACK_TEAM, who, "im", text, thread_ts=thread, wait=wait).ts


def ticket_of(desk: Desk, ts: str) -> str | None:
    """The ticket of a thread; None if there is none yet."""
    found = desk.rows("select ticket_id::text from conversation where thread = %s", ts)
    assert len(found) < 2
    return found[0][0] if found else None


def open_threads(desk: Desk, slack: SlackServer, *texts: str) -> list[Thread]:
    """Open a ticket for each text, each in another person's direct messages: a channel takes one post a second."""
    people = CROWD[: len(texts)]
    channels = [slack.world.im(SLACK_TEAM, who).id for who in people]
    stamps = [say(slack, who, text) for who, text in zip(people, texts, strict=True)]
    said = list(zip(channels, stamps, strict=True))
    eventually(lambda: all(heard(slack, *each) for each in said), within=15, what="every thread has its card")
    desk.be_quiet(within=10)
    return [Thread(channels[n], ts, ticket_of(desk, ts) or "", people[n]) for n, ts in enumerate(stamps)]


def heard(slack: SlackServer, channel: str, ts: str) -> list[str]:
    """The bot's messages in a thread, without the name of the technician who wrote them."""
    told = slack.messages(channel=channel, thread_ts=ts, author="bot")
    return [message["text"].split("\n", 1)[-1] for message in told]


def answers(slack: SlackServer, thread: Thread) -> list[str]:
    """The messages in a thread after its card."""
    return heard(slack, thread.channel, thread.ts)[1:]


def calls(slack: SlackServer, method: str) -> int:
    """How often a method of Slack has been called so far."""
    return sum(call["method"] == method for call in slack.calls)
