"""Greetings, thanks and acknowledgements, and messages that must not be classified as one."""

import pytest

from msp.tickets.small_talk import (
    asks_for_answer,
    is_greeting,
    is_small_talk,
    is_small_talk_reply,
    is_thanks,
    says_still_failing,
)

pytestmark = pytest.mark.unit

# fmt: off
GREETINGS = [
    "Hola", "Buenas", "hola buenos días", "hello there", "👋", "holaaa", "Holaaaa!!", "hi", "Hi!", "hey", "hi team",
    "hello everyone", "Good morning", "good morning all", "Good afternoon", "buenas tardes", "buenos dias equipo",
    "Buenas noches", "muy buenas", "wenas", "hola!! 😊", "hola q tal", "Hola, ¿qué tal?", "¿Hola?", "hola hola",
    "Hi there 👋", "Hello", "Buenos días a todos", "bon dia", "kaixo", "saludos", ":wave:", "Hola Tomás",
    "Hello, how are you?",
]
THANKS = [
    "Gracias!", "muchas gracias, ya va perfecto", "thanks a lot, works now", "ya funciona, gracias", "🙏",
    "Listo, gracias", "graciasss", "muchas grácias", "MUCHAS GRACIAS", "Muchísimas gracias por todo, un saludo",
    "gracias Marta", "Gracias, Marta!", "Mil gracias", "grasias", "garcias", "gracis", "thx", "ty!",
    "Thank you so much!", "thanks for your help", "Thanks for the quick response, all good now", "cheers",
    "much appreciated", "gracias por la ayuda", "gracias por vuestra ayuda, ya funciona", "gracias por tu ayuda 😊",
    "ok gracias", "vale gracias", "Vale, perfecto. Gracias", "perfecto muchas gracias", "okay, thanks",
    "entendido, gracias", "genial, mil gracias", "ya está, gracias", "ya imprime, gracias",
    "ya puedo entrar, gracias", "solucionado, gracias", "todo perfecto, gracias", "todo solucionado gracias",
    "it works, thanks", "working now, thank you", "All good, thanks!", "Fixed, thanks!", "great, thanks",
    "Perfect, thank you", "jajaja gracias", "haha thanks", "gracias :)", "gracias ;)", "🙏🏼", "🙏🙏", "🙌 gracias",
    "gracias ❤️", "gracias crack", "gracias guapa", "eres un crack, gracias", "you're the best, thanks",
    "gracias y buen finde", "thanks, have a nice day", "ok lo miro, gracias", "gracias, si vuelve a fallar os aviso",
    "gràcies", "moltes gràcies", "eskerrik asko", "gracias de nuevo", "gracias otra vez", "thanks again",
    "ahora sí, gracias", "sí, gracias", "yes, thanks", "no, gracias", "nada más, gracias", "that's all, thanks",
    "gracias!!!!!!", "¡Gracias!", "¡¡Muchas gracias!!", '"Gracias"', "gracias.", "Gracias\n\nUn saludo",
    "Hola\n\nGracias", "thank u", "thanks so much", "Thank you very much for your help", "thankss", "tahnks",
    "problema resuelto, gracias", "Excelente, muchas gracias", "ya tengo acceso, gracias", "ya me deja, gracias",
    "funciona, gracias", "va genial, gracias", "bien, gracias", "hola gracias", "quedo a la espera, gracias",
    "gracias por la rapidez", "gracias por la rápida respuesta", "gracias por avisar", "Thanks Tom",
    "Ok Ana, gracias", "sorted, cheers", "done, thanks", "ya ha quedado solucionado, muchas gracias",
    "se ha solucionado, gracias", "the printer works now, thanks", "la impresora ya funciona, gracias", "👍🏽 gracias",
    "thanks!!! :)", "Gracias a todos", "gracias a los dos", "thanks both", "gracias por solucionarlo",
    "¡Genial, muchas gracias!", "ok, muchas gracias por la ayuda", "Ya me funciona, mil gracias",
    "gracias, ya lo tengo", "Muchas gracias por todo 🙌", "Many thanks", "Thank you, it is working now",
    "Thanks that worked", "funcionó, gracias", "Perfecto, gracias Tomás", "Great job, thanks!", "Muy amable, gracias",
    "Perfecto, ya puedo trabajar. Muchas gracias!", "Ya va todo como la seda, gracias",
    "Gracias!! Ya me deja imprimir", "Podéis cerrarlo, gracias", "You can close the ticket, thanks",
    "Confirmado, funciona. Gracias", "merci, ça marche", "Genial!! ya conecta la VPN, gracias",
    "ya recibo correos, gracias", "mil gracias Irene, ya se imprime", "Thanks Irene, that fixed it",
    "Gracias, ya no da error", "gracias, ya no se cuelga", "Gracias, confirmo que ya funciona",
    "por fin, gracias", "Recibido, gracias", "Gracias, un abrazo", "todo resuelto, gracias por la rapidez",
]
ACKNOWLEDGEMENTS = [
    "ok perfecto", "vale", "genial 👍", "perfect", "👍", "👍🏽", "👍🏻👍🏻", "Perfecto!!", "ok", "OK", "okey",
    "de acuerdo",
    "entendido", "recibido", "estupendo", "fenomenal", "ya está", "ya va", "ya me va", "ya funciona",
    "ya funciona todo", "solucionado", "resuelto", "todo ok", "todo bien", "It works now", "works", "all good",
    "fixed", "got it", "awesome", "cool", "great", "ok :)", "👌", "❤️", "sois los mejores", "you rock", "de nada",
    "a ti", "igualmente", "buen fin de semana", "Have a great weekend!", "lo pruebo y te digo", "no problem", "np",
    "no worries", "ok, no hay problema", "sin problema", "ahora sí", "vale 👍", "ok👍", "un saludo", ":+1:",
    "perfecto!!! 🎉", "Perfeto", "oki", "okis", "Vale vale", "funciona perfectamente", "va perfecto", "Todo en orden",
    "+1", "ok, espero", "done", "ya está solucionado", "buen trabajo", "👏👏👏", "😊", ":)", ":+1::skin-tone-3:", "(y)",
    "it worked!", "✅", "Resolved", "Ya está solucionado. Podéis cerrar el ticket", "Please close it, all good",
    "ya no falla", "ahora sí me llegan los correos",
]
SOMETHING_ELSE = [
    "gracias, pero sigue sin imprimir", "gracias, otra cosa: no me va la VPN", "vale, ¿cuándo venís?",
    "ok, it fails again", "hola no me va el correo", "Gracias. El portátil de Ana tampoco arranca",
    "gracias pero sigue igual", "gracias?", "ok?", "ya funciona?", "hola ayuda", "Hola, ayuda", "hola urgente",
    "Hola, necesito ayuda", "Hola, tengo un problema", "gracias, y el escáner?", "gracias, y el escáner",
    "thanks, but the scanner is down", "Thanks! One more thing: I need Visio",
    "thanks, can you also reset my password?", "perfecto, ahora instala Zoom", "ok, mañana a las 9", "ok, a las 10",
    "👎", "gracias 😡", "😡", "hola 😭", "no", "sí", "yes", "No", "???", "", "   ", "...", "no funciona",
    "gracias, no funciona", "va lento", "ya va lento", "ahora imprime en blanco", "ya está otra vez caído",
    "ya no va", "gracias, aún no", "Hola, el servidor", "hola internet", "buenas prácticas", "hi printer",
    "gracias a vosotros no tengo correo", "gracias pero", "vale pero no", "ok pero",
    "Hola, soy Ana de Contabilidad, no puedo", "123", "https://acme.example", "gracias https://acme.example",
    "captura.png", "works on my laptop but not on the PC", "it works but slowly", "it worked yesterday",
    "fixed? not here", "not fixed", "not working", "thanks for nothing", "gracias por nada",
    "gracias, ya no funciona", "ya no sale", "ya no aparece", "gracias, podéis cerrar el puerto 25",
    "gracias, podéis cerrar la cuenta de Luis", "you can close the account, thanks", "ya recibo correos de spam",
    "ya no da imagen, gracias", "confirmo que no funciona", "ya me deja entrar pero no imprimir", "no lo cerréis",
    "gracias, ya no recibo correos", "¿podéis cerrarlo?", "don't close it", "ya no se oye", "close the office door",
    "gracias, ya no me deja imprimir", "great, now it is broken", "genial, otra vez caído", "perfecto, otra vez igual",
    "Hola, la VPN", "hello, is anyone there?", "¿hay alguien?", "hola, ¿me ayudáis?", "ok, ¿y la factura?",
    "Gracias, necesito también acceso a la carpeta", "gracias cuando podáis mirad el fax",
    "funciona todo menos el correo", "hola, vale, no va", "todo mal", "all broken", "sin correo",
    "sin internet gracias", "hola sin red", "se ha ido la luz", "el correo", "correo", "vpn", "Outlook", "ayuda",
    "urgente", "help", "hola help", "problema", "error", "gracias error", "espero respuesta desde ayer",
    "espero desde hace una hora", "sigo esperando, gracias", "ok, lo miro, pero no arranca", "Marta", "Ana", "nada",
    "espero", "otra vez", "vale, otra vez", "espero noticias", "right now", "cuando podáis", "perdona", "si",
    "hoy no", "it keeps freezing", "gracias, aunque va lento", "hola todo mal", "buenas, caído",
    "gracias, mañana más", "thanks, see attached", "adjunto", "gracias, te paso captura", "ok no", "ok, nope",
    "ok now it is worse", "todo ok menos el fax", "vale pero date prisa", "gracias, es urgente", "hola, es urgente",
    "hey printer", "hi wifi", "no gracias no va", "gracias luego vuelvo a probar y si no va os digo",
    "vale, lo miro, pero tampoco va el fax", "gracias, ¿y la factura?", "ok, pero me falta una cosa",
    "gracias, me falta el acceso a RRHH", "perfecto, queda pendiente la impresora", "genial, pero el TPV sigue mal",
    "thanks, still one problem left", "Thanks! The other laptop has it too", "thx but no",
    "ok thanks, when will it be done?", "cool, and the VPN?", "great, now the other one",
    "gracias, cierro cuando lo pruebe mañana, hoy no puedo", "vale. Mañana os llamo", "ok mañana", "ok voy",
    "hola alguien?", "hola?? sigo esperando", "hola, estáis?", "hola me llamas", "hola, llámame",
    "buenas, necesito un monitor", "buenos días, factura", "hi, invoice", "gracias por la factura, pero está mal",
    "ok it works but slow", "works! but the other user can't", "ya está, pero va lento", "ya está, ahora el otro",
    "ya va pero a ratos", "va a ratos", "funciona a medias", "funciona mal", "works sometimes", "sometimes works",
    "todo bien menos el correo", "all good except email", "no, gracias, prefiero presencial", "si, por favor",
    "yes please", "ok, cuando queráis", "el martes", "mañana por la tarde", "👍?", "👍 pero mal", "😢", "gracias 😢",
    "🆘",
    "❓", "❗", "🔥", "⚠️", "🖨️", "💻❌",
]
STILL_FAILING = [
    "sigue fallando", "todavía no va", "no funciona", "still not working", "it fails again",
    "gracias pero sigue igual", "vuelve a fallar", "no se ha solucionado", "gracias, pero sigue sin imprimir",
    "aún no funciona", "aun no va", "sigue igual", "sigue sin funcionar", "sigo sin poder entrar", "sigo igual",
    "sigue dando error", "sigue saliendo el mismo error", "no me va", "no va", "no me funciona", "no arranca",
    "no imprime", "tampoco funciona", "sigo con el problema", "el problema persiste", "el problema continúa",
    "ha vuelto a fallar", "ha vuelto a pasar", "se ha vuelto a caer", "otra vez igual", "otra vez lo mismo",
    "de nuevo el mismo error", "otra vez sin red", "me vuelve a salir el error", "no está solucionado",
    "no está arreglado", "no ha quedado solucionado", "sin solucionar", "todavía no", "aún no", "sigue mal",
    "va peor", "igual que antes", "no ha funcionado", "no ha servido", "SIGUE SIN IR", "sige fallando",
    "it still fails", "still failing", "still the same", "still broken", "it's still not working",
    "still can't log in", "not working", "doesn't work", "does not work", "it didn't work", "not fixed", "not solved",
    "isn't fixed", "same problem", "same error again", "it happened again", "it crashed again", "the problem is back",
    "keeps crashing", "no luck", "not yet", "it doesn’t work", "can't print", "it's down again", "still no internet",
    "ok, it fails again", "gracias, no funciona", "no, sigue igual", "nada, sigue igual", "no se ha arreglado",
    "no lo habéis arreglado", "me sigue fallando", "nos sigue fallando", "vuelve a dar error", "falla otra vez",
    "me falla", "sigue roto", "sigue caído", "sigue lento", "no consigo entrar", "no puedo entrar",
    "el error sigue saliendo", "todavía me falla", "aún me sale el error", "no me deja entrar",
    "still getting the error", "unable to connect", "stopped working again", "no longer works", "no better",
    "got worse", "está igual", "estamos igual", "pero no va",
]
NOT_FAILING = [
    "ya no falla", "no falla", "ya funciona", "vuelve a funcionar", "sigue funcionando", "sigue funcionando bien",
    "it no longer fails", "not failing anymore", "gracias, si vuelve a fallar os aviso",
    "if it fails again I'll let you know", "no problem", "no hay problema", "no tengo ningún problema",
    "sin problemas", "ya no tengo el problema", "gracias", "hola", "perfecto", "works now", "it works again",
    "all good", "ok", "ya no me da error", "no issues so far", "no more errors", "todo va bien", "va perfecto",
    "no hace falta", "no te preocupes", "no pasa nada", "can't thank you enough", "doesn't fail any more",
    "still works", "cualquier cosa os digo", "por si vuelve a pasar", "¿cuándo venís?", "necesito Visio",
    "dar de alta a Luis", "antes no me funcionaba, ahora sí", "it keeps working well", "no tengo más dudas",
    "no va a hacer falta", "antes no iba pero ya va",
]
# fmt: on


@pytest.mark.parametrize("text", GREETINGS)
def test_a_greeting_alone_asks_for_nothing(text: str) -> None:
    assert is_greeting(text) and is_small_talk(text)
    assert not is_thanks(text) and not says_still_failing(text)


@pytest.mark.parametrize("text", THANKS)
def test_thanks_alone_ask_for_nothing(text: str) -> None:
    assert is_thanks(text) and is_small_talk(text)
    assert not is_greeting(text) and not says_still_failing(text)


@pytest.mark.parametrize("text", ACKNOWLEDGEMENTS)
def test_an_acknowledgement_alone_asks_for_nothing(text: str) -> None:
    assert is_small_talk(text)
    assert not is_greeting(text) and not is_thanks(text) and not says_still_failing(text)


@pytest.mark.parametrize("text", [*SOMETHING_ELSE, *STILL_FAILING])
def test_a_problem_a_question_or_a_request_is_never_small_talk(text: str) -> None:
    assert not is_small_talk(text)
    assert not is_greeting(text) and not is_thanks(text)


@pytest.mark.parametrize("text", STILL_FAILING)
def test_what_still_fails_is_said_in_many_ways(text: str) -> None:
    assert says_still_failing(text)


@pytest.mark.parametrize("text", [*NOT_FAILING, *GREETINGS, *THANKS, *ACKNOWLEDGEMENTS])
def test_what_works_or_might_fail_later_does_not_still_fail(text: str) -> None:
    assert not says_still_failing(text)


@pytest.mark.parametrize("text", ["ok ", "hola ", "si ya ", "gracias por ", "👍", "no ", "otra vez lo el ", "all "])
def test_long_texts_are_no_small_talk(text: str) -> None:
    assert not is_small_talk(text * 1000)
    says_still_failing(text * 10_000)


@pytest.mark.parametrize(
    "text",
    [
        "podéis cerrar el ticket, gracias", "ya lo podéis cerrar gracias", "gracias. Cierro", "te debo una, gracias",
        "thank you kindly", "many thx", "estupendo, muchísimas gracias a las dos", "you can close it, thanks",
    ],
)  # fmt: skip
def test_thanks_with_what_follows_from_it(text: str) -> None:
    assert is_thanks(text)


@pytest.mark.parametrize(
    "text",
    [
        "hola??", "alguien?", "¿hay alguien?", "hola? estáis ahí?", "hello? anyone there?", "ping", "¿se sabe algo?",
        "alguna novedad?", "any news?", "any updates on this?", "Hola, ¿hay novedades?",
    ],
)  # fmt: skip
def test_a_message_that_asks_for_an_answer(text: str) -> None:
    """B6."""
    assert asks_for_answer(text)


@pytest.mark.parametrize(
    "text",
    ["hola", "gracias", "hola alguien me ayuda con la VPN?", "novedades del servidor: se ha caído", "gracias, alguien?",
     "no va", "", "👍"],
)  # fmt: skip
def test_everything_else_does_not_ask_for_an_answer(text: str) -> None:
    assert not asks_for_answer(text)


def test_a_reply_is_judged_without_what_it_quotes() -> None:
    """B12, C5."""
    assert is_small_talk_reply("> Guardia\n>\n> ¿Te funciona?\n\ngracias!")
    assert not is_small_talk_reply("> Guardia\n>\n> ¿Te funciona?\n\nno")
    assert not is_small_talk_reply("> gracias")
