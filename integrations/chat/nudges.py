"""Staff hear in their own chat what cannot wait, through the provider's own workspace."""

from datetime import datetime

from integrations.chat import sentences, when
from integrations.chat.links import note_broken, own_link
from integrations.chat.posting import post_once
from integrations.chat.transport import Broken, Transport
from integrations.chat.values import Link, Post
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.errors import Permanent
from msp.kernel.i18n import reading_as
from msp.notify import Nudge
from msp.people.models import Person
from msp.people.queries import access_person, identities_of


def bring(transport: Transport, nudge: Nudge) -> None:
    """Tell a member of staff in a direct message, once; nothing where they have no identity in our workspace.

    Raises Temporary to be asked again; what can never arrive is left to the console's bell.
    """
    with work(Scope.system()):
        link = own_link(transport.platform)
        external_id = _identity(link, nudge) if link else None
        person = access_person(nudge.person_id)
    if link is None or external_id is None:
        return
    post = Post(_words(nudge, person))
    try:
        place = transport.direct(link, external_id)
        post_once(transport, link, place, post, key=f"nudge.{nudge.notification_id}")
    except Broken as broken:
        note_broken(link.platform, link.workspace, reason=broken.reason)
    except Permanent:
        return


def _identity(link: Link, nudge: Nudge) -> str | None:
    for identity in identities_of(nudge.person_id):
        if (identity.platform, identity.workspace) == (link.platform, link.workspace):
            return identity.external_id
    return None


def _words(nudge: Nudge, person: Person) -> str:
    data, due_at = nudge.data, nudge.data.get("due_at")
    with reading_as(person.locale, person.timezone):
        return sentences.nudge(
            nudge.kind,
            label=data["label"],
            subject=data["subject"],
            client=data["client"],
            clock=data.get("clock", ""),
            due=when.due(datetime.fromisoformat(due_at), now=clock.now()) if due_at else "",
        )
