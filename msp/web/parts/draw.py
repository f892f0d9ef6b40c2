"""Small components of all pages, built in Python because rows need them to be fast."""

import uuid
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Protocol

from flask_babel import gettext, pgettext
from markupsafe import Markup, escape

from msp.kernel import clock as wall
from msp.tickets.states import FINISHED
from msp.web.parts.assets import asset
from msp.web.parts.tones import channel_icon_name, tone
from msp.words import formats
from msp.words.per_locale import cached_per_locale
from msp.words.vocabulary import word

TINTS = 6
SOON = 0.75  # from this share of the target time on, a due date counts as soon


class NamedPerson(Protocol):
    """Anything with a name and an id that decides its colour."""

    @property
    def id(self) -> object: ...
    @property
    def name(self) -> str: ...


class Due(Protocol):
    """The ticket's next due SLA target; times in UTC."""

    @property
    def status(self) -> str: ...
    @property
    def due_at(self) -> datetime | None: ...
    @property
    def due_kind(self) -> str | None: ...
    @property
    def due_from(self) -> datetime | None: ...
    @property
    def paused_at(self) -> datetime | None: ...


class DrawnClock(Protocol):
    """An SLA target of a ticket: `running`, `paused`, `met` or `cancelled`; times in UTC."""

    @property
    def state(self) -> str: ...
    @property
    def started_at(self) -> datetime: ...
    @property
    def due_at(self) -> datetime | None: ...
    @property
    def met_at(self) -> datetime | None: ...
    @property
    def breached_at(self) -> datetime | None: ...


@dataclass(frozen=True)
class Left:
    """Remaining time of a target: text, tone and used share (0 to 1)."""

    text: str
    tone: str
    used: float
    ticks: bool


def icon(name: str, *, size: str = "", label: str = "", cls: str = "") -> Markup:
    """An icon of the sprite; with a label it is announced by screen readers, without one it is hidden from them."""
    return _icon(asset("icons.svg"), name, size, label, cls)


@lru_cache(maxsize=1024)
def _icon(sprite: str, name: str, size: str, label: str, cls: str) -> Markup:
    classes = "icon" + (f" is-{size}" if size else "") + (f" {cls}" if cls else "")
    says = Markup(' role="img" aria-label="{}"').format(label) if label else Markup(' aria-hidden="true"')
    return Markup('<svg class="{}"{}><use href="{}#{}"></use></svg>').format(classes, says, sprite, name)


def initials(name: str) -> str:
    """Initials of a name: the first letters of its first two words that begin with a letter."""
    letters = [part[0] for part in name.split() if part[0].isalpha()]
    return "".join(letters[:2]).upper() or "?"


@lru_cache(maxsize=4096)
def _disc(key: str, name: str, size: str) -> Markup:
    tint = zlib.crc32(key.encode()) % TINTS
    classes = f"avatar tint-{tint}" + (f" is-{size}" if size else "")
    return Markup('<span class="{}" title="{}" aria-hidden="true">{}</span>').format(classes, name, initials(name))


def avatar(who: NamedPerson | None, *, size: str = "") -> Markup:
    """A person's avatar in a fixed tint; an empty ring for None."""
    if who is None:
        return _nobody(size)
    return _disc(str(who.id), who.name, size)


@cached_per_locale
def _nobody(size: str) -> Markup:
    return Markup('<span class="avatar is-none{}" title="{}"><span class="sr">{}</span></span>').format(
        f" is-{size}" if size else "", gettext("Unassigned"), gettext("Unassigned")
    )


def person(who: NamedPerson | None, *, size: str = "") -> Markup:
    """Avatar and name."""
    name = who.name if who else gettext("Unassigned")
    return Markup('<span class="person">{}<span class="clip">{}</span></span>').format(avatar(who, size=size), name)


_BARS = {"urgent": 3, "high": 2, "normal": 1, "low": 0}


_BAR = Markup('<rect x="{}" y="{}" width="3.6" height="{}" rx="1"{}></rect>')


@lru_cache(maxsize=8)
def _bars(code: str) -> Markup:
    lit, on = _BARS.get(code, 1), Markup(' class="on"')
    rects = (_BAR.format(i * 5, 9 - i * 4, 5 + i * 4, on if i < lit else "") for i in range(3))
    return Markup('<svg class="prio is-{}" viewBox="0 0 14 14" aria-hidden="true">{}</svg>').format(
        code, Markup().join(rects)
    )


@cached_per_locale
def priority(code: str, *, words: bool = False) -> Markup:
    """Three bars for the priority; its name is visible, or for screen readers only."""
    word_text, mark = word(code, "priority"), _bars(code)
    if words:
        return Markup('<span class="prio-word is-{}">{}{}</span>').format(code, mark, word_text)
    return Markup('<span title="{0}">{1}<span class="sr">{2}</span></span>').format(
        pgettext("priority", "Priority: %(word)s", word=word_text), mark, word_text
    )


@cached_per_locale
def status_pill(code: str, *, of: str = "status") -> Markup:
    """A status as a coloured pill; `of` is the vocabulary."""
    shade = tone(code, of)
    return Markup('<span class="pill{}">{}</span>').format(f" is-{shade}" if shade else "", word(code, of))


def channel_icon(code: str) -> Markup:
    """The channel of a message as a labelled icon."""
    return icon(channel_icon_name(code), label=word(code, "channel"))


@lru_cache(maxsize=4096)
def bar(share: float, *, shade: str = "accent", thick: bool = False, label: str = "") -> Markup:
    """A share between 0 and 1 as a bar; uses SVG attributes, since the CSP forbids inline styles."""
    width = round(max(0.0, min(1.0, share)) * 100, 1)
    says = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    return Markup(
        '<svg class="bar tone-{}{}" viewBox="0 0 100 3" preserveAspectRatio="none" {}>'
        '<rect width="{}" height="3"></rect></svg>'
    ).format(shade, " is-thick" if thick else "", says, f"{width:g}")


def stamp(at: datetime, *, how: str = "moment") -> Markup:
    """A time as `<time>`: short text, machine-readable value, full date as tooltip."""
    text = {"moment": formats.moment, "time": formats.time_of_day, "ago": formats.ago, "day": formats.day}[how](at)
    return _stamp(at, text)


@cached_per_locale
def _stamp(at: datetime, text: str) -> Markup:
    return Markup('<time datetime="{}" title="{}">{}</time>').format(formats.iso(at), formats.exact(at), text)


def left_of(started: datetime, due: datetime, *, now: datetime) -> Left:
    """Time until `due`: a duration today, weekday and time if later."""
    span, whole = due - now, due - started
    used = 1.0 if span <= timedelta() or not whole else max(0.0, min(1.0, 1 - span / whole))
    shade = "red" if span <= timedelta() else "amber" if used >= SOON else "green"
    today = formats.here(due).date() == formats.here(now).date() or abs(span) < timedelta(hours=1)
    if span > timedelta() and not today:
        return Left(formats.moment(due), shade, used, ticks=False)
    return Left(formats.left(span), shade, used, ticks=abs(span) < timedelta(days=1))


def deadline(ticket: Due, *, left_minutes: int | None = None) -> Markup:
    """The due date of a row: time left, kind of target, and a bar for the used share.

    `left_minutes` are the business minutes left while the target is paused.
    """
    if ticket.status in FINISHED:
        return _still(word(ticket.status, "status"))
    if ticket.paused_at is not None:
        return _still(_paused(left_minutes))
    if ticket.due_at is None:
        return _still(gettext("no SLA target"))
    return _running(ticket.due_from or ticket.due_at, ticket.due_at, ticket.due_kind, now=wall.now())


def _paused(left_minutes: int | None) -> str:
    if left_minutes is None:
        return gettext("paused")
    return gettext("paused · %(left)s left", left=formats.about(left_minutes))


@lru_cache(maxsize=1024)
def _still(text: str) -> Markup:
    return Markup('<div class="deadline is-still"><span class="deadline-text">{}</span></div>').format(text)


def _running(started: datetime, due: datetime, kind: str | None, *, now: datetime) -> Markup:
    left = left_of(started, due, now=now)
    return _drawn(started, due, kind, left.text, left.tone, round(left.used, 3), left.ticks)


@cached_per_locale
def _drawn(
    started: datetime, due: datetime, kind: str | None, text: str, shade: str, used: float, ticks: bool
) -> Markup:
    late = Markup('<span class="sr">{} </span>').format(gettext("past due")) if shade == "red" else Markup()
    figure = Markup('<time datetime="{}" title="{}">{}</time>').format(formats.iso(due), formats.exact(due), text)
    kind_text = f" · {word(kind, 'clock')}" if kind else ""
    return Markup('<div class="deadline tone-{}"{}><span class="deadline-text">{}{}{}</span>{}</div>').format(
        shade, _ticking(started, due) if ticks else Markup(), late, figure, kind_text, bar(used, shade=shade)
    )


def _ticking(started: datetime, due: datetime) -> Markup:
    return Markup(' data-due="{}" data-from="{}"').format(formats.iso(due), formats.iso(started))


def deadline_words(clock: DrawnClock, *, took_minutes: int | None = None, left_minutes: int | None = None) -> Markup:
    """The same target as text for the ticket's side panel: time it took, or time left and due date.

    `took_minutes` are the business minutes until it was met, `left_minutes` those left in a pause.
    """
    if clock.state == "cancelled":
        return Markup('<span class="quiet">{}</span>').format(gettext("not applicable"))
    if clock.state == "paused":
        return Markup('<span class="quiet">{}</span>').format(_paused(left_minutes))
    if clock.state == "met" or clock.due_at is None:
        return _ended(clock, took_minutes)
    return _open_words(clock.started_at, clock.due_at, now=wall.now())


def _ended(clock: DrawnClock, took_minutes: int | None) -> Markup:
    took = formats.minutes(took_minutes) if took_minutes is not None else None
    if clock.breached_at is not None:
        text = gettext("met late, in %(took)s", took=took) if took else gettext("met late")
        return Markup('<b class="tone-red">{}</b>').format(text)
    return Markup('<b class="tone-green">{}</b>').format(
        gettext("met in %(took)s", took=took) if took else gettext("met")
    )


def _open_words(started: datetime, due: datetime, *, now: datetime) -> Markup:
    left, until = left_of(started, due, now=now), formats.moment(due)
    if not left.ticks and left.tone != "red":
        return Markup('<b class="tone-{}">{}</b>').format(left.tone, gettext("due %(due)s", due=until))
    pattern = gettext("overdue by %(left)s · %(due)s") if left.tone == "red" else gettext("%(left)s left · %(due)s")
    text = left.text.removeprefix(formats.MINUS)
    figure = Markup('<time datetime="{}" title="{}">{}</time>').format(formats.iso(due), formats.exact(due), text)
    ticking = _ticking(started, due) if left.ticks else Markup()
    return Markup('<b class="deadline-words tone-{}"{}>{}</b>').format(
        left.tone, ticking, escape(pattern) % {"left": figure, "due": until}
    )


def act(url: str) -> Markup:
    """Attributes of a form that acts: a POST form that the script submits without a page load."""
    return Markup('method="post" action="{0}" hx-post="{0}"').format(url)


def form_key() -> str:
    """A new idempotency key for a form, so that sending it twice has one effect."""
    return str(uuid.uuid4())
