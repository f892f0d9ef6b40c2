"""Ten rounds of the fault drill, always the same ten, on a separate desk; `make drill` runs two hundred."""

from tests.drills.desk import crowding
from tests.drills.environment import ground
from tests.drills.fault.count import RECOVERED, table
from tests.drills.fault.rounds import drill

ROUNDS, SEED = 10, 1958
ALWAYS = ("messages", "replies asked", "cards", "clocks", "rows", "the drill")  # counts that ten rounds always reach
SLOWEST = 30.0  # seconds to recover, longer here since other tests use the machine too


def test_nothing_is_lost_and_nothing_comes_twice() -> None:
    with ground() as (desk, outside):
        lines, ledger = drill(desk, outside, rounds=ROUNDS, seed=SEED, say=print)
    assert not any(line.wrong for line in lines if line.what != RECOVERED), table(lines)
    assert all(recovery.whole < SLOWEST * crowding() for recovery in ledger.recoveries), table(lines)
    assert ledger.faults.total() == ROUNDS and len(ledger.recoveries) >= 3
    assert all(line.count for line in lines if line.what.startswith(ALWAYS)), table(lines)
