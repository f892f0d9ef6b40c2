"""`python -m tests.drills.fault`: the drill alone.

ROUNDS is the number of faults and SEED selects them; ONLY keeps the faults with these words in their names.
"""

from __future__ import annotations

import os
import sys
import time

from tests.drills.environment import ground
from tests.drills.fault.count import table
from tests.drills.fault.faults import ALL
from tests.drills.fault.rounds import drill

ROUNDS = 200


def main() -> int:
    """Run the drill and print its table; returns 1 if anything differs."""
    rounds = int(os.environ.get("ROUNDS") or ROUNDS)
    seed = int(os.environ.get("SEED") or time.time_ns() % 1_000_000)
    chosen = [bad for bad in ALL if os.environ.get("ONLY", "") in bad.name]
    say(f"{rounds} rounds, SEED={seed}")
    began = time.monotonic()
    with ground() as (desk, outside):
        say(f"what the desk prints: {desk.printed}")
        lines, ledger = drill(desk, outside, rounds=rounds, seed=seed, say=say, bad_things=chosen)
    print(f"\n{table(lines)}\n")
    print("  ".join(f"{name} {times}" for name, times in sorted(ledger.faults.items())))
    wrong = sum(len(line.wrong) for line in lines)
    print(f"{rounds} rounds in {time.monotonic() - began:.0f} s, SEED={seed}: {wrong or 'no'} differences", flush=True)
    return int(wrong > 0)


def say(words: str) -> None:
    """Print without buffering, so that a drill can be watched."""
    print(words, flush=True)


if __name__ == "__main__":
    sys.exit(main())
