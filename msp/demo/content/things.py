"""Words of each sector: programs, departments, folders, job titles."""

from dataclasses import dataclass

Phrase = tuple[str, str]  # Spanish, English


@dataclass(frozen=True)
class Trade:
    """The words of one sector; programs are masculine singular in Spanish, so that sentences agree."""

    apps: tuple[Phrase, ...]
    teams: tuple[Phrase, ...]
    folders: tuple[Phrase, ...]
    jobs: tuple[tuple[str, str, str], ...]  # masculine, feminine, English


TRADES: dict[str, Trade] = {
    "retail": Trade(
        (("el programa de caja", "the till software"), ("el programa de almacén", "the stock system")),
        (("compras", "purchasing"), ("administración", "accounts"), ("atención al cliente", "customer service")),
        (("Tarifas", "Price lists"), ("Catálogo de proveedores", "Supplier catalogue"), ("Inventario", "Stocktake")),
        (
            ("dependiente", "dependienta", "shop assistant"),
            ("cajero", "cajera", "cashier"),
            ("mozo de almacén", "moza de almacén", "warehouse assistant"),
            ("encargado de tienda", "encargada de tienda", "shop manager"),
            ("administrativo", "administrativa", "office clerk"),
            ("comercial", "comercial", "sales rep"),
        ),
    ),
    "legal": Trade(
        (("el gestor de expedientes", "the case manager"), ("el programa de minutas", "the fee note software")),
        (("procesal", "litigation"), ("mercantil", "corporate law"), ("secretaría", "the secretaries")),
        (("Pleitos", "Litigation"), ("Contratos", "Contracts"), ("Minutas", "Fee notes")),
        (
            ("abogado", "abogada", "lawyer"),
            ("pasante", "pasante", "trainee"),
            ("secretario", "secretaria", "secretary"),
            ("administrativo", "administrativa", "office clerk"),
            ("abogado asociado", "abogada asociada", "associate"),
        ),
    ),
    "logistics": Trade(
        (("el programa de tráfico", "the dispatch software"), ("el programa de rutas", "the route planner")),
        (("tráfico", "dispatch"), ("facturación", "invoicing"), ("taller", "the workshop")),
        (("Albaranes", "Delivery notes"), ("Rutas", "Routes"), ("Tacógrafos", "Tachographs")),
        (
            ("gestor de tráfico", "gestora de tráfico", "traffic planner"),
            ("conductor", "conductora", "driver"),
            ("administrativo", "administrativa", "office clerk"),
            ("jefe de almacén", "jefa de almacén", "depot manager"),
            ("mecánico", "mecánica", "mechanic"),
        ),
    ),
    "health": Trade(
        (("el programa de citas", "the appointment system"), ("el programa de historias", "the records system")),
        (("recepción", "the front desk"), ("enfermería", "nursing"), ("administración", "accounts")),
        (("Informes", "Reports"), ("Mutuas", "Insurers"), ("Protocolos", "Protocols")),
        (
            ("enfermero", "enfermera", "nurse"),
            ("recepcionista", "recepcionista", "receptionist"),
            ("fisioterapeuta", "fisioterapeuta", "physiotherapist"),
            ("médico", "médica", "doctor"),
            ("auxiliar administrativo", "auxiliar administrativa", "office assistant"),
            ("técnico de rayos", "técnica de rayos", "radiographer"),
        ),
    ),
    "winery": Trade(
        (("el programa de bodega", "the winery software"), ("el programa de pedidos", "the order software")),
        (("exportación", "export"), ("enoturismo", "wine tourism"), ("administración", "accounts")),
        (("Añadas", "Vintages"), ("Exportación", "Export"), ("Visitas", "Visits")),
        (
            ("enólogo", "enóloga", "oenologist"),
            ("guía de visitas", "guía de visitas", "tour guide"),
            ("administrativo", "administrativa", "office clerk"),
            ("responsable de exportación", "responsable de exportación", "export manager"),
        ),
    ),
    "advisory": Trade(
        (
            ("el programa de nóminas", "the payroll software"),
            ("el programa de contabilidad", "the bookkeeping software"),
        ),
        (("laboral", "payroll"), ("fiscal", "tax"), ("contabilidad", "bookkeeping")),
        (("Rentas", "Tax returns"), ("Nóminas", "Payslips"), ("Escrituras", "Deeds")),
        (
            ("asesor fiscal", "asesora fiscal", "tax adviser"),
            ("gestor laboral", "gestora laboral", "payroll adviser"),
            ("contable", "contable", "bookkeeper"),
            ("administrativo", "administrativa", "office clerk"),
        ),
    ),
    "hospitality": Trade(
        (("el programa de reservas", "the booking system"), ("el programa del restaurante", "the restaurant till")),
        (("reservas", "reservations"), ("pisos", "housekeeping"), ("eventos", "events")),
        (("Eventos", "Events"), ("Turnos", "Rotas"), ("Cartas", "Menus")),
        (
            ("recepcionista", "recepcionista", "receptionist"),
            ("jefe de sala", "jefa de sala", "head waiter"),
            ("gobernante", "gobernanta", "head housekeeper"),
            ("camarero", "camarera", "waiter"),
            ("comercial de eventos", "comercial de eventos", "events sales"),
            ("jefe de cocina", "jefa de cocina", "head chef"),
        ),
    ),
    "education": Trade(
        (("el programa de matrículas", "the enrolment software"), ("el campus virtual", "the virtual campus")),
        (("secretaría", "the school office"), ("idiomas", "languages"), ("oposiciones", "exam training")),
        (("Exámenes", "Exams"), ("Matrículas", "Enrolments"), ("Temarios", "Syllabus")),
        (
            ("profesor", "profesora", "teacher"),
            ("jefe de estudios", "jefa de estudios", "head of studies"),
            ("secretario", "secretaria", "school secretary"),
        ),
    ),
    "food": Trade(
        (("el SAP", "SAP"), ("el programa de trazabilidad", "the traceability software")),
        (("calidad", "quality"), ("expediciones", "dispatch"), ("finanzas", "finance")),
        (("Calidad", "Quality"), ("Fichas técnicas", "Data sheets"), ("Expediciones", "Dispatch")),
        (
            ("técnico de calidad", "técnica de calidad", "quality technician"),
            ("jefe de producción", "jefa de producción", "production manager"),
            ("administrativo", "administrativa", "office clerk"),
            ("operario de báscula", "operaria de báscula", "weighbridge operator"),
            ("comercial", "comercial", "sales rep"),
            ("contable", "contable", "bookkeeper"),
        ),
    ),
    "agri": Trade(
        (
            ("el programa de cosecheros", "the growers' software"),
            ("el programa de trazabilidad", "the traceability software"),
        ),
        (("administración", "accounts"), ("campo", "the field team"), ("calidad", "quality")),
        (("Cosecheros", "Growers"), ("Liquidaciones", "Settlements"), ("Certificados", "Certificates")),
        (
            ("técnico de campo", "técnica de campo", "field technician"),
            ("administrativo", "administrativa", "office clerk"),
            ("encargado de línea", "encargada de línea", "line supervisor"),
        ),
    ),
    "realestate": Trade(
        (("el CRM de inmuebles", "the property CRM"), ("el programa de alquileres", "the lettings software")),
        (("alquileres", "lettings"), ("ventas", "sales"), ("contabilidad", "accounts")),
        (("Inmuebles", "Listings"), ("Contratos de alquiler", "Tenancy agreements"), ("Tasaciones", "Valuations")),
        (
            ("asesor inmobiliario", "asesora inmobiliaria", "property consultant"),
            ("gestor de alquileres", "gestora de alquileres", "lettings negotiator"),
            ("administrativo", "administrativa", "office administrator"),
            ("contable", "contable", "bookkeeper"),
        ),
    ),
    "software": Trade(
        (("el gestor de tareas", "the task tracker"), ("el servidor de compilación", "the build server")),
        (("arte", "art"), ("pruebas", "QA"), ("administración", "finance")),
        (("Entregas", "Builds"), ("Arte final", "Final art"), ("Nóminas", "Payroll")),
        (
            ("programador", "programadora", "gameplay programmer"),
            ("artista 3D", "artista 3D", "3D artist"),
            ("probador", "probadora", "QA tester"),
            ("productor", "productora", "producer"),
            ("diseñador de sonido", "diseñadora de sonido", "sound designer"),
        ),
    ),
}

LAPTOPS = (
    "ThinkPad L14",
    "ThinkPad T14",
    "EliteBook 840",
    "ProBook 450",
    "Latitude 5440",
    "Latitude 3540",
    "Surface Laptop",
    "ThinkBook 15",
    "Vivobook Pro",
)
PRINTERS = (
    "HP LaserJet M507",
    "Brother HL-L6410",
    "Kyocera Ecosys M3645",
    "Ricoh IM C2000",
    "Canon iR C3326",
    "Epson WF-C5790",
    "Xerox VersaLink C405",
)
LABEL_PRINTERS = ("Zebra ZD421", "Zebra ZT231", "Brother QL-820", "TSC TE210", "Honeywell PC42t")
LICENCES = ("Visio", "Project", "Acrobat Pro")
PHONES = ("iPhone 13", "iPhone 15", "Galaxy A54", "Galaxy XCover", "Pixel 7a", "Redmi Note 12")
