"""Back up the whole installation to one file while it serves, verify it, and restore it (docs/operations)."""

from msp.backup.archive import BackupManifest, verify
from msp.backup.errors import BackupError
from msp.backup.restoring import restore
from msp.backup.saving import save

__all__ = ["BackupError", "BackupManifest", "restore", "save", "verify"]
