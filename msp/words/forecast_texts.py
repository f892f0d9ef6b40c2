"""Sentences about a forecast, in the reader's language: its reason, and how often forecasts were right."""

from datetime import timedelta

from flask_babel import gettext, ngettext

from msp.reports.backtest import HORIZON, MORNING, TESTED
from msp.reports.forecast import Accuracy, Forecast
from msp.reports.late_chance import FEWEST, Chance
from msp.words import formats
from msp.words.vocabulary import word

NEARLY_ALL = 0.95


def why(found: Forecast) -> str:
    """The reason for a forecast: the outcome of similar targets, which ones, and the time left."""
    share = formats.percent(found.waiting.share)
    if found.chance.late is None:
        return gettext(
            "Not enough history: %(num)d of %(fewest)d past targets that were open after %(share)s of their time.",
            num=found.chance.cases,
            fewest=FEWEST,
            share=share,
        )
    return " ".join((_chance(found.chance.late), _compared(found, share), _left(found.waiting.open_for)))


def accuracy(found: Accuracy) -> list[str]:
    """How often past forecasts were right, a sentence for each verdict; empty if none can be compared."""
    if not found.compared:
        return []
    return [
        ngettext(
            "Of %(num)d target forecast at risk, %(late)d was missed.",
            "Of %(num)d targets forecast at risk, %(late)d were missed.",
            found.at_risk,
            late=found.at_risk_late,
        ),
        ngettext(
            "Of %(num)d target forecast on track, %(late)d was missed.",
            "Of %(num)d targets forecast on track, %(late)d were missed.",
            found.in_time,
            late=found.in_time_late,
        ),
    ]


def basis(found: Accuracy) -> str:
    """Which past forecasts were compared, and how many were not; empty where there are none."""
    left_out = found.unknown or found.undecided or found.changed
    if not found.compared and not left_out:
        return ""
    tested = ngettext(
        "Forecast of %(num)d morning",
        "Forecasts of %(num)d mornings",
        found.times,
    )
    when = gettext(
        "%(tested)s of the last %(weeks)d weeks (Monday to Friday, %(hour)s) of targets due within %(hours)d hours, "
        "with only what was known then.",
        tested=tested,
        weeks=TESTED // timedelta(weeks=1),
        hour=f"{MORNING.hour}:{MORNING.minute:02d}",
        hours=HORIZON // timedelta(hours=1),
    )
    rest = gettext(
        "Not compared: not enough history %(unknown)d, not decided or cancelled %(undecided)d, target changed later "
        "%(changed)d.",
        unknown=found.unknown,
        undecided=found.undecided,
        changed=found.changed,
    )
    return f"{when} {rest}" if left_out else when


def _chance(late: float) -> str:
    if late >= NEARLY_ALL:
        return gettext("Nearly all targets like this one were missed.")
    if late >= 0.1:
        return gettext("About %(num)d in 10 targets like this one were missed.", num=round(late * 10))
    if late >= 0.01:
        return gettext("About 1 in %(num)d targets like this one was missed.", num=round(1 / late))
    return gettext("Hardly any target like this one was missed.")


def _compared(found: Forecast, share: str) -> str:
    alike, chance = found.waiting.alike, found.chance
    kind, time = word(alike.kind, "clock_long"), formats.minutes(alike.seconds // 60)
    return gettext("Compared with %(which)s", which=_which(chance, kind, time, share))


def _which(chance: Chance, kind: str, time: str, share: str) -> str:
    values = {"num": chance.cases, "kind": kind, "time": time, "share": share}
    if chance.group == "client_target":
        return gettext("%(num)d of this client (%(kind)s in %(time)s), open after %(share)s too.", **values)
    if chance.group == "target":
        return gettext("%(num)d of all clients (%(kind)s in %(time)s), open after %(share)s too.", **values)
    if chance.group == "kind":
        return gettext("%(num)d of this kind (%(kind)s), open after %(share)s too.", **values)
    return gettext("%(num)d of any kind, open after %(share)s too.", **values)


def _left(span: timedelta) -> str:
    minutes = formats.minutes(int(span.total_seconds() // 60))
    return gettext("%(left)s of business time left.", left=minutes)
