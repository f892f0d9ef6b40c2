"""The provider and its eleven members of staff."""

from msp.demo.world import Address, Person, Provider

DOMAIN = "guardiasoporte.example"

PROVIDER = Provider(
    name="Guardia Soporte Informático, S.L.",
    trade_name="Guardia",
    tax_id="B00813402",
    address=Address("Calle de Méndez Álvaro, 20, 2.º B", "28045", "Madrid", "Madrid"),
    registry="Registro Mercantil de Madrid, tomo 40.112, folio 87, hoja M-712640",
    email=f"administracion@{DOMAIN}",
    website=f"https://www.{DOMAIN}",
    iban="ES91 2100 0418 4502 0005 1332",  # the sample account of the IBAN registry
    locale="es",
    timezone="Europe/Madrid",
    currency="EUR",
)


def _member(
    given: str, family: str, gender: str, role: str, title: str, tier: int | None = None, locale: str = "es"
) -> Person:
    local_part = f"{given}.{family}".lower()
    for accented, plain in zip("áéíóúñ", "aeioun", strict=True):
        local_part = local_part.replace(accented, plain)
    return Person(
        email=f"{local_part}@{DOMAIN}",
        given_name=given,
        family_name=family,
        gender=gender,
        role=role,
        locale=locale,
        timezone="Europe/Madrid",
        job_title=title,
        tier=tier,
    )


STAFF: tuple[Person, ...] = (
    _member("Elena", "Guardiola", "f", "administrator", "directora de operaciones"),
    _member("Carmen", "Solís", "f", "team_lead", "jefa de equipo, sistemas", 3),
    _member("Radu", "Ionescu", "m", "technician", "ingeniero de redes y seguridad", 3),
    _member("Irene", "Navas", "f", "technician", "técnica de sistemas", 2),
    _member("Aitor", "Lekuona", "m", "technician", "técnico de sistemas", 2),
    _member("Tomás", "Rey", "m", "technician", "técnico de soporte", 1),
    _member("Jorge", "Mas", "m", "technician", "técnico de soporte", 1),
    _member("Lucía", "Pardo", "f", "technician", "técnica de soporte", 1),
    _member("Hannah", "Doyle", "f", "technician", "support technician", 1, "en"),
    _member("Beatriz", "Salcedo", "f", "account_manager", "responsable de cuentas"),
    _member("Óscar", "Prim", "m", "account_manager", "responsable de cuentas"),
)
