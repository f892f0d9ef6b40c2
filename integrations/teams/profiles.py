"""Reads the profile of a Teams user from the roster of a conversation."""

import re

from integrations.channels import Profile, WorkspaceLink
from integrations.channels.profiles import clean_name
from msp.kernel.db import Json

_GUEST_UPN = re.compile(r"(?P<local>.+)_(?P<domain>[^_@]+\.[^_@]+)#EXT#", re.IGNORECASE)


def profile_of(member: Json, link: WorkspaceLink, external_id: str, reference: Json) -> Profile:
    """The profile of a member; `reference` is that of the conversation, which has their language and time zone.

    A guest belongs to the tenant that they are a guest of, even if Teams names the guest's own; their address is the
    one from which their user principal name was made.
    """
    upn, mail = str(member.get("userPrincipalName") or ""), str(member.get("email") or "")
    is_guest = member.get("userRole") == "guest" or "#ext#" in f"{upn} {mail}".lower()
    email = _guest_address(upn, mail) if is_guest else _address(mail, upn)
    full_name = f"{member.get('givenName') or ''} {member.get('surname') or ''}"
    return Profile(
        external_id=external_id,
        workspace=link.workspace if is_guest else str(member.get("tenantId") or link.workspace),
        name=clean_name(member.get("name"), full_name, (email or "").partition("@")[0]),
        email=email,
        locale=reference.get("locale"),
        timezone=reference.get("timezone"),
        is_guest=is_guest,
        reference={"aad_object_id": member.get("aadObjectId") or member.get("objectId")},
    )


def _guest_address(upn: str, mail: str) -> str | None:
    for named in (upn, mail):
        if made_of := _GUEST_UPN.match(named):
            return f"{made_of['local']}@{made_of['domain']}"
    return _address(mail)


def _address(*candidates: str) -> str | None:
    """The first value that is an email address («ana@cliente.example»), not a guest's user principal name."""
    return next((each for each in candidates if "@" in each and "#" not in each), None)
