"""A vendor that lives its own life: nothing of it can be moved, broken or looked into from here."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NoReturn

from app.core.clock import Clock
from app.core.money import Money
from app.vendor_adapters.types import ChargeRef, CustomerProfile, CustomerRef, RefundRef, SubscriptionRef
from app.vendor_adapters.world import (
    Books,
    DisputeState,
    NoControls,
    PlannedFault,
    Post,
    SeedSubscription,
    WebhookFaults,
)

_SAME_TIME = timedelta(minutes=1)


class OwnWorld:
    """What a demonstration can do to such a vendor: wait for what it does by itself.

    Args:
        name: the vendor's, for what people are told.
    """

    def __init__(self, clock: Clock, name: str) -> None:
        self._clock = clock
        self._name = name

    async def set_clock(self, now: datetime) -> None:
        """Its time is the real one."""
        if abs(now - self._clock.wall()) > _SAME_TIME:
            self._cannot("its time cannot be moved")

    async def run_due(self, now: datetime) -> int:
        return 0

    async def deliver_due(self, post: Post, now: datetime, *, everything: bool = False) -> int:
        return 0

    async def books(self) -> Books:
        self._cannot("its books are on its own pages")

    async def refund(self, charge: ChargeRef, amount: Money) -> RefundRef:
        self._cannot("its people refund on its own pages")

    async def dispute(self, charge: ChargeRef, state: DisputeState) -> None:
        self._cannot("its disputes come by themselves")

    async def set_faults(self, planned: Sequence[PlannedFault]) -> None:
        self._cannot("it has no faults on request")

    async def set_webhook_faults(self, wanted: WebhookFaults) -> None:
        self._cannot("it has no faults on request")

    async def clear_faults(self) -> None:
        """It has none."""

    async def given_customer(self, profile: CustomerProfile, *, card_number: str | None = None) -> CustomerRef:
        self._cannot("nothing can have happened there before")

    async def given_subscription(self, customer: CustomerRef, seed: SeedSubscription) -> SubscriptionRef:
        self._cannot("nothing can have happened there before")

    async def reset(self) -> None:
        self._cannot("its books stay as they are")

    def _cannot(self, why: str) -> NoReturn:
        raise NoControls(f"the vendor {self._name} is not of this demonstration: {why}")
