"""Errors of backup and restore, with messages for operators."""


class BackupError(Exception):
    """A refusal or failure of backup or restore; says why and what to do."""
