"""Short words for what tests do with the adapter: a buyer, a cart, a card typed on a page."""

from dataclasses import replace
from datetime import timedelta

from app.catalog.load import load_catalog
from app.config import ROOT
from app.core.money import Money
from app.vendor_adapters.types import (
    Address,
    Change,
    ChangeOutcome,
    CheckoutSnapshot,
    CustomerProfile,
    CustomerRef,
    DiscountRef,
    DiscountTerms,
    Done,
    Handoff,
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
from tests.stripe_twin.twin import PAYS, StripeTwin

CATALOG = load_catalog(ROOT / "data" / "catalog.toml")
RETURN_TO = "https://store.example/orders/1"
CANCEL_TO = "https://store.example/checkouts/1"

NEW_YORK = Address(country="US", region="NY", postal_code="10001", city="New York", line1="1 Main Street")
BERLIN = Address(country="DE", postal_code="10115", city="Berlin", line1="Hauptstraße 1")
PARIS = Address(country="FR", postal_code="75001", city="Paris", line1="1 rue de la Paix")
TOKYO = Address(country="JP", postal_code="100-0001", city="Tokyo", line1="1-1")

TEAM = OfferKey("team-hosted-usd-y-1")
TEAM_EUR = OfferKey("team-hosted-eur-y-1")
SCALE = OfferKey("scale-hosted-usd-y-1")
MINUTES = OfferKey("compute-1000-usd-1")
STORAGE = OfferKey("storage-10-usd-y-1")


def usd(minor: int) -> Money:
    return Money(minor, "usd")


def eur(minor: int) -> Money:
    return Money(minor, "eur")


def vat(value: str) -> TaxId:
    return TaxId(kind="eu_vat", value=value)


def profile(
    account_id: str = "acc_1", currency: str = "usd", address: Address | None = NEW_YORK, tax_id: TaxId | None = None
) -> CustomerProfile:
    return CustomerProfile(
        account_id=account_id,
        email=f"{account_id}@example.com",
        full_name="Ann Example",
        company="Example Ltd",
        currency=currency,
        address=address,
        tax_id=tax_id,
    )


class Shop:
    """A store with one buyer in New York, who has a customer from the first purchase on."""

    def __init__(self, twin: StripeTwin) -> None:
        self.twin = twin
        self.adapter = twin.adapter
        self._drawn = 0
        self._customers: dict[str, CustomerRef] = {}

    def key(self, operation: str = "test") -> IdempotencyKey:
        self._drawn += 1
        return IdempotencyKey(f"order:{self._drawn}:{operation}:1")

    def order(self) -> OrderId:
        self._drawn += 1
        return OrderId(f"O-{self._drawn:05d}")

    async def customer(
        self, card: str | None = None, currency: str = "usd", address: Address = NEW_YORK
    ) -> CustomerRef:
        account = f"acc_{currency}_{address.country}"
        if account not in self._customers:
            self._customers[account] = await self.adapter.ensure_customer(
                profile(account, currency, address), key=self.key()
            )
        if card is not None:
            self.twin.add_card(self._customers[account], card)
        return self._customers[account]

    async def cart(
        self,
        *items: tuple[OfferKey, int],
        address: Address = NEW_YORK,
        tax_id: TaxId | None = None,
        discounts: tuple[DiscountRef, ...] = (),
        order: OrderId | None = None,
    ) -> PurchaseRequest:
        """Return a request of the buyer, in the currency of its first offer."""
        currency = "eur" if "-eur-" in items[0][0] else "usd"
        return PurchaseRequest(
            order=order or self.order(),
            customer=await self.customer(currency=currency, address=address),
            currency=currency,
            items=tuple(PurchaseItem(offer=offer, quantity=quantity) for offer, quantity in items),
            address=address,
            tax_id=tax_id,
            discounts=discounts,
            subject="group:acme",
        )

    async def open(
        self, request: PurchaseRequest, quote: Quote | None = None, key: IdempotencyKey | None = None
    ) -> Handoff:
        """Open the payment page for a cart."""
        return await self.adapter.start_checkout(
            request,
            quote=quote or await self.adapter.quote_purchase(request),
            return_to=RETURN_TO,
            cancel_to=CANCEL_TO,
            key=key or self.key(),
        )

    async def pay(self, handoff: Handoff, number: str = PAYS, *, answer: str = "complete") -> CheckoutSnapshot:
        """Pay on the page and return what the checkout is then."""
        await self.twin.pay(handoff.url, number, answer=answer)
        return await self.adapter.get_checkout(handoff.ref)

    async def purchase(self, *items: tuple[OfferKey, int]) -> CheckoutSnapshot:
        """Buy a cart on the page."""
        return await self.pay(await self.open(await self.cart(*items)))

    async def subscription(self, offer: OfferKey = TEAM, seats: int = 10) -> SubscriptionSnapshot:
        """Buy a subscription on the page."""
        paid = await self.purchase((offer, seats))
        assert paid.subscription is not None
        return await self.adapter.get_subscription(paid.subscription)

    async def buy(
        self,
        request: PurchaseRequest,
        card: str = PAYS,
        *,
        quote: Quote | None = None,
        key: IdempotencyKey | None = None,
        payment_method: str = "",
    ) -> ChangeOutcome:
        """Charge a cart to a card on file."""
        quote = quote or await self.adapter.quote_purchase(request)
        held = payment_method or self.twin.add_card(request.customer or "", card)
        return await self.adapter.buy(
            request,
            quote=quote,
            payment_method=PaymentMethodRef(held),
            return_to=RETURN_TO,
            key=key or self.key(),
        )

    async def quote_change(self, ref: SubscriptionRef, change: Change) -> Quote:
        return await self.adapter.quote_change(ref, change=change, as_of=self.twin.clock.now())

    async def change(
        self,
        ref: SubscriptionRef,
        change: Change,
        *,
        quote: Quote | None = None,
        order: OrderId | None = None,
        key: IdempotencyKey | None = None,
    ) -> ChangeOutcome:
        """Quote a change and ask for it."""
        return await self.adapter.apply_change(
            ref,
            change=change,
            quote=quote or await self.quote_change(ref, change),
            return_to=RETURN_TO,
            order=order or self.order(),
            key=key or self.key(),
        )

    async def changed(self, ref: SubscriptionRef, change: Change) -> SubscriptionSnapshot:
        """Make a change that must go through, and return what the subscription is then."""
        outcome = await self.change(ref, change)
        assert isinstance(outcome, Done), outcome
        return await self.adapter.get_subscription(ref)

    async def discount(
        self, *offers: OfferKey, percent_bp: int | None = None, amount_off: Money | None = None, periods: int | None = 1
    ) -> DiscountRef:
        return await self.adapter.materialise_discount(
            terms(self.key(), *offers, percent_bp=percent_bp, amount_off=amount_off, periods=periods), key=self.key()
        )

    def paid(self, order: OrderId) -> list[int]:
        """Return what was taken for an order, by the twin's count."""
        return [charge.amount for charge in self.twin.charges() if charge.order == order]

    def days(self, count: int, **more: float) -> None:
        """Let time pass."""
        self.twin.advance(timedelta(days=count, **more))


def terms(
    reservation: str,
    *offers: OfferKey,
    percent_bp: int | None = None,
    amount_off: Money | None = None,
    periods: int | None = 1,
) -> DiscountTerms:
    return DiscountTerms(
        reservation=reservation,
        label="TEST",
        percent_bp=percent_bp,
        amount_off=amount_off,
        offers=offers,
        periods=periods,
    )


def unordered(request: PurchaseRequest) -> PurchaseRequest:
    """Return a request as it is before the buyer presses: without order and customer."""
    return replace(request, order=OrderId(""), customer=None)
