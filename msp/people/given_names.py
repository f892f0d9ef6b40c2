"""Common given names and surnames in Spain and in English, folded (lower case, no accents).

Used in ambiguous cases only: which part of a name is the given name, whether a word after a greeting is a name. Names
that are everyday words (Luz, Bill, Will, Hope) are left out.
"""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


GIVEN_NAMES = _words(
    """
    aaron abel abril ada adam adela adolfo adrian adriana agata agnes agustin agustina aida aimar ainara ainhoa
    ainhoa aitana aitor alain alan alba albert alberto alejandra alejandro alessandro alex alexandra alexis
    alfonso alfredo alice alicia alison alma almudena alvaro amadeo amaia amalia amanda amelia amparo amy ana
    anabel anastasia ander andrea andreas andres andreu andrew andy angel angela angeles angels anna anne annie
    antonia antonio antton araceli aranzazu ariadna ariana arnau arturo asier asuncion augusto aurelio aurora
    axel barbara bartolome basilio beatriz begona belen ben benito benjamin bernardo bernat berta beth biel
    blanca borja brandon brenda brian bruno camila candela carina carla carles carlos carlota carme carmelo
    carmen carol carolina caroline catalina catherine cayetana cecilia celia cesar charles charlotte chloe chris
    christian christina christine claire clara claudia claudio concepcion concha conchita conor consuelo craig
    cristian cristina cristobal daniel daniela dani david debbie deborah denis dennis diana diego dimas dolores
    domingo donald dorothy dylan edgar eduardo edurne edward edwin eider elena elias elisa elisabet elisabeth
    elizabeth elena eloy elsa elvira emilia emilio emily emma encarnacion eneko enric enrique eric erica erika
    ernesto esteban estefania esteve esther estrella etxahun eugenia eugenio eulalia eva evelyn fabio fatima
    federico felipe felix fermin fernanda fernando ferran fiona francesc francesca francisca francisco frank
    gabriel gabriela garazi gaspar gemma george georgina gerard gerardo german gines gloria gonzalo gorka graham
    greg gregorio guillem guillermo gustavo hannah harry hector helen helena henry heather hugo ian ibai ignacio
    igor iker imanol ines inma inmaculada inigo irati irene iria iris irune isaac isabel isabella ismael israel
    itziar ivan izaskun jack jaime jake james jan jana jane janet jason javier javi jaume jeff jennifer jenny
    jeremy jessica jesus jill jim jimena joan joana joanna joaquin joe joel john jokin jon jonas jonathan jordan
    jordi jorge josefa josefina josep joseph jose josh joshua josu josune juan juana juanjo judith julia julian
    julie julieta julio justin karen karl karla kate katherine kathleen katie keith kelly kevin kim koldo kyle
    laia lara larry laura lauren leandro leire leo leon leonor leticia lidia lily linda lisa lola lorena lorenzo
    lourdes lucas lucia lucy luis luisa lukas luke maddi maialen maite manel manolo manuel manuela mar marc
    marcelo marco marcos margaret margarita maria mariana mariano maribel marina mario maritxell marisa marisol
    marta marti martin martina mary mateo mathew matias matt matthew maura mauricio max maximo megan meritxell
    mercedes mia michael michelle miguel mikel milagros mireia miren miriam moises monica montse montserrat
    nacho nadia nagore naiara nancy narcis natalia natalie natividad neil nekane nerea nicholas nick nicolas
    nicole nieves nil noa noelia nora norma nuria octavio oihane olga olivia oliver olatz omar oriol oscar pablo
    paco paloma pamela pascual patricia patrick patxi pau paul paula pauline pedro penelope pepa pepe pere peter
    phil philip pilar pol quique quim rachel rafa rafael raimundo ramiro ramon raquel raul rebeca rebecca
    remedios ricardo richard rita robert roberto rocio rodrigo roger rogelio roman rosa rosalia rosana rosario
    roser rosie ruben russell ruth ryan salvador samantha samuel sandra santi santiago sara sarah saul scott
    sean sebastian sergi sergio sheila shaun silvia silvio simon sofia sonia sophie stefan stephanie stephen
    steve steven stuart susan susana tania tatiana teodoro teresa tere thomas tim timothy tomas tom tony toni
    unai uxue valentin valentina valeria vanesa vanessa vega vicent vicente vicenta victor victoria violeta
    virginia walter wendy william xabier xavi xavier ximena yaiza yolanda zachary zoe zuriñe zurine
    """
)

SURNAMES = _words(
    """
    alonso alvarez arias aguilar blanco benitez bravo caballero cabrera calvo campos cano carmona carrasco
    castillo castro cortes crespo cruz delgado diaz diez dominguez duran esteban fernandez ferrer flores fuentes
    gallardo gallego garcia garrido gil gimenez gomez gonzalez guerrero gutierrez hernandez herrera herrero
    hidalgo ibanez iglesias jimenez lopez lozano marin marquez martinez medina mendez molina montero mora
    morales moreno moya munoz navarro nieto nunez ortega ortiz parra pascual pastor pena perez prieto ramirez
    ramos reyes rodriguez rojas romero roman rubio ruiz saez sanchez santana santos sanz serra serrano soler
    soto suarez torres vargas vazquez vega velasco vicente vidal smith jones williams brown taylor davies evans
    wilson thomas johnson roberts walker wright robinson thompson white hughes edwards green hall wood harris
    clarke jackson turner hill cooper ward morris moore clark baker harrison anderson muniain etxeberria agirre
    goikoetxea puig vila ferran rovira riera mas costa roca sole vives
    """
)
