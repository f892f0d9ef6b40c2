"""Texts for the steps of an escalation policy: when, and what happens."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from uuid import UUID

from flask_babel import gettext

from msp.contracts.escalation_policy import EscalationPolicy, PolicyStep, person_of
from msp.sla.clocks import next_step
from msp.sla.detail_queries import ShownClock
from msp.words import formats
from msp.words.vocabulary import word

Names = Mapping[UUID, str]


def sentence(step: PolicyStep, names: Names) -> str:
    """A step as one line: its threshold, then its action."""
    return gettext("%(moment)s: %(action)s", moment=moment(step), action=action(step, names))


def moment(step: PolicyStep) -> str:
    """The threshold of a step."""
    if step.moment == "share":
        return gettext("At %(share)s of the SLA target", share=formats.percent(Decimal(step.amount) / 100))
    minutes = formats.minutes(step.amount)
    if step.moment == "before":
        return gettext("%(minutes)s before due", minutes=minutes)
    return gettext("%(minutes)s after due", minutes=minutes)


def action(step: PolicyStep, names: Names) -> str:
    """The action of a step."""
    if step.action == "notify":
        return gettext("notify %(people)s", people=_people(step.who or ("assignee", "lead"), names))
    if step.action == "assign":
        return gettext("assign to %(people)s", people=_people(step.who, names))
    if step.action == "raise_priority":
        return gettext("raise priority")
    return gettext("escalate to the next tier") if step.action == "next_tier" else gettext("call a webhook")


def what_is_next(clocks: Iterable[ShownClock], policy: EscalationPolicy, names: Names) -> str:
    """The next step of a ticket's clocks and its time; empty if there is none."""
    ahead = [
        (clock.next_step_at, planned)
        for clock in clocks
        if clock.state == "running" and clock.next_step_at and (planned := next_step(clock, policy))
    ]
    if not ahead:
        return ""
    at, planned = min(ahead, key=lambda pair: pair[0])
    return gettext("Next step, %(moment)s: %(action)s", moment=formats.moment(at), action=action(planned.step, names))


def _people(who: Iterable[str], names: Names) -> str:
    return ", ".join(_somebody(each, names) for each in who)


def _somebody(who: str, names: Names) -> str:
    person_id = person_of(who)
    return word(who, "recipient") if person_id is None else names.get(person_id, "–")
