"""A store in miniature: it hears notifications, looks again, and keeps the newest of what it saw."""

from dataclasses import replace

from app.vendor_adapters.conformance.harness import Harness, SignedMessage
from app.vendor_adapters.conformance.offers import START
from app.vendor_adapters.conformance.trace import Trace
from app.vendor_adapters.types import (
    CheckoutRef,
    CustomerRef,
    InvoiceRef,
    Notification,
    NotificationKind,
    SubscriptionRef,
    SubscriptionSnapshot,
)


class Projection:
    """What a store would know. A notification is a hint to look again; a snapshot replaces an older version only."""

    def __init__(self, harness: Harness) -> None:
        self._harness = harness
        self._seen: set[str] = set()
        self._held: dict[SubscriptionRef, SubscriptionSnapshot] = {}
        self.writes = 0

    async def hear(self, message: SignedMessage) -> None:
        """Take a message in, as the webhook address does."""
        wall = self._harness.clock.wall()
        await self.follow(self._harness.adapter.read_notification(message.headers, body=message.body, received_at=wall))

    async def follow(self, notification: Notification) -> None:
        """Look again at what a notification is about, unless that very notification came before."""
        if notification.id in self._seen:
            return
        self._seen.add(notification.id)
        for ref in await self._about(notification):
            self.take(await self._harness.adapter.get_subscription(ref))

    def take(self, snapshot: SubscriptionSnapshot) -> None:
        """Keep a snapshot unless the one that is held is as new or newer; ``writes`` counts what says something else.

        A vendor without versions of its own numbers by the clock, so that each look has a new one.
        """
        held = self._held.get(snapshot.ref)
        if held is None or held.version < snapshot.version:
            self._held[snapshot.ref] = snapshot
            self.writes += held is None or _facts(held) != _facts(snapshot)

    def shown(self) -> list[str]:
        """Return what is known, in words."""
        trace = Trace()
        return [trace.subscription(self._held[ref]) for ref in sorted(self._held)]

    async def _about(self, notification: Notification) -> list[SubscriptionRef]:
        adapter = self._harness.adapter
        match notification.kind:
            case NotificationKind.SUBSCRIPTION:
                return [SubscriptionRef(notification.subject)]
            case NotificationKind.CHECKOUT:
                checkout = await adapter.get_checkout(CheckoutRef(notification.subject))
                return [checkout.subscription] if checkout.subscription else []
            case NotificationKind.INVOICE:
                invoice = await adapter.get_invoice(InvoiceRef(notification.subject))
                return [invoice.subscription] if invoice.subscription else []
            case NotificationKind.CUSTOMER:
                return [one.ref for one in await adapter.list_subscriptions(CustomerRef(notification.subject))]
            case NotificationKind.CHARGE:
                found = await adapter.find_checkouts(notification.order) if notification.order else ()
                return [one.subscription for one in found if one.subscription]
            case NotificationKind.IGNORED:
                return []


def _facts(snapshot: SubscriptionSnapshot) -> SubscriptionSnapshot:
    return replace(snapshot, version=0, observed_at=START)
