"""Requests made by command, outside of any thread: answered at once, then continued in a direct message."""

from flask_babel import gettext

from integrations.channels import sentences
from msp.clients.models import Client
from msp.clients.queries import find_connection
from msp.kernel.db import Scope, work
from msp.kernel.i18n import reading_as
from msp.people.models import Person
from msp.people.queries import find_identity


def command_answer(platform: str, workspace: str, external_id: str, *, text: str, command: str) -> str:
    """The immediate answer to the author of a command; reads the database once and calls no other service."""
    with work(Scope.system()) as session:
        connection = find_connection(platform, workspace)
        identity = find_identity(platform, workspace, external_id)
        person = session.get(Person, identity.person_id) if identity else None
        client = session.get(Client, connection.client_id) if connection and connection.client_id else None
    reader = person or client
    with reading_as(reader.locale if reader else "es", reader.timezone if reader else "Europe/Madrid"):
        if client is None:
            return sentences.unconnected()
        if not text.strip():
            example = gettext("%(command)s The printer on the second floor does not print", command=command)
            return gettext("Describe the problem after the command, for example: %(example)s", example=example)
        return gettext("Received. I am opening a ticket and will write to you privately.")
