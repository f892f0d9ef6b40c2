"""User-visible texts use the terms of docs/glossary.md: replaced words must not come back."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

PARTS = Path(__file__).resolve().parent.parent / "msp" / "translations" / "parts"
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")

ENGLISH = {
    "nobody": "no one, Unassigned",
    "whoever": "the person who, assignee",
    "somebody": "someone",
    "waiting for (client|third)": "pending client, pending third party",
    "promises?|promised": "SLA target",
    "attainment": "SLA compliance",
    "late and open": "Breached, still open",
    "left out|counted \\+": "Excluded",
    "clocks? (stands?|stop|stood)": "SLA is paused",
    "by (which|what) way|by when": "Channel, SLA targets",
    "gets? a letter|send the letter|by a letter": "invitation email",
    "rota": "on-call schedule",
    "stands? in|in line": "covering",
    "take(n|s)? back": "cancel, delete",
    "work(ed)? (it )?(out|anew)|anew": "recalculate",
    "freeze|frozen": "confirm",
    "goes out|on (its|their) way": "is sent, in progress",
    "by hand": "manually",
    "meanwhile": "edited by someone else",
    "told|tell (people|us|me)": "notify",
    "hears?|heard": "is notified",
    "stands (on|in|at)": "is shown",
    "least,": "minimum",
    "beyond it|limit of the order": "Overage rate, PO limit",
    "is added\\.$": "Added …",
    "was faster": "Edited by someone else",
    "all quiet|nothing waiting": "No notifications, No tickets",
    "hold(s)? you up": "How does it affect you?",
    "house rate": "standard rate",
    "tax number": "tax ID",
    "solved": "resolved",
    "a kilometre|an hour": "per km, per hour",
    "does not fit": "is not valid",
    "noted|note it": "saved, recorded",
    "given up|give up": "discarded",
    "look(ed)? .* over": "review",
}

SPANISH = {
    "tiques?": "ticket",
    "peticiones|petición": "solicitud",
    "(lo|quien lo|los) llev(a|an|aba)": "asignado a, técnico asignado",
    "nadie": "sin asignar, ninguna persona",
    "espera (cliente|tercero)": "pendiente de cliente, pendiente de terceros",
    "plazo prometido|se paran los plazos|plazos movidos": "SLA, objetivos de SLA",
    "fuera de plazo|en plazo": "fuera de SLA, dentro de SLA",
    "coordinación|responsables? de equipo": "jefe de equipo",
    "perfil": "rol",
    "entrega ocupa": "ejecución de la solicitud",
    "anotar tiempo|parte(s)? de horas|este parte": "imputar tiempo, imputación",
    "^facturarlo$": "Facturable",
    "hacer los borradores": "Generar borradores",
    "soltar|suéltala": "liberar",
    "listos": "listas",
    "treintavos|se repone|mes incompleto": "en base 30, renovación, prorrateo",
    "tope": "límite",
    "iguala": "cuota con horas",
    "nuestra gente|de los clientes$": "Equipo, Contactos",
    "está dentro": "añadido",
    "carta": "correo de invitación",
    "dar una (primera )?contraseña": "Generar contraseña",
    "cog(er|e|ido)|tomarlo": "asignarse, Asignármelo",
    "se adelantó": "Otra persona lo ha modificado",
    "mandadme": "Enviar",
    "aquí no (espera|hay nada)|todo en calma": "No hay tickets, Sin avisos",
    "fij(ar|ado|a el año)": "confirmar",
    "cobrada": "pagada",
    "suple|se le salta": "cubre la guardia, se omite",
    "te frena|voy más despacio": "¿Cómo te afecta?, Trabajo con dificultad",
    "las facturas van": "Correo de facturación",
    "^hace falta|no encaja": "Campo obligatorio, No es válido",
    "a mano": "manualmente",
    "inquilino": "tenant",
    "mientras tanto": "Otra persona lo ha modificado",
}


def sentences(language: str) -> Iterator[str]:
    for path in sorted(PARTS.glob("*.es.po")):
        with path.open("rb") as handle:
            for message in read_po(handle, locale="es"):
                found = message.id if language == "en" else message.string
                for sentence in [found] if isinstance(found, str) else found or ():
                    yield PLACEHOLDER.sub("…", sentence)


@pytest.mark.parametrize(("language", "banned"), [("en", ENGLISH), ("es", SPANISH)])
def test_no_sentence_uses_a_replaced_word(language: str, banned: dict[str, str]) -> None:
    patterns = [(re.compile(rf"(?i)(?<!\w)(?:{word})(?!\w)"), better) for word, better in banned.items()]
    found = [
        f"{sentence!r}: {match[0]!r}, better {better}"
        for sentence in sentences(language)
        for pattern, better in patterns
        if (match := pattern.search(sentence))
    ]
    assert found == []


IN_CODE = re.compile(r"(?i)\b(?:\w*_)?(?:(?:ladder|rung|promise)s?|promised)\b")  # SLA target; escalation policy, step
ROOT = PARTS.parent.parent.parent


@pytest.mark.parametrize("package", ["msp", "integrations", "billing"])
def test_no_code_uses_a_replaced_word(package: str) -> None:
    files = [path for kind in ("*.py", "*.html", "*.css") for path in (ROOT / package).rglob(kind)]
    assert len(files) > 10
    found = {(str(path), match[0]) for path in files if (match := IN_CODE.search(path.read_text()))}
    assert found == set()
