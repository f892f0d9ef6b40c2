"""What the product knows of a chat or mail system: each plug-in describes its own as one `Platform` and registers it.

Administration, API, settings, doctor, deliveries and words ask here; nothing outside a plug-in compares names.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any
from uuid import UUID

from msp.config import EnvironmentSetting, Settings
from msp.config.declared import declare_settings, forget_settings
from msp.kernel import destinations
from msp.kernel.db import Json
from msp.kernel.errors import Invalid
from msp.people.chat_platforms import allow_identities, forbid_identities
from msp.richtext import Document, read_text, write_text


def _capability(meaning: str, default: Any = False) -> Any:
    return field(default=default, metadata={"meaning": meaning})


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a platform offers. What it does not offer the product does without, by a rule of its own."""

    messages_in: bool = _capability("Messages that people write open tickets")
    channels: bool = _capability("Rooms of several people, in which the app is mentioned")
    threads: bool = _capability("A message in a channel starts a thread, which holds one ticket")
    threads_in_chats: bool = _capability("So does a message in a personal chat; else the chat has a current ticket")
    quotes: bool = _capability("A message names the one that it quotes")
    edits_in: bool = _capability("We are notified when people edit their messages")
    deletions_in: bool = _capability("We are notified when people delete their messages")
    restorations_in: bool = _capability("We are notified when people bring a deleted message back")
    edits_out: bool = _capability("Our messages can be replaced, so a card stays up to date")
    deletions_out: bool = _capability("Our messages can be deleted, so a reply can be retracted")
    ephemeral_messages: bool = _capability("A message in a channel can be shown to one person alone")
    buttons: bool = _capability("Cards and questions have buttons")
    commands: bool = _capability("Slash commands open tickets")
    files_in: bool = _capability("Files that people send come to the ticket")
    files_in_channels: bool = _capability("So do files that people send in a channel")
    files_out: bool = _capability("Files of a reply are sent with it")
    transcripts: bool = _capability("Voice and video clips come with their words")
    formatting: bool = _capability("Bold, lists, code and links are kept in both directions")
    forms: bool = _capability("The platform shows forms (modals, task modules)")
    home_tab: bool = _capability("The app has a page of its own in the platform")
    guests: bool = _capability("Accounts of other companies can write in a client's channels")
    retry_after: bool = _capability("It tells when it takes messages again")
    lookup: bool = _capability("A message of ours is found by its mark after a send that may have arrived")
    account_mails: bool = _capability("Invitations and links for a new password are sent by it")
    separate_cards: bool = _capability("Text and card are two messages, as the platform names only one of them")
    max_text: int = _capability(
        "Length of one message in the platform's own formatting; longer text is split. 0: any length", 4000
    )

    @classmethod
    def meanings(cls) -> dict[str, str]:
        """Each capability with what it means."""
        return {each.name: each.metadata["meaning"] for each in fields(cls)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionField:
    """One value that a connection is made of: the workspace's id, its secret, or a setting. Texts are lazy.

    `parse` returns the value as it is stored and raises ValueError for what it is not.
    """

    name: str
    label: str
    is_required: bool = False
    is_external_id: bool = False
    is_secret: bool = False
    max_length: int = 40
    parse: Callable[[str], str] = str.strip
    help: str = ""
    placeholder: str = ""
    example: str = ""


@dataclass(frozen=True, slots=True)
class Host:
    """A service that the platform is reached at: its name for `msp doctor`, and the setting with its address."""

    label: str
    setting: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """One chat or mail system. Texts for people are lazy translations."""

    name: str
    """The kind of its connections, the channel of its messages, the name of its inbox source."""
    label: str
    icon: str
    capabilities: Capabilities
    full_name: str = ""
    """The long name, such as Microsoft Teams."""
    service: str = ""
    """Who refused or did not answer, in a failure message."""
    reply_by: str
    """Above the reply form: Reply by Slack."""
    sent_by: str
    """Under a reply: Sent by Slack."""
    how_to_answer: str = ""
    """In a mail, where to answer instead; `%(label)s` is the ticket's."""
    settings: tuple[EnvironmentSetting, ...] = ()
    """What its plug-in reads from the environment."""
    connection_fields: tuple[ConnectionField, ...] = ()
    """Empty for a platform that no client connects, such as mail."""
    connection_help: str = ""
    endpoint_path: str = ""
    """Where the platform sends its requests; empty where it sends none."""
    install_path: str = ""
    about: str = ""
    about_without_install: str = ""
    """In place of `about` where `install_settings` are missing; `%(names)s` are theirs."""
    hosts: tuple[Host, ...] = ()
    failure_messages: Mapping[str, str] = field(default_factory=dict)
    """Codes that it or its plug-in gives as a reason, with their sentences."""
    explain_failure: Callable[[str], str] = lambda _reason: ""
    """The sentence for a reason that is more than a code; empty for others."""
    read: Callable[[Json], Document] = lambda payload: read_text(str(payload.get("text") or ""))
    """The message of a stored request as rich text; its reader does not trust the request."""
    write: Callable[[Document], str] = write_text
    """Rich text in its own formatting; `max_text` limits its length."""
    read_written: Callable[[str], Document] = read_text
    """A text in its own formatting as its programs show it, for previews."""
    removed_from: Callable[[int], str] = lambda _number: ""
    """Says on the page of connections that the app was removed from so many places of a workspace."""
    event_kind: Callable[[Json], str] = lambda payload: str(payload.get("type") or "")
    """What a stored request is, for the page of deliveries."""
    slots: int = 4
    """How many of a process's threads for chat may wait for it at once (msp.app.OUTBOX_THREADS)."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "full_name", self.full_name or self.label)
        object.__setattr__(self, "service", self.service or self.label)

    def is_enabled(self, settings: Settings) -> bool:
        """Whether every required setting is given."""
        return not missing_settings(self.required_settings, settings)

    def can_install(self, settings: Settings) -> bool:
        """Whether workspaces can install the app by themselves."""
        names = self.required_settings + self.install_settings
        return bool(self.install_path) and not missing_settings(names, settings)

    def excerpt(self, payload: Json) -> str:
        """The words of a stored request, for the page of deliveries."""
        return write_text(self.read(payload))

    @property
    def required_settings(self) -> tuple[str, ...]:
        """Names without which it is off."""
        return tuple(each.name for each in self.settings if each.use == "required")

    @property
    def install_settings(self) -> tuple[str, ...]:
        """Names that are needed besides for workspaces to install the app by themselves."""
        return tuple(each.name for each in self.settings if each.use == "install")

    @property
    def external_id_field(self) -> ConnectionField:
        """The field that names the workspace or tenant."""
        return next(each for each in self.connection_fields if each.is_external_id)

    @property
    def needs_secret(self) -> bool:
        """Whether nobody can be answered through a connection without a secret."""
        return any(each.is_secret and each.is_required for each in self.connection_fields)

    def connection_values(self, given: Mapping[str, str]) -> Json:
        """What `connect` takes of a connection's fields; raises Invalid with every fault."""
        faults: dict[str, list[str]] = {}
        values: dict[str, str] = {}
        for each in self.connection_fields:
            text = given.get(each.name, "").strip()
            if not text:
                faults |= {each.name: ["required"]} if each.is_required else {}
                continue
            try:
                values[each.name] = each.parse(text)
            except ValueError:
                faults[each.name] = ["invalid"]
        if faults:
            raise Invalid(fields=faults)
        own = {each.name: each for each in self.connection_fields}
        secrets = [value for name, value in values.items() if own[name].is_secret]
        return {
            "external_id": values[self.external_id_field.name],
            "secret": secrets[0] if secrets else None,
            "settings": {
                name: value for name, value in values.items() if not (own[name].is_secret or own[name].is_external_id)
            },
        }


_platforms: dict[str, Platform] = {}


def register_platform(platform: Platform) -> None:
    """Make a platform and its settings known to the product; the same name replaces what it had."""
    _platforms[platform.name] = platform
    declare_settings(platform.settings)
    if platform.connection_fields:
        allow_identities(platform.name)
    destinations.limit(platform.name, platform.slots)


def forget_platform(name: str) -> None:
    """Undo `register_platform`."""
    known = _platforms.pop(name, None)
    forbid_identities(name)
    forget_settings(known.settings if known else ())


def platforms() -> tuple[Platform, ...]:
    """Every registered platform, in the order of registration."""
    return tuple(_platforms.values())


def connectable_platforms() -> tuple[Platform, ...]:
    """Those that clients connect a workspace or tenant of."""
    return tuple(each for each in platforms() if each.connection_fields)


def sends_account_mails(settings: Settings) -> bool:
    """Whether an enabled platform sends invitations and links for a new password."""
    return any(each.capabilities.account_mails and each.is_enabled(settings) for each in platforms())


def platform_named(name: str) -> Platform | None:
    """The platform of this name, or None."""
    return _platforms.get(name)


def missing_settings(names: tuple[str, ...], settings: Settings) -> list[str]:
    """Which of these names of the environment are not given."""
    return [name for name in names if not setting_value(name, settings)]


def setting_value(name: str, settings: Settings) -> str:
    """The value of a name of the environment; empty where it is not given."""
    return settings.declared[name] if name in settings.declared else str(getattr(settings, name.lower(), ""))


def uuid_text(text: str) -> str:
    """A UUID as it is stored; raises ValueError."""
    return str(UUID(text))
