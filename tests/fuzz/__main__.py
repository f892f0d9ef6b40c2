"""`make fuzz`: the full fuzz run.

SEED repeats a run, COUNT is the number of calls of each part, ONLY keeps routes with that text. The test runner starts
PostgreSQL and Valkey; requests are made in this process.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest


def main() -> int:
    """Run it; returns a pytest exit code."""
    os.environ["FUZZ"] = "all"
    return int(pytest.main([str(Path(__file__).parent), "-q", "-s", "-n", "0", "--show-capture=no", *sys.argv[1:]]))


if __name__ == "__main__":
    sys.exit(main())
