"""Spanish indirect tax and withholding as pure functions over line amounts; rates are dated rows with their law.

Tax is calculated once per tax and rate on the summed base, not per line: no Spanish rule fixes the method (CJEU
C-484/06; DGT V1369-06, V1919-18), TEAC 00/02233/2022 backs it, and EN 16931 requires it (BR-CO-17). Not tax advice.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, NamedTuple, TypeAlias

from msp.clients.tax_regime import ClientRegime, Territory, decide
from msp.kernel.money import Money, total

Category: TypeAlias = Literal["S", "E", "AE", "O"]
Regime: TypeAlias = Literal["national", "igic", "eu_b2b", "canarias_b2b", "outside_eu_b2b"]
Withholding: TypeAlias = Literal["none", "professional", "professional_start"]


BILLED_AS: Mapping[ClientRegime, Regime] = {
    "national": "national",
    "igic": "igic",
    "eu_b2b": "eu_b2b",
    "canarias_b2b": "canarias_b2b",
    "outside_eu": "outside_eu_b2b",
}


class DatedRate(NamedTuple):
    """A percentage valid from a day on, and the law that set it."""

    since: date
    percent: Decimal
    source: str


IVA: tuple[DatedRate, ...] = (DatedRate(date(2012, 9, 1), Decimal(21), "LIVA art. 90.Uno, RDL 20/2012"),)
IGIC: tuple[DatedRate, ...] = (DatedRate(date(2020, 1, 1), Decimal(7), "Ley 4/2012 de Canarias art. 51, Ley 19/2019"),)
IRPF: tuple[DatedRate, ...] = (DatedRate(date(2015, 7, 12), Decimal(15), "RIRPF art. 95.1, RDL 9/2015"),)
IRPF_START: tuple[DatedRate, ...] = (DatedRate(date(2015, 7, 12), Decimal(7), "RIRPF art. 95.1, RDL 9/2015"),)


@dataclass(frozen=True, slots=True)
class Tax:
    """How a line is taxed: UNCL 5305 category, percentage, and the codes for VERI*FACTU and the document.

    `impuesto` is list L1 (01 IVA, 03 IGIC), `operation` L9 or L10 (S1 taxed, N2 not subject by place of supply, E1
    exempt by LIVA art. 20), `scheme` L8 (ClaveRegimen), `mention` the code of a sentence the invoice must carry.
    """

    name: Literal["IVA", "IGIC"]
    category: Category
    rate: Decimal
    impuesto: str = "01"
    operation: str = "S1"
    scheme: str = "01"
    mention: str | None = None


class Taxed(NamedTuple):
    """A line's net and its tax."""

    net: Money
    tax: Tax


@dataclass(frozen=True, slots=True)
class TaxRow:
    """The tax of all lines with one treatment: summed base and amount."""

    tax: Tax
    base: Money
    amount: Money


@dataclass(frozen=True, slots=True)
class Totals:
    """An invoice's sums. `total` is net + tax, also in VERI*FACTU and its QR; `payable` is total - withholding."""

    taxes: tuple[TaxRow, ...]
    net: Money
    tax: Money
    total: Money
    withholding: Money
    payable: Money


def regime(*, issuer: Territory, client: Territory, business: bool, vat_number: str | None = None) -> Regime:
    """The regime of services from issuer to client; raises Undecided as `msp.clients.tax_regime.decide` does."""
    return BILLED_AS[decide(issuer=issuer, client=client, business=business, vat_number=vat_number)]


def tax_for(regime: Regime, *, on: date, exempt: bool = False) -> Tax:
    """The tax of a service under a regime on the day of the operation.

    `exempt` is for services under LIVA art. 20 (some training): it cites its basis on the invoice (RD 1619/2012 art.
    6.1.j). Raises ValueError for a day before the first known rate.
    """
    if regime == "eu_b2b":
        return Tax("IVA", "AE", Decimal(0), operation="N2", mention="reverse_charge_eu")
    if regime == "canarias_b2b":
        return Tax("IVA", "O", Decimal(0), operation="N2", scheme="08", mention="not_subject_canarias")
    if regime == "outside_eu_b2b":
        return Tax("IVA", "O", Decimal(0), operation="N2", mention="not_subject_outside_eu")
    name: Literal["IVA", "IGIC"] = "IGIC" if regime == "igic" else "IVA"
    impuesto = "03" if regime == "igic" else "01"
    if exempt:
        mention = "exempt_igic" if regime == "igic" else "exempt_iva_art_20"
        return Tax(name, "E", Decimal(0), impuesto=impuesto, operation="E1", mention=mention)
    return Tax(name, "S", rate_on(IGIC if regime == "igic" else IVA, on), impuesto=impuesto)


def withholding_rate(kind: Withholding, *, on: date) -> Decimal:
    """The IRPF percentage: only a self-employed professional billing a Spanish business has one (RIRPF art. 95)."""
    if kind == "none":
        return Decimal(0)
    return rate_on(IRPF_START if kind == "professional_start" else IRPF, on)


def rate_on(rows: tuple[DatedRate, ...], day: date) -> Decimal:
    """The percentage valid on a day; raises ValueError before the first row."""
    in_force = [row for row in rows if row.since <= day]
    if not in_force:
        raise ValueError(f"no rate is known for {day}")
    return max(in_force, key=lambda row: row.since).percent


def settle(lines: Iterable[Taxed], *, currency: str, withholding: Decimal = Decimal(0)) -> Totals:
    """Sum an invoice: tax once per treatment on the summed base, IRPF on the net; each rounded half up once.

    Rows are in the order in which the treatments first appear. `withholding` is a percentage.
    """
    bases: dict[Tax, Money] = {}
    for line in lines:
        bases[line.tax] = bases.get(line.tax, Money.zero(currency)) + line.net
    rows = tuple(TaxRow(tax, base, base.percent(tax.rate)) for tax, base in bases.items())
    net = total((row.base for row in rows), currency)
    tax = total((row.amount for row in rows), currency)
    withheld = net.percent(withholding)
    return Totals(rows, net, tax, net + tax, withheld, net + tax - withheld)


def mentions(taxes: Iterable[Tax]) -> tuple[str, ...]:
    """The codes of the sentences required on the document, without duplicates."""
    return tuple(dict.fromkeys(tax.mention for tax in taxes if tax.mention))


def invoice_by(operation: date) -> date:
    """The last day to invoice a business for an operation: the 15th of the next month (RD 1619/2012 art. 11, 13)."""
    return date(operation.year + operation.month // 12, operation.month % 12 + 1, 15)


@dataclass(frozen=True, slots=True)
class SmallInvoice:
    """Whether an amount under the contract's minimum is issued now or carried, and until which day it may be."""

    issued: bool
    carried: Money
    issue_by: date


def small_invoice(
    net: Money, *, minimum: Money | None, first_operation: date, next_run: date | None = None
) -> SmallInvoice:
    """Carry a net below the minimum to the next run, unless that run comes after the legal term of `invoice_by`."""
    issue_by = invoice_by(first_operation)
    too_late = next_run is not None and next_run > issue_by
    if minimum is None or net >= minimum or too_late:
        return SmallInvoice(True, Money.zero(net.currency), issue_by)
    return SmallInvoice(False, net, issue_by)
