"""Public holidays from the `holidays` package, to seed a place; administrators add municipal and island days."""

from datetime import date

import holidays as library

REGIONS_OF_SPAIN = {
    "AN": "Andalucía", "AR": "Aragón", "AS": "Asturias", "CN": "Canarias", "CB": "Cantabria",
    "CM": "Castilla-La Mancha", "CL": "Castilla y León", "CT": "Cataluña", "CE": "Ceuta", "EX": "Extremadura",
    "GA": "Galicia", "IB": "Illes Balears", "RI": "La Rioja", "MD": "Comunidad de Madrid", "ML": "Melilla",
    "MC": "Región de Murcia", "NC": "Navarra", "PV": "País Vasco", "VC": "Comunitat Valenciana",
}  # fmt: skip
_LANGUAGES = {"en": ("en_GB", "en_US", "en"), "es": ("es", "es_ES", "es_MX")}


def seed_holidays(country: str, region: str | None, year: int, *, locale: str = "es") -> dict[date, str]:
    """National and regional holidays of one year with their names, from the `holidays` package.

    `country` is ISO 3166-1 alpha-2 ("ES"), `region` an ISO 3166-2 part ("MD" or "ES-MD"); without a region
    Spain lacks the days that regions move, so give one. `locale` is es or en; names come in the country's own
    language where the package has no such translation. Two holidays on one day are joined with " / ". Raises
    ValueError on an unknown country or region. The answer is a seed, stored and edited, never recomputed.
    """
    country = country.upper()
    region = region.upper().removeprefix(f"{country}-") if region else None
    try:
        found = library.country_holidays(country, subdiv=region, years=year, language=_language(country, locale))
    except NotImplementedError as unknown:
        raise ValueError(f"no holidays known for {country} {region or ''}".rstrip()) from unknown
    return {day: " / ".join(found.get_list(day)) for day in sorted(found)}


def _language(country: str, locale: str) -> str | None:
    supported = getattr(library, country, None)
    offered = getattr(supported, "supported_languages", ())
    return next((code for code in _LANGUAGES.get(locale, ()) if code in offered), None)
