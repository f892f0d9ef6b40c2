"""What the pages draw with: `register(app)` puts the words, formats and drawings below into Jinja."""

from flask import Flask

from msp.kernel import clock
from msp.web.parts import draw, formats, words
from msp.web.parts.assets import asset

FILTERS = {
    "minutes": formats.minutes,
    "money": formats.money,
    "number": formats.number,
    "percent": formats.percent,
    "time": formats.time_of_day,
    "day": formats.day,
    "date": formats.long_date,
    "month": formats.month,
    "moment": formats.moment,
    "ago": formats.ago,
    "iso": formats.iso,
    "minutes_since": formats.minutes_since,
    "stopwatch": formats.stopwatch,
    "filesize": formats.filesize,
    "word": words.word,
}

GLOBALS = {
    "asset": asset,
    "icon": draw.icon,
    "avatar": draw.avatar,
    "person": draw.person,
    "priority": draw.priority,
    "status_pill": draw.status_pill,
    "deadline": draw.deadline,
    "deadline_words": draw.deadline_words,
    "bar": draw.bar,
    "channel_icon": draw.channel_icon,
    "stamp": draw.stamp,
    "act": draw.act,
    "reader_locale": formats.reader_locale,
    "form_key": draw.form_key,
    "word": words.word,
    "now": clock.now,
}


def register(app: Flask) -> None:
    """Make every filter and global of the templates known to this application."""
    app.jinja_env.filters.update(FILTERS)
    app.jinja_env.globals.update(GLOBALS)


__all__ = ["asset", "register"]
