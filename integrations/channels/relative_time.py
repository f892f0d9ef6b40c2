"""Times as written in a chat: short, in the reader's time zone, with the day unless it is today."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

from babel.dates import format_datetime
from flask_babel import get_locale, gettext, ngettext, to_user_timezone

Sentence = Callable[..., str]
_NEAR = timedelta(days=7)
_DAY = {"es": "EEEE d", "en": "EEEE d"}
_FAR_DAY = {"es": "EEEE d 'de' MMMM", "en": "EEEE d MMMM"}


def before(at: datetime, *, now: datetime) -> str:
    """A due date inside a sentence: `before 9:32`, `before 9:30 tomorrow`, `before 9:30 on Thursday 26`."""
    return _by_day(
        at,
        now,
        lambda hour, **v: ngettext("before %(time)s", "before %(time)s", hour, **v),
        lambda hour, **v: ngettext("before %(time)s tomorrow", "before %(time)s tomorrow", hour, **v),
        lambda hour, **v: ngettext("before %(time)s on %(day)s", "before %(time)s on %(day)s", hour, **v),
    )


def moment(at: datetime, *, now: datetime) -> str:
    """An instant on a card: `11:02 today`, `9:30 tomorrow`, `9:30 on Thursday 26`."""
    return _by_day(
        at,
        now,
        lambda _hour, **v: gettext("%(time)s today", **v),
        lambda _hour, **v: gettext("%(time)s tomorrow", **v),
        lambda _hour, **v: gettext("%(time)s on %(day)s", **v),
    )


def start(at: datetime, *, now: datetime) -> str:
    """The start of a count, inside a sentence: `from 8:52`, `from 9:00 tomorrow`, `from 9:00 on Monday 23 November`."""
    return _by_day(
        at,
        now,
        lambda hour, **v: ngettext("from %(time)s", "from %(time)s", hour, **v),
        lambda hour, **v: ngettext("from %(time)s tomorrow", "from %(time)s tomorrow", hour, **v),
        lambda hour, **v: ngettext("from %(time)s on %(day)s", "from %(time)s on %(day)s", hour, **v),
    )


def due(at: datetime, *, now: datetime) -> str:
    """When something is due, inside a sentence: `at 8:52`, `tomorrow at 9:00`, `on Thursday 26 at 9:00`."""
    return _by_day(
        at,
        now,
        lambda hour, **v: ngettext("at %(time)s", "at %(time)s", hour, **v),
        lambda hour, **v: ngettext("tomorrow at %(time)s", "tomorrow at %(time)s", hour, **v),
        lambda hour, **v: ngettext("on %(day)s at %(time)s", "on %(day)s at %(time)s", hour, **v),
    )


def _by_day(at: datetime, now: datetime, today: Sentence, tomorrow: Sentence, other_day: Sentence) -> str:
    """The sentence for today, tomorrow or any other day; the hour selects its form ("a la 1:00", "a las 2:00")."""
    sentence = {0: today, 1: tomorrow}.get(_days_from(now, at), other_day)
    return sentence(to_user_timezone(at).hour, time=time_of_day(at), day=day(at, now=now))


def time_of_day(at: datetime) -> str:
    """Hour and minute in the reader's time zone."""
    return str(format_datetime(to_user_timezone(at), "H:mm", locale=get_locale()))


def day(at: datetime, *, now: datetime) -> str:
    """The day of the week with its number, and the month if it is a week or more away, or past."""
    near = timedelta() <= at - now < _NEAR
    pattern = (_DAY if near else _FAR_DAY)[str(get_locale())[:2]]
    return str(format_datetime(to_user_timezone(at), pattern, locale=get_locale()))


def budget(span: timedelta) -> str:
    """The length of an SLA target: `30 minutes`, `4 hours`, `1 hour and 30 minutes`."""
    hours, minutes = divmod(int(span.total_seconds()) // 60, 60)
    in_hours = ngettext("%(num)d hour", "%(num)d hours", hours)
    in_minutes = ngettext("%(num)d minute", "%(num)d minutes", minutes)
    if hours and minutes:
        return gettext("%(hours)s and %(minutes)s", hours=in_hours, minutes=in_minutes)
    return in_hours if hours else in_minutes


def _days_from(now: datetime, at: datetime) -> int:
    here: date = to_user_timezone(now).date()
    return (to_user_timezone(at).date() - here).days
