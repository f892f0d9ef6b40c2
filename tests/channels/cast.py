"""Who writes: people of Ferretería Lozano, and others who may be found in its channels."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody in the chat system; `company` is the workspace that they write in, see the constants below."""

    key: str
    name: str
    email: str
    company: str = "lozano"
    locale: str = "es-ES"
    timezone: str = "Europe/Madrid"
    is_guest: bool = False
    is_outsider: bool = False
    """Of another company, in a channel that Lozano shares with it."""


MARTA = Actor("marta", "Marta Ruiz", "marta@lozano.example")  # known to the desk by her address
PABLO = Actor("pablo", "Pablo Gil", "pablo@lozano.example", timezone="Atlantic/Canary")
TOM = Actor("tom", "Tom Price", "tom@lozano.example", locale="en-GB", timezone="Europe/London")
LUIS = Actor("luis", "Luis Gómez", "luis@otra.example", is_guest=True)
TOMAS = Actor("tomas", "Tomás (soporte)", "tomas@guardia.example")  # a technician with an account at Lozano
VERA = Actor("vera", "Vera Soto", "vera@proveedor.example", is_outsider=True)
INIGO = Actor("inigo", "Iñigo Azcárate", "inigo@azcarate.example", company="azcarate", locale="en-GB")
OLGA = Actor("olga", "Olga Ruiz", "olga@talleres.example", company="talleres", locale="en-US")  # of nobody's workspace
IRENE = Actor("irene", "Irene Navas", "irene@guardia.example", company="guardia")  # in the provider's own workspace

EVERYBODY = (MARTA, PABLO, TOM, LUIS, TOMAS, VERA, INIGO, OLGA, IRENE)
