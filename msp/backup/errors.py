"""What a backup or a restore will not do, in words for whoever runs it."""


class BackupError(Exception):
    """A refusal or a fault of backup or restore; says why and what to do."""
