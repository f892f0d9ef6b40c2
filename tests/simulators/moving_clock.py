"""A clock that tests move."""

from datetime import UTC, datetime, timedelta


class Hands:
    """Call it for the time; `move` advances it."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        """The present instant."""
        return self.at

    def move(self, **by: float) -> None:
        """Advance by a timedelta's arguments."""
        self.at += timedelta(**by)
