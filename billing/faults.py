"""A fault in one client's data stays with that client: it becomes a reason that people read, and the others go on.

Refusals pass as they are. Outages of the database pass too: they are nobody's data, and the transaction is lost anyway.
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
    """Something in a client's data made a step of billing impossible; `reason` is a phrase of `billing.phrases`."""

    def __init__(self, reason: Json, *, contract_id: UUID | None = None) -> None:
        super().__init__(reason["code"])
        self.reason = reason
        self.contract_id = contract_id


@contextmanager
def blaming(code: str, **params: object) -> Iterator[None]:
    """Turn an unexpected exception into a DataFault with this reason, and keep it as the cause for the log."""
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
    """Log a DataFault and refuse with it: raises Conflict("data_fault") whose parameter `reason` is the phrase."""
    try:
        yield
    except DataFault as fault:
        note(fault, what, subject)
        raise Conflict("data_fault", reason=fault.reason) from fault


def note(fault: BaseException, what: str, subject: UUID) -> None:
    """Log what went wrong with whom, with the traceback."""
    log.error(what, exc_info=fault, extra={"subject": str(subject)})


def is_outage(fault: BaseException) -> bool:
    """Whether an exception says that the database or the memory gave up, not that some data are wrong."""
    return isinstance(fault, _OUTAGES)


def of_contract(contract: Contract, fault: Exception, attempt: Callable[[Contract], object]) -> DataFault:
    """The fault of a contract, with those of its terms that its schema refuses or without which `attempt` succeeds."""
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
    """A contract as it is, with other terms; the stored one stays untouched."""

    def __init__(self, contract: Contract, terms: Json) -> None:
        self.terms = terms
        self._contract = contract

    def __getattr__(self, name: str) -> Any:
        return getattr(self._contract, name)


def _without(contract: Contract, name: str) -> Contract:
    terms = {key: value for key, value in contract.terms.items() if key != name}
    return cast(Contract, _WithTerms(contract, terms))
