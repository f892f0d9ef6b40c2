"""Backup archives: a gzipped tar, readable with standard tools; encrypted (sealed) if a passphrase is given.

backup.json          format, revision, time
tables/NAME/00000    output of COPY, in parts
files/SHA256         a stored file
secrets/NAME         the keys, only in sealed backups
manifest.json        all members above, with rows, lengths and SHA-256; its presence marks a complete backup
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from msp.backup.errors import BackupError
from msp.backup.sealing import SealedReader, SealedWriter, is_sealed

FORMAT = 1
PART = 4 * 1024 * 1024  # bytes of a table buffered at once
_BLOCK = 256 * 1024
_LEVEL = 4  # gzip level: most of the gain in half of the time


@dataclass(frozen=True)
class BackupTable:
    """A copied table: its columns in order, and what verifies it after a restore."""

    columns: list[str]
    rows: int
    size: int
    sha256: str


@dataclass(kw_only=True)
class BackupManifest:
    """The content of a backup."""

    format: int = FORMAT
    revision: str
    made_at: str
    postgres: int
    tables: dict[str, BackupTable] = field(default_factory=dict)
    sequences: dict[str, int] = field(default_factory=dict)
    files: int = 0
    file_bytes: int = 0
    damaged: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    key_marks: list[str] = field(default_factory=list)
    secret_key_mark: str = ""
    secrets: list[str] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(table.rows for table in self.tables.values())


@contextmanager
def writing(target: IO[bytes], passphrase: str) -> Iterator[ArchiveWriter]:
    """Write an archive; it is complete once the block has ended without an exception."""
    sealed = SealedWriter(target, passphrase) if passphrase else None
    with (
        gzip.GzipFile(filename="", fileobj=sealed or target, mode="wb", compresslevel=_LEVEL, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        yield ArchiveWriter(tar)
    if sealed:
        sealed.finish()


class ArchiveWriter:
    """Adds members to an archive."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar

    def add(self, name: str, content: bytes) -> None:
        """Add a member from memory."""
        self.add_stream(name, io.BytesIO(content), len(content))

    def add_json(self, name: str, content: object) -> None:
        """Add a JSON member."""
        self.add(name, json.dumps(content, indent=1, ensure_ascii=False).encode())

    def add_stream(self, name: str, source: IO[bytes], size: int) -> None:
        """Add a member of known length in bytes."""
        member = tarfile.TarInfo(name)
        member.size, member.mode = size, 0o600
        self._tar.addfile(member, source)
        self._tar.members.clear()  # type: ignore[attr-defined]  # a stream is never looked back at: millions of files need no memory


@contextmanager
def reading(path: Path, passphrase: str) -> Iterator[Iterator[tuple[str, IO[bytes]]]]:
    """Read the members of a backup in order, each before the next; raises BackupError if it is incomplete."""
    with path.open("rb") as file, _errors_as_backup_errors():
        needs_passphrase = is_sealed(file.read(32))
        file.seek(0)
        if needs_passphrase and not passphrase:
            raise BackupError("The backup is sealed: give its passphrase")
        source: IO[bytes] = io.BufferedReader(SealedReader(file, passphrase)) if needs_passphrase else file  # type: ignore[type-var]
        with gzip.GzipFile(fileobj=source, mode="rb") as packed, tarfile.open(fileobj=packed, mode="r|") as tar:
            yield _members(tar)
            while packed.read(_BLOCK):  # read to the end, to verify the checksum
                pass


def verify(path: Path, passphrase: str) -> BackupManifest:
    """Read a whole backup and compare it with its manifest; raises BackupError."""
    tables: dict[str, tuple[int, Any]] = {}
    files: dict[str, int] = {"count": 0, "bytes": 0}
    wrong: dict[str, str] = {}
    secrets: list[str] = []
    manifest: BackupManifest | None = None
    with reading(path, passphrase) as members:
        for name, content in members:
            kind, _, rest = name.partition("/")
            if kind == "tables":
                table = rest.partition("/")[0]
                size, digest = tables.get(table) or (0, hashlib.sha256())
                tables[table] = (size + _digest(content, digest), digest)
            elif kind == "files":
                digest = hashlib.sha256()
                files["count"] += 1
                files["bytes"] += _digest(content, digest)
                if digest.hexdigest() != rest:
                    wrong[rest] = digest.hexdigest()
            elif kind == "secrets":
                secrets.append(rest)
            elif name == "manifest.json":
                manifest = _manifest(content.read())
    if manifest is None:
        raise BackupError("The backup is cut off: it has no manifest")
    found = {name: (size, digest.hexdigest()) for name, (size, digest) in tables.items()}
    expected = {name: (table.size, table.sha256) for name, table in manifest.tables.items() if table.size}
    if found != expected:
        differ = sorted(name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name))
        raise BackupError(f"The backup is damaged or was changed: {', '.join(differ)}")
    if (files["count"], files["bytes"], wrong) != (manifest.files, manifest.file_bytes, manifest.damaged):
        raise BackupError("The backup is damaged or was changed: its stored files")
    if secrets != manifest.secrets:
        raise BackupError("The backup is damaged or was changed: its keys")
    return manifest


def written(manifest: BackupManifest) -> dict[str, Any]:
    """A manifest as JSON."""
    return asdict(manifest)


def blocks(content: IO[bytes]) -> Iterator[bytes]:
    """The chunks of a member."""
    while block := content.read(_BLOCK):
        yield block


def _members(tar: tarfile.TarFile) -> Iterator[tuple[str, IO[bytes]]]:
    while (member := tar.next()) is not None:
        content = tar.extractfile(member)
        if content is None:
            raise BackupError(f"The backup contains something that is not a file: {member.name}")
        yield member.name, content
        tar.members.clear()  # type: ignore[attr-defined]


def _manifest(raw: bytes) -> BackupManifest:
    try:
        manifest = json.loads(raw)
        if manifest["format"] != FORMAT:
            raise BackupError(f"The backup has format {manifest['format']}, which this version does not read")
        return BackupManifest(
            **manifest | {"tables": {name: BackupTable(**table) for name, table in manifest["tables"].items()}}
        )
    except (ValueError, TypeError, KeyError) as fault:
        raise BackupError("The manifest of the backup cannot be read") from fault


def _digest(content: IO[bytes], digest: Any) -> int:
    size = 0
    for block in blocks(content):
        digest.update(block)
        size += len(block)
    return size


@contextmanager
def _errors_as_backup_errors() -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error) as fault:
        raise BackupError(f"The backup is damaged, cut off or no backup at all ({fault})") from fault
