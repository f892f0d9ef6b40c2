"""Measures the source tree: cost of changes, repeated rules, vocabulary, templates, packaging, a pure test.

`make house` prints the figures beside those of the reviewed revision; BEFORE names another revision, an empty BEFORE
none. Both trees are measured by the same code, except for the seconds of a pure test: the review's are printed.
"""

from __future__ import annotations

import ast
import io
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import time
import tokenize
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache, partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REVIEWED = "8d091e9"
PRODUCT = ("msp", "integrations", "billing", "wsgi.py")
CHECKOUT_ONLY = ("msp/demo", "msp/bench", "simulators", "integrations/playground")
PLUGINS = ("integrations/slack", "integrations/teams")
WIDEST = 160

# Words of the first version that nobody in this field searches for. Each line: pattern, what it is called now.
OLD_WORDS = (
    (r"\bSaid\b|\bTold\b|\bTOLD\b", "message, event"),
    (r"\bhear(?:s|ing|ers?|d_from)?\b|\bmay_hear\b|\bhear_of\b", "recipients, preferences"),
    (r"\bnudges?\b", "notification"),
    (r"\bwhispers?\b", "ephemeral message"),
    (r"(?i)\b(?:\w*_)?(?:ladder|rung)s?\b", "escalation policy, step"),
    (r"(?i)\b(?:\w*_)?promis(?:e|es|ed)\b|\bwishes\b(?! *\))", "SLA target, preferences"),
    (r"\bdoors?\b", "endpoint"),
    (r"\brooms?\b", "package"),
    (r"\blanes?\b", "priority"),
    (r"\bheap\b|\bmend(?:s|ed|ing)?\b|\bbears being\b|\bwhoever\b|\banew\b|(?<![</\"])\baside\b", "plain words"),
    (r"\bgoes out\b|\bin force\b|\bmade up desk\b", "plain words"),
    (r"\btwin\b|\bgiven_back\b|\bkeep_twin\b", "Stripe invoice, refund"),
    (r"\bpulse\b|\bSheet\b|\bHappened\b|\bAsker\b|\bPromised?\b", "heartbeat, ticket detail"),
)

RULES = (
    (
        "Retry-After read",
        r"""(?i)\.get\(["']retry-after["']|\[["']retry-after["']\](?!\s*=[^=])|== ["']retry-after["']"""
        r"""|retry_after\s*=\s*(?:int|float)\(""",
    ),
    ("finished statuses listed", r"""["']resolved["'],\s*["']closed["']"""),
    ("text that cannot be stored", r"""\\ud800|["']\\x00["']"""),
    (
        "ticket label built or parsed",
        r"""code\}-\{\w*\.?number\}|concat\([\w.]*code, ["']-["']|\|\|\s*["']-["']\s*\|\||\[A-Z\].{0,16}-\(?\[""",
    ),
    ("time entries' state set", r"""update\(TimeEntry\)|update time_entry set state"""),
)


@dataclass(frozen=True, slots=True)
class Tree:
    """A source tree to measure."""

    root: Path

    def files(self, *suffixes: str, only: tuple[str, ...] = PRODUCT) -> Iterator[Path]:
        """Product files with these suffixes; no checkout-only files, migrations, tests or catalogues."""
        for name in only:
            top = self.root / name
            for path in [top] if top.is_file() else sorted(top.rglob("*")):
                place = path.relative_to(self.root).as_posix()
                if path.suffix in suffixes and path.is_file() and not _is_left_out(place):
                    yield path

    def place(self, path: Path) -> str:
        """A file's path within the tree."""
        return path.relative_to(self.root).as_posix()


@dataclass(frozen=True, slots=True)
class Figure:
    """A row of the table: `measure` returns a number or a word for a tree; `aim` is the target."""

    name: str
    measure: Callable[[Tree], str]
    aim: str = ""


def main() -> int:
    """Print the table; returns 0."""
    before = os.environ.get("BEFORE", REVIEWED)
    here = Tree(ROOT)
    with tempfile.TemporaryDirectory() as scratch:
        old = _checkout(before, Path(scratch)) if before else None
        print(f"{'':58}{before if old else '':>12}{'now':>12}  aim")
        for figure in FIGURES:
            was = figure.measure(old) if old else ""
            print(f"{figure.name:58}{was:>12}{figure.measure(here):>12}  {figure.aim}", flush=True)
        print(
            f"{'a pure test, seconds more than an empty file':58}{'9 to 16' if old else '':>12}{_pure_seconds():>12}  1"
        )
    return 0


def files_naming(tree: Tree, *identifiers: str, within: tuple[str, ...] = PRODUCT, but: tuple[str, ...] = ()) -> int:
    """The number of files with one of the identifiers in code, without comments and docstrings."""
    return len(
        [
            path
            for path in tree.files(".py", ".html", ".css", ".js", ".txt", ".xml", only=within)
            if not tree.place(path).startswith(but) and _names(path) & set(identifiers)
        ]
    )


@cache
def _names(path: Path) -> frozenset[str]:
    """Identifiers and words of string literals; for other files than Python, all words."""
    text = path.read_text(errors="replace")
    if path.suffix != ".py":
        text = re.sub(r"\{#.*?#\}|/\*.*?\*/|<!--.*?-->", "", text, flags=re.DOTALL)
        return frozenset(_parts(text))
    found: set[str] = set()
    skip = _docstring_lines(text)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in (tokenize.NAME, tokenize.STRING) and token.start not in skip:
            found |= _parts(token.string) if token.type == tokenize.NAME or len(token.string) < 400 else set()
    return frozenset(found)


def _parts(text: str) -> set[str]:
    """Whole identifiers, and their parts between underscores: slack_enabled names slack."""
    words = set(re.findall(r"\w+", text))
    return words | {part for word in words for part in word.lower().split("_")}


def _docstring_lines(text: str) -> set[tuple[int, int]]:
    places = set()
    for node in ast.walk(ast.parse(text)):
        for child in getattr(node, "body", ()) if isinstance(getattr(node, "body", ()), list) else ():
            value = child.value if isinstance(child, ast.Expr) else None
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                places.add((child.lineno, child.col_offset))
    return places


def _is_left_out(place: str) -> bool:
    no_code = ("msp/translations", "msp/web/static", "msp/tickets/phrases")  # the last has words of requesters
    return place.startswith((*CHECKOUT_ONLY, *no_code)) or "__pycache__" in place


def _count(tree: Tree, pattern: str, *suffixes: str) -> int:
    return sum(len(re.findall(pattern, path.read_text(errors="replace"))) for path in tree.files(*suffixes))


def _places(tree: Tree, pattern: str) -> int:
    """Matching files."""
    return sum(1 for path in tree.files(".py", ".html") if re.search(pattern, path.read_text(errors="replace")))


def _files_with(pattern: str, tree: Tree) -> str:
    return str(_places(tree, pattern))


def _wide_lines(tree: Tree) -> list[int]:
    lengths = [len(line) for path in tree.files(".html") for line in path.read_text().splitlines()]
    return sorted(each for each in lengths if each > WIDEST)


def _same_names(tree: Tree) -> int:
    """Class names used for several classes."""
    seen: dict[str, int] = {}
    for path in tree.files(".py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                seen[node.name] = seen.get(node.name, 0) + 1
    return sum(1 for number in seen.values() if number > 1)


def _many_arguments(tree: Tree) -> int:
    """Functions with more than 15 arguments."""
    number = 0
    for path in tree.files(".py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                number += len(node.args.args) + len(node.args.posonlyargs) + len(node.args.kwonlyargs) > 15
    return number


def _long_files(tree: Tree) -> int:
    return sum(1 for path in tree.files(".py") if len(path.read_text().splitlines()) > 400)


def _event_kind_files(tree: Tree) -> int:
    """Files that name an event of today's tree by its stored kind, as text; not the class that defines it."""
    kinds = "|".join(re.escape(kind) for kind in sorted(_event_kinds()))
    return _places(tree, rf"""(?<!kind=)["'](?:{kinds})["']""")


@cache
def _event_kinds() -> frozenset[str]:
    texts = (path.read_text() for path in Tree(ROOT).files(".py") if path.name == "events.py")
    return frozenset(kind for text in texts for kind in re.findall(r"\bkind=\"([a-z_.]+)\"", text))


def _checkout_share(tree: Tree) -> str:
    """Share of the Python lines in the wheel that only a checkout needs."""
    declared = tomllib.loads((tree.root / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]
    include, exclude = declared.get("include", ["*"]), declared.get("exclude", [])
    whole = extra = 0
    for path in sorted(tree.root.rglob("*.py")):
        place = tree.place(path)
        if place.startswith((".venv", "node_modules", "tests", "scripts", "build", "var")):
            continue
        package = place.rpartition("/")[0].replace("/", ".")
        if any(fnmatch(package, each) for each in include) and not any(fnmatch(package, each) for each in exclude):
            lines = len(path.read_text().splitlines())
            whole += lines
            extra += lines if place.startswith(CHECKOUT_ONLY) else 0
    return f"{100 * extra / whole:.0f} %"


def _pure_seconds() -> str:
    with tempfile.TemporaryDirectory(dir=ROOT / "tests") as folder:
        empty = Path(folder) / "test_empty.py"
        empty.write_text("def test_nothing() -> None:\n    pass\n")
        times = [_seconds(str(path)) for path in (empty, ROOT / "tests" / "kernel" / "test_money.py")]
    return f"{max(0.0, times[1] - times[0]):.1f}"


def _seconds(path: str) -> float:
    best = 1e9
    for _ in range(3):
        began = time.monotonic()
        subprocess.run([sys.executable, "-m", "pytest", "-q", "-n0", path], cwd=ROOT, check=True, capture_output=True)
        best = min(best, time.monotonic() - began)
    return best


def _checkout(revision: str, folder: Path) -> Tree | None:
    """The tree of a revision in `folder`, or None where the clone does not have it."""
    made = subprocess.run(["git", "archive", revision], cwd=ROOT, capture_output=True, check=False)
    if made.returncode:
        return None
    with tarfile.open(fileobj=io.BytesIO(made.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return Tree(folder)


FIGURES = (
    Figure(
        "files touched: a third chat (outside the plug-ins)",
        lambda tree: str(files_naming(tree, "slack", "teams", but=PLUGINS)),
        "1 (wsgi.py)",
    ),
    Figure("files touched: a ticket field (as impact)", lambda tree: str(files_naming(tree, "impact")), "8"),
    Figure("files touched: a contract kind (as per_seat)", lambda tree: str(files_naming(tree, "per_seat")), "5"),
    Figure("files that name events by text", lambda tree: str(_event_kind_files(tree))),
    *(Figure(f"files: {name}", partial(_files_with, rule), "1") for name, rule in RULES),
    Figure("functions with more than 15 arguments", lambda tree: str(_many_arguments(tree)), "0"),
    Figure("class names that stand for several classes", lambda tree: str(_same_names(tree)), "0"),
    Figure(
        "old words in code, comments and templates",
        lambda tree: str(sum(_count(tree, pattern, ".py", ".html") for pattern, _ in OLD_WORDS)),
        "0",
    ),
    Figure("template lines over 160 characters", lambda tree: str(len(_wide_lines(tree))), "0"),
    Figure("longest template line", lambda tree: str((_wide_lines(tree) or [0])[-1])),
    Figure("Python files over 400 lines", lambda tree: str(_long_files(tree))),
    Figure("simulators, demo and benchmark in the wheel", _checkout_share, "0 %"),
)


if __name__ == "__main__":
    sys.exit(main())
