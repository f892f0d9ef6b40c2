"""All checks of the project in the order of `make test`: quick ones first, pytest last."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from scripts.setup import find_browser

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"

QUICK = (
    ("lint", ["ruff", "check"]),
    ("format", ["ruff", "format", "--check"]),
    ("imports", ["lint-imports"]),
    ("translations", ["python", "scripts/translations.py", "check"]),
)
# One worker per core, at most four: drills and browsers start processes of their own; more workers are no faster.
WORKERS = ["-n", str(min(4, max(2, os.cpu_count() or 1))), "--dist", "loadgroup"]
NO_BROWSER = """
**********************************************************************
  NO BROWSER: the browser tests are SKIPPED on this machine.
  Install Debian's chromium (apt install chromium) to run them.
**********************************************************************
"""


def main(arguments: list[str]) -> int:
    """Run the part named first (lint, types or unit), or all checks. Returns an exit code."""
    parts = {"lint": lint, "types": types, "unit": unit}
    if arguments and arguments[0] in parts:
        return parts[arguments[0]](arguments[1:])
    return everything(arguments)


def lint(_arguments: list[str]) -> int:
    """Style, format, import rules and translations."""
    return int(bool([name for name, command in QUICK if not passes(name, command)]))


def types(_arguments: list[str]) -> int:
    """mypy, strict."""
    return int(not passes("types", ["mypy"]))


def unit(arguments: list[str]) -> int:
    """The tests of pure functions, from the files marked `unit`; arguments go to pytest."""
    files = [str(path) for path in sorted(ROOT.glob("tests/**/test_*.py")) if "pytest.mark.unit" in path.read_text()]
    return pytest([*WORKERS, "-m", "unit and not slow", *files, *arguments])


def everything(arguments: list[str]) -> int:
    """Run all checks; arguments go to pytest. Returns the exit code of the first failure, pytest's first.

    mypy takes half a minute of one core, so it runs with low priority while pytest waits for its servers.
    """
    failed = [name for name, command in QUICK if not passes(name, command)]
    with ThreadPoolExecutor(1) as pool:
        types = pool.submit(passes, "types", ["mypy"], before=("nice",))
        tests = run_tests(arguments)
        failed += [] if types.result() else ["types"]
    if failed:
        print(f"failed: {', '.join(failed)}", flush=True)
    return tests or int(bool(failed))


def passes(name: str, command: list[str], *, before: tuple[str, ...] = ()) -> bool:
    """Run one check; its output is shown if it fails."""
    began = time.monotonic()
    whole = [*before, str(BIN / command[0]), *command[1:]]
    ran = subprocess.run(whole, cwd=ROOT, capture_output=True, text=True, check=False)
    print(f"{name}: {'ok' if ran.returncode == 0 else 'FAILED'} ({time.monotonic() - began:.1f} s)", flush=True)
    if ran.returncode:
        print(ran.stdout + ran.stderr, flush=True)
    return ran.returncode == 0


def run_tests(arguments: list[str]) -> int:
    """Run pytest; without a browser its tests are skipped with a warning, except in CI."""
    command = [*WORKERS]
    if not find_browser() and os.environ.get("CI") != "true":
        print(NO_BROWSER, flush=True)
        command += ["-m", "not browser"]
    return pytest([*command, *arguments])


def pytest(arguments: list[str]) -> int:
    """Run pytest in the checkout; returns its exit code."""
    return subprocess.run([str(BIN / "python"), "-m", "pytest", "-q", *arguments], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
