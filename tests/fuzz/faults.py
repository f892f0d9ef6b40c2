"""The exception behind a 500 answer, for the report."""

import logging
import traceback


class LastFault(logging.Handler):
    """Stores the last logged exception, in one line."""

    def __init__(self) -> None:
        super().__init__(level=logging.ERROR)
        self._last = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Store a record's exception."""
        error = record.exc_info[1] if record.exc_info else None
        if error is None:
            return
        ours = [frame for frame in traceback.extract_tb(error.__traceback__) if "site-packages" not in frame.filename]
        where = f"{ours[-1].filename.rpartition('/')[2]}:{ours[-1].lineno}" if ours else "?"
        self._last = f"{type(error).__name__} at {where}: {str(error).splitlines()[0][:200] if str(error) else ''}"

    def take(self) -> str:
        """Return the last exception and forget it."""
        last, self._last = self._last, ""
        return last
