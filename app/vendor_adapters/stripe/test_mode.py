"""Stripe's own test mode in the conformance kit's hands: real requests with a test key, real time, no money.

What needs a person or a machine of ours is lacking, and the kit counts it: the payment page, the bank's check, lost
answers. The kit's own catalog is put beside what the account holds, and its customers and subscriptions stay there.
"""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import stripe

from app.config import Config, StripeConfig
from app.core.clock import Clock, SystemClock
from app.core.ids import new_id
from app.core.money import Money
from app.vendor_adapters.capabilities import Capabilities, Capability
from app.vendor_adapters.conformance import (
    Card,
    Facility,
    FacilityLacking,
    Harness,
    Payment,
    SignedMessage,
    VendorCharge,
    kit_catalog,
)
from app.vendor_adapters.stripe import catalog_sync
from app.vendor_adapters.stripe.adapter import StripeAdapter
from app.vendor_adapters.stripe.checkup import Keys
from app.vendor_adapters.stripe.client import Call, Client
from app.vendor_adapters.stripe.names import API_VERSION
from app.vendor_adapters.stripe.notifications import HEADER
from app.vendor_adapters.stripe.shop import Shop
from app.vendor_adapters.stripe.translate.basics import order_of, payment_of, ref_of
from app.vendor_adapters.types import ChargeRef, CustomerProfile, CustomerRef, NotificationKind, OrderId

SECRET = "whsec_conformance"  # noqa: S105 - signs what the kit itself sends
CARDS = {
    Card.PAYS: "pm_card_visa",
    Card.DECLINED: "pm_card_chargeCustomerFail",
    Card.CHALLENGES: "pm_card_authenticationRequired",
}
"""Stripe's test cards by name: each attaches as a card of its own."""
_A_PAGE = 100
_Reading = Callable[[Call], Awaitable[list[VendorCharge]]]
_ABOUT = {
    NotificationKind.CHECKOUT: ("checkout.session.completed", "checkout.session", "id"),
    NotificationKind.SUBSCRIPTION: ("customer.subscription.updated", "subscription", "id"),
    NotificationKind.INVOICE: ("invoice.paid", "invoice", "id"),
    NotificationKind.CHARGE: ("charge.refunded", "charge", "payment_intent"),
    NotificationKind.CUSTOMER: ("customer.updated", "customer", "id"),
    NotificationKind.IGNORED: ("product.created", "product", "id"),
}


def why_not(config: Config) -> str:
    """Return why the kit may not run with these settings, empty when it may."""
    if "_test_" in config.stripe.secret_key:
        return ""
    return (
        "STRIPE_SECRET_KEY is a live key, and the kit buys and refunds: it runs with a test key only "
        "(STRIPE_SECRET_KEY=sk_test_…, KASSA_ENV=demo)"
    )


@asynccontextmanager
async def open_harness(_folder: Path) -> AsyncIterator["TestModeHarness"]:
    """Yield a harness over the account of the settings, which holds the kit's catalog from then on."""
    config = Config.from_env()
    if reason := why_not(config):
        raise PermissionError(reason)
    harness = TestModeHarness(config.stripe, SystemClock())
    await harness.prepare()
    yield harness
    await harness.close()


class TestModeHarness(Harness):
    """An account in test mode; what others did there before is none of the kit's business."""

    __test__ = False
    lacks: Mapping[Facility, str] = {
        Facility.CALENDAR: "test mode goes by today's date",
        Facility.CHALLENGES: "the bank's check wants a person",
        Facility.FAULTS: "nobody can break it on request",
        Facility.MESSAGES: "it sends to the store's address",
        Facility.PAYMENT_PAGE: "the page wants a person",
        Facility.WIRE: "Stripe itself refuses what is wrong",
    }

    def __init__(self, settings: StripeConfig, clock: Clock) -> None:
        catalog = kit_catalog()
        self._clock = clock
        self._client = Client(secret_key=settings.secret_key, api_base=settings.api_base, clock=clock)
        self._shop = Shop(
            catalog=catalog,
            is_taxed=False,  # whether the account has Stripe Tax, and where, is not the kit's to say
            quote_ttl=timedelta(seconds=catalog.rules.quote_ttl_seconds),
            secret=settings.secret_key,
        )
        keys = Keys(webhook_secrets=(SECRET,))
        self._adapter = _Timebound(client=self._client, shop=self._shop, api_base=settings.api_base, keys=keys)
        self._customers: list[CustomerRef] = []

    @property
    def adapter(self) -> StripeAdapter:
        return self._adapter

    @property
    def clock(self) -> Clock:
        return self._clock

    async def prepare(self) -> None:
        """Put the kit's prices into the account; those that are there stay."""
        await self._client.run("prepare", lambda call: catalog_sync.hold(call, self._shop), seconds=60)

    async def given_customer(self, profile: CustomerProfile) -> CustomerRef:
        ref = await super().given_customer(profile)
        self._customers.append(ref)
        return ref

    async def given_card(self, customer: CustomerRef, card: Card) -> None:
        async def attach(call: Call) -> None:
            methods, customers = call.v1.payment_methods, call.v1.customers
            held = await call.write(methods.attach_async(CARDS[card], {"customer": customer}, _once()))
            chosen: stripe.params.CustomerUpdateParams = {"invoice_settings": {"default_payment_method": held.id}}
            await call.write(customers.update_async(customer, chosen, _once()))

        await self._client.run("given_card", attach)

    async def pay_checkout(self, url: str, payment: Payment) -> None:
        raise FacilityLacking(Facility.PAYMENT_PAGE)

    async def charges(self) -> tuple[VendorCharge, ...]:
        found = [await self._client.run("charges", _charges_of(customer)) for customer in self._customers]
        return tuple(charge for each in found for charge in each)

    async def refused(self) -> int:
        async def count(call: Call) -> int:
            pages = [
                await call.read(call.v1.charges.list_async({"customer": customer, "limit": _A_PAGE}))
                for customer in self._customers
            ]
            return sum(charge.status == "failed" for page in pages for charge in page.data)

        return await self._client.run("refused", count)

    def sign(self, body: bytes, *, at: datetime) -> Mapping[str, str]:
        stamp = str(int(at.timestamp()))
        signature = hmac.new(SECRET.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        return {HEADER: f"t={stamp},v1={signature}"}

    def message(self, kind: NotificationKind | None, subject: str, *, at: datetime) -> SignedMessage:
        event_type, thing, field = _ABOUT[kind] if kind else ("eclipse.total", "moon", "id")
        event = {
            "id": new_id("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": int(self._clock.now().timestamp()),
            "data": {"object": {"object": thing, "id": "thing_1", field: subject, "metadata": {}}},
            "livemode": False,
            "type": event_type,
        }
        body = json.dumps(event).encode()
        return SignedMessage(headers=self.sign(body, at=at), body=body)


class _Timebound(StripeAdapter):
    """Test mode goes by the calendar: the kit cannot move it."""

    @property
    def capabilities(self) -> Capabilities:
        found = super().capabilities
        return replace(found, has=found.has - {Capability.TEST_CLOCK})


def _charges_of(customer: CustomerRef) -> _Reading:
    async def read(call: Call) -> list[VendorCharge]:
        invoices = await call.read(
            call.v1.invoices.list_async({"customer": customer, "limit": _A_PAGE, "expand": ["data.payments"]})
        )
        orders = {payment_of(invoice): order_of(invoice) for invoice in invoices.data}
        page = await call.read(call.v1.charges.list_async({"customer": customer, "limit": _A_PAGE}))
        return [_charge(charge, orders) for charge in reversed(page.data) if charge.paid]

    return read


def _charge(charge: stripe.Charge, orders: Mapping[str, OrderId]) -> VendorCharge:
    payment = ref_of(charge.payment_intent)
    return VendorCharge(
        ref=ChargeRef(payment),
        order=orders.get(payment, OrderId("")),
        amount=Money(charge.amount, charge.currency),
        refunded=Money(charge.amount_refunded, charge.currency),
    )


def _once() -> stripe.RequestOptions:
    return {"idempotency_key": new_id("kit")}
