"""First messages of tickets: the same problem is worded differently in chat, by mail and by phone."""

from datetime import datetime
from random import Random

from msp.demo.content import pools
from msp.demo.words import Words, say
from msp.demo.world import Person


def open_with(
    text: str, words: Words, *, requester: Person, source: str, priority: str, type: str, at: datetime, rng: Random
) -> str:
    """Return the first message of a ticket in the form of its source."""
    if source == "api":
        return say(text, words, at=at, me=None, rng=rng)
    if source in ("phone", "console"):
        heard = rng.choice(pools.BY_PHONE[words.locale])
        return say(heard, words, at=at, me=None, rng=rng, extra={"text": text})
    closing = rng.choice([c for c in _closings(priority, type)[words.locale] if not _repeats(c, text)])
    if source == "email":
        return _letter(f"{text} {closing}", words, requester, at, rng)
    parts = [text, closing]
    if rng.random() < {"portal": 0.25}.get(source, 0.45 if priority == "urgent" else 0.75):
        greetings = pools.GREETING_MORNING if at.hour < 14 else pools.GREETING_AFTERNOON
        parts.insert(0, rng.choice(greetings[words.locale]))
    return say(" ".join(parts), words, at=at, me=None, rng=rng)


def _closings(priority: str, type: str) -> dict[str, pools.Pool]:
    if priority == "urgent":
        return pools.CLOSING_URGENT
    return pools.CLOSING_REQUEST if type == "request" else pools.CLOSING_INCIDENT


def _repeats(closing: str, text: str) -> bool:
    return any(part in closing and part in text for part in ("{pc}", "{room}", "{ext}", "racias", "or favor", "please"))


def _letter(text: str, words: Words, requester: Person, at: datetime, rng: Random) -> str:
    body = say(text, words, at=at, me=None, rng=rng)
    opening = rng.choice(pools.MAIL_OPENING[words.locale])
    thanked = "racias" in body or "hank" in body
    closings = [
        text for text in pools.MAIL_CLOSING[words.locale] if not (thanked and ("racias" in text or "hank" in text))
    ]
    closing = rng.choice(closings)
    signature = f"{requester.name}\n{words.slots['company']}" if rng.random() < 0.6 else requester.given_name
    return f"{opening}\n\n{body}\n\n{closing}\n{signature}"
