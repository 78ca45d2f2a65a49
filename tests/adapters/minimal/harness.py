"""The minimal adapter in the kit's hands."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from pathlib import Path

from app.core.clock import FrozenClock
from app.core.ids import new_id
from app.core.money import Money, zero
from app.vendor_adapters.conformance import (
    START,
    Facility,
    Fault,
    Harness,
    Payment,
    SignedMessage,
    VendorCharge,
    kit_catalog,
)
from app.vendor_adapters.types import ChargeRef, NotificationKind, OrderId
from tests.adapters.minimal.adapter import MinimalAdapter
from tests.adapters.minimal.notifications import HEADER
from tests.adapters.minimal.translate import CURRENCY
from tests.adapters.minimal.vendor import BUSY_FOR, Vendor

_ABOUT = {NotificationKind.SUBSCRIPTION: "contract", NotificationKind.CHECKOUT: "session"}


class MinimalHarness(Harness):
    """A vendor in memory, with nothing between it and the adapter."""

    lacks: Mapping[Facility, str] = {
        Facility.WIRE: "the vendor runs in the same process",
        Facility.CHALLENGES: "its page knows no 3-D Secure",
        Facility.MESSAGES: "it keeps no copy of what it sends",
    }
    deadline = 0.3
    vendor_kind: type[Vendor] = Vendor
    adapter_kind: type[MinimalAdapter] = MinimalAdapter

    def __init__(self) -> None:
        self._clock = FrozenClock(START)
        self.vendor = self.vendor_kind(self._clock)
        self._adapter = self.adapter_kind(self.vendor, kit_catalog(), self._clock, self.deadline)

    @property
    def adapter(self) -> MinimalAdapter:
        return self._adapter

    @property
    def clock(self) -> FrozenClock:
        return self._clock

    async def pay_checkout(self, url: str, payment: Payment) -> None:
        session = self.vendor.sessions[url.rpartition("/")[2]]
        self.vendor.pay(session, is_declined=payment is not Payment.PAID)

    async def charges(self) -> tuple[VendorCharge, ...]:
        return tuple(
            VendorCharge(
                ref=ChargeRef(session.payment),
                order=OrderId(session.order),
                amount=Money(session.amount, CURRENCY),
                refunded=zero(CURRENCY),
            )
            for session in self.vendor.payments
        )

    async def refused(self) -> int:
        return self.vendor.declined

    def sign(self, body: bytes, *, at: datetime) -> Mapping[str, str]:
        return {HEADER: self.vendor.signature(body, at)}

    def message(self, kind: NotificationKind | None, subject: str, *, at: datetime) -> SignedMessage:
        about = "eclipse" if kind is None else _ABOUT[kind]
        body = json.dumps({"event": new_id("evt"), "about": about, "which": subject}).encode()
        return SignedMessage(headers=self.sign(body, at=at), body=body)

    @asynccontextmanager
    async def fault(self, operation: str, fault: Fault) -> AsyncIterator[float]:
        self.vendor.faults[operation] = fault
        yield BUSY_FOR if fault is Fault.BUSY else 0.0
        self.vendor.faults.clear()


@asynccontextmanager
async def open_minimal() -> AsyncIterator[MinimalHarness]:
    """Yield a harness over a fresh vendor."""
    harness = MinimalHarness()
    yield harness
    await harness.close()


def open_in_folder(_folder: Path) -> AbstractAsyncContextManager[MinimalHarness]:
    """Open it as ``--conformance-harness`` asks for it; it keeps nothing in files."""
    return open_minimal()
