"""Sheets of the twelve client companies: place, tone, sector.

Tax ids have valid check digits but the province digits 00, which no province has, so that none of them belongs to a
real company; mail domains end in .example, which never receives mail.
"""

from dataclasses import dataclass

from msp.demo.world import Address

Phrase = tuple[str, str]  # Spanish, English


@dataclass(frozen=True)
class Cast:
    """A person with a fixed name."""

    given_name: str
    family_name: str
    gender: str
    role: str
    job_title: str
    locale: str | None = None


@dataclass(frozen=True)
class Sheet:
    """The fixed data of a client company, from which its people are generated."""

    code: str
    name: str
    short_name: str
    sector: str
    locale: str
    timezone: str
    tax_id: str
    address: Address
    domain: str
    region: str
    headcount: int
    cast: tuple[Cast, ...]
    sites: tuple[Phrase, ...]
    rooms: tuple[Phrase, ...]
    mailboxes: tuple[str, ...]
    share_of_tickets: int
    first_ticket: int
    calendar: str
    sources: tuple[tuple[str, int], ...]
    formal: bool = False
    slack: str | None = None
    channels: tuple[str, ...] = ()
    teams: bool = False


SHEETS: tuple[Sheet, ...] = (
    Sheet(
        code="LOZ",
        name="Ferretería Lozano, S.A.",
        short_name="Ferretería Lozano",
        sector="retail",
        locale="es",
        timezone="Europe/Madrid",
        tax_id="A00412833",
        address=Address("Calle de los Herreros, 14, P. I. Los Ángeles", "28906", "Getafe", "Madrid"),
        domain="ferreterialozano.example",
        region="castilla",
        headcount=24,
        cast=(
            Cast("Ángel", "Lozano", "m", "client_manager", "director de tiendas"),
            Cast("Marta", "Ruiz", "f", "client_employee", "encargada de tienda"),
            Cast("Pau", "Serra", "m", "client_employee", "jefe de almacén"),
            Cast("Dolores", "Prieto", "f", "client_employee", "compras"),
            Cast("Virginia", "Lozano", "f", "client_manager", "responsable de administración"),
        ),
        sites=(
            ("la tienda de Getafe", "the Getafe shop"),
            ("la tienda de Leganés", "the Leganés shop"),
            ("la tienda de Parla", "the Parla shop"),
            ("la tienda de Fuenlabrada", "the Fuenlabrada shop"),
            ("el almacén de Pinto", "the Pinto warehouse"),
        ),
        rooms=(
            ("la caja 1", "till 1"),
            ("la caja 3", "till 3"),
            ("el mostrador", "the counter"),
            ("el muelle de carga", "the loading dock"),
            ("la oficina de arriba", "the upstairs office"),
            ("el pasillo de pinturas", "the paint aisle"),
        ),
        mailboxes=("pedidos", "tiendas", "proveedores", "facturas"),
        share_of_tickets=17,
        first_ticket=158,
        calendar="madrid-split",
        sources=(("slack", 62), ("teams", 8), ("phone", 12), ("email", 10), ("portal", 8)),
        slack="Ferretería Lozano",
        channels=("soporte", "tiendas", "almacen-pinto"),
        teams=True,
    ),
    Sheet(
        code="AZC",
        name="Azcárate Abogados, S.L.P.",
        short_name="Azcárate Abogados",
        sector="legal",
        locale="es",
        timezone="Europe/Madrid",
        tax_id="B00095513",
        address=Address("Alameda de Mazarredo, 39, 4.º", "48009", "Bilbao", "Bizkaia"),
        domain="azcarateabogados.example",
        region="euskadi",
        headcount=14,
        cast=(
            Cast("Iñigo", "Azcárate", "m", "client_manager", "socio director"),
            Cast("Tom", "Beckett", "m", "client_employee", "abogado, derecho internacional", "en"),
            Cast("Miren", "Azcárate", "f", "client_manager", "gerente"),
        ),
        sites=(("la oficina de Bilbao", "the Bilbao office"), ("el despacho de Vitoria", "the Vitoria office")),
        rooms=(
            ("la sala de juntas", "the boardroom"),
            ("recepción", "reception"),
            ("la biblioteca", "the library"),
            ("la sala pequeña", "the small meeting room"),
            ("el archivo", "the archive room"),
        ),
        mailboxes=("procesal", "secretaria", "mercantil", "facturacion"),
        share_of_tickets=10,
        first_ticket=12,
        calendar="euskadi-long",
        sources=(("teams", 70), ("email", 15), ("phone", 10), ("portal", 5)),
        teams=True,
        channels=("Informática", "General"),
    ),
    Sheet(
        code="NOR",
        name="Transportes Norte, S.A.",
        short_name="Transportes Norte",
        sector="logistics",
        locale="es",
        timezone="Europe/Madrid",
        tax_id="A00390112",
        address=Address("Polígono de Raos, nave 22", "39600", "Camargo", "Cantabria"),
        domain="transportesnorte.example",
        region="cantabria",
        headcount=20,
        cast=(
            Cast("Lorenzo", "Bedia", "m", "client_manager", "director de operaciones"),
            Cast("Sandra", "Vila", "f", "client_employee", "administración"),
            Cast("Fermín", "Oca", "m", "client_employee", "jefe de tráfico"),
        ),
        sites=(
            ("la nave de Raos", "the Raos depot"),
            ("la base de Torrelavega", "the Torrelavega base"),
            ("la plataforma de Zaragoza", "the Zaragoza hub"),
            ("la oficina de Santander", "the Santander office"),
        ),
        rooms=(
            ("tráfico", "the dispatch room"),
            ("la garita", "the gatehouse"),
            ("el muelle 4", "dock 4"),
            ("la oficina de conductores", "the drivers' office"),
            ("el taller", "the workshop"),
        ),
        mailboxes=("trafico", "albaranes", "incidencias", "cobros"),
        share_of_tickets=14,
        first_ticket=61,
        calendar="always",
        sources=(("teams", 55), ("email", 20), ("phone", 18), ("portal", 7)),
        teams=True,
        channels=("Incidencias informáticas", "Tráfico"),
    ),
    Sheet(
        code="CLI",
        name="Clínica Arganda, S.L.",
        short_name="Clínica Arganda",
        sector="health",
        locale="es",
        timezone="Europe/Madrid",
        tax_id="B00287748",
        address=Address("Avenida del Ejército, 7", "28500", "Arganda del Rey", "Madrid"),
        domain="clinicaarganda.example",
        region="castilla",
        headcount=17,
        cast=(
            Cast("Raquel", "Mota", "f", "client_manager", "coordinadora de recepción"),
            Cast("Felipe", "Arganda", "m", "client_manager", "gerente"),
            Cast("Isabel", "Quesada", "f", "client_employee", "médica de familia"),
        ),
        sites=(("la clínica de Arganda", "the Arganda clinic"), ("el centro de Rivas", "the Rivas centre")),
        rooms=(
            ("recepción", "reception"),
            ("la consulta 2", "consulting room 2"),
            ("la consulta 5", "consulting room 5"),
            ("la sala de rayos", "the X-ray room"),
            ("el laboratorio", "the laboratory"),
            ("enfermería", "the nurses' room"),
        ),
        mailboxes=("citas", "resultados", "mutuas", "administracion"),
        share_of_tickets=11,
        first_ticket=23,
        calendar="madrid-office",
        formal=True,
        sources=(("slack", 45), ("portal", 22), ("email", 18), ("phone", 15)),
        slack="Clínica Arganda",
        channels=("informatica", "recepcion"),
    ),
    Sheet(
        code="BOD",
        name="Bodegas Ulibarri, S.A.",
        short_name="Bodegas Ulibarri",
        sector="winery",
        locale="es",
        timezone="Europe/Madrid",
        tax_id="A00010223",
        address=Address("Camino de la Hoya, s/n", "01300", "Laguardia", "Álava"),
        domain="bodegasulibarri.example",
        region="euskadi",
        headcount=6,
        cast=(
            Cast("Ane", "Ulibarri", "f", "client_manager", "directora gerente"),
            Cast("Peio", "Ulibarri", "m", "client_employee", "enólogo"),
        ),
        sites=(("la bodega de Laguardia", "the Laguardia winery"), ("el almacén de Oyón", "the Oyón warehouse")),
        rooms=(
            ("la sala de catas", "the tasting room"),
            ("el laboratorio", "the laboratory"),
            ("la tienda de la bodega", "the winery shop"),
            ("la línea de embotellado", "the bottling line"),
        ),
        mailboxes=("pedidos", "visitas", "export"),
        share_of_tickets=4,
        first_ticket=8,
        calendar="euskadi-long",
        sources=(("email", 45), ("phone", 40), ("portal", 15)),
    ),
    Sheet(
        code="GES",
        name="Gestoría Pons, S.L.",
        short_name="Gestoría Pons",
        sector="advisory",
        locale="es",
        timezone="Europe/Madrid",
        tax_id="B00661900",
        address=Address("Carrer de Provença, 241, entresol", "08008", "Barcelona", "Barcelona"),
        domain="gestoriapons.example",
        region="catalunya",
        headcount=11,
        cast=(
            Cast("Josep Maria", "Pons", "m", "client_manager", "titular de la gestoría"),
            Cast("Assumpta", "Pons", "f", "client_employee", "responsable laboral"),
        ),
        sites=(("la oficina de Provença", "the Provença office"), ("la oficina de Sabadell", "the Sabadell office")),
        rooms=(
            ("recepción", "reception"),
            ("el departamento fiscal", "the tax department"),
            ("el departamento laboral", "the payroll department"),
            ("la sala de reuniones", "the meeting room"),
        ),
        mailboxes=("laboral", "fiscal", "notificaciones", "clientes"),
        share_of_tickets=8,
        first_ticket=19,
        calendar="barcelona-office",
        formal=True,
        sources=(("teams", 50), ("email", 30), ("phone", 15), ("portal", 5)),
        teams=True,
        channels=("Informàtica", "Oficina"),
    ),
    Sheet(
        code="HOT",
        name="Hotel Mirador de Altea, S.L.",
        short_name="Hotel Mirador",
        sector="hospitality",
        locale="es",
        timezone="Europe/Madrid",
        tax_id="B00534875",
        address=Address("Passeig del Mediterrani, 88", "03590", "Altea", "Alicante"),
        domain="hotelmirador.example",
        region="levante",
        headcount=13,
        cast=(
            Cast("Consuelo", "Llorca", "f", "client_manager", "directora"),
            Cast("Darío", "Baeza", "m", "client_employee", "jefe de recepción"),
        ),
        sites=(("el hotel", "the hotel"), ("los apartamentos de Albir", "the Albir apartments")),
        rooms=(
            ("recepción", "reception"),
            ("el restaurante", "the restaurant"),
            ("la tercera planta", "the third floor"),
            ("la cafetería de la piscina", "the pool bar"),
            ("el salón de bodas", "the banqueting hall"),
            ("la oficina de reservas", "the reservations office"),
        ),
        mailboxes=("reservas", "eventos", "recepcion", "compras"),
        share_of_tickets=9,
        first_ticket=34,
        calendar="always",
        sources=(("slack", 58), ("phone", 25), ("email", 10), ("portal", 7)),
        slack="Hotel Mirador",
        channels=("incidencias", "recepcion"),
    ),
    Sheet(
        code="TOR",
        name="Academia Tormes, S.L.",
        short_name="Academia Tormes",
        sector="education",
        locale="es",
        timezone="Europe/Madrid",
        tax_id="B00371120",
        address=Address("Calle de Zamora, 52, 1.º", "37002", "Salamanca", "Salamanca"),
        domain="academiatormes.example",
        region="castilla",
        headcount=5,
        cast=(Cast("Rosario", "Tormes", "f", "client_manager", "directora"),),
        sites=(("la sede de Zamora", "the Zamora street centre"), ("el aulario de Garrido", "the Garrido classrooms")),
        rooms=(
            ("el aula 3", "classroom 3"),
            ("el aula de informática", "the computer room"),
            ("secretaría", "the school office"),
            ("la sala de profesores", "the staff room"),
        ),
        mailboxes=("secretaria", "matriculas", "profesores"),
        share_of_tickets=4,
        first_ticket=5,
        calendar="summer-hours",
        sources=(("slack", 60), ("email", 20), ("phone", 10), ("portal", 10)),
        slack="Academia Tormes",
        channels=("ayuda",),
    ),
    Sheet(
        code="BEL",
        name="Cárnicas Beltrán, S.A.",
        short_name="Cárnicas Beltrán",
        sector="food",
        locale="es",
        timezone="Europe/Madrid",
        tax_id="A00730069",
        address=Address("Carretera de Águilas, km 3", "30800", "Lorca", "Murcia"),
        domain="carnicasbeltran.example",
        region="murcia",
        headcount=13,
        cast=(
            Cast("Bartolomé", "Beltrán", "m", "client_manager", "director financiero"),
            Cast("Fuensanta", "Munuera", "f", "client_employee", "responsable de calidad"),
        ),
        sites=(("la fábrica de Lorca", "the Lorca factory"), ("el secadero de Totana", "the Totana drying house")),
        rooms=(
            ("la sala de despiece", "the cutting room"),
            ("expediciones", "dispatch"),
            ("el laboratorio", "the laboratory"),
            ("la báscula", "the weighbridge"),
            ("la oficina de calidad", "the quality office"),
        ),
        mailboxes=("pedidos", "calidad", "expediciones", "rrhh"),
        share_of_tickets=8,
        first_ticket=41,
        calendar="summer-hours",
        sources=(("teams", 48), ("phone", 24), ("email", 20), ("portal", 8)),
        teams=True,
        channels=("Informática", "Fábrica"),
    ),
    Sheet(
        code="TIR",
        name="Agrícola Tirajana, S. Coop.",
        short_name="Agrícola Tirajana",
        sector="agri",
        locale="es",
        timezone="Atlantic/Canary",
        tax_id="F00350041",
        address=Address("Calle Juan Rejón, 61", "35008", "Las Palmas de Gran Canaria", "Las Palmas"),
        domain="agricolatirajana.example",
        region="canarias",
        headcount=5,
        cast=(Cast("Candelaria", "Betancor", "f", "client_manager", "gerente de la cooperativa"),),
        sites=(
            ("la oficina de Las Palmas", "the Las Palmas office"),
            ("el empaquetado de Vecindario", "the Vecindario packing house"),
        ),
        rooms=(
            ("la línea de calibrado", "the grading line"),
            ("la cámara 2", "cold store 2"),
            ("administración", "the accounts office"),
            ("la báscula", "the weighbridge"),
        ),
        mailboxes=("cosecheros", "expediciones", "administracion"),
        share_of_tickets=3,
        first_ticket=4,
        calendar="canary-day",
        formal=True,
        sources=(("teams", 45), ("email", 25), ("phone", 25), ("portal", 5)),
        teams=True,
        channels=("Soporte",),
    ),
    Sheet(
        code="HAR",
        name="Harcourt Lane Iberia, S.L.",
        short_name="Harcourt Lane",
        sector="realestate",
        locale="en",
        timezone="Europe/Madrid",
        tax_id="B00291351",
        address=Address("Calle Larios, 9, 3.º", "29005", "Málaga", "Málaga"),
        domain="harcourtlane.example",
        region="british",
        headcount=10,
        cast=(
            Cast("Rebecca", "Harcourt", "f", "client_manager", "managing director"),
            Cast("Macarena", "Rueda", "f", "client_employee", "office manager", "es"),
        ),
        sites=(("la oficina de Málaga", "the Málaga office"), ("la oficina de Marbella", "the Marbella office")),
        rooms=(
            ("recepción", "reception"),
            ("la sala de firmas", "the signing room"),
            ("la mesa de alquileres", "the lettings desk"),
            ("la sala de reuniones", "the meeting room"),
        ),
        mailboxes=("lettings", "sales", "accounts"),
        share_of_tickets=8,
        first_ticket=10,
        calendar="andalucia-office",
        sources=(("teams", 60), ("email", 25), ("phone", 10), ("portal", 5)),
        teams=True,
        channels=("IT help", "Everyone"),
    ),
    Sheet(
        code="KIL",
        name="Kilbride Games Europe, S.L.",
        short_name="Kilbride Games",
        sector="software",
        locale="en",
        timezone="Europe/Madrid",
        tax_id="B00678813",
        address=Address("Carrer de Pallars, 193, 6.º", "08005", "Barcelona", "Barcelona"),
        domain="kilbridegames.example",
        region="irish",
        headcount=12,
        cast=(
            Cast("Deirdre", "Kilbride", "f", "client_manager", "head of operations"),
            Cast("Pol", "Fontanet", "m", "client_employee", "3D artist", "es"),
        ),
        sites=(("el estudio de Poblenou", "the Poblenou studio"), ("la oficina de Dublín", "the Dublin office")),
        rooms=(
            ("la sala de sonido", "the sound room"),
            ("la sala Liffey", "the Liffey room"),
            ("la sala de pruebas", "the test lab"),
            ("la cocina", "the kitchen"),
        ),
        mailboxes=("hello", "payroll", "studio"),
        share_of_tickets=10,
        first_ticket=17,
        calendar="barcelona-office",
        sources=(("slack", 80), ("portal", 10), ("email", 10)),
        slack="Kilbride Games",
        channels=("it-help", "studio-barcelona", "random"),
    ),
)
