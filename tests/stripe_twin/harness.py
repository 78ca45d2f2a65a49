"""The Stripe adapter over the twin in the conformance kit's hands."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from app.core.clock import FrozenClock
from app.core.money import Money
from app.vendor_adapters.conformance import (
    START,
    Card,
    Facility,
    Fault,
    Harness,
    Payment,
    SignedMessage,
    VendorCharge,
    kit_catalog,
)
from app.vendor_adapters.stripe.adapter import StripeAdapter
from app.vendor_adapters.types import ChargeRef, CustomerRef, NotificationKind, OrderId
from tests.stripe_twin.accidents import EFFECTS
from tests.stripe_twin.api import BUSY_SECONDS
from tests.stripe_twin.signing import sign
from tests.stripe_twin.twin import CHALLENGES, DECLINES, PAYS, StripeTwin
from tests.stripe_twin.wire import TwinWire

PATIENT, IMPATIENT = 60.0, 0.3
"""Seconds: the first so long that a busy machine never meets it, the second for a vendor that says nothing."""

_ON_FILE = {Card.PAYS: PAYS, Card.DECLINED: DECLINES, Card.CHALLENGES: CHALLENGES}
_TYPED = {Payment.PAID: PAYS, Payment.DECLINED: DECLINES}
_FAULTS = {
    Fault.ANSWER_LOST: "lost_answer",
    Fault.REQUEST_LOST: "lost_request",
    Fault.BROKEN: "broken",
    Fault.BUSY: "rate_limit",
    Fault.SILENT: "silent",
}
_ABOUT = {
    NotificationKind.CHECKOUT: ("checkout.session.completed", "checkout.session", "id"),
    NotificationKind.SUBSCRIPTION: ("customer.subscription.updated", "subscription", "id"),
    NotificationKind.INVOICE: ("invoice.paid", "invoice", "id"),
    NotificationKind.CHARGE: ("charge.refunded", "charge", "payment_intent"),
    NotificationKind.CUSTOMER: ("customer.updated", "customer", "id"),
    NotificationKind.IGNORED: ("product.created", "product", "id"),
}


class StripeHarness(Harness):
    """A twin that holds the kit's catalog."""

    lacks: Mapping[Facility, str] = {}
    deadline = IMPATIENT

    def __init__(self) -> None:
        self._clock = FrozenClock(START)
        self.twin = StripeTwin(kit_catalog(), self._clock, deadline=PATIENT)
        self._acting = self.twin.adapter
        self.wire = TwinWire(self.twin)

    @property
    def adapter(self) -> StripeAdapter:
        return self._acting

    @property
    def clock(self) -> FrozenClock:
        return self._clock

    async def pay_checkout(self, url: str, payment: Payment) -> None:
        await self.twin.pay(
            url,
            _TYPED.get(payment, CHALLENGES),
            answer="fail" if payment is Payment.CHALLENGE_FAILED else "complete",
            leave=payment is Payment.CHALLENGE_LEFT,
        )

    async def charges(self) -> tuple[VendorCharge, ...]:
        return tuple(
            VendorCharge(
                ref=ChargeRef(charge.payment),
                order=OrderId(charge.order),
                amount=Money(charge.amount, charge.currency),
                refunded=Money(charge.refunded, charge.currency),
            )
            for charge in self.twin.charges()
        )

    async def refused(self) -> int:
        return self.twin.refused()

    def sign(self, body: bytes, *, at: datetime) -> Mapping[str, str]:
        return sign(body, at)

    def message(self, kind: NotificationKind | None, subject: str, *, at: datetime) -> SignedMessage:
        event_type, thing, field = _ABOUT[kind] if kind else ("eclipse.total", "moon", "id")
        event = self.twin.event(event_type, {"object": thing, "id": "thing_1", field: subject, "metadata": {}})
        body = json.dumps(event).encode()
        return SignedMessage(headers=sign(body, at), body=body)

    async def given_card(self, customer: CustomerRef, card: Card) -> None:
        self.twin.add_card(customer, _ON_FILE[card])

    async def advance(self, by: timedelta) -> None:
        self.twin.advance(by)

    async def sent(self) -> tuple[SignedMessage, ...]:
        return tuple(SignedMessage(headers=one.headers, body=one.body) for one in self.twin.messages())

    @asynccontextmanager
    async def fault(self, operation: str, fault: Fault) -> AsyncIterator[float]:
        is_about_effect = fault in (Fault.ANSWER_LOST, Fault.REQUEST_LOST)
        self.twin.fail(_FAULTS[fault], EFFECTS.get(operation, ".*") if is_about_effect else ".*", times=0)
        if fault is Fault.SILENT:
            self._acting = self.twin.adapter_with(deadline=IMPATIENT)
        yield float(BUSY_SECONDS) if fault is Fault.BUSY else 0.0
        self._acting = self.twin.adapter
        self.twin.heal()


@asynccontextmanager
async def open_stripe() -> AsyncIterator[StripeHarness]:
    """Yield a harness over a fresh twin."""
    harness = StripeHarness()
    yield harness
    await harness.close()
