"""Files of replies: sent as files where the platform takes them, otherwise named with a link to the portal.

Each file is uploaded, then shared. Both are recorded, so that a retry neither shares a file twice nor skips one.
"""

from collections.abc import Sequence
from uuid import UUID

from flask_babel import gettext

from integrations.channels.posting import begin, finish, keep_upload
from integrations.channels.transport import Broken, Transport, Unreachable
from integrations.channels.values import ThreadRef, WorkspaceLink
from msp.kernel import leases
from msp.kernel.errors import Permanent
from msp.richtext import Document
from msp.richtext.nodes import Link, Paragraph, Text
from msp.tickets.attached_files import StoredFile


def send_files(
    transport: Transport,
    link: WorkspaceLink,
    place: ThreadRef,
    files: Sequence[StoredFile],
    *,
    key: str,
    conversation_id: UUID,
) -> list[StoredFile]:
    """Send files in a thread, each once; returns those that the platform refused.

    Raises Temporary, Broken or Unreachable; the same call continues later.
    """
    refused = []
    for file in files:
        try:
            _send(transport, link, place, file, key=f"{key}.file.{file.id.hex}", conversation_id=conversation_id)
        except (Broken, Unreachable):
            raise
        except Permanent:
            refused.append(file)
    return refused


def _send(
    transport: Transport, link: WorkspaceLink, place: ThreadRef, file: StoredFile, *, key: str, conversation_id: UUID
) -> None:
    row, _ = begin(key, transport.platform.name, conversation_id)
    if row.state == "sent":
        return
    uploaded = row.external_id
    if uploaded is None:
        uploaded = transport.upload(link, file)  # one that nobody shares is not visible: it may be repeated
        keep_upload(key, uploaded)
        is_shared = False
    else:
        is_shared = transport.is_shared(link, uploaded)
    if not is_shared:
        leases.ensure_lease()
        transport.share(link, place, uploaded, title=file.name)
    finish(key, transport.platform.name, uploaded, conversation_id, since=row.tried_at)


def with_links(document: Document, files: Sequence[StoredFile], *, portal_url: str) -> Document:
    """A document that ends with the names of files, and the portal's address for them if there is one."""
    if not files:
        return document
    return Document((*document.blocks, _links(files, portal_url)))


def links_to(files: Sequence[StoredFile], *, portal_url: str) -> Document:
    """A message of its own for files that were refused."""
    return Document((_links(files, portal_url),))


def _links(files: Sequence[StoredFile], portal_url: str) -> Paragraph:
    names = ", ".join(file.name for file in files)
    if not portal_url:
        return Paragraph((Text(gettext("Files that cannot be sent here: %(names)s. Ask us for them.", names=names)),))
    label = Link(portal_url, (Text(gettext("Download in the portal")),))
    return Paragraph((Text(gettext("Files: %(names)s.", names=names) + " "), label))
