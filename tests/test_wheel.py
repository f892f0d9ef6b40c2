"""The wheel contains the product alone: it serves a page without simulators, demo and benchmark."""

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from flask import Flask

from msp.config import Settings

ROOT = Path(__file__).parents[1]
SERVED = """
import sys
sys.path[:0] = [{installed!r}]
sys.path.append({packages!r})  # the dependencies, without the checkout's own entries
from importlib.util import find_spec
from wsgi import create_app
import msp.cli
assert msp.__file__.startswith({installed!r})
assert [name for name in ("simulators", "msp.demo", "msp.bench", "tests", "scripts") if find_spec(name)] == []
assert not {{"demo", "bench"}} & set(msp.cli.msp.commands)
answer = create_app().test_client().get("/setup", headers={{"Accept-Language": "es"}})
print(answer.status_code, "Crear administrador" in answer.text, "app-" in answer.text)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of the installed packages."""
    tree, made = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("wheel")
    for name in ("msp", "integrations", "billing", "migrations", "simulators"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "wsgi.py", "README.md"):
        shutil.copy(ROOT / name, tree)
    command = [
        sys.executable,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-index",
    ]
    subprocess.run([*command, "--no-build-isolation", "--wheel-dir", str(made), str(tree)], check=True)
    return next(made.glob("*.whl"))


def test_nothing_of_a_checkout_is_in_it(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert [
        name for name in names if name.startswith(("simulators", "tests", "scripts", "msp/demo", "msp/bench"))
    ] == []
    assert [name for name in names if "playground" in name] == []
    for needed in (
        "msp/web/templates/base.html", "billing/templates/billing/invoice.html", "billing/templates/invoice.typ",
        "migrations/env.py", "msp/translations/es/LC_MESSAGES/messages.mo",
    ):  # fmt: skip
        assert needed in names


def test_it_serves_a_page_by_itself(wheel: Path, app: Flask, settings: Settings, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(tmp_path)
    program = SERVED.format(installed=str(tmp_path), packages=sysconfig.get_path("purelib"))
    environment = {
        "PATH": os.environ["PATH"],
        "MSP_HOME": str(settings.home),
        "MSP_ENV": "demo",
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
    }
    command = [sys.executable, "-I", "-S", "-c", program]
    ran = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ran.stdout.split(), ran.stderr[-2000:]) == (["200", "True", "True"], "")
