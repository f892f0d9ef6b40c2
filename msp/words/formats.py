"""Numbers, dates and times in the reader's locale and zone, never the server's."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, match_skeleton
from babel.numbers import format_decimal, format_percent
from flask_babel import get_locale, gettext, ngettext

from msp.kernel import clock
from msp.kernel.i18n import current_reader
from msp.kernel.money import Money, display, display_price
from msp.words.per_locale import cached_per_locale

MINUS = "\N{MINUS SIGN}"
THIN = "\N{NO-BREAK SPACE}"


def reader_locale() -> str:
    """The language of the page, as in its `lang` attribute."""
    return str(get_locale() or "en")


def capital(text: str) -> str:
    """The text with a capital first letter; the rest stays, as in "Within SLA"."""
    return text[:1].upper() + text[1:]


def uncapital(text: str) -> str:
    """The text with a small first letter, for a label inside a sentence; an abbreviation such as "SLA" stays."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def minutes(value: int | None, *, full: bool = False) -> str:
    """Whole minutes as `1 h 05 min`; whole hours as `20 h`, or as `20 h 00 min` in aligned columns."""
    if value is None:
        return "–"
    sign = MINUS if value < 0 else ""
    hours, rest = divmod(abs(value), 60)
    if not hours:
        return f"{sign}{rest}{THIN}min"
    if not rest and not full:
        return f"{sign}{hours}{THIN}h"
    return f"{sign}{hours}{THIN}h{THIN}{rest:02d}{THIN}min"


def about(value: int) -> str:
    """Working minutes, rounded: in whole hours from ten hours on, never in days."""
    return minutes(value) if abs(value) < 600 else minutes(round(value / 60) * 60)


def left(span: timedelta) -> str:
    """Remaining time: days and hours, hours and minutes, or whole minutes; negative when overdue."""
    total = int(span.total_seconds() // 60) if span >= timedelta() else -int(-span.total_seconds() // 60)
    days, rest = divmod(abs(total), 24 * 60)
    if days:
        sign = MINUS if total < 0 else ""
        hours = rest // 60
        return f"{sign}{days}{THIN}d" + (f"{THIN}{hours}{THIN}h" if hours else "")
    return minutes(total)


def money(value: Money | int | Decimal | None, currency: str = "EUR") -> str:
    """An amount in the reader's format: integers are minor units of `currency`, Decimals are unit prices.

    None gives a dash.
    """
    if value is None:
        return "—"
    if isinstance(value, Decimal):
        return display_price(value, currency, locale=reader_locale())
    amount = value if isinstance(value, Money) else Money(value, currency)
    return display(amount, locale=reader_locale())


@cached_per_locale
def number(value: int | Decimal) -> str:
    """A count or an exact quantity with the reader's separators."""
    return str(format_decimal(value, locale=reader_locale()))


def percent(value: Decimal | float) -> str:
    """A share of one as a percentage without decimals."""
    return str(format_percent(value, locale=reader_locale()))


@lru_cache(maxsize=8192)
def iso(at: datetime) -> str:
    """The instant in RFC 3339, for machines and scripts."""
    return at.astimezone(UTC).isoformat(timespec="seconds")


def here(at: datetime) -> datetime:
    """The same instant in the reader's zone."""
    return at.astimezone(ZoneInfo(current_reader().timezone))


def today() -> date:
    """Today's date in the reader's zone."""
    return here(clock.now()).date()


@cached_per_locale
def _dates() -> str:
    """The locale of dates: British for English, day before month."""
    return {"en": "en_GB"}.get(reader_locale(), reader_locale())


def time_of_day(at: datetime) -> str:
    """Hour and minute in the reader's zone; the same format in Spanish and English."""
    local = here(at)
    return f"{local.hour}:{local.minute:02d}"


@cached_per_locale
def day(at: datetime | date, *, year: bool = False) -> str:
    """Day and short month; instants are converted to the reader's zone, dates are not."""
    on = here(at).date() if isinstance(at, datetime) else at
    return str(format_date(on, "d MMM y" if year else "d MMM", locale=_dates()))


def long_date(at: datetime | date) -> str:
    """The whole date in words, such as `22 de noviembre de 2026`."""
    on = here(at).date() if isinstance(at, datetime) else at
    return str(format_date(on, "long", locale=_dates()))


def month(on: date) -> str:
    """Month and year, without the prepositions of a full date."""
    return str(format_date(on, "LLLL y", locale=_dates()))


def short_month(on: date) -> str:
    """Short month and year, such as `oct 2026`."""
    return str(format_date(on, "LLL y", locale=_dates()))


def moment(at: datetime) -> str:
    """An instant in the shortest clear form: `9:06`, `yesterday 9:06`, `Thu 9:30`, `28 Oct 9:06`."""
    local, today = here(at), here(clock.now()).date()
    hour, apart = time_of_day(at), (local.date() - today).days
    if apart == 0:
        return hour
    if apart == -1:
        return gettext("yesterday %(time)s", time=hour)
    if apart == 1:
        return gettext("tomorrow %(time)s", time=hour)
    if 1 < apart < 7:
        return f"{_weekday(local.date())} {hour}"
    if local.year == today.year:
        return f"{day(at)} {hour}"
    return day(at, year=True)


@cached_per_locale
def _weekday(on: date) -> str:
    return str(format_date(on, "EEE", locale=_dates()))


@cached_per_locale
def exact(at: datetime) -> str:
    """The full instant with its zone, for a tooltip."""
    local = here(at)
    return f"{format_datetime(local, _exact_pattern(), locale=_dates())}, {time_of_day(at)} {local.tzname()}"


@cached_per_locale
def _exact_pattern() -> str:
    """The pattern of a full date with its weekday in the reader's language (CLDR skeleton, looked up once)."""
    skeletons = Locale.parse(_dates()).datetime_skeletons
    return str(skeletons[match_skeleton("yMMMMEEEEd", skeletons)].pattern)


def ago(at: datetime) -> str:
    """How long ago, in the largest whole unit; the date if over a week."""
    gone = clock.now() - at
    count = int(gone.total_seconds() // 60)
    if count < 1:
        return gettext("just now")
    if count < 60:
        return ngettext("%(num)d min ago", "%(num)d min ago", count)
    if count < 24 * 60:
        return ngettext("%(num)d h ago", "%(num)d h ago", count // 60)
    if gone.days < 7:
        return ngettext("%(num)d day ago", "%(num)d days ago", gone.days)
    return day(at, year=at.year != clock.now().year)


def minutes_since(start: datetime) -> int:
    """Whole minutes since an instant, at least one: what a timer would log now."""
    return max(1, round((clock.now() - start).total_seconds() / 60))


def stopwatch(since: datetime) -> str:
    """Hours, minutes and seconds since an instant, as a running timer shows them."""
    total = max(0, int((clock.now() - since).total_seconds()))
    return f"{total // 3600:02d}:{total % 3600 // 60:02d}:{total % 60:02d}"


def filesize(count: int) -> str:
    """Bytes in decimal units, as in file managers."""
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{format_decimal(round(count / size, 1), locale=reader_locale())}{THIN}{unit}"
    return f"{count}{THIN}B"
