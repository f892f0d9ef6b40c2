"""The words that fill a ticket's texts: names, places, devices, times."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from msp.demo.content import names, pools
from msp.demo.content.sheets import SHEETS, Phrase, Sheet
from msp.demo.content.things import LABEL_PRINTERS, LAPTOPS, LICENCES, PHONES, PRINTERS, TRADES
from msp.demo.wording import render
from msp.demo.world import DemoClient, Person

WEEKDAYS = {
    "es": ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
MONTHS = {
    "es": (
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ),
    "en": (
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
}
_SHEET_OF: dict[str, Sheet] = {sheet.code: sheet for sheet in SHEETS}


@dataclass(frozen=True)
class Words:
    """The values of a ticket's slots, and which of its people are women."""

    slots: Mapping[str, str]
    women: frozenset[str]
    locale: str
    formal: bool


class _Spoken(dict[str, str]):
    """The slots of one message; `inNN` is NN minutes after it, rounded up to five."""

    def __init__(self, slots: Mapping[str, str], at: datetime) -> None:
        super().__init__(slots)
        self._at = at

    def __missing__(self, key: str) -> str:
        if not (key.startswith("in") and key[2:].isdigit()):
            raise KeyError(key)
        minutes = int(key[2:])
        moment = self._at + timedelta(minutes=minutes + (-(self._at.minute + minutes) % 5 if minutes else 0))
        return f"{moment.hour}:{moment.minute:02d}"


def sheet_of(client: DemoClient) -> Sheet:
    """Return the sheet of a client."""
    return _SHEET_OF[client.code]


def words_for(
    client: DemoClient, requester: Person, locale: str, created: datetime, rng: Random, fixed: Mapping[str, str]
) -> Words:
    """Choose the words of one ticket; `created` is local, `fixed` overrides random choices."""
    sheet = sheet_of(client)
    mates = rng.sample([person for person in client.people if person is not requester], 2)
    bosses = [p for p in client.people if p.role == "client_manager" and p not in (requester, mates[0])]
    boss = rng.choice(bosses) if bosses else mates[1]
    joiner, leaver = rng.sample(names.NEWCOMERS[client.locale], 2)
    slots = {
        "name": requester.given_name,
        "full": requester.name,
        "title": requester.job_title,
        "mate": mates[0].given_name,
        "mate2": mates[1].given_name,
        "boss": boss.given_name,
        "new": joiner[0],
        "newfirst": joiner[0].split()[0],
        "gone": leaver[0],
        "outsider": rng.choice(names.OUTSIDERS),
        "company": client.short_name,
        "domain": sheet.domain,
        "mailbox": rng.choice(sheet.mailboxes),
        **_places(sheet, locale, rng),
        **_things(sheet, locale, joiner[1], rng),
        **_numbers(rng),
        **_days(created, locale, rng),
        **fixed,
    }
    letters = {"r": requester.gender, "m": mates[0].gender, "b": boss.gender, "n": joiner[1], "g": leaver[1]}
    women = frozenset(letter for letter, gender in letters.items() if gender == "f")
    return Words(slots, women, locale, client.formal)


def say(
    template: str, words: Words, *, at: datetime, me: Person | None, rng: Random, extra: Mapping[str, str] | None = None
) -> str:
    """Return the text of a line at a local time; `me` is the technician in the conversation."""
    slots = _Spoken(words.slots, at)
    slots |= {"me": me.given_name if me else "", **_phrases(words, at, rng, "{me}" not in template), **(extra or {})}
    women = words.women | ({"t"} if me and me.gender == "f" else frozenset())
    return render(template, rng=rng, slots=slots, women=women, usted=words.formal, spanish=words.locale == "es")


def with_words(words: Words, **more: str) -> Words:
    """Return the words with some added or replaced."""
    return replace(words, slots={**words.slots, **more})


def _places(sheet: Sheet, locale: str, rng: Random) -> dict[str, str]:
    language = 0 if locale == "es" else 1
    sites, rooms = rng.sample(sheet.sites, 2), rng.sample(sheet.rooms, 2)
    return {"site": sites[0][language], "site2": sites[1][language], "room": rooms[0][language]}


def _things(sheet: Sheet, locale: str, joiner_gender: str, rng: Random) -> dict[str, str]:
    trade = TRADES[sheet.sector]

    def said(phrase: Phrase) -> str:
        return phrase[0] if locale == "es" else phrase[1]

    folder = rng.choice(trade.folders)
    masculine, feminine, english = rng.choice(trade.jobs)
    kind = rng.choice(("PT", "PC"))
    return {
        "app": said(rng.choice(trade.apps)),
        "team": said(rng.choice(trade.teams)),
        "folder": folder[1] if sheet.locale == "en" else folder[0],
        "newjob": english if locale == "en" else feminine if joiner_gender == "f" else masculine,
        "pc": f"{sheet.code}-{kind}-{rng.randrange(2, 60):03d}",
        "server": f"{sheet.code}-SRV{rng.randrange(1, 4):02d}",
        "laptop": rng.choice(LAPTOPS),
        "printer": rng.choice(PRINTERS),
        "label": rng.choice(LABEL_PRINTERS),
        "phone": rng.choice(PHONES),
        "licence": rng.choice(LICENCES),
    }


def _numbers(rng: Random) -> dict[str, str]:
    return {
        "num": str(rng.randrange(3, 7)),
        "num2": str(rng.randrange(7, 16)),
        "mins": str(rng.randrange(12, 47)),
        "ext": str(rng.randrange(201, 389)),
    }


def _days(created: datetime, locale: str, rng: Random) -> dict[str, str]:
    since = created - timedelta(minutes=rng.randrange(6, 50))
    if since.date() != created.date():
        since = created
    soon = _business_day(created, rng.randrange(2, 5))
    later = created + timedelta(days=rng.randrange(11, 26))
    before = _business_day(created, -1)
    last_month = created.replace(day=1) - timedelta(days=1)
    weekdays, months = WEEKDAYS[locale], MONTHS[locale]
    date = f"{later.day} de {months[later.month - 1]}" if locale == "es" else f"{later.day} {months[later.month - 1]}"
    return {
        "time": f"{since.hour}:{since.minute:02d}",
        "day": weekdays[soon.weekday()],
        "date": date,
        "prevday": weekdays[before.weekday()],
        "month": months[last_month.month - 1],
        "in1d": _on(_business_day(created, 1), created, locale),
        "in2d": _on(_business_day(created, 2), created, locale),
    }


def appointment_words(when: datetime, said: datetime, locale: str) -> dict[str, str]:
    """Return the slots that name an appointment, both times local."""
    clock = f"{when.hour}:{when.minute:02d}"
    day = _on(when, said, locale)
    return {
        "sched": f"{day} a las {clock}" if locale == "es" else f"{day} at {clock}",
        "day": WEEKDAYS[locale][when.weekday()],
    }


def _on(when: datetime, said: datetime, locale: str) -> str:
    ahead = (when.date() - said.date()).days
    if ahead < 2:
        return {"es": ("hoy", "mañana"), "en": ("today", "tomorrow")}[locale][ahead]
    return f"{'el' if locale == 'es' else 'on'} {WEEKDAYS[locale][when.weekday()]}"


def _business_day(day: datetime, steps: int) -> datetime:
    direction = 1 if steps > 0 else -1
    for _ in range(abs(steps)):
        day += timedelta(days=direction)
        while day.weekday() > 4:
            day += timedelta(days=direction)
    return day


def _phrases(words: Words, at: datetime, rng: Random, may_introduce: bool) -> dict[str, str]:
    locale, is_morning = words.locale, at.hour < 14
    if words.formal and locale == "es":
        hi = pools.HI_FORMAL_MORNING if is_morning else pools.HI_FORMAL_AFTERNOON
        thanks = pools.THANKS_FORMAL
    else:
        hi = (pools.HI_MORNING if is_morning else pools.HI_AFTERNOON)[locale]
        thanks = pools.THANKS[locale]
    greetings = [text for text in hi if may_introduce or "{me}" not in text]
    return {
        "hi": rng.choice(greetings),
        "look": rng.choice(pools.LOOK[locale]),
        "thanks": rng.choice(thanks),
        "bye": rng.choice(pools.BYE[locale]),
    }
