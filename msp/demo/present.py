"""The tickets open now: some late, some due within the hour, more today, the rest later or paused."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from msp.demo.worktime import Worktime


@dataclass(frozen=True)
class Opening:
    """An open ticket's status, and when its SLA target is due."""

    status: str
    due: str  # "late", "hour", "today", "later" or "paused"
    clients: tuple[str, ...] = ()  # only these, if any
    scenario: str | None = None
    requester: str | None = None  # full name
    technician: str | None = None  # given name
    priority: str | None = None
    source: str | None = None
    subject: str | None = None
    opening: int | None = None
    fixed: dict[str, str] = field(default_factory=dict)


# Tickets that exist whatever the day.
FAMILIAR: tuple[Opening, ...] = (
    Opening(
        "open",
        "late",
        ("LOZ",),
        "card-terminal",
        "Marta Ruiz",
        "Tomás",
        "urgent",
        "slack",
        "El TPV de la tienda de Getafe no cobra con tarjeta",
        0,
        {"site": "la tienda de Getafe"},
    ),
    Opening("open", "hour", ("AZC",), "vpn-certificate", "Iñigo Azcárate", "Irene", "urgent", "teams", opening=0),
    Opening(
        "new",
        "hour",
        ("NOR",),
        "outlook-password",
        "Sandra Vila",
        None,
        "high",
        "teams",
        "Outlook pide la contraseña una y otra vez",
        0,
    ),
    Opening(
        "open",
        "hour",
        ("LOZ",),
        "label-printer-offline",
        "Pau Serra",
        "Jorge",
        "high",
        "slack",
        "Etiquetadora de almacén sin conexión tras el corte de luz",
        0,
        {"room": "el muelle de carga"},
    ),
    Opening("open", "today", ("CLI",), "new-employee", "Raquel Mota", "Lucía", "normal", "portal"),
    Opening(
        "open",
        "today",
        ("AZC",),
        "shared-mailbox-old",
        "Tom Beckett",
        "Irene",
        "normal",
        "teams",
        "Shared mailbox shows messages from 2019 only",
        0,
    ),
    Opening(
        "open",
        "today",
        ("NOR",),
        "slow-shared-folder",
        "Fermín Oca",
        "Tomás",
        "normal",
        "email",
        "La carpeta de albaranes va muy lenta por las mañanas",
        0,
        {"folder": "Albaranes"},
    ),
    Opening("scheduled", "later", ("BOD",), "web-certificate", "Ane Ulibarri", "Irene", "normal", "phone"),
    Opening(
        "open",
        "today",
        ("CLI",),
        "printer-jam",
        "Raquel Mota",
        "Lucía",
        "normal",
        "slack",
        "Impresora de recepción: atasco que vuelve cada tarde",
        0,
        {"room": "recepción"},
    ),
    Opening(
        "new",
        "today",
        ("LOZ",),
        "missing-catalogue",
        "Dolores Prieto",
        None,
        "low",
        "slack",
        "No encuentro el catálogo compartido de proveedores",
        0,
        {"folder": "Catálogo de proveedores"},
    ),
    Opening(
        "open",
        "later",
        ("NOR",),
        "mail-signature",
        "Sandra Vila",
        "Irene",
        "low",
        "portal",
        "Cambiar la firma de correo de toda la oficina",
        0,
    ),
    Opening(
        "waiting_client",
        "paused",
        ("AZC",),
        "laptop-fan",
        "Iñigo Azcárate",
        "Tomás",
        "normal",
        "teams",
        "Portátil de Iñigo: ruido en el ventilador",
        0,
    ),
    Opening(
        "waiting_client",
        "paused",
        ("BOD",),
        "visio-licence",
        "Ane Ulibarri",
        "Jorge",
        "low",
        "email",
        "Presupuesto para dos licencias de Visio",
        0,
        {"num": "2", "licence": "Visio"},
    ),
    Opening(
        "waiting_client",
        "paused",
        ("CLI",),
        "backup-window",
        "Raquel Mota",
        "Aitor",
        "low",
        "email",
        "Copia de seguridad del servidor: confirmar ventana",
        0,
    ),
)

ROUND_THE_CLOCK = ("NOR", "HOT")

_MIX: tuple[tuple[int, Opening], ...] = (
    (1, Opening("new", "late")),
    (1, Opening("open", "late")),
    (1, Opening("open", "late", ROUND_THE_CLOCK)),
    (1, Opening("new", "hour")),
    (1, Opening("new", "hour", ROUND_THE_CLOCK)),
    (1, Opening("open", "hour")),
    (1, Opening("open", "hour", ROUND_THE_CLOCK)),
    (8, Opening("new", "today")),
    (10, Opening("open", "today")),
    (5, Opening("new", "later")),
    (19, Opening("open", "later")),
    (13, Opening("waiting_client", "paused")),
    (6, Opening("waiting_third_party", "later")),
    (5, Opening("scheduled", "later")),
)


def openings() -> tuple[Opening, ...]:
    """Return every open ticket that the demo needs now, the fixed ones first."""
    return (*FAMILIAR, *(opening for count, opening in _MIX for _ in range(count)))


def priorities_for(opening: Opening) -> tuple[str, ...]:
    """Return the priorities that are plausible for an open ticket."""
    if opening.priority:
        return (opening.priority,)
    if opening.status == "new":
        return ("high", "normal") if opening.due == "hour" else ("normal", "low")
    if opening.due in ("late", "hour"):
        return ("urgent", "high", "normal")
    return ("normal", "low") if opening.status in ("scheduled", "waiting_third_party") else ("high", "normal", "low")


def created_for(opening: Opening, worktime: Worktime, target: int, now: datetime, rng: Random) -> datetime | None:
    """Return the creation time at which a ticket with this target (business minutes) has the wanted due state.

    None if no such time exists: a thirty-minute target cannot fall due this afternoon.
    """
    if opening.due == "paused" or opening.status in ("scheduled", "waiting_third_party"):
        age = rng.uniform(0.1, 0.75) * target if opening.due != "paused" else rng.uniform(60, 1900)
        return worktime.subtract(now, age)
    if opening.due == "late":
        return worktime.subtract(now, target + rng.uniform(6, 95))
    left = _minutes_left(opening, worktime, target, now, rng)
    return worktime.subtract(now, target - left) if 0 < left < target * 0.97 else None


def _minutes_left(opening: Opening, worktime: Worktime, target: int, now: datetime, rng: Random) -> float:
    if opening.due == "hour":
        return rng.uniform(6, 56)
    local = worktime.local(now)
    midnight = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0)
    today = worktime.elapsed(now, midnight)
    if opening.due == "today" and today > 90:
        return rng.uniform(64, min(today, target * 0.95))
    return rng.uniform(min(today + 20, target * 0.5), target * 0.95)
