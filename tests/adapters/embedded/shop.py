"""Short words for what tests do with the embedded vendor: a buyer, a cart, a card typed on its page."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from app.catalog.load import load_catalog
from app.config import ROOT
from app.core.clock import FrozenClock
from app.core.money import Money
from app.db.engine import Database
from app.vendor_adapters.embedded import EmbeddedVendor, EmbeddedWorld, SeedSubscription, payments
from app.vendor_adapters.embedded.card_form import details
from app.vendor_adapters.embedded.cards import BY_NUMBER
from app.vendor_adapters.types import (
    Address,
    Change,
    ChangeOutcome,
    CheckoutRef,
    CheckoutSnapshot,
    CustomerProfile,
    CustomerRef,
    DiscountRef,
    DiscountTerms,
    Done,
    IdempotencyKey,
    OfferKey,
    OrderId,
    PaymentMethodRef,
    PurchaseItem,
    PurchaseRequest,
    Quote,
    SubscriptionRef,
    SubscriptionSnapshot,
    TaxId,
)

CATALOG = load_catalog(ROOT / "data" / "catalog.toml")
STORE = "http://localhost:8000"
ORIGIN = "http://127.0.0.1:8002"
SECRET = "a secret of the tests, long enough"
RETURN_TO = f"{STORE}/checkouts/1/return"
CANCEL_TO = f"{STORE}/checkouts/1"

NEW_YORK = Address(country="US", region="NY", postal_code="10001", city="New York", line1="1 Main Street")
BERLIN = Address(country="DE", postal_code="10115", city="Berlin", line1="Hauptstraße 1")
PARIS = Address(country="FR", postal_code="75001", city="Paris", line1="1 rue de la Paix")
TOKYO = Address(country="JP", postal_code="100-0001", city="Tokyo", line1="1-1")
FRENCH_VAT = TaxId(kind="eu_vat", value="FR40303265045")

TEAM = OfferKey("team-hosted-usd-y-1")
TEAM_EUR = OfferKey("team-hosted-eur-y-1")
SCALE = OfferKey("scale-hosted-usd-y-1")
MINUTES = OfferKey("compute-1000-usd-1")
STORAGE = OfferKey("storage-10-usd-y-1")
OLD_TEAM = OfferKey("team-hosted-usd-y-0")

PAYS = "4242424242424242"
CHALLENGES = "4000002500003155"
DECLINES = "4000000000000002"
PAYS_ONCE = "4000000000000341"
NO_ANSWER = "4000000000000119"

MARCH = datetime(2026, 3, 1, tzinfo=UTC)


def open_vendor(path: Path, clock: FrozenClock, deadline: float = 5.0) -> EmbeddedVendor:
    """Return a vendor over the database file at ``path``."""
    return EmbeddedVendor(
        database=Database(f"sqlite:///{path}"),
        catalog=CATALOG,
        clock=clock,
        secret=SECRET,
        origin=ORIGIN,
        webhook_url=f"{STORE}/webhooks/embedded",
        store_origin=STORE,
        deadline=deadline,
    )


def usd(minor: int) -> Money:
    return Money(minor, "usd")


def eur(minor: int) -> Money:
    return Money(minor, "eur")


def cart(
    *items: tuple[OfferKey, int], address: Address | None = NEW_YORK, tax_id: TaxId | None = None
) -> PurchaseRequest:
    """Return a request in the currency of its first offer, without order and customer."""
    currency = "eur" if "-eur-" in items[0][0] else "usd"
    wanted = tuple(PurchaseItem(offer=offer, quantity=quantity) for offer, quantity in items)
    return PurchaseRequest(
        order=OrderId(""), customer=None, currency=currency, items=wanted, address=address, tax_id=tax_id
    )


def profile(account_id: str = "acc_1", currency: str = "usd", address: Address | None = NEW_YORK) -> CustomerProfile:
    return CustomerProfile(
        account_id=account_id,
        email=f"{account_id}@example.com",
        full_name="Ann Example",
        company="Example Ltd",
        currency=currency,
        address=address,
    )


class Shop:
    """A store with one buyer, written for brevity: it draws the keys and order ids that a test does not care for."""

    def __init__(self, vendor: EmbeddedVendor, world: EmbeddedWorld, clock: FrozenClock) -> None:
        self.vendor = vendor
        self.world = world
        self.clock = clock
        self._drawn = 0

    def key(self) -> IdempotencyKey:
        self._drawn += 1
        return IdempotencyKey(f"order:{self._drawn}:test:1")

    def order(self) -> OrderId:
        self._drawn += 1
        return OrderId(f"O-{self._drawn:05d}")

    async def customer(
        self,
        account_id: str = "acc_1",
        currency: str = "usd",
        card: str | None = None,
        address: Address | None = NEW_YORK,
    ) -> CustomerRef:
        return await self.world.given_customer(profile(account_id, currency, address), card_number=card)

    async def subscription(
        self, card: str | None = PAYS, offer: OfferKey = TEAM, seats: int = 10, starts_at: datetime = MARCH
    ) -> SubscriptionSnapshot:
        """A paid subscription of a customer in New York, from 1 March 2026 unless said."""
        customer = await self.customer(card=card)
        ref = await self.world.given_subscription(
            customer, SeedSubscription(offer=offer, seats=seats, starts_at=starts_at, subject="group:acme")
        )
        return await self.vendor.get_subscription(ref)

    async def discount(
        self,
        *offers: OfferKey,
        percent_bp: int | None = None,
        amount_off: Money | None = None,
        periods: int | None = 1,
    ) -> DiscountRef:
        terms = DiscountTerms(
            reservation=self.key(),
            label="TEST",
            percent_bp=percent_bp,
            amount_off=amount_off,
            offers=offers,
            periods=periods,
        )
        return await self.vendor.materialise_discount(terms, key=self.key())

    async def open(self, request: PurchaseRequest, order: OrderId | None = None) -> CheckoutRef:
        """Open the payment page for a cart."""
        request = await self.addressed(request, order)
        quote = await self.vendor.quote_purchase(request)
        return await self.open_for(request, quote)

    async def open_for(self, request: PurchaseRequest, quote: Quote, key: IdempotencyKey | None = None) -> CheckoutRef:
        handoff = await self.vendor.start_checkout(
            request, quote=quote, return_to=RETURN_TO, cancel_to=CANCEL_TO, key=key or self.key()
        )
        return handoff.ref

    async def addressed(self, request: PurchaseRequest, order: OrderId | None = None) -> PurchaseRequest:
        """Give a cart its order and its customer."""
        customer = request.customer or await self.customer(currency=request.currency, address=request.address)
        return replace(request, order=order or self.order(), customer=customer)

    async def type_card(self, ref: CheckoutRef, number: str = PAYS) -> CheckoutSnapshot:
        """Pay on the hosted page."""
        typed = details(BY_NUMBER[number], 12, 2040)
        await self.vendor.calls.own_write(lambda desk: payments.pay_on_page(desk, ref, typed))
        return await self.vendor.get_checkout(ref)

    async def answer_bank(self, ref: CheckoutRef, *, passed: bool) -> CheckoutSnapshot:
        """Answer the bank's check."""
        await self.vendor.calls.own_write(lambda desk: payments.answer_challenge(desk, ref, passed=passed))
        return await self.vendor.get_checkout(ref)

    async def purchase(self, request: PurchaseRequest, number: str = PAYS) -> CheckoutSnapshot:
        """Buy a cart on the hosted page."""
        return await self.type_card(await self.open(request), number)

    async def buy(self, request: PurchaseRequest, card: PaymentMethodRef) -> ChangeOutcome:
        """Buy a cart with a stored card."""
        request = await self.addressed(request)
        quote = await self.vendor.quote_purchase(request)
        return await self.vendor.buy(request, quote=quote, payment_method=card, return_to=RETURN_TO, key=self.key())

    async def quote_change(self, ref: SubscriptionRef, change: Change) -> Quote:
        return await self.vendor.quote_change(ref, change=change, as_of=self.clock.now())

    async def apply(self, ref: SubscriptionRef, change: Change, order: OrderId | None = None) -> ChangeOutcome:
        """Quote a change and make it."""
        quote = await self.quote_change(ref, change)
        return await self.vendor.apply_change(
            ref, change=change, quote=quote, return_to=RETURN_TO, order=order or self.order(), key=self.key()
        )

    async def done(self, ref: SubscriptionRef, change: Change) -> SubscriptionSnapshot:
        """Make a change that must go through at once, and return what the subscription is then."""
        outcome = await self.apply(ref, change)
        assert isinstance(outcome, Done), outcome
        return await self.vendor.get_subscription(ref)
