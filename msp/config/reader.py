"""Reads settings from the environment and collects faults."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

T = TypeVar("T")


@dataclass(frozen=True)
class SettingFault:
    """A fault of the environment: the name, what is wrong, how to fix it."""

    name: str
    problem: str
    fix: str


class SettingsError(Exception):
    """The environment is invalid; carries every fault."""

    def __init__(self, faults: list[SettingFault]) -> None:
        self.faults = tuple(faults)
        lines = [f"  {fault.name}: {fault.problem}. {fault.fix}." for fault in faults]
        super().__init__("\n".join([f"The settings have {len(faults)} fault(s):", *lines]))


class EnvironmentReader:
    """Reads names one by one and collects their faults."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.faults: list[SettingFault] = []

    def fault(self, name: str, problem: str, fix: str) -> None:
        """Add a fault, once per name."""
        fault = SettingFault(name, problem, fix)
        if fault not in self.faults:
            self.faults.append(fault)

    def text(self, name: str) -> str:
        """The value of NAME, or of the file named by NAME_FILE; empty if neither is set."""
        value = self.environ.get(name, "").strip()
        file = self.environ.get(f"{name}_FILE", "").strip()
        if value and file:
            self.fault(name, f"is given twice, here and by {name}_FILE", "Keep one of the two")
        if value or not file:
            return value
        try:
            content = Path(file).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not text"
            self.fault(f"{name}_FILE", f"names a file that cannot be read ({file}: {reason})", "Correct the path")
            return ""
        if not content:
            self.fault(f"{name}_FILE", f"names an empty file ({file})", f"Put the value of {name} into it")
        return content

    def parsed(self, name: str, parse: Callable[[str], T], default: T, fix: str) -> T:
        """The value of NAME, parsed; ValueError becomes a fault."""
        value = self.text(name)
        if not value:
            return default
        try:
            return parse(value)
        except ValueError as error:
            self.fault(name, str(error), fix)
            return default

    def is_faulty(self, name: str) -> bool:
        """Whether NAME or NAME_FILE has a fault already."""
        return any(fault.name.removesuffix("_FILE") == name for fault in self.faults)

    def need(self, given: Mapping[str, str], name: str, other: str) -> None:
        """A fault if `name` is given and `other` is not."""
        if given[name] and not given[other] and not self.is_faulty(other):
            self.fault(other, f"is missing while {name} is given", f"Give {other} too, or unset {name}")

    def refuse_clear_text(self, name: str, url: str) -> None:
        """A fault for an address that is not https, except on this machine."""
        parts = urlsplit(url)
        if parts.scheme != "https" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
            self.fault(name, "is not https", "Use https (http is for this machine alone)")
