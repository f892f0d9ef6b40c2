"""Write the lock files from pyproject.toml: exact versions and hashes, no addresses.

`make lock` keeps locked versions; `make lock UPGRADE=1` takes the newest ones that pyproject.toml allows. Needs the
network.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / "var" / "lock-tools"
PIP_TOOLS = "pip-tools==7.6.2"
HEADER = "# Written by `make lock` from pyproject.toml. Do not edit.\n"


def main() -> int:
    """Compile every lock file; returns a process exit code."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras: dict[str, list[str]] = project["optional-dependencies"]
    runtime = [*project["dependencies"], *extras["build"]]
    prepare_tools()
    compile_lock("requirements.lock", requirements=runtime)
    # The second lock is constrained by the first, so that one environment serves both.
    compile_lock("requirements-dev.lock", requirements=[*runtime, *extras["dev"]], under="requirements.lock")
    compile_lock("requirements-node.lock", requirements=extras["node"])
    return 0


def prepare_tools() -> None:
    """Install the pinned lock tool in its own environment."""
    if (TOOLS / "bin" / "pip-compile").exists():
        return
    venv.create(TOOLS, with_pip=True)
    subprocess.run([TOOLS / "bin" / "pip", "install", "-q", PIP_TOOLS], check=True, env=public_environment())


def public_environment() -> dict[str, str]:
    """The environment without this machine's package indexes, so that the hashes are the public ones."""
    own = ("PIP_FIND_LINKS", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_NO_INDEX")
    kept = {name: value for name, value in os.environ.items() if name not in own}
    return kept | {"PIP_CONFIG_FILE": os.devnull}


def compile_lock(name: str, *, requirements: list[str], under: str | None = None) -> None:
    """Resolve the requirements into one lock file, optionally constrained by another."""
    command = [
        str(TOOLS / "bin" / "pip-compile"),
        "--quiet",
        "--generate-hashes",
        "--allow-unsafe",
        "--strip-extras",
        "--no-header",
        "--no-annotate",
        "--no-emit-index-url",
        "--no-emit-trusted-host",
        "--no-emit-find-links",
        "--no-emit-options",
        f"--output-file={name}",
    ]
    if under:
        command.append(f"--constraint={under}")
    if os.environ.get("UPGRADE"):
        command.append("--upgrade")
    wanted = "\n".join(requirements)
    subprocess.run([*command, "-"], input=wanted, text=True, check=True, env=public_environment(), cwd=ROOT)
    path = ROOT / name
    remark = "# The following packages are considered to be unsafe in a requirements file:\n"
    text = HEADER + path.read_text().removeprefix(HEADER).replace(remark, "").replace("\n\n", "\n")
    path.write_text(text)
    print(f"{name}: {text.count('==')} packages, {text.count('--hash=')} hashes")


if __name__ == "__main__":
    sys.exit(main())
