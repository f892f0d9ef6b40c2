"""The SLA of a contract as a value: budgets by priority and type, pausing statuses, escalation. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from msp.contracts.escalation_policy import DEFAULT_POLICY, EscalationPolicy

PRIORITIES = ("urgent", "high", "normal", "low")
TYPES = ("incident", "request")
ANY_TYPE = ""
MAY_PAUSE = ("waiting_client", "waiting_third_party", "scheduled")
USUAL_PAUSING = ("waiting_client", "scheduled")

Budgets = Mapping[str, timedelta]


@dataclass(frozen=True, slots=True)
class PriorityTargets:
    """The targets of a priority, in business minutes; None if not agreed.

    Fulfilment replaces the resolution target of service requests.
    """

    first_response_minutes: int
    resolution_minutes: int
    next_response_minutes: int | None = None
    fulfilment_minutes: int | None = None

    def budgets(self, type: str) -> Budgets:
        """Business time by kind of clock, for a ticket type."""
        end = ("resolution", self.resolution_minutes)
        if type == "request" and self.fulfilment_minutes is not None:
            end = ("fulfilment", self.fulfilment_minutes)
        minutes = (
            ("first_response", self.first_response_minutes),
            ("next_response", self.next_response_minutes),
            end,
        )
        return {kind: timedelta(minutes=amount) for kind, amount in minutes if amount is not None}

    def is_sane(self, *, most: int) -> bool:
        """Whether targets are positive, at most `most` minutes, and the response is no later than the resolution."""
        ends = [each for each in (self.resolution_minutes, self.fulfilment_minutes) if each is not None]
        following = self.next_response_minutes
        return (
            0 < self.first_response_minutes <= min(ends)
            and max(ends) <= most
            and (following is None or 0 < following <= most)
        )


@dataclass(frozen=True, slots=True)
class ServiceLevel:
    """The SLA of a contract version; targets by (type, priority), those for every type under ANY_TYPE."""

    contract_id: UUID
    targets: Mapping[tuple[str, str], PriorityTargets]
    pausing: frozenset[str]
    escalation_policy: EscalationPolicy = DEFAULT_POLICY

    def budgets(self, *, priority: str, type: str) -> Budgets:
        """Business time by kind of clock: the type's own target, else that of every type; empty for none."""
        target = self.targets.get((type, priority)) or self.targets.get((ANY_TYPE, priority))
        return target.budgets(type) if target else {}
