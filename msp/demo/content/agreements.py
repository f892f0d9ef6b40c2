"""Calendars and contracts of the demo: every contract kind is used by at least one client."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from msp.demo.world import DemoMilestone, Terms

Windows = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Hours:
    """A calendar without the holidays, which are added for the years around today."""

    key: str
    name: str
    timezone: str
    windows: Windows  # of every working day
    days: int  # working days from Monday on: 5, or 7 for round the clock
    region: str | None  # subdivision of Spain for the holiday set; None: never closed
    town_days: tuple[tuple[int, int, str], ...] = ()  # month, day, name of the municipal holidays
    short_days: tuple[tuple[int, int, str], ...] = ()  # mornings only
    summer: Windows | None = None  # 15 June to 15 September
    town: str = ""  # the municipality of the town days


_OFFICE: Windows = (("09:00", "18:00"),)
_EVES = ((12, 24, "Nochebuena"), (12, 31, "Nochevieja"))

HOURS: tuple[Hours, ...] = (
    Hours(
        "madrid-split",
        "Madrid, jornada partida",
        "Europe/Madrid",
        (("09:00", "14:00"), ("16:00", "19:00")),
        5,
        "MD",
        ((5, 15, "San Isidro"), (11, 9, "La Almudena")),
        _EVES,
        town="Madrid",
    ),
    Hours(
        "madrid-office",
        "Madrid, oficina 9–18",
        "Europe/Madrid",
        _OFFICE,
        5,
        "MD",
        ((5, 15, "San Isidro"), (11, 9, "La Almudena")),
        _EVES,
        town="Madrid",
    ),
    Hours(
        "barcelona-office",
        "Barcelona, oficina 9–18",
        "Europe/Madrid",
        _OFFICE,
        5,
        "CT",
        ((5, 25, "Segona Pasqua"), (9, 24, "La Mercè")),
        _EVES,
        town="Barcelona",
    ),
    Hours(
        "andalucia-office",
        "Málaga, oficina 9–18",
        "Europe/Madrid",
        _OFFICE,
        5,
        "AN",
        ((8, 19, "Toma de Málaga"), (9, 8, "Virgen de la Victoria")),
        _EVES,
        town="Málaga",
    ),
    Hours(
        "euskadi-long",
        "Euskadi, 8–20",
        "Europe/Madrid",
        (("08:00", "20:00"),),
        5,
        "PV",
        ((7, 31, "San Ignacio"), (8, 21, "Aste Nagusia")),
        _EVES,
        town="Bilbao",
    ),
    Hours(
        "canary-day",
        "Canarias, 8–16",
        "Atlantic/Canary",
        (("08:00", "16:00"),),
        5,
        "CN",
        ((6, 24, "San Juan"), (9, 8, "Virgen del Pino")),
        _EVES,
        town="Las Palmas de Gran Canaria",
    ),
    Hours(
        "summer-hours",
        "Oficina con jornada de verano 8–15",
        "Europe/Madrid",
        _OFFICE,
        5,
        "",
        (),
        _EVES,
        summer=(("08:00", "15:00"),),
    ),
    Hours("always", "24 × 7", "Europe/Madrid", (("00:00", "24:00"),), 7, None),
)

LEVELS: dict[str, tuple[tuple[str, int, int], ...]] = {
    "standard": (("urgent", 30, 120), ("high", 60, 480), ("normal", 240, 960), ("low", 480, 2400)),
    "guardia-24": (("urgent", 30, 60), ("high", 60, 240), ("normal", 120, 720), ("low", 240, 1800)),
    "around-the-clock": (("urgent", 15, 120), ("high", 30, 360), ("normal", 240, 1440), ("low", 720, 4320)),
    "basic": (("urgent", 60, 240), ("high", 120, 600), ("normal", 480, 1620), ("low", 960, 2700)),
}

MULTIPLIERS: dict[str, tuple[tuple[str, Decimal], ...]] = {
    "usual": (
        ("business", Decimal("1")),
        ("after_hours", Decimal("1.5")),
        ("weekend", Decimal("1.75")),
        ("holiday", Decimal("2")),
    ),
    "none": (
        ("business", Decimal("1")),
        ("after_hours", Decimal("1")),
        ("weekend", Decimal("1")),
        ("holiday", Decimal("1")),
    ),
}

ALL_WORK = ("remote", "onsite", "project", "travel")
DESK_WORK = ("remote", "onsite", "travel")


@dataclass(frozen=True)
class DemoAgreement:
    """A contract as it was signed; `signed` is (years before today, month, day)."""

    key: str
    client_code: str
    name: str
    kind: str
    signed: tuple[int, int, int]
    terms: Terms
    hourly: tuple[str, str, str, str]  # remote, onsite, project, travel
    level: str
    covers: tuple[str, ...] = ALL_WORK
    multipliers: str = "usual"
    increment: int = 15
    scope: str = "entry"
    minimums: tuple[int, int] = (15, 60)  # remote, onsite
    position: int = 1
    purchase_order: str | None = None
    milestones: tuple[DemoMilestone, ...] = ()


def _money(amount: str) -> Decimal:
    return Decimal(amount)


AGREEMENTS: tuple[DemoAgreement, ...] = (
    DemoAgreement(
        "LOZ-horas",
        "LOZ",
        "Soporte por horas",
        "time_and_materials",
        (1, 3, 1),
        {},
        ("68.00", "78.00", "75.00", "39.00"),
        "standard",
    ),
    DemoAgreement(
        "AZC-guardia24",
        "AZC",
        "Guardia 24",
        "block_hours",
        (2, 10, 1),
        {
            "block_minutes": 20 * 60,
            "block_price": _money("1500.00"),
            "period": "month",
            "rollover": False,
            "overage_rate": _money("85.00"),
            "overage_multiplier": True,
            "drain_multiplier": True,
        },
        ("75.00", "85.00", "85.00", "42.50"),
        "guardia-24",
    ),
    DemoAgreement(
        "AZC-puestos",
        "AZC",
        "Puestos gestionados",
        "per_seat",
        (2, 10, 1),
        {"seats": 12, "price": _money("65.00"), "period": "month", "proration": "actual_days"},
        ("75.00", "85.00", "85.00", "42.50"),
        "guardia-24",
        covers=(),
        position=2,
    ),
    DemoAgreement(
        "NOR-iguala",
        "NOR",
        "Iguala 24 × 7",
        "retainer",
        (1, 6, 1),
        {"amount": _money("2200.00"), "period": "month", "rollover": True, "rollover_cap": _money("1100.00")},
        ("72.00", "84.00", "80.00", "40.00"),
        "around-the-clock",
        increment=5,
        minimums=(10, 60),
    ),
    DemoAgreement(
        "CLI-puestos",
        "CLI",
        "Clínica completa",
        "per_seat",
        (1, 1, 15),
        {"seats": 31, "price": _money("44.00"), "period": "month", "proration": "actual_days"},
        ("70.00", "80.00", "78.00", "40.00"),
        "standard",
        covers=("remote", "onsite", "travel"),
    ),
    DemoAgreement(
        "CLI-proyectos",
        "CLI",
        "Proyectos de la clínica",
        "time_and_materials",
        (1, 1, 15),
        {},
        ("70.00", "80.00", "78.00", "40.00"),
        "standard",
        covers=("project",),
        position=2,
    ),
    DemoAgreement(
        "BOD-horas",
        "BOD",
        "Soporte por horas, pedido PO-77",
        "time_and_materials",
        (0, 1, 1),
        {"purchase_order_cap": _money("4800.00"), "purchase_order_mode": "warn"},
        ("66.00", "76.00", "74.00", "38.00"),
        "basic",
        covers=DESK_WORK,
        scope="ticket",
        purchase_order="PO-77",
    ),
    DemoAgreement(
        "BOD-red",
        "BOD",
        "Renovación de la red de la bodega",
        "fixed_price",
        (0, 5, 15),
        {"amount": _money("6400.00")},
        ("66.00", "76.00", "74.00", "38.00"),
        "basic",
        covers=("project",),
        position=2,
        milestones=(
            DemoMilestone("Electrónica de red instalada", _money("2560.00"), 60),
            DemoMilestone("Wifi de la bodega y de la sala de catas", _money("2560.00"), 150),
            DemoMilestone("Documentación y formación", _money("1280.00"), 210),
        ),
    ),
    DemoAgreement(
        "GES-tarifa",
        "GES",
        "Tarifa plana de oficina",
        "flat_fee",
        (3, 2, 1),
        {"fee": _money("690.00"), "period": "month", "proration": "actual_days"},
        ("70.00", "82.00", "78.00", "41.00"),
        "standard",
        covers=("remote",),
    ),
    DemoAgreement(
        "GES-visitas",
        "GES",
        "Visitas y proyectos",
        "time_and_materials",
        (3, 2, 1),
        {},
        ("70.00", "82.00", "78.00", "41.00"),
        "standard",
        covers=("onsite", "project", "travel"),
        position=2,
    ),
    DemoAgreement(
        "HOT-todo",
        "HOT",
        "Hotel 24 × 7, todo incluido",
        "flat_fee",
        (1, 4, 1),
        {"fee": _money("1900.00"), "period": "month", "proration": "actual_days"},
        ("72.00", "84.00", "80.00", "40.00"),
        "around-the-clock",
        multipliers="none",
    ),
    DemoAgreement(
        "TOR-tickets",
        "TOR",
        "Por ticket",
        "per_ticket",
        (0, 1, 7),
        {"price": _money("39.50"), "included_minutes": 60},
        ("62.00", "72.00", "70.00", "36.00"),
        "basic",
    ),
    DemoAgreement(
        "BEL-iguala",
        "BEL",
        "Iguala mensual",
        "retainer",
        (2, 1, 1),
        {"amount": _money("1250.00"), "period": "month", "rollover": False, "rollover_cap": _money("0.00")},
        ("69.00", "80.00", "76.00", "39.00"),
        "standard",
        minimums=(15, 60),
    ),
    DemoAgreement(
        "TIR-horas",
        "TIR",
        "Soporte por horas",
        "time_and_materials",
        (1, 9, 1),
        {},
        ("64.00", "74.00", "70.00", "37.00"),
        "basic",
        covers=DESK_WORK,
    ),
    DemoAgreement(
        "TIR-trazabilidad",
        "TIR",
        "Puesta en marcha de la trazabilidad",
        "fixed_price",
        (0, 6, 1),
        {"amount": _money("3900.00")},
        ("64.00", "74.00", "70.00", "37.00"),
        "basic",
        covers=("project",),
        position=2,
        milestones=(
            DemoMilestone("Lectores y etiquetas en el empaquetado", _money("1950.00"), 75),
            DemoMilestone("Informe diario a la cooperativa", _money("1950.00"), 165),
        ),
    ),
    DemoAgreement(
        "HAR-block",
        "HAR",
        "Support block",
        "block_hours",
        (1, 5, 1),
        {
            "block_minutes": 10 * 60,
            "block_price": _money("780.00"),
            "period": "month",
            "rollover": True,
            "overage_rate": _money("88.00"),
            "overage_multiplier": False,
            "drain_multiplier": True,
        },
        ("78.00", "88.00", "84.00", "44.00"),
        "standard",
        increment=10,
        minimums=(10, 60),
    ),
    DemoAgreement(
        "KIL-seats",
        "KIL",
        "Managed seats",
        "per_seat",
        (1, 2, 1),
        {"seats": 22, "price": _money("48.00"), "period": "month", "proration": "actual_days"},
        ("74.00", "86.00", "82.00", "43.00"),
        "standard",
        covers=("remote", "onsite", "travel"),
    ),
    DemoAgreement(
        "KIL-projects",
        "KIL",
        "Projects",
        "time_and_materials",
        (1, 2, 1),
        {},
        ("74.00", "86.00", "82.00", "43.00"),
        "standard",
        covers=("project",),
        position=2,
    ),
)


def signed_on(agreement: DemoAgreement, today: date) -> date:
    """Return the day a contract starts, at least 180 days before today."""
    years, month, day = agreement.signed
    start = date(today.year - years, month, day)
    while (today - start).days < 180:
        start = start.replace(year=start.year - 1)
    return start
