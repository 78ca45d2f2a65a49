"""What only a demonstration or a test may do to the vendor: look into its books, move its world, set faults."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete

from app.core.money import Money
from app.vendor_adapters.embedded import (
    billing_run,
    deliveries,
    faults,
    mirror,
    refunds,
    seeds,
    webhook_faults,
)
from app.vendor_adapters.embedded.adapter import EmbeddedVendor
from app.vendor_adapters.embedded.books import books
from app.vendor_adapters.embedded.desk import Desk
from app.vendor_adapters.embedded.schema import metadata
from app.vendor_adapters.types import (
    ChargeRef,
    CustomerProfile,
    CustomerRef,
    RefundRef,
    SubscriptionRef,
)
from app.vendor_adapters.world import Books, DisputeState, PlannedFault, Post, SeedSubscription, WebhookFaults


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingWork:
    """What the vendor still has to do: messages on their way, and whether a billing run would find something."""

    deliveries: int
    is_billing_due: bool


class EmbeddedWorld:
    """The demonstration's hand on an embedded vendor (``VendorWorld``); the store itself never holds one."""

    def __init__(self, vendor: EmbeddedVendor) -> None:
        self._vendor = vendor
        self._calls = vendor.calls

    # --- the run of things ---

    async def set_clock(self, now: datetime) -> None:
        """It lives by the store's own clock."""

    async def run_due(self, now: datetime) -> int:
        """Do all that is due by ``now`` (business time) in the order in which it fell due; returns how much it was."""
        done = 0
        while await self._calls.own_read(lambda desk: billing_run.next_due(desk, now)) is not None:
            done += await self._calls.own_write(lambda desk: billing_run.step(desk, now))
        return done

    async def deliver_due(self, post: Post, now: datetime, *, everything: bool = False) -> int:
        """Send what is due by ``now`` (wall time), or ``everything`` that waits; returns how much arrived.

        Each message is tried once. At least once is promised: a message whose answer was lost is sent again.
        """
        arrived = 0
        for delivery, attempts in await self._calls.own_read(
            lambda desk: deliveries.waiting(desk, now, everything=everything)
        ):
            arrived += await self._deliver(post, delivery, attempts)
        return arrived

    async def pending(self, now: datetime) -> PendingWork:
        """Return what is still to be done by ``now`` (business time)."""
        return await self._calls.own_read(
            lambda desk: PendingWork(
                deliveries=deliveries.count_waiting(desk),
                is_billing_due=billing_run.next_due(desk, now) is not None,
            )
        )

    # --- the books ---

    async def books(self) -> Books:
        """Return the whole books, ready to be written as JSON."""
        return await self._calls.own_read(books)

    async def refund(self, charge: ChargeRef, amount: Money) -> RefundRef:
        """Give part or all of a charge back, as the vendor's own people would."""
        ref = await self._calls.own_write(lambda desk: refunds.refund(desk, charge, amount, "made at the vendor"))
        return RefundRef(ref)

    async def dispute(self, charge: ChargeRef, state: DisputeState) -> None:
        """Let the holder of the card complain, or let that be decided."""
        await self._calls.own_write(lambda desk: refunds.dispute(desk, charge, state.value))

    # --- faults ---

    async def set_faults(self, planned: Sequence[PlannedFault]) -> None:
        """Let calls of the port go wrong, in addition to what was planned before."""
        await self._calls.own_write(lambda desk: faults.plan(desk, planned))

    async def set_webhook_faults(self, wanted: WebhookFaults) -> None:
        """Let messages to the store travel badly from now on."""
        await self._calls.own_write(lambda desk: webhook_faults.replace(desk, wanted))

    async def clear_faults(self) -> None:
        """Let everything go right again."""
        await self._calls.own_write(faults.clear)

    # --- what was there before ---

    async def given_customer(self, profile: CustomerProfile, *, card_number: str | None = None) -> CustomerRef:
        """Return a customer with that test card on file as the default; may be repeated."""
        return await self._calls.own_write(lambda desk: seeds.customer(desk, profile, card_number))

    async def given_subscription(self, customer: CustomerRef, seed: SeedSubscription) -> SubscriptionRef:
        """Return the customer's subscription for ``seed.subject``, made as described unless it is there."""
        return await self._calls.own_write(lambda desk: seeds.subscription(desk, customer, seed))

    async def reset(self) -> None:
        """Forget everything but the catalog, which is mirrored afresh."""
        await self._calls.own_write(self._reset)

    async def _deliver(self, post: Post, delivery: int, attempts: int) -> bool:
        message = await self._calls.own_write(lambda desk: deliveries.take(desk, delivery, attempts))
        if message is None:
            return False
        try:
            status = await post(self._vendor.settings.webhook_url, message.headers, message.body)
        except Exception:
            # whatever stopped this one must not stop the others: it counts as unanswered and is sent again
            status = 0
        return await self._calls.own_write(lambda desk: deliveries.settle(desk, message, status))

    def _reset(self, desk: Desk) -> None:
        for table in reversed(metadata.sorted_tables):
            desk.connection.execute(delete(table))
        mirror.mirror(desk, self._vendor.catalog)
