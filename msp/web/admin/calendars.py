"""Working calendars: the week with its split shifts, holidays filled from a place and mended by hand, exceptions."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

import holidays as library
from babel import Locale
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import get_locale, gettext

from msp.calendars.actions import add_calendar, edit_calendar
from msp.calendars.holidays import seed_holidays
from msp.calendars.models import Calendar
from msp.calendars.queries import access_calendar, all_calendars, to_value
from msp.kernel import clock
from msp.kernel.db import Json, db
from msp.kernel.errors import Invalid
from msp.web.admin import reading
from msp.web.admin.calendar_text import (
    days_alike,
    exceptions_of,
    exceptions_text,
    holidays_of,
    holidays_text,
    text_of,
    windows_of,
)
from msp.web.admin.forms import Form, refuse_restricted, told
from msp.web.guards import Answer, is_first_time, needs
from msp.web.parts.words import word
from msp.web.shell import shell

USUAL_DAY = "9:00-14:00, 16:00-19:00"
REGIONS_OF_SPAIN = {
    "AN": "Andalucía", "AR": "Aragón", "AS": "Asturias", "CN": "Canarias", "CB": "Cantabria",
    "CM": "Castilla-La Mancha", "CL": "Castilla y León", "CT": "Cataluña", "CE": "Ceuta", "EX": "Extremadura",
    "GA": "Galicia", "IB": "Illes Balears", "RI": "La Rioja", "MD": "Comunidad de Madrid", "ML": "Melilla",
    "MC": "Región de Murcia", "NC": "Navarra", "PV": "País Vasco", "VC": "Comunitat Valenciana",
}  # fmt: skip


def add_routes(blueprint: Blueprint) -> None:
    """The routes of these pages."""
    guard = needs("administer")
    blueprint.add_url_rule("/calendars", "calendars", guard(calendars))
    blueprint.add_url_rule("/calendars/new", "new_calendar", guard(new_calendar))
    blueprint.add_url_rule("/calendars/new", "create_calendar", guard(create_calendar), methods=["POST"])
    blueprint.add_url_rule("/calendars/<uuid:calendar_id>", "calendar", guard(calendar))
    blueprint.add_url_rule("/calendars/<uuid:calendar_id>", "save_calendar", guard(save_calendar), methods=["POST"])


def calendars() -> str:
    """Every calendar with its week in words."""
    used, year = reading.contracts_by_calendar(), clock.now().year
    return render_template(
        "admin/calendars.html",
        shell=shell(current="admin.calendars"),
        rows=[
            {
                "calendar": each,
                "url": url_for("admin.calendar", calendar_id=each.id),
                "week": _week_words(each),
                "holidays": sum(1 for holiday in each.holidays if holiday.day.year >= year),
                "used_by": used.get(each.id, 0),
            }
            for each in all_calendars()
        ],
        new_url=url_for("admin.new_calendar"),
    )


def new_calendar() -> str:
    """A form with the usual split shift, and the place still to choose."""
    refuse_restricted()
    days = {i: USUAL_DAY if i < 5 else "" for i in range(7)}
    values = {"timezone": "Europe/Madrid", "days": days, "country": "ES", "year": str(clock.now().year)}
    return _form(None, values, {})


def create_calendar() -> Answer:
    """Add a calendar; the other button fills the holidays of the place and shows the form again."""
    refuse_restricted()
    form = Form(request.form)
    if form.text("seed"):
        return _seeded(None, form)
    said = _read(form)
    if not form.errors and not is_first_time():
        return redirect(url_for("admin.calendars"), 303)
    try:
        _refuse(form)
        added = add_calendar(at=clock.now(), **said)
    except Invalid as wrong:
        return _form(None, _posted(form), form.errors | _by_day(wrong)), 422
    flash(gettext("Saved."), "green")
    return redirect(url_for("admin.calendar", calendar_id=added.id), 303)


def calendar(calendar_id: UUID) -> str:
    """One calendar: its week as bars, and the form."""
    found = access_calendar(calendar_id)
    return _form(found, _values(found), {})


def save_calendar(calendar_id: UUID) -> Answer:
    """Change a calendar; one that somebody changed meanwhile is not written over."""
    refuse_restricted()
    found, form = access_calendar(calendar_id), Form(request.form)
    if form.text("seed"):
        return _seeded(found, form)
    if form.text("version") not in ("", str(found.version)):
        flash(gettext("Somebody changed this calendar meanwhile. This is how it stands now."), "amber")
        return redirect(url_for("admin.calendar", calendar_id=calendar_id), 303)
    said = _read(form)
    try:
        _refuse(form)
        edit_calendar(found, at=clock.now(), **said)
    except Invalid as wrong:
        return _form(found, _posted(form), form.errors | _by_day(wrong)), 422
    db.session.flush()
    flash(gettext("Saved. Deadlines that run already follow when their clock next moves."), "green")
    return redirect(url_for("admin.calendar", calendar_id=calendar_id), 303)


def _refuse(form: Form) -> None:
    if form.errors:
        raise Invalid(fields=form.errors)


def _read(form: Form) -> Json:
    """What the form says, as the verbs take it; what cannot be read is noted in the form's errors."""
    weekly = {}
    for i in range(7):
        weekly[i] = _parsed(form, f"day_{i}", windows_of, "window_shape") or []
    if not any(weekly.values()) and not form.errors:
        form.fault("day_0", "required")
    exceptions = _parsed(form, "exceptions", exceptions_of, "line_shape") or {}
    return {
        "name": form.text("name"),
        "timezone": form.text("timezone"),
        "weekly": weekly,
        "holidays": _parsed(form, "holidays", holidays_of, "line_shape") or {},
        "exceptions": {day: windows for day, (windows, _) in exceptions.items()},
        "exception_names": {day: name for day, (_, name) in exceptions.items() if name},
        "holiday_set": {key: form.text(key) for key in ("country", "region") if form.text(key)},
    }


def _parsed(form: Form, name: str, reader: Any, code: str) -> Any:
    try:
        return reader(form.text(name))
    except ValueError:
        form.fault(name, code)
        return None


def _by_day(wrong: Invalid) -> dict[str, list[str]]:
    return {("day_0" if name == "weekly" else name): codes for name, codes in wrong.fields.items()}


def _seeded(found: Calendar | None, form: Form) -> Answer:
    """The form again, with the holidays of the place and year among those that stand there already."""
    values, country = _posted(form), form.text("country") or "ES"
    errors: dict[str, list[str]] = {}
    try:
        kept = holidays_of(form.text("holidays"))
        year = int(form.text("year") or clock.now().year)
        locale = "es" if country == "ES" else str(get_locale() or "es")
        region = form.text("region") if form.text("region") in dict(_regions(country)) else None
        values["holidays"] = holidays_text(seed_holidays(country, region, year, locale=locale) | kept)
        values["region"] = region or ""
    except ValueError:
        known = country in library.list_supported_countries(include_aliases=False)
        errors["holidays"] = ["line_shape" if known else "no_holidays"]
    return _form(found, values, errors)


def _values(found: Calendar) -> Json:
    weekly = to_value(found).weekly
    exceptions = [(each.day, [(w["start"], w["end"]) for w in each.windows], each.name) for each in found.exceptions]
    return {
        "name": found.name,
        "timezone": found.timezone,
        "days": {i: text_of(weekly.get(i, ())) for i in range(7)},
        "holidays": holidays_text({each.day: each.name for each in found.holidays}),
        "exceptions": exceptions_text(exceptions),
        "country": found.holiday_set.get("country", "ES"),
        "region": found.holiday_set.get("region", ""),
        "year": str(_next_year(found)),
    }


def _next_year(found: Calendar) -> int:
    """The first year, from this one on, that has no holidays yet."""
    known, year = {each.day.year for each in found.holidays}, clock.now().year
    return year + 1 if year in known else year


def _posted(form: Form) -> Json:
    return form.posted.to_dict() | {"days": {i: form.text(f"day_{i}") for i in range(7)}}


def _form(found: Calendar | None, values: Mapping[str, Any], errors: Mapping[str, Sequence[str]]) -> str:
    country, this_year = str(values.get("country") or "ES"), clock.now().year
    return render_template(
        "admin/calendar.html",
        shell=shell(current="admin.calendars"),
        calendar=found,
        values=values,
        week=_week(found) if found else None,
        errors=told(errors),
        timezones=sorted(zone for zone in available_timezones() if "/" in zone),
        countries=_countries(str(get_locale() or "es")),
        regions=_regions(country),
        years=[str(year) for year in range(this_year, this_year + 3)],
        action_url=url_for("admin.save_calendar", calendar_id=found.id) if found else url_for("admin.create_calendar"),
        back_url=url_for("admin.calendars"),
    )


def _week(found: Calendar) -> list[Json]:
    """The bars of the week; what runs past midnight is drawn on the day that it reaches into."""
    weekly = to_value(found).weekly
    bars: dict[int, list[tuple[int, int]]] = {i: [] for i in range(7)}
    for i, windows in weekly.items():
        for start, end in windows:
            stop = end if end > start else end + 1440
            bars[i].append((start, min(stop, 1440)))
            if stop > 1440:
                bars[(i + 1) % 7].append((0, stop - 1440))
    return [
        {
            "name": word(i, "weekday"),
            "windows": sorted(bars[i]),
            "text": text_of(weekly.get(i, ()), dash="–") or gettext("closed"),
        }
        for i in range(7)
    ]


def _week_words(found: Calendar) -> list[str]:
    """The week as short as it stays clear: "Mon–Fri 9:00–14:00, 16:00–19:00"."""
    names = (get_locale() or Locale("es")).days["format"]["abbreviated"]
    return [
        f"{names[first]}{f'–{names[last]}' if last != first else ''} {text_of(windows, dash='–')}"
        for first, last, windows in days_alike(to_value(found).weekly)
    ]


@lru_cache(maxsize=4)
def _countries(locale: str) -> list[tuple[str, str]]:
    """Countries whose holidays are known, in the reader's language, Spain first."""
    names = Locale(locale).territories
    known = [(code, names[code]) for code in library.list_supported_countries(include_aliases=False) if code in names]
    return sorted(known, key=lambda pair: (pair[0] != "ES", pair[1]))


def _regions(country: str) -> list[tuple[str, str]]:
    """The regions of a country whose holidays are known, by name where we have one."""
    if country == "ES":
        return list(REGIONS_OF_SPAIN.items())
    codes = library.list_supported_countries(include_aliases=False).get(country, [])
    return [(code, code) for code in codes]
