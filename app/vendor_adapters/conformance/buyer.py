"""Short words for what checks do through the port: a buyer with orders, keys, carts and a card."""

from dataclasses import replace
from datetime import timedelta

from app.core.ids import new_id, new_order_id
from app.core.money import Money
from app.vendor_adapters.capabilities import Capability
from app.vendor_adapters.conformance.harness import Card, Facility, FacilityLacking, Harness, Payment
from app.vendor_adapters.conformance.offers import OREGON, START, TEAM
from app.vendor_adapters.port import VendorAdapter
from app.vendor_adapters.types import (
    Address,
    Change,
    ChangeOutcome,
    CheckoutSnapshot,
    CheckoutState,
    CustomerProfile,
    CustomerRef,
    DiscountRef,
    DiscountTerms,
    Done,
    Handoff,
    IdempotencyKey,
    InvoiceSummary,
    OfferKey,
    OrderId,
    PaymentMethodRef,
    PurchaseItem,
    PurchaseRequest,
    Quote,
    SubscriptionRef,
    SubscriptionSnapshot,
)


class Buyer:
    """Somebody with a customer at the vendor; made by ``arrive``."""

    def __init__(self, harness: Harness, profile: CustomerProfile, customer: CustomerRef, place: Address) -> None:
        self.harness = harness
        self.profile = profile
        self.customer = customer
        self.place = place
        self.subject = f"group:{profile.account_id}"

    @property
    def adapter(self) -> VendorAdapter:
        """What the buyer's store speaks to."""
        return self.harness.adapter

    @classmethod
    async def arrive(
        cls, harness: Harness, *, place: Address = OREGON, currency: str = "usd", card: Card | None = None
    ) -> "Buyer":
        """Return a new buyer who lives at ``place``, with ``card`` on file."""
        profile = new_profile(place, currency)
        customer = await harness.given_customer(profile)
        if card is not None:
            await harness.given_card(customer, card)
        return cls(harness, profile, customer, place)

    # --- carts ---

    def request(
        self, *items: tuple[OfferKey, int], discounts: tuple[DiscountRef, ...] = (), order: OrderId | None = None
    ) -> PurchaseRequest:
        """Return a cart of a new order."""
        return PurchaseRequest(
            order=order or new_order(),
            customer=self.customer,
            currency=self.profile.currency,
            items=tuple(PurchaseItem(offer=offer, quantity=quantity) for offer, quantity in items),
            address=self.place,
            discounts=discounts,
            subject=self.subject,
        )

    async def open(
        self, request: PurchaseRequest, *, quote: Quote | None = None, key: IdempotencyKey | None = None
    ) -> Handoff:
        """Open the payment page for a cart."""
        return await self.adapter.start_checkout(
            request,
            quote=quote or await self.adapter.quote_purchase(request),
            return_to=self.harness.return_to,
            cancel_to=self.harness.cancel_to,
            key=key or new_key("start_checkout"),
        )

    async def pay(self, handoff: Handoff, payment: Payment = Payment.PAID) -> CheckoutSnapshot:
        """Go to the payment page and return what the checkout is then."""
        await self.harness.pay_checkout(handoff.url, payment)
        return await self.adapter.get_checkout(handoff.ref)

    async def purchase(self, *items: tuple[OfferKey, int]) -> CheckoutSnapshot:
        """Buy a cart on the payment page, or with a card on file where no program can operate one; it goes through."""
        if Facility.PAYMENT_PAGE in self.harness.lacks:
            return await self._charge_card(self.request(*items))
        paid = await self.pay(await self.open(self.request(*items)))
        assert paid.state is CheckoutState.COMPLETE, paid
        return paid

    async def buy(
        self,
        request: PurchaseRequest,
        *,
        quote: Quote | None = None,
        card: PaymentMethodRef | None = None,
        key: IdempotencyKey | None = None,
    ) -> ChangeOutcome:
        """Charge a cart to a card on file, the default one unless said."""
        return await self.adapter.buy(
            request,
            quote=quote or await self.adapter.quote_purchase(request),
            payment_method=card or await self.card(),
            return_to=self.harness.return_to,
            key=key or new_key("buy"),
        )

    async def card(self) -> PaymentMethodRef:
        """Return the default card on file."""
        return (await self.adapter.payment_methods(self.customer))[0].ref

    async def discount(
        self,
        *offers: OfferKey,
        percent_bp: int | None = None,
        amount_off: Money | None = None,
        periods: int | None = 1,
    ) -> DiscountRef:
        """Have a discount made real."""
        terms = DiscountTerms(
            reservation=new_id("res"),
            label="KIT",
            percent_bp=percent_bp,
            amount_off=amount_off,
            offers=offers,
            periods=periods,
        )
        return await self.adapter.materialise_discount(terms, key=new_key("materialise_discount"))

    # --- subscriptions ---

    async def subscribe(self, offer: OfferKey = TEAM, seats: int = 10) -> SubscriptionSnapshot:
        """Buy a subscription on the payment page; the card that paid is on file then."""
        paid = await self.purchase((offer, seats))
        assert paid.subscription is not None, "a paid plan has a subscription"
        return await self.adapter.get_subscription(paid.subscription)

    async def quote_change(self, ref: SubscriptionRef, change: Change) -> Quote:
        """Return what a change costs now."""
        return await self.adapter.quote_change(ref, change=change, as_of=self.harness.clock.now())

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
            return_to=self.harness.return_to,
            order=order or new_order(),
            key=key or new_key("apply_change"),
        )

    async def changed(self, ref: SubscriptionRef, change: Change) -> SubscriptionSnapshot:
        """Make a change, which must go through at once, and return what the subscription is then.

        What has ended may go on in another one, which the outcome names.
        """
        outcome = await self.change(ref, change)
        assert isinstance(outcome, Done), outcome
        return await self.adapter.get_subscription(outcome.subscription.ref if outcome.subscription else ref)

    async def invoices(self) -> tuple[InvoiceSummary, ...]:
        """Return all invoices, newest first."""
        page = await self.adapter.list_invoices(self.customer)
        rows, seen = list(page.rows), {""}
        while page.next_cursor:
            assert page.next_cursor not in seen, "the list goes on"
            seen.add(page.next_cursor)
            page = await self.adapter.list_invoices(self.customer, cursor=page.next_cursor)
            rows += page.rows
        return tuple(rows)

    async def _charge_card(self, request: PurchaseRequest) -> CheckoutSnapshot:
        if Capability.STORED_CARD_PURCHASE not in self.adapter.capabilities:
            raise FacilityLacking(Facility.PAYMENT_PAGE)
        await self.harness.given_card(self.customer, Card.PAYS)
        outcome = await self.buy(request)
        assert isinstance(outcome, Done), outcome
        (paid,) = await self.adapter.find_checkouts(request.order)
        return paid


async def to_day(harness: Harness, day: int) -> None:
    """Move the clocks to 00:00Z of the ``day``-th day after START."""
    await harness.advance(START + timedelta(days=day) - harness.clock.now())


async def taken(harness: Harness, order: OrderId) -> list[int]:
    """Return what the vendor took for an order, in minor units, one number for each charge."""
    return [charge.amount.minor for charge in await harness.charges() if charge.order == order]


def new_profile(place: Address = OREGON, currency: str = "usd") -> CustomerProfile:
    """Return an account that no vendor has heard of."""
    account = new_id("acc")
    return CustomerProfile(
        account_id=account,
        email=f"{account}@example.com",
        full_name="Ann Example",
        company="Example Ltd",
        currency=currency,
        address=place,
    )


def renamed(profile: CustomerProfile) -> CustomerProfile:
    """Return the same account under another name."""
    return replace(profile, full_name="Ann Other")


def new_key(operation: str) -> IdempotencyKey:
    """Return a key that was never used."""
    return IdempotencyKey(f"kit:{new_id('key')}:{operation}:1")


def new_order() -> OrderId:
    """Return an order that was never placed."""
    return OrderId(new_order_id())
