"""The tax QR of an invoice: its URL and its picture.

Source: AEAT, "Características del QR y especificaciones del servicio de cotejo" v0.4.7 of 17-10-2024 (Orden
HAC/1177/2024 art. 20, 21): ISO/IEC 18004, error correction M, 30 to 40 mm wide, a quiet zone of at least 2 mm (6
advised), on the first page, above the content, with "QR tributario:" over it.
"""

import io
from datetime import date
from decimal import Decimal
from typing import Literal, TypeAlias
from urllib.parse import urlencode

import segno

from billing.legal.huella import amount_text, day_text

Environment: TypeAlias = Literal["production", "test"]

_HOSTS: dict[Environment, str] = {
    "production": "https://www2.agenciatributaria.gob.es",
    "test": "https://prewww2.aeat.es",
}
_PATH = "/wlpl/TIKE-CONT/"
_QUIET_MODULES = 4


def qr_url(
    *,
    issuer_nif: str,
    number: str,
    issued_on: date,
    total: Decimal,
    environment: Environment = "production",
    verifactu: bool = True,
) -> str:
    """The URL to verify the invoice; `total` is the record's, in euros, before withholding."""
    return qr_url_of_texts(
        nif=issuer_nif,
        numserie=number,
        fecha=day_text(issued_on),
        importe=amount_text(total),
        environment=environment,
        verifactu=verifactu,
    )


def qr_url_of_texts(
    *, nif: str, numserie: str, fecha: str, importe: str, environment: Environment, verifactu: bool
) -> str:
    """The URL from the texts of a record: exactly four parameters, form-encoded in UTF-8."""
    page = "ValidarQR" if verifactu else "ValidarQRNoVerifactu"
    query = urlencode({"nif": nif, "numserie": numserie, "fecha": fecha, "importe": importe})
    return f"{_HOSTS[environment]}{_PATH}{page}?{query}"


def qr_svg(url: str, *, width_mm: int = 35, light: str | None = None) -> str:
    """The QR code as an SVG `width_mm` wide (30 to 40), with a quiet zone of four modules.

    `light` is the background colour.
    """
    code = _code(url)
    modules = code.symbol_size(border=0)[0]
    out = io.BytesIO()
    scale = _checked(width_mm) / modules
    code.save(out, kind="svg", scale=scale, unit="mm", border=_QUIET_MODULES, xmldecl=False, light=light)
    return out.getvalue().decode()


def qr_png(url: str, *, scale: int = 8) -> bytes:
    """The QR code as a PNG of `scale` pixels per module, with a quiet zone of four modules."""
    out = io.BytesIO()
    _code(url).save(out, kind="png", scale=scale, border=_QUIET_MODULES)
    return out.getvalue()


def _code(url: str) -> segno.QRCode:
    # By default segno may raise the correction level or make a Micro QR; the law requires M.
    return segno.make(url, error="m", boost_error=False, micro=False)


def _checked(width_mm: int) -> int:
    if not 30 <= width_mm <= 40:
        raise ValueError("a tax QR is 30 to 40 mm wide")
    return width_mm
