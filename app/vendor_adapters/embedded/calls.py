"""How a call travels: its deadline, the faults on request, and what the caller is told when it goes wrong."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from app.core.clock import Clock
from app.core.ids import new_id
from app.db.engine import Database
from app.vendor_adapters.embedded import faults
from app.vendor_adapters.embedded.desk import NAME, Desk, Settings
from app.vendor_adapters.embedded.faults import Fault
from app.vendor_adapters.errors import OutcomeUnknown, VendorError, VendorUnavailable

T = TypeVar("T")

_BUSY_FOR = 1.0
_DOWN_FOR = 5.0

log = structlog.get_logger()


class Calls:
    """Runs bodies over a ``Desk``: calls of the port with all that may befall them, and the vendor's own work.

    Args:
        deadline: seconds after which a caller is told that no answer came. silence: the same for a call that a fault
            lets hang; the deadline unless said.
    """

    def __init__(
        self, *, database: Database, clock: Clock, settings: Settings, deadline: float, silence: float | None = None
    ) -> None:
        self.database = database
        self.clock = clock
        self.settings = settings
        self._deadline = deadline
        self._silence = deadline if silence is None else silence

    async def read(self, operation: str, body: Callable[[Desk], T]) -> T:
        """Answer a call that changes nothing; VendorUnavailable when no answer comes."""
        return await self._logged(operation, lambda request: self._read(operation, request, body))

    async def write(self, operation: str, body: Callable[[Desk], T]) -> T:
        """Answer a call in one transaction; OutcomeUnknown when its answer is lost, with its effect or without."""
        return await self._logged(operation, lambda request: self._write(operation, request, body))

    async def own_read(self, body: Callable[[Desk], T]) -> T:
        """Read for the vendor's own pages and runs."""
        return await self.database.read(lambda connection: body(self.desk(connection, "own")))

    async def own_write(self, body: Callable[[Desk], T]) -> T:
        """Write for the vendor's own pages and runs, in one transaction."""
        return await self.database.write(lambda connection: body(self.desk(connection, "own")))

    def desk(self, connection: Connection, operation: str, request_id: str = "") -> Desk:
        """Return a desk at this instant."""
        return Desk(
            connection=connection,
            now=self.clock.now(),
            wall=self.clock.wall(),
            settings=self.settings,
            operation=operation,
            request_id=request_id,
        )

    async def _read(self, operation: str, request: str, body: Callable[[Desk], T]) -> T:
        fault = await self._fault(operation)
        lost = VendorUnavailable(vendor=NAME, operation=operation, request_id=request, detail="no answer")
        match fault:
            case None | Fault.SLOW:
                await self._dawdle(fault)
                return await self._run(self.database.read, operation, request, body, lost)
            case Fault.HANG:
                await asyncio.sleep(self._silence)
            case Fault.RATE_LIMIT | Fault.DOWN:
                raise self._turned_away(fault, operation, request)
        raise lost

    async def _write(self, operation: str, request: str, body: Callable[[Desk], T]) -> T:
        fault = await self._fault(operation)
        lost = OutcomeUnknown(vendor=NAME, operation=operation, request_id=request, detail="no answer")
        match fault:
            case None | Fault.SLOW:
                await self._dawdle(fault)
                return await self._run(self.database.write, operation, request, body, lost)
            case Fault.TIMEOUT_AFTER | Fault.RESET_AFTER:
                with contextlib.suppress(VendorError):
                    await self._run(self.database.write, operation, request, body, lost)
            case Fault.HANG:
                await asyncio.sleep(self._silence)
            case Fault.RATE_LIMIT | Fault.DOWN:
                raise self._turned_away(fault, operation, request)
        raise lost

    async def _run(
        self,
        transaction: Callable[[Callable[[Connection], T]], Awaitable[T]],
        operation: str,
        request: str,
        body: Callable[[Desk], T],
        lost: VendorError,
    ) -> T:
        try:
            async with asyncio.timeout(self._deadline):
                return await transaction(lambda connection: body(self.desk(connection, operation, request)))
        except (TimeoutError, OperationalError) as error:
            raise lost from error

    async def _fault(self, operation: str) -> Fault | None:
        waiting = await self.own_read(lambda desk: faults.waiting(desk, operation))
        return await self.own_write(lambda desk: faults.take(desk, waiting)) if waiting else None

    async def _dawdle(self, fault: Fault | None) -> None:
        if fault is Fault.SLOW:
            await asyncio.sleep(self._silence / 3)

    def _turned_away(self, fault: Fault, operation: str, request: str) -> VendorUnavailable:
        retry_after = _DOWN_FOR if fault is Fault.DOWN else _BUSY_FOR
        return VendorUnavailable(
            vendor=NAME, operation=operation, request_id=request, detail=fault.value, retry_after=retry_after
        )

    async def _logged(self, operation: str, call: Callable[[str], Awaitable[T]]) -> T:
        request, started, outcome = new_id("req"), self.clock.wall(), "ok"
        try:
            return await call(request)
        except VendorError as error:
            outcome = type(error).__name__
            raise
        finally:
            ms = (self.clock.wall() - started) // timedelta(milliseconds=1)
            log.info("vendor call", vendor=NAME, operation=operation, ms=ms, outcome=outcome, vendor_request_id=request)
