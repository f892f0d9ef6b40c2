"""For how long messages of one person are added to their open ticket (docs/decisions/0010-message-grouping.md)."""

from datetime import timedelta

from msp.kernel import settings
from msp.kernel.errors import Invalid

SETTING = "messages"
DEFAULT_SECONDS = 90
LONGEST_SECONDS = 3600


def grouping_seconds() -> int:
    """The most seconds between two messages of one ticket; 0 disables grouping."""
    seconds = settings.read(SETTING).get("grouping_seconds")
    return seconds if isinstance(seconds, int) and 0 <= seconds <= LONGEST_SECONDS else DEFAULT_SECONDS


def grouping_window() -> timedelta:
    """The same as a timedelta."""
    return timedelta(seconds=grouping_seconds())


def set_grouping_seconds(seconds: int) -> None:
    """Change it for later messages; raises Invalid outside 0 to 3600 seconds."""
    if not 0 <= seconds <= LONGEST_SECONDS:
        raise Invalid(fields={"grouping_seconds": ["out_of_range"]})
    settings.write(SETTING, settings.read(SETTING) | {"grouping_seconds": seconds})
