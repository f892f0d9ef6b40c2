"""Rules for the whole tree: no machine-specific paths, no foreign content, packages about one topic."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from integrations.installed import CHANNELS
from msp.contracts.kinds import KIND_CODES

ROOT = Path(__file__).parent.parent
HOSTS = re.compile(r"pyp[i]\.org|pythonhoste[d]|registry\.npm[j]s|deb\.debia[n]")  # names none itself
PATHS = re.compile(r"/(?:work|root|home)/[a-z]")
LONGEST = 450


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=False)
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def text_of(path: Path) -> str:
    try:
        return path.read_text()
    except UnicodeDecodeError:  # pictures
        return ""


def test_no_file_names_a_registry_or_a_path_of_a_machine() -> None:
    for path in tracked():
        text = text_of(path)
        assert not HOSTS.search(text), path
        if path.suffix in (".py", ".md", ".toml", ".yml", ".mjs", ".js"):
            assert not PATHS.search(text), path


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock", "requirements-node.lock"])
def test_locks_carry_hashes_and_no_addresses(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "--hash=sha256:" in text and "://" not in text and "--index-url" not in text


def test_the_lock_of_npm_carries_no_addresses() -> None:
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text()


def test_nobody_elses_code_is_in_the_tree() -> None:
    assert not [path for path in tracked() if re.search(r"\.min\.(js|css)$|/vendor/|/third_party/", str(path))]


def test_files_stay_small() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in tracked("*.py")
        if not {"versions", "tests", "content"} & set(path.parts)
        if (lines := len(path.read_text().splitlines())) > LONGEST
    }
    assert not long


@pytest.mark.parametrize("plugin", CHANNELS, ids=lambda each: each.PLATFORM.name)
def test_no_file_outside_a_plug_in_names_its_settings(plugin: ModuleType) -> None:
    named = re.compile("|".join(each.name for each in plugin.PLATFORM.settings), re.IGNORECASE)
    home, content = str(Path(plugin.__file__ or "").parent), ("msp/demo", "msp/bench")
    outside = (
        path
        for path in tracked("msp/*.py", "msp/*.html", "billing/*", "integrations/*", "wsgi.py", "pyproject.toml")
        if not str(path).startswith(home) and not str(path.relative_to(ROOT)).startswith(content)
    )
    assert not [path for path in outside if named.search(text_of(path))]


def test_template_lines_stay_short() -> None:
    wide = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked("*.html")
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if len(line) > 160
    ]
    assert wide == []


def test_only_the_table_of_kinds_knows_kinds_of_contract_by_name() -> None:
    """Texts and the demo's content name them too; other code reads the kinds' attributes."""
    allowed = {"msp/contracts/kinds.py", "msp/words/vocabulary.py"}
    for path in tracked("msp/*.py", "billing/*.py", "integrations/*.py"):
        name = str(path.relative_to(ROOT))
        if name not in allowed and not name.startswith(("msp/demo/", "msp/bench/")):
            named = {each.value for each in ast.walk(ast.parse(path.read_text())) if isinstance(each, ast.Constant)}
            assert not named & set(KIND_CODES), name
    for path in tracked("msp/*.html", "billing/*.html", "msp/*.css", "billing/*.css", "msp/*.js"):
        assert not re.search(rf"['\"]({'|'.join(KIND_CODES)})['\"]", path.read_text()), path


MAPPED = (
    "msp/calendars", "msp/clients", "msp/config", "msp/contracts", "msp/kernel", "msp/macros", "msp/notify",
    "msp/oncall", "msp/operations", "msp/people", "msp/reports", "msp/richtext", "msp/sla", "msp/tickets", "msp/web",
    "msp/words", "msp/worklog", "billing", "integrations", "simulators",
)  # fmt: skip


def test_packages_map_their_modules_and_expose_few_names() -> None:
    for init in tracked(*(f"{package}/*__init__.py" for package in MAPPED)):
        tree, folder = ast.parse(init.read_text()), init.parent
        mapped = set(re.findall(r"`(\w+)`", ast.get_docstring(tree) or ""))
        modules = {path.stem for path in folder.glob("*.py")} - {"__init__"}
        packages = {path.parent.name for path in folder.glob("*/__init__.py")}
        assert modules | packages <= mapped, f"{init} does not name {sorted((modules | packages) - mapped)}"
        assert len(list(_exposed(tree))) <= 12, init


def _exposed(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            yield from ast.literal_eval(node.value)


def test_a_class_name_stands_for_one_class() -> None:
    seen: dict[str, str] = {}
    for path in tracked("msp/*.py", "billing/*.py", "integrations/*.py"):
        name = str(path.relative_to(ROOT))
        if name.startswith(("msp/demo/", "msp/bench/")):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                assert node.name not in seen, f"{node.name}: {seen[node.name]}, {name}"
                seen[node.name] = name


def test_only_a_plug_in_names_its_platform() -> None:
    named = re.compile(r"""['"](slack|teams)['"]""")
    plug_ins = {"integrations/slack", "integrations/teams"}
    content = ("msp/demo", "msp/bench")  # the demo's people write in both
    found = [
        f"{name}:{number}"
        for path in tracked("msp/*.py", "msp/*.html", "msp/*.css", "billing/*", "integrations/*", "wsgi.py")
        if not (name := str(path.relative_to(ROOT))).startswith((*plug_ins, *content))
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if named.search(line)
    ]
    assert not found


STATUS_LISTS = re.compile(
    r"""["']resolved["'],\s*["']closed["']|["']new["'],\s*["']open["'],\s*["']waiting|code\}-\{[\w.]*number\}"""
)


def test_statuses_and_labels_are_defined_once() -> None:
    defined = {ROOT / "msp/tickets/states.py", ROOT / "msp/tickets/label.py"}
    defined.add(ROOT / "msp/bench/baseline.py")  # measures statements without any of our code
    sources = tracked("msp/*.py", "msp/*.html", "billing/*", "integrations/*", "simulators/*.py")
    assert not [path for path in sources if path not in defined and STATUS_LISTS.search(text_of(path))]


def test_the_changelog_tells_of_the_version() -> None:
    version = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version and f"## {version[1]}" in (ROOT / "CHANGELOG.md").read_text()


def test_ticket_labels_are_built_in_one_place() -> None:
    """Other code uses `Label`; series of invoice numbers are no ticket labels."""
    builders = re.compile(r"""code\}-\{\w*\.?number\}|concat\([\w.]*code, ["']-["']|code \|\| ["']-["']""")
    found = {
        str(path.relative_to(ROOT))
        for path in tracked("msp/*.py", "integrations/*.py", "billing/*.py")
        if "bench" not in path.parts and builders.search(text_of(path))
    }
    assert found == {"msp/tickets/label.py"}
