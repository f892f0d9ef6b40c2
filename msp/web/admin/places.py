"""Administration of places and their public holidays, one table per year: seed, review, edit, confirm."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

import holidays as library
from babel import Locale
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import get_locale, gettext

from msp.calendars import places as verbs
from msp.calendars.holidays import REGIONS_OF_SPAIN
from msp.calendars.place_models import SCOPES, Place, PlaceYear
from msp.calendars.places import FIRST_YEAR, LAST_YEAR, Holiday, access_place, all_places
from msp.kernel import clock
from msp.kernel.db import Json
from msp.kernel.errors import Conflict, Invalid, NotFound
from msp.kernel.folding import name_sort_key
from msp.web.admin.forms import Form, day, refuse_restricted
from msp.web.guards import Answer, needs
from msp.web.shell import shell
from msp.words.refusals import field_messages
from msp.words.vocabulary import word

BLANK_ROWS = 4
MOST_ROWS = 80


def add_routes(blueprint: Blueprint) -> None:
    """The routes of these pages."""
    guard, path = needs("administer"), "/places/<uuid:place_id>"
    blueprint.add_url_rule("/places", "places", guard(places))
    blueprint.add_url_rule("/places/new", "create_place", guard(create_place), methods=["POST"])
    blueprint.add_url_rule(path, "place", guard(place))
    blueprint.add_url_rule(f"{path}/<int:year>", "place_year", guard(place_year))
    blueprint.add_url_rule(f"{path}/<int:year>", "save_place_year", guard(save_place_year), methods=["POST"])
    blueprint.add_url_rule(f"{path}/<int:year>/seed", "seed_place_year", guard(seed_place_year), methods=["POST"])
    blueprint.add_url_rule(f"{path}/<int:year>/freeze", "freeze_place_year", guard(freeze_place_year), methods=["POST"])


def places() -> str:
    """All places with their years, and the form for a new one."""
    return _list({"country": "ES"}, {})


def create_place() -> Answer:
    """Create a place and seed its current year."""
    refuse_restricted()
    form, at = Form(request.form), clock.now()
    country, _, region = form.text("where").partition("-")
    municipality = form.text("municipality")[:120]
    name = form.text("name")[:120] or municipality or dict(_regions()).get(form.text("where"), "")
    try:
        added = verbs.add_place(name=name, country=country, region=region, municipality=municipality, at=at)
    except Invalid as wrong:
        fields = {
            ("where" if field in ("country", "region") else field): codes for field, codes in wrong.fields.items()
        }
        return _list(form.posted, fields), 422
    verbs.seed_year(added, at.year, at=at)
    flash(gettext("Added. Enter the local holidays, then confirm the year."), "green")
    return redirect(url_for("admin.place", place_id=added.id), 303)


def place(place_id: UUID) -> str:
    """One place with its current year."""
    return _year(access_place(place_id), clock.now().year)


def place_year(place_id: UUID, year: int) -> str:
    """The holidays of one year."""
    _check(year)
    return _year(access_place(place_id), year)


def save_place_year(place_id: UUID, year: int) -> Answer:
    """Save the edited table; refused if it was changed since the form was loaded."""
    refuse_restricted()
    _check(year)
    found, form = access_place(place_id, lock=True), Form(request.form)
    if form.text("version") != str(_version(found.year(year))):
        flash(gettext("Edited by someone else. These are the current values."), "amber")
        return _to_year(place_id, year)
    rows = _posted_rows(form)
    try:
        verbs.edit_year(found, year, _holidays(form, rows), at=clock.now())
    except Invalid as wrong:
        return _year(found, year, rows=rows, errors=wrong.fields | form.errors), 422
    flash(gettext("Saved. Open SLA targets are recalculated."), "green")
    return _to_year(place_id, year)


def seed_place_year(place_id: UUID, year: int) -> Answer:
    """Seed national and regional days; entries for island and municipality are kept."""
    refuse_restricted()
    _check(year)
    try:
        verbs.seed_year(access_place(place_id, lock=True), year, at=clock.now())
    except Conflict:
        flash(gettext("That year is confirmed: edit it manually."), "amber")
    return _to_year(place_id, year)


def freeze_place_year(place_id: UUID, year: int) -> Answer:
    """Confirm the holidays of a year."""
    refuse_restricted()
    _check(year)
    try:
        verbs.freeze_year(access_place(place_id, lock=True), year, at=clock.now())
    except Conflict:
        flash(gettext("There is nothing to confirm yet."), "amber")
    else:
        flash(gettext("Confirmed: updates no longer change this year."), "green")
    return _to_year(place_id, year)


def _to_year(place_id: UUID, year: int) -> Answer:
    return redirect(url_for("admin.place_year", place_id=place_id, year=year), 303)


def _check(year: int) -> None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise NotFound("year")


def _posted_rows(form: Form) -> list[Json]:
    count = min(MOST_ROWS, 1 + max((int(name[4:]) for name in form.posted if name[4:].isdecimal()), default=-1))
    return [
        {"day": form.text(f"day_{i}"), "name": form.text(f"name_{i}"), "scope": form.text(f"scope_{i}")}
        for i in range(count)
    ]


def _holidays(form: Form, rows: Iterable[Json]) -> list[Holiday]:
    """The rows with a date; a row without a name is an error."""
    found = []
    for row in rows:
        if not row["day"]:
            continue
        try:
            found.append(Holiday(day(row["day"]), row["name"][:120], row["scope"]))
        except ValueError:
            form.fault("holidays", "line_shape")
        if not row["name"]:
            form.fault("holidays", "line_shape")
    if form.errors:
        raise Invalid(fields=form.errors)
    return found


def _version(found: PlaceYear | None) -> int:
    return found.version if found else 0


def _year(
    found: Place, year: int, *, rows: Sequence[Json] | None = None, errors: Mapping[str, Sequence[str]] | None = None
) -> str:
    table, this_year = found.year(year), clock.now().year
    if rows is None:
        known = table.holidays if table else []
        rows = [{"day": each.day.isoformat(), "name": each.name, "scope": each.scope} for each in known]
        rows += [{"day": "", "name": "", "scope": "municipal"}] * BLANK_ROWS
    years = sorted({each.year for each in found.years} | {year} | set(range(this_year, this_year + 3)))
    path: dict[str, Any] = {"place_id": found.id, "year": year}
    return render_template(
        "admin/place.html",
        shell=shell(current="admin.calendars"),
        place=found,
        where=_where(found),
        year=year,
        table=table,
        version=_version(table),
        rows=rows,
        errors=field_messages(errors or {}),
        scopes=[(code, word(code, "holiday_scope")) for code in SCOPES],
        tabs=[_tab(found, each, current=year) for each in years],
        calendars=[(each.name, url_for("admin.calendar", calendar_id=each.id)) for each in verbs.calendars_of(found)],
        save_url=url_for("admin.save_place_year", **path),
        seed_url=url_for("admin.seed_place_year", **path),
        freeze_url=url_for("admin.freeze_place_year", **path),
        back_url=url_for("admin.places"),
    )


def _tab(found: Place, year: int, *, current: int) -> Json:
    return {
        "year": year,
        "state": _state(found.year(year)),
        "is_current": year == current,
        "url": url_for("admin.place_year", place_id=found.id, year=year),
    }


def _state(table: PlaceYear | None) -> str:
    if table is None:
        return "missing"
    return "frozen" if table.frozen_at else "draft"


def _list(values: Mapping[str, Any], errors: Mapping[str, Sequence[str]]) -> str:
    this_year = clock.now().year
    return render_template(
        "admin/places.html",
        shell=shell(current="admin.calendars"),
        rows=[
            {
                "place": each,
                "where": _where(each),
                "url": url_for("admin.place", place_id=each.id),
                "years": [(year, _state(each.year(year))) for year in range(this_year, this_year + 2)],
                "calendars": len(verbs.calendars_of(each)),
            }
            for each in all_places()
        ],
        values=values,
        errors=field_messages(errors),
        regions=_regions(),
        action_url=url_for("admin.create_place"),
        back_url=url_for("admin.calendars"),
    )


def _where(found: Place) -> str:
    code = f"{found.country}-{found.region}" if found.region else found.country
    names = (dict(_regions()).get(code, code), found.municipality)
    return " · ".join(name for name in names if name)


def _regions() -> list[tuple[str, str]]:
    return _known_regions(str(get_locale() or "es"))


@lru_cache(maxsize=4)
def _known_regions(locale: str) -> list[tuple[str, str]]:
    """Countries and regions with known holidays, as ISO 3166 codes, Spain first."""
    names = Locale(locale).territories
    spain = [(f"ES-{code}", name) for code, name in REGIONS_OF_SPAIN.items()]
    rest = []
    for country, regions in library.list_supported_countries(include_aliases=False).items():
        name = names.get(country, country)
        rest.append((country, name))
        if country != "ES":
            rest += [(f"{country}-{region}", f"{name}, {region}") for region in regions if len(region) <= 6]
    return spain + sorted(rest, key=lambda pair: name_sort_key(pair[1], locale))
