"""Isolates faults in one client's data: they become reasons on that client's draft, and other clients go on.

Refusals and database outages are re-raised: an outage is not caused by data, and its transaction is lost anyway.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast
from uuid import UUID

from sqlalchemy import exc
from sqlalchemy.orm.exc import StaleDataError

from billing.phrases import remark
from msp.contracts.models import Contract
from msp.kernel.db import Json
from msp.kernel.errors import Conflict, Invalid, Refusal

LONGEST_VALUE = 40
_OUTAGES = (exc.OperationalError, exc.InternalError, exc.InterfaceError, exc.TimeoutError, StaleDataError, MemoryError)
log = logging.getLogger(__name__)


class DataFault(Exception):
    """A client's data make a step of billing impossible; `reason` is a phrase of `billing.phrases`."""

    def __init__(self, reason: Json, *, contract_id: UUID | None = None) -> None:
        super().__init__(reason["code"])
        self.reason = reason
        self.contract_id = contract_id


@contextmanager
def blaming(code: str, **params: object) -> Iterator[None]:
    """Turn an unexpected exception into a DataFault with this reason; the exception stays as its cause."""
    try:
        yield
    except (DataFault, Refusal):
        raise
    except Exception as fault:
        if is_outage(fault):
            raise
        too_large = isinstance(fault, exc.DataError | ArithmeticError)
        raise DataFault(remark("fault.amounts") if too_large else remark(code, **params)) from fault


@contextmanager
def refusing(what: str, subject: UUID) -> Iterator[None]:
    """Log a DataFault and raise Conflict("data_fault") with its phrase as parameter `reason`."""
    try:
        yield
    except DataFault as fault:
        note(fault, what, subject)
        raise Conflict("data_fault", reason=fault.reason) from fault


def note(fault: BaseException, what: str, subject: UUID) -> None:
    """Log a fault with its subject and traceback."""
    log.error(what, exc_info=fault, extra={"subject": str(subject)})


def is_outage(fault: BaseException) -> bool:
    """Whether an exception is an outage (database, memory) and not caused by data."""
    return isinstance(fault, _OUTAGES)


def of_contract(contract: Contract, fault: Exception, attempt: Callable[[Contract], object]) -> DataFault:
    """The fault of a contract, naming the terms that the schema refuses or without which `attempt` succeeds."""
    if isinstance(fault, Invalid):
        names = {name.removeprefix("terms.") for name in fault.fields}
    else:
        names = {name for name in contract.terms if _succeeds(attempt, _without(contract, name))}
    guilty = [f"{name}: {value}"[:LONGEST_VALUE] for name, value in contract.terms.items() if name in names]
    return DataFault(remark("fault.contract", contract=contract.name, terms=guilty), contract_id=contract.id)


def _succeeds(attempt: Callable[[Contract], object], contract: Contract) -> bool:
    try:
        attempt(contract)
    except Exception:
        return False
    return True


class _WithTerms:
    """A contract with other terms; the stored one is not changed."""

    def __init__(self, contract: Contract, terms: Json) -> None:
        self.terms = terms
        self._contract = contract

    def __getattr__(self, name: str) -> Any:
        return getattr(self._contract, name)


def _without(contract: Contract, name: str) -> Contract:
    terms = {key: value for key, value in contract.terms.items() if key != name}
    return cast(Contract, _WithTerms(contract, terms))
