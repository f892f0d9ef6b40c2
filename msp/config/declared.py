"""Settings that plug-ins read: each plug-in declares its own, and `Settings.declared` has their values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Literal

from msp.config import values
from msp.config.reader import EnvironmentReader
from msp.config.values import Environment

PLUG_INS = "integrations.installed"  # the module that imports every plug-in
Use = Literal["required", "install", "optional"]


@dataclass(frozen=True, slots=True)
class SettingType:
    """What a value is: `parse` returns it and raises ValueError for another; `fix` says how to write one."""

    name: str
    parse: Callable[[str], str] = str
    fix: str = ""
    is_web_address: bool = False
    """In production https only, except on this machine."""


TEXT = SettingType("text")
WEB_ADDRESS = SettingType("web address", values.web_url, "Write a full http or https address", is_web_address=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentSetting:
    """A name of the environment, with what `msp doctor` and the documentation say of it.

    Without its `required` settings a plug-in is off; `install` ones let workspaces install the app by themselves.
    """

    name: str
    description: str
    type: SettingType = TEXT
    use: Use = "optional"
    default: str = ""
    default_of: Callable[[Mapping[str, str]], str] | None = None
    """The default where it depends on the other values."""
    is_secret: bool = False
    needs: tuple[str, ...] = ()
    """Names that must be given with it."""


_declared: dict[str, EnvironmentSetting] = {}


def declare_settings(settings: Iterable[EnvironmentSetting]) -> None:
    """Have `Settings.from_env` read these; the same name replaces what it had."""
    _declared.update({each.name: each for each in settings})


def forget_settings(settings: Iterable[EnvironmentSetting]) -> None:
    """Undo `declare_settings`."""
    for each in settings:
        _declared.pop(each.name, None)


def declared_settings() -> tuple[EnvironmentSetting, ...]:
    """Every declared setting. Imports the plug-ins, so that they have declared theirs."""
    import_module(PLUG_INS)
    return tuple(_declared.values())


def read_declared(reader: EnvironmentReader, env: Environment) -> dict[str, str]:
    """The values of declared settings, with their defaults."""
    declared = declared_settings()
    given = {each.name: _read(reader, env, each) for each in declared}
    for each in declared:
        for other in each.needs:
            reader.need(given, each.name, other)
    for each in declared:
        if not given[each.name]:
            given[each.name] = each.default_of(given) if each.default_of else each.default
    return given


def _read(reader: EnvironmentReader, env: Environment, setting: EnvironmentSetting) -> str:
    value = reader.parsed(setting.name, setting.type.parse, "", setting.type.fix)
    if value and setting.type.is_web_address and env == "production":
        reader.refuse_clear_text(setting.name, value)
    return value
