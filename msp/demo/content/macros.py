"""The demo's macros: of the team, of one client, and of one technician."""

from msp.macros.definition import MacroValues

_HOLA = "Hola, {{requester.first_name}}:\n\n"
_HI = "Hi {{requester.first_name}},\n\n"

TEAM: tuple[MacroValues, ...] = (
    MacroValues(
        name="Acuse de recibo",
        text_es=_HOLA + "Hemos recibido tu aviso y ya lo estamos mirando ({{ticket.label}})."
        " Te escribimos antes del {{ticket.due}}.\n\nUn saludo,\n{{agent.first_name}}",
        text_en=_HI + "We have your message and are looking into it ({{ticket.label}})."
        " You will hear from us by {{ticket.due}}.\n\nBest regards,\n{{agent.first_name}}",
        assigns_to_self=True,
    ),
    MacroValues(
        name="Pedir captura y hora del error",
        text_es=_HOLA + "Para encontrar la causa necesitamos:\n\n"
        "- una captura de pantalla del error completo\n- la hora aproximada a la que aparece\n"
        "- si le pasa a alguien más en {{client.name}}\n\nGracias,\n{{agent.first_name}}",
        text_en=_HI + "To find the cause we need:\n\n"
        "- a screenshot of the whole error\n- roughly when it appears\n"
        "- whether anyone else at {{client.name}} has it\n\nThank you,\n{{agent.first_name}}",
        status="waiting_client",
    ),
    MacroValues(
        name="Contraseña restablecida",
        text_es=_HOLA + "Hemos restablecido tu contraseña. Al entrar por primera vez te pedirá"
        " una nueva: doce caracteres o más, y que no uses en otro sitio.\n\nUn saludo,\n{{agent.first_name}}",
        text_en=_HI + "We have reset your password. The first time you sign in you will be asked"
        " for a new one: twelve characters or more, not used anywhere else.\n\nBest regards,\n{{agent.first_name}}",
        status="resolved",
        tags=("contraseña",),
        minutes=10,
        work_type="remote",
    ),
    MacroValues(
        name="VPN: primeros pasos",
        text_es=_HOLA + "Prueba esto, por favor:\n\n1. Cierra el cliente de la VPN del todo.\n"
        "2. Comprueba que tienes internet abriendo cualquier página.\n3. Vuelve a abrirlo y conecta.\n\n"
        "Si no conecta, dinos qué mensaje sale.\n\n{{agent.first_name}}",
        text_en=_HI + "Please try this:\n\n1. Quit the VPN client completely.\n"
        "2. Check that you are online by opening any page.\n3. Start it again and connect.\n\n"
        "If it does not connect, tell us what message you see.\n\n{{agent.first_name}}",
        status="waiting_client",
        tags=("vpn",),
    ),
    MacroValues(
        name="Buzón lleno: ampliado",
        text_es=_HOLA + "Tu buzón estaba lleno. Lo hemos ampliado y ya puedes enviar y recibir."
        "\n\nUn saludo,\n{{agent.first_name}}",
        text_en=_HI + "Your mailbox was full. We have enlarged it: you can send and receive"
        " again.\n\nBest regards,\n{{agent.first_name}}",
        status="resolved",
        tags=("correo",),
        minutes=15,
        work_type="remote",
    ),
    MacroValues(
        name="Visita técnica programada",
        text_es=_HOLA + "Pasaremos por {{client.name}} para resolverlo. Te confirmamos día y hora"
        " por aquí.\n\nUn saludo,\n{{agent.first_name}}",
        text_en=_HI + "We will come to {{client.name}} to fix it. We will confirm day and time"
        " here.\n\nBest regards,\n{{agent.first_name}}",
        tags=("visita",),
        status="open",
    ),
    MacroValues(
        name="Pendiente del proveedor",
        text_es=_HOLA + "El fallo está en el servicio del proveedor. Hemos abierto un caso con"
        " ellos y te avisamos en cuanto respondan.\n\nUn saludo,\n{{agent.first_name}}",
        text_en=_HI + "The fault is in the supplier's service. We have opened a case with them and"
        " will let you know as soon as they answer.\n\nBest regards,\n{{agent.first_name}}",
        status="waiting_third_party",
    ),
    MacroValues(
        name="Sin respuesta: último aviso",
        text_es=_HOLA + "No hemos tenido respuesta sobre {{ticket.label}}. Si todo funciona, no"
        " hace falta que hagas nada: lo cerraremos en dos días.\n\nUn saludo,\n{{agent.first_name}}",
        text_en=_HI + "We have not heard back about {{ticket.label}}. If everything works there is"
        " nothing to do: we will close it in two days.\n\nBest regards,\n{{agent.first_name}}",
        status="waiting_client",
        tags=("sin-respuesta",),
    ),
    MacroValues(
        name="Resuelto: ¿todo bien?",
        text_es=_HOLA + "Ya debería funcionar. Si vuelve a fallar, responde aquí y lo"
        " reabrimos.\n\nUn saludo,\n{{agent.first_name}}",
        text_en=_HI + "It should work now. If it fails again, answer here and we will reopen it."
        "\n\nBest regards,\n{{agent.first_name}}",
        status="resolved",
    ),
    MacroValues(
        name="Escalar a N2 con diagnóstico",
        visibility="internal",
        text_es="**Probado:**\n\n**Encontrado:**\n\n**Falta:**",
        text_en="**Tried:**\n\n**Found:**\n\n**Needed:**",
        tier=2,
    ),
    MacroValues(name="Urgente y para mí", priority="urgent", assigns_to_self=True),
    MacroValues(name="Correo sospechoso", priority="high", tags=("seguridad", "phishing"), tier=3),
)

# Of the client with this code.
OF_CLIENTS: dict[str, tuple[MacroValues, ...]] = {
    "LOZ": (
        MacroValues(
            name="TPV de Lozano: reinicio guiado",
            text_es=_HOLA + "1. Apaga el TPV con el botón de atrás y espera diez segundos.\n"
            "2. Enciéndelo y entra con tu código.\n3. Haz un cobro de prueba de 0,01 €.\n\n"
            "Si no cobra, llama al 910 00 00 00 y di {{ticket.label}}.\n\n{{agent.first_name}}",
            text_en=_HI + "1. Switch the till off with the button at the back and wait ten"
            " seconds.\n2. Switch it on and enter your code.\n3. Take a test payment of €0.01.\n\n"
            "If it fails, call 910 00 00 00 and quote {{ticket.label}}.\n\n{{agent.first_name}}",
            status="waiting_client",
            tags=("tpv",),
        ),
    ),
}

# Of the member of staff with this given name.
PERSONAL: dict[str, tuple[MacroValues, ...]] = {
    "Irene": (
        MacroValues(
            name="Te llamo ahora",
            text_es="Hola, {{requester.first_name}}: te llamo en cinco minutos y lo vemos juntos. {{agent.first_name}}",
            text_en="Hi {{requester.first_name}}, I will call you in five minutes so we can look at it together."
            " {{agent.first_name}}",
            assigns_to_self=True,
        ),
    ),
}
