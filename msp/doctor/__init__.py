"""`msp doctor`: checks of the installation, with fixes; packages can add checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack

from msp import embedded
from msp.config import Settings, SettingsError
from msp.doctor import database, documents, holidays, machine, outside, queue, records, work
from msp.doctor.finding import Check, Finding
from msp.embedded import EmbeddedServerError

MARKS = {"ok": "  ok  ", "note": " note ", "fault": "FAULT "}
LOCAL_CHECKS: list[Check] = [*machine.CHECKS, *documents.CHECKS, *outside.CHECKS]
SERVER_CHECKS: list[Check] = [*database.CHECKS, *holidays.CHECKS, *queue.CHECKS, *work.CHECKS, *records.CHECKS]


def report(environ: Mapping[str, str] | None = None, *, say: Callable[[str], None]) -> int:
    """Run every check and print its findings; returns 1 if something is wrong, else 0."""
    try:
        settings = Settings.from_env(environ)
    except SettingsError as error:
        for fault in error.faults:
            say(_line(Finding("fault", f"{fault.name} {fault.problem}", fault.fix)))
        say(f"{len(error.faults)} fault(s) in the settings; the other checks need them fixed first.")
        return 1
    count = 0
    for finding in examine(settings):
        say(_line(finding))
        count += finding.level == "fault"
    say(f"{count} fault(s)." if count else "Nothing is wrong.")
    return 1 if count else 0


def examine(settings: Settings) -> Iterator[Finding]:
    """All findings; embedded servers that are down are started meanwhile."""
    for check in LOCAL_CHECKS:
        yield from check(settings)
    with ExitStack() as stack:
        if not embedded.are_up(settings):
            if settings.embedded_database and not (settings.home / "postgres").exists():
                yield Finding("note", f"nothing was ever started on {settings.home}", "msp run starts it")
                return
            try:
                stack.enter_context(embedded.running(settings))
            except (EmbeddedServerError, embedded.HomeInUse) as error:
                yield Finding("fault", str(error), f"Look into {settings.home / 'logs'}")
                return
            yield Finding("note", "the desk does not run; its servers were started for these checks", "msp run")
        for check in SERVER_CHECKS:
            yield from check(settings)


def _line(finding: Finding) -> str:
    fix = f"\n        {finding.fix}" if finding.fix else ""
    return f"[{MARKS[finding.level]}] {finding.what}{fix}"
