"""Events of contracts."""

from msp.kernel.event_types import Event


class ContractAdded(Event, kind="contract.added", icon="file-text"):
    """A contract was added."""

    name: str


class ContractEdited(Event, kind="contract.edited", icon="file-pen-line"):
    """A contract was saved; `changed` has the names of the fields that differ."""

    changed: tuple[str, ...]
    version: int


class ContractTargetsChanged(Event, kind="contract.changed", icon="clock-alert"):
    """What decides SLA targets changed, so open clocks are recomputed; `changed` has the names."""

    changed: tuple[str, ...]
    version: int
