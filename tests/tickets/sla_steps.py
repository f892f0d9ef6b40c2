"""Short helpers for SLA tests: change the contract, write as a client, answer as staff."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from msp.contracts.actions import Agreement, add_contract, edit_contract
from msp.contracts.escalation_policy import EscalationPolicy
from msp.contracts.models import Contract
from msp.contracts.queries import access_contract, to_escalation, to_target
from msp.contracts.service_level import ANY_TYPE, PRIORITIES, PriorityTargets
from msp.kernel import clock
from msp.kernel.db import Scope, work
from msp.kernel.events import StoredEvent
from msp.sla.clocks import clocks_of
from msp.sla.models import Clock
from msp.tickets import actions, by_requester, messages, opening
from msp.tickets.models import Ticket
from tests.world import World


def agreement_of(contract: Contract) -> Agreement:
    """The contract's current values, as a base for changes."""
    return Agreement(
        name=contract.name,
        kind=contract.kind,
        starts_on=contract.starts_on,
        ends_on=contract.ends_on,
        calendar_id=contract.calendar_id,
        currency=contract.currency,
        targets={row.priority: to_target(row) for row in contract.targets if row.type == ANY_TYPE},
        rates=[],
        terms=contract.terms,
        pausing=contract.pausing,
        escalation_policy=tuple(to_escalation(row) for row in contract.escalation_policy),
    )


def change_terms(world: World, **changes: Any) -> None:
    """Change the terms of Lozano's contract."""
    with work(Scope.staff()):
        contract = access_contract(world.lozano_contract.id)
        edit_contract(contract, replace(agreement_of(contract), **changes), at=clock.now())


def another_contract(
    world: World,
    target: PriorityTargets,
    *,
    name: str = "Otro",
    calendar_id: UUID | None = None,
    pausing: Sequence[str] = ("waiting_client", "scheduled"),
    of_type: Mapping[str, Mapping[str, PriorityTargets]] | None = None,
    escalation_policy: EscalationPolicy = (),
) -> Contract:
    """A second contract of Lozano, with one target for every priority."""
    with work(Scope.staff()):
        return add_contract(
            world.lozano,
            Agreement(
                name=name,
                kind="time_and_materials",
                starts_on=date(2026, 6, 1),
                ends_on=None,
                calendar_id=calendar_id or world.calendar.id,
                currency="EUR",
                targets=dict.fromkeys(PRIORITIES, target),
                rates=[],
                terms={},
                targets_of_type=of_type or {},
                pausing=pausing,
                escalation_policy=escalation_policy,
            ),
            at=clock.now(),
        )


def opened(world: World, **asked: Any) -> Ticket:
    request = opening.Request(**{"subject": "VPN", "body": "No entra", "source": "slack", **asked})
    with work(Scope.client(world.lozano.id)):
        return opening.open_ticket(world.lozano, requester=world.marta, request=request, at=clock.now())[0]


def wrote(world: World, ticket: Ticket) -> None:
    with work(Scope.client(world.lozano.id)) as session:
        mine = session.get_one(Ticket, ticket.id)
        by_requester.add_detail(mine, author=world.marta, body="¿Y?", channel="slack", at=clock.now())


def answered(world: World, ticket: Ticket) -> None:
    with work(Scope.staff(actor_id=world.tomas.id)) as session:
        messages.reply(session.get_one(Ticket, ticket.id), author=world.tomas, body="Lo miro", at=clock.now())


def moved(world: World, ticket: Ticket, status: str) -> None:
    with work(Scope.staff(actor_id=world.tomas.id)) as session:
        until = clock.now() + timedelta(days=90) if status == "scheduled" else None
        actions.change_status(session.get_one(Ticket, ticket.id), status, at=clock.now(), scheduled_for=until)


def clocks(ticket: Ticket) -> list[Clock]:
    with work(Scope.staff()):
        return clocks_of(ticket.id)


def the(ticket: Ticket, kind: str) -> Clock:
    """The latest clock of a kind."""
    return [each for each in clocks(ticket) if each.kind == kind][-1]


def events(ticket: Ticket, *kinds: str) -> list[StoredEvent]:
    with work(Scope.staff()) as session:
        rows = session.query(StoredEvent).filter(StoredEvent.subject_id == ticket.id, StoredEvent.kind.in_(kinds))
        return list(rows.order_by(StoredEvent.seq))


def shown(ticket: Ticket) -> Ticket:
    with work(Scope.staff()) as session:
        return session.get_one(Ticket, ticket.id)


def minutes(count: int) -> timedelta:
    return timedelta(minutes=count)
