"""The demonstration's hand on the twin: the one shape of ``VendorWorld`` over one Stripe account."""

from collections.abc import Sequence
from datetime import datetime

from app.core.clock import FrozenClock, SystemClock
from app.core.money import Money
from app.vendor_adapters.errors import RejectReason, VendorRejected
from app.vendor_adapters.types import ChargeRef, CustomerProfile, CustomerRef, RefundRef, SubscriptionRef
from app.vendor_adapters.world import Books, DisputeState, PlannedFault, Post, SeedSubscription, WebhookFaults
from tests.stripe_twin import disputes, invoices, ledger, seeds
from tests.stripe_twin.accidents import befalling
from tests.stripe_twin.account import Account
from tests.stripe_twin.books import Obj
from tests.stripe_twin.refusals import Refusal
from tests.stripe_twin.runs import run_due


class TwinWorld:
    """What only a demonstration or a test may do to an account."""

    def __init__(self, account: Account, clock: SystemClock | FrozenClock) -> None:
        self._account = account
        self._books = account.books
        self._clock = clock

    async def set_clock(self, now: datetime) -> None:
        self._clock.offset = now - self._clock.wall()

    async def run_due(self, now: datetime) -> int:
        before = len(self._books.tables["event"])
        run_due(self._books, self._account.origin)
        return len(self._books.tables["event"]) - before

    async def deliver_due(self, post: Post, now: datetime, *, everything: bool = False) -> int:
        return await self._account.post.deliver(post, now, everything=everything)

    async def books(self) -> Books:
        return ledger.shown(self._books) | {"deliveries": self._account.post.shown()}

    async def refund(self, charge: ChargeRef, amount: Money) -> RefundRef:
        try:
            made = invoices.refund(self._books, self._payment(charge), amount.minor, {"kassa_reason": "at the vendor"})
        except Refusal as refusal:
            raise _refused("refund", str(refusal.body["error"]["message"])) from refusal
        return RefundRef(made["id"])

    async def dispute(self, charge: ChargeRef, state: DisputeState) -> None:
        disputes.move(self._books, self._payment(charge), state)

    async def set_faults(self, planned: Sequence[PlannedFault]) -> None:
        self._account.api.faults += [befalling(one) for one in planned]

    async def set_webhook_faults(self, wanted: WebhookFaults) -> None:
        self._account.post.faults = wanted

    async def clear_faults(self) -> None:
        self._account.api.faults.clear()
        self._account.post.faults = WebhookFaults()

    def delete_customer(self, ref: CustomerRef) -> None:
        """Delete a customer as somebody does in the dashboard."""
        self._account.desk.delete_customer(ref)

    async def given_customer(self, profile: CustomerProfile, *, card_number: str | None = None) -> CustomerRef:
        return seeds.customer(self._books, profile, card_number)

    async def given_subscription(self, customer: CustomerRef, seed: SeedSubscription) -> SubscriptionRef:
        return seeds.subscription(self._books, customer, seed, self._account.origin)

    async def reset(self) -> None:
        self._account.reset()

    def _payment(self, charge: ChargeRef) -> Obj:
        payment = self._books.find("payment_intent", charge)
        if payment is None:
            raise _refused("payment_intent", f"there is no payment {charge}")
        return payment


def _refused(operation: str, detail: str) -> VendorRejected:
    return VendorRejected(vendor="stripe", operation=operation, reason=RejectReason.OTHER, detail=detail)
