"""Save the whole installation in one file while it serves, prove that file, and bring it back (docs/operations)."""

from msp.backup.archive import Manifest, verify
from msp.backup.errors import BackupError
from msp.backup.restoring import restore
from msp.backup.saving import save

__all__ = ["BackupError", "Manifest", "restore", "save", "verify"]
