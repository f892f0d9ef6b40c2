"""Reads the profile of a Slack user, from users.info or a user_change event."""

from integrations.channels import Profile, WorkspaceLink
from integrations.channels.links import find_link
from integrations.channels.profiles import clean_name, follow_profile
from msp.kernel.db import Json, Scope, work


def profile_of(user: Json, link: WorkspaceLink, *, enterprise: str) -> Profile:
    """The profile of a user object; `enterprise` is the Enterprise Grid organisation of the link's installation.

    Its workspace is the link's for members and guests, and for users of another workspace of the same grid.
    """
    given = user.get("profile")
    profile: Json = given if isinstance(given, dict) else {}
    email = _address(user, profile)
    is_colleague = _is_colleague(user, link, enterprise)
    return Profile(
        external_id=str(user["id"]),
        workspace=link.workspace if is_colleague else str(user.get("team_id") or ""),
        name=clean_name(
            profile.get("real_name"),
            user.get("real_name"),
            profile.get("display_name"),
            user.get("name"),
            (email or "").partition("@")[0],
        ),
        email=email if is_colleague else None,
        locale=_text(user.get("locale")),
        timezone=_text(user.get("tz")),
        is_bot=bool(user.get("is_bot")) or user["id"] == "USLACKBOT",
        is_guest=bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
        is_active=not user.get("deleted"),
    )


def follow_user(envelope: Json, event: Json, *, enterprise: str) -> None:
    """Apply a user_change event to the profile of a known person; other people are ignored."""
    if not user_of(event):
        return
    with work(Scope.system()):
        link = find_link("slack", envelope["team_id"])
    if link is not None and link.client_id is not None:
        follow_profile(link, profile_of(event["user"], link, enterprise=enterprise))


def enterprise_of(payload: Json) -> str:
    """The Enterprise Grid organisation of the installation, if an event or interaction names it.

    The `enterprise_id` of an event's envelope is not it: in a shared channel that is the host's.
    """
    authorizations, team = payload.get("authorizations"), payload.get("team")
    first = authorizations[0] if isinstance(authorizations, list) and authorizations else {}
    named = [each.get("enterprise_id") for each in (first, team) if isinstance(each, dict)]
    return next((each for each in (*named, payload.get("context_enterprise_id")) if isinstance(each, str)), "")


def user_of(event: Json) -> str:
    """The id of the user of a user_change event; empty if it has none."""
    user = event.get("user")
    return str(user.get("id") or "") if isinstance(user, dict) else ""


def _address(user: Json, profile: Json) -> str | None:
    """The email address of a profile, unless Slack marks it as unconfirmed."""
    address = str(profile.get("email") or "").strip()
    return address if "@" in address and user.get("is_email_confirmed") is not False else None


def _is_colleague(user: Json, link: WorkspaceLink, enterprise: str) -> bool:
    grid = user.get("enterprise_user")
    grid = grid if isinstance(grid, dict) else {}
    if link.workspace in (user.get("team_id") or link.workspace, *(grid.get("teams") or ())):
        return True
    return bool(enterprise) and grid.get("enterprise_id") == enterprise and not user.get("is_stranger")


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
