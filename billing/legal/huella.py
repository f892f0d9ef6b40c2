"""VERI*FACTU records and their chain of huellas, as AEAT's specification v0.1.2 of 27-08-2024 writes them.

Source: "Detalle de las especificaciones técnicas para generación de la huella o hash de los registros de
facturación" (RD 1007/2023 art. 12, Orden HAC/1177/2024 art. 13). The hash is over the text that goes into the XML:
41.4 and 41.40 give different huellas, so texts are made here once, with two decimals always, and kept with the
record. AEAT accepts a wrong huella with a mere warning: nobody but us sees a broken chain.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

RecordKind: TypeAlias = Literal["alta", "anulacion"]

ALTA: tuple[str, ...] = (
    "IDEmisorFactura",
    "NumSerieFactura",
    "FechaExpedicionFactura",
    "TipoFactura",
    "CuotaTotal",
    "ImporteTotal",
    "Huella",
    "FechaHoraHusoGenRegistro",
)
ANULACION: tuple[str, ...] = (
    "IDEmisorFacturaAnulada",
    "NumSerieFacturaAnulada",
    "FechaExpedicionFacturaAnulada",
    "Huella",
    "FechaHoraHusoGenRegistro",
)
_FIELDS: Mapping[RecordKind, tuple[str, ...]] = {"alta": ALTA, "anulacion": ANULACION}
_CENT = Decimal("0.01")
_LONGEST = 60
_AEAT_NUMBER = re.compile(r"[ -~]+")
_AEAT_FORBIDDEN = frozenset("\"'<>=")
_OUR_NUMBER = re.compile(r"[A-Za-z0-9/_-]{1,60}")


@dataclass(frozen=True, slots=True)
class Record:
    """One record: the texts that are hashed, in the specified order, and their huella (64 upper-case hex digits)."""

    kind: RecordKind
    fields: Mapping[str, str]
    huella: str

    @property
    def previous(self) -> str:
        """The huella of the previous record, empty for the first."""
        return self.fields["Huella"]


@dataclass(frozen=True, slots=True)
class Break:
    """A defect of the chain; `position` counts from 0.

    Codes: `content` (its texts give another huella), `link` (it does not name the one before), `first` (a first record
    that names one), `order` (made before the one before it), `fields` (not the fields of its kind).
    """

    position: int
    code: Literal["content", "link", "first", "order", "fields"]
    expected: str
    found: str


def alta(
    *,
    issuer_nif: str,
    number: str,
    issued_on: date,
    invoice_type: str,
    tax: Decimal,
    total: Decimal,
    previous: str | None,
    generated_at: datetime,
    zone: ZoneInfo,
) -> Record:
    """The record of an issued invoice, in euros: `total` is before withholding, `zone` is that of the place of issue.

    Raises ValueError for amounts finer than a cent, a naive time or a number that `number_is_ours` refuses.
    """
    if not number_is_ours(number):
        raise ValueError("a number is letters, digits, / _ and -, at most 60")
    texts = (
        issuer_nif,
        number,
        day_text(issued_on),
        invoice_type,
        amount_text(tax),
        amount_text(total),
        previous,
        moment_text(generated_at, zone=zone),
    )
    return _record("alta", texts)


def anulacion(
    *,
    issuer_nif: str,
    number: str,
    issued_on: date,
    previous: str | None,
    generated_at: datetime,
    zone: ZoneInfo,
) -> Record:
    """The record that cancels an invoice issued in error; it is part of the same chain."""
    texts = (issuer_nif, number, day_text(issued_on), previous, moment_text(generated_at, zone=zone))
    return _record("anulacion", texts)


def canonical(kind: RecordKind, fields: Mapping[str, str | None]) -> str:
    """The text that is hashed: name=value in the order of the kind, trimmed, joined by &, nothing escaped.

    A missing value is `name=`. Raises ValueError for a field that the kind does not have.
    """
    if unknown := fields.keys() - set(_FIELDS[kind]):
        raise ValueError(f"{kind} has no {sorted(unknown)}")
    return "&".join(f"{name}={(fields.get(name) or '').strip()}" for name in _FIELDS[kind])


def huella(kind: RecordKind, fields: Mapping[str, str | None]) -> str:
    """SHA-256 of the canonical text in UTF-8, as 64 upper-case hexadecimal digits."""
    return sha256(canonical(kind, fields).encode()).hexdigest().upper()


def broken_links(records: Iterable[Record]) -> Iterator[Break]:
    """All defects of a chain given from its first record on."""
    before: Record | None = None
    for position, record in enumerate(records):
        if record.fields.keys() != set(_FIELDS[record.kind]):
            yield Break(position, "fields", ",".join(_FIELDS[record.kind]), ",".join(record.fields))
        else:
            yield from _broken(position, record, before)
        before = record


def amount_text(amount: Decimal) -> str:
    """An amount as in the XML: dot and two decimals; raises ValueError for fractions of a cent."""
    exact = amount.quantize(_CENT)
    if exact != amount:
        raise ValueError("an amount is rounded to the cent before it is recorded")
    return f"{exact if exact else abs(exact):f}"


def day_text(day: date) -> str:
    """A date as DD-MM-YYYY."""
    return f"{day:%d-%m}-{day.year:04d}"


def moment_text(at: datetime, *, zone: ZoneInfo) -> str:
    """An instant in the zone of the place of issue with its offset, seconds whole: 2026-11-22T19:20:30+01:00."""
    if at.tzinfo is None:
        raise ValueError("the time of a record is an aware datetime")
    return at.astimezone(zone).isoformat(timespec="seconds")


def number_is_allowed(number: str) -> bool:
    """Whether the AEAT accepts it as NumSerieFactura: printable ASCII without quotes, < > and =, at most 60."""
    return (
        len(number) <= _LONGEST
        and _AEAT_NUMBER.fullmatch(number) is not None
        and not _AEAT_FORBIDDEN.intersection(number)
    )


def number_is_ours(number: str) -> bool:
    """Whether we issue such a number: & is legal too, but it separates fields in the hashed text."""
    return _OUR_NUMBER.fullmatch(number) is not None


def _record(kind: RecordKind, texts: Iterable[str | None]) -> Record:
    fields = {name: (text or "").strip() for name, text in zip(_FIELDS[kind], texts, strict=True)}
    return Record(kind, fields, huella(kind, fields))


def _broken(position: int, record: Record, before: Record | None) -> Iterator[Break]:
    computed = huella(record.kind, record.fields)
    if computed != record.huella:
        yield Break(position, "content", computed, record.huella)
    if before is None:
        if record.previous:
            yield Break(position, "first", "", record.previous)
        return
    if record.previous != before.huella:
        yield Break(position, "link", before.huella, record.previous)
    made, made_before = (one.fields["FechaHoraHusoGenRegistro"] for one in (record, before))
    if datetime.fromisoformat(made) < datetime.fromisoformat(made_before):
        yield Break(position, "order", made_before, made)
