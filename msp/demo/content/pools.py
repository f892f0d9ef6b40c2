"""Short phrases used in many conversations, in both languages."""

Pool = tuple[str, ...]

GREETING_MORNING: dict[str, Pool] = {
    "es": (
        "Buenos días.",
        "Buenas.",
        "Hola, buenos días.",
        "Hola.",
        "Buenos días a todos.",
        "Hola, equipo.",
        "Muy buenas.",
    ),
    "en": ("Good morning.", "Morning all.", "Hi.", "Hello.", "Hi there.", "Morning."),
}
GREETING_AFTERNOON: dict[str, Pool] = {
    "es": ("Buenas tardes.", "Hola.", "Buenas.", "Hola, buenas tardes.", "Hola de nuevo."),
    "en": ("Good afternoon.", "Hi.", "Hello.", "Afternoon.", "Hi again."),
}

# After the problem: the requester's question, by severity.
CLOSING_URGENT: dict[str, Pool] = {
    "es": (
        "Es urgente, por favor.",
        "¿<Podéis/Pueden> mirarlo ya?",
        "Estamos parados.",
        "Por favor, cuanto antes 🙏",
        "Nos corre mucha prisa.",
        "¿Hay alguien?",
        "Ayuda, por favor.",
        "",
    ),
    "en": (
        "It's urgent, please.",
        "Can somebody look right away?",
        "We're at a standstill.",
        "As soon as you can 🙏",
        "Anyone there?",
        "Help, please.",
        "",
    ),
}
CLOSING_INCIDENT: dict[str, Pool] = {
    "es": (
        "¿<Podéis/Pueden> echarle un ojo?",
        "Gracias.",
        "Gracias de antemano.",
        "A ver si me <podéis/pueden> ayudar.",
        "",
        "Cuando <podáis/puedan>, gracias.",
        "Gracias 🙏",
        "¿Qué puedo hacer?",
        "",
        "Estoy en {room} si hace falta.",
        "Si <queréis/quieren> llamarme, extensión {ext}.",
        "Mi equipo es el {pc}.",
        "",
    ),
    "en": (
        "Could you have a look?",
        "Thanks.",
        "Thanks in advance.",
        "Any ideas?",
        "",
        "When you have a moment, thanks.",
        "Thanks 🙏",
        "I'm at {room} if you need me.",
        "You can ring me on {ext}.",
        "My machine is {pc}.",
        "",
    ),
}
CLOSING_REQUEST: dict[str, Pool] = {
    "es": (
        "Gracias.",
        "No corre prisa.",
        "Cuando <podáis/puedan>.",
        "",
        "Gracias de antemano.",
        "Para esta semana, si puede ser.",
        "<Decidme/Díganme> si falta algún dato.",
        "",
        "Mil gracias.",
        "¿<Necesitáis/Necesitan> algo más por mi parte?",
    ),
    "en": (
        "Thanks.",
        "No rush.",
        "Whenever you can.",
        "",
        "Thanks in advance.",
        "This week if possible.",
        "Let me know if you need anything else.",
        "Many thanks.",
        "",
    ),
}

MAIL_OPENING: dict[str, Pool] = {
    "es": ("Buenos días:", "Hola, buenas:", "Estimado equipo:", "Hola:", "Buenas:"),
    "en": ("Hello,", "Good morning,", "Hi team,", "Dear all,", "Hi,"),
}
MAIL_CLOSING: dict[str, Pool] = {
    "es": ("Un saludo,", "Saludos,", "Gracias y un saludo,", "Quedo a la espera. Saludos,", "Muchas gracias,"),
    "en": ("Kind regards,", "Best,", "Many thanks,", "Regards,", "Thanks and best wishes,"),
}
BY_PHONE: dict[str, Pool] = {
    "es": ("Llama {name}: «{text}»", "Por teléfono, {full} ({title}): «{text}»", "{name} llama desde {room}. «{text}»"),
    "en": ('{name} rang: "{text}"', 'By phone, {full}: "{text}"', '{name} calling from {room}. "{text}"'),
}

HI_MORNING: dict[str, Pool] = {
    "es": ("Hola, {name}", "Buenos días, {name}", "Buenas, {name}", "{name}, buenos días", "Hola, {name}, soy {me}"),
    "en": ("Hi {name}", "Good morning, {name}", "Morning, {name}", "Hello {name}", "Hi {name}, {me} here"),
}
HI_AFTERNOON: dict[str, Pool] = {
    "es": (
        "Hola, {name}",
        "Buenas tardes, {name}",
        "Buenas, {name}",
        "{name}, buenas tardes",
        "Hola, {name}, soy {me}",
    ),
    "en": ("Hi {name}", "Good afternoon, {name}", "Afternoon, {name}", "Hello {name}", "Hi {name}, {me} here"),
}
HI_FORMAL_MORNING: Pool = ("Buenos días, {name}", "Buenos días, {name}, le atiende {me}", "Hola, {name}, buenos días")
HI_FORMAL_AFTERNOON: Pool = (
    "Buenas tardes, {name}",
    "Buenas tardes, {name}, le atiende {me}",
    "Hola, {name}, buenas tardes",
)

LOOK: dict[str, Pool] = {
    "es": (
        "Lo miro ahora mismo",
        "Me pongo con ello",
        "Estoy con ello",
        "Ya lo estoy viendo",
        "Lo reviso desde aquí",
        "Entro a mirarlo",
        "Voy a verlo",
        "Lo tengo delante",
    ),
    "en": ("Looking now", "On it", "Having a look", "Checking from here", "I'm looking at it"),
}
THANKS: dict[str, Pool] = {
    "es": (
        "Gracias 🙌",
        "Muchas gracias.",
        "Mil gracias.",
        "Perfecto, gracias.",
        "Genial, muchas gracias.",
        "¡Gracias!",
        "Sois rapidísimos, gracias.",
        "Gracias, crack.",
        "Estupendo, gracias.",
        "Perfecto 👍",
        "Gracias, un saludo.",
        "Muchísimas gracias.",
        "De lujo, gracias.",
        "Gracias por la ayuda.",
        "Muy amable, gracias.",
        "Te debo un café ☕",
        "Solucionado entonces. Gracias.",
        "Gracias por la rapidez.",
        "Fenomenal, gracias.",
        "Oído, gracias.",
        "Qué bien, gracias {me}.",
        "Gracias, {me}.",
        "Pues listo. Gracias.",
    ),
    "en": (
        "Thanks 🙌",
        "Many thanks.",
        "Thank you so much.",
        "Perfect, thanks.",
        "Brilliant, thanks.",
        "Cheers!",
        "You're a star.",
        "Lovely, thank you.",
        "Great stuff, thanks.",
        "Perfect 👍",
        "Thanks, {me}.",
        "Thanks for being so quick.",
        "I owe you a coffee ☕",
        "Much appreciated.",
        "Thanks a million.",
    ),
}
THANKS_FORMAL: Pool = (
    "Muchas gracias.",
    "Gracias.",
    "Perfecto, gracias.",
    "Muy amable, gracias.",
    "Se lo agradezco mucho.",
    "Gracias por la rapidez.",
    "Estupendo, gracias.",
    "Mil gracias.",
    "Gracias, {me}.",
    "Muchas gracias, un saludo.",
    "Le agradezco la ayuda.",
    "Perfecto 👍",
)
BYE: dict[str, Pool] = {
    "es": (
        "Si vuelve a pasar, <escríbeme/escríbame> por aquí.",
        "Lo dejo resuelto; <me dices/me dice> si <notas/nota> algo raro.",
        "Cualquier cosa, aquí estamos.",
        "Lo doy por resuelto.",
        "<Avísame/Avíseme> si vuelve.",
        "",
        "Un saludo.",
        "Lo cierro por mi parte.",
        "<Dime/Dígame> si falta algo.",
        "Lo tengo vigilado unos días.",
        "",
        "Con responder aquí se reabre.",
        "Queda apuntado por si se repite.",
    ),
    "en": (
        "If it comes back, just write here.",
        "I'll mark it as solved.",
        "Anything else, you know where we are.",
        "",
        "Tell me if it returns.",
        "Have a good day.",
        "I'll keep an eye on it for a few days.",
        "Answering here reopens it.",
        "I've noted it down in case it happens again.",
        "",
    ),
}

ANY_NEWS: dict[str, Pool] = {
    "es": (
        "¿Se sabe algo de esto?",
        "Hola, ¿cómo va esto?",
        "<Perdonad/Perdonen> que insista, ¿hay novedades?",
        "Sigue igual por aquí.",
        "¿<Tenéis/Tienen> una hora aproximada?",
        "Me preguntan por esto, ¿qué les digo?",
    ),
    "en": (
        "Any news on this?",
        "Hi, how is this going?",
        "Sorry to chase, any update?",
        "Still the same here.",
        "Do you have a rough time?",
        "People are asking me about this, what shall I tell them?",
    ),
}
STILL_ON_IT: dict[str, Pool] = {
    "es": (
        "Sigo con ello, {name}. No lo he olvidado: en cuanto tenga algo firme <te/le> escribo.",
        "{name}, va más lento de lo que quería, pero avanza. <Te/Le> digo algo antes de las {in60}.",
        "Todavía no está. Estoy probando otra vía y <te/le> cuento en cuanto la descarte o funcione.",
    ),
    "en": (
        "Still on it, {name}. I haven't forgotten: as soon as I have something solid I'll write.",
        "{name}, it's slower than I'd like but it's moving. More before {in60}.",
        "Not there yet. I'm trying another way and will tell you as soon as it works or doesn't.",
    ),
}
