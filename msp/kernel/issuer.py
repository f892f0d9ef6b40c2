"""The company that issues invoices (setting `provider`), and its VERI*FACTU mode.

RD 1007/2023 art. 16 reserves the name, the legend and the right to be "verifiable" to systems that send each record to
the tax agency. Nothing here sends any, so "off" is the only mode.
"""

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from msp.kernel import settings
from msp.kernel.db import Json
from msp.kernel.errors import Invalid

VerifactuMode: TypeAlias = Literal["off", "verifactu"]
MODES: tuple[VerifactuMode, ...] = ("off", "verifactu")
AVAILABLE_MODES: tuple[VerifactuMode, ...] = ("off",)  # "verifactu" needs a sender of records


def read_issuer() -> Json:
    """The issuer's data; empty before they are entered."""
    return settings.read("provider")


def verifactu_mode(issuer: Mapping[str, Any]) -> VerifactuMode:
    """The mode in an issuer's data, current or of an invoice; "off" unless it is available."""
    chosen = issuer.get("verifactu_mode")
    return next((mode for mode in AVAILABLE_MODES if mode == chosen), "off")


def check_verifactu_mode(mode: object) -> VerifactuMode:
    """The mode, if available; raises Invalid for "verifactu" (`not_available`) and other values (`unknown`)."""
    for each in MODES:
        if each == mode and each in AVAILABLE_MODES:
            return each
    code = "not_available" if mode in MODES else "unknown"
    raise Invalid(fields={"verifactu_mode": [code]})


def set_verifactu_mode(mode: object) -> VerifactuMode:
    """Set the mode for invoices issued from now on; issued ones keep theirs. Raises Invalid."""
    chosen = check_verifactu_mode(mode)
    settings.write("provider", read_issuer() | {"verifactu_mode": chosen})
    return chosen
