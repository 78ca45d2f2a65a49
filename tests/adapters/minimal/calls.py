"""How a call reaches the vendor: its deadline, its line in the log, and what the caller is told when it fails."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

import structlog

from app.core.clock import Clock
from app.core.ids import new_id
from app.vendor_adapters.errors import (
    KeyReused,
    OutcomeUnknown,
    RejectReason,
    VendorError,
    VendorRejected,
    VendorUnavailable,
)
from tests.adapters.minimal.vendor import BUSY_FOR, Broken, Busy, KeyTaken, Refused, Vendor

T = TypeVar("T")
NAME = "minimal"

log = structlog.get_logger()


class Calls:
    """Calls of the port, each a read or a write of the vendor."""

    def __init__(self, vendor: Vendor, clock: Clock, deadline: float) -> None:
        self._vendor = vendor
        self._clock = clock
        self._deadline = deadline

    async def read(self, operation: str, act: Callable[[], T]) -> T:
        """Look something up; a failure has surely changed nothing."""
        return await self._logged(operation, act, VendorUnavailable)

    async def write(self, operation: str, act: Callable[[], T]) -> T:
        """Change something; a failure leaves open whether it was done."""
        return await self._logged(operation, act, OutcomeUnknown)

    async def _logged(self, operation: str, act: Callable[[], T], lost: type[VendorError]) -> T:
        request_id, started, outcome = new_id("req"), self._clock.wall(), "ok"
        try:
            return await self._sent(operation, act, lost, request_id)
        except VendorError as error:
            outcome = type(error).__name__
            raise
        finally:
            ms = (self._clock.wall() - started) // timedelta(milliseconds=1)
            log.info(
                "vendor call", vendor=NAME, operation=operation, ms=ms, outcome=outcome, vendor_request_id=request_id
            )

    async def _sent(self, operation: str, act: Callable[[], T], lost: type[VendorError], request_id: str) -> T:
        try:
            async with asyncio.timeout(self._deadline):
                return await self._vendor.answer(operation, act)
        except (TimeoutError, ConnectionError, Broken) as error:
            raise lost(vendor=NAME, operation=operation, request_id=request_id) from error
        except Busy as error:
            raise VendorUnavailable(
                vendor=NAME, operation=operation, request_id=request_id, retry_after=BUSY_FOR
            ) from error
        except Refused as error:
            raise rejected(operation, RejectReason.STALE_STATE) from error
        except KeyTaken as error:
            raise KeyReused(vendor=NAME, operation=operation, request_id=request_id) from error


def rejected(operation: str, reason: RejectReason, field: str = "") -> VendorRejected:
    """Return a refusal."""
    return VendorRejected(vendor=NAME, operation=operation, reason=reason, field=field)
