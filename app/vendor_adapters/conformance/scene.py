"""A stage for journeys: verbs that act through the port and write down what came of them.

Journeys and random commands are both made of these verbs, so that whatever one of them does can be compared.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from app.core.money import Money
from app.vendor_adapters.conformance.buyer import Buyer, new_key, new_order, to_day
from app.vendor_adapters.conformance.harness import Card, Harness, Payment
from app.vendor_adapters.conformance.offers import OREGON
from app.vendor_adapters.conformance.trace import Trace, change_words, charges, error
from app.vendor_adapters.errors import VendorError
from app.vendor_adapters.types import (
    Address,
    Change,
    CheckoutRef,
    CheckoutSnapshot,
    CheckoutState,
    DiscountRef,
    Done,
    Handoff,
    IdempotencyKey,
    OfferKey,
    RenewalDecision,
    SubscriptionRef,
)

Write = Callable[[IdempotencyKey], Awaitable[str]]


class Scene:
    """One buyer at one vendor. Verbs name earlier things by number from the start, or from the end when negative."""

    def __init__(self, harness: Harness) -> None:
        self.harness = harness
        self.trace = Trace()
        self.checkouts: list[Handoff] = []
        self.paid: list[CheckoutSnapshot] = []
        self.subscriptions: list[SubscriptionRef] = []
        self.discounts: list[DiscountRef] = []
        self._met: set[SubscriptionRef] = set()
        self._buyer: Buyer | None = None
        self._last: tuple[Write, IdempotencyKey, str] | None = None

    @property
    def buyer(self) -> Buyer:
        """Who acts."""
        if self._buyer is None:
            raise LookupError("nobody has arrived yet")
        return self._buyer

    async def arrives(self, *, place: Address = OREGON, currency: str = "usd", card: Card | None = None) -> None:
        """A new buyer comes; what follows is done by them."""
        self._buyer = await Buyer.arrive(self.harness, place=place, currency=currency, card=card)
        self.trace.note("a buyer arrives" + (f", with a card on file: {card.value}" if card else ""))

    async def opens(self, *items: tuple[OfferKey, int], discounts: tuple[DiscountRef, ...] = ()) -> None:
        """The buyer is shown a price and goes to the payment page."""
        self.trace.note(f"opens {_cart(items)}")
        request = self.buyer.request(*items, discounts=discounts)
        try:
            quote = await self.harness.adapter.quote_purchase(request)
        except VendorError as raised:
            self.trace.note(f"  {error(raised)}")
            return
        self.trace.note(f"  {self.trace.quote(quote)}")

        async def start(key: IdempotencyKey) -> str:
            handoff = await self.buyer.open(request, quote=quote, key=key)
            if handoff.ref not in [known.ref for known in self.checkouts]:
                self.checkouts.append(handoff)
            return (
                f"{self.trace.named('checkout', handoff.ref)} asks for {handoff.total.minor} {handoff.total.currency}"
            )

        await self._write("start_checkout", start)

    async def pays(self, payment: Payment = Payment.PAID, checkout: int = -1) -> None:
        """The buyer does something on a payment page."""
        handoff = self.checkouts[checkout]
        self.trace.note(f"pays on {self.trace.named('checkout', handoff.ref)}: {payment.value}")
        await self.harness.pay_checkout(handoff.url, payment)
        await self._look(handoff.ref)

    async def returns(self, checkout: int = -1) -> None:
        """The buyer finds the way back to a page that was left, and pays."""
        handoff = self.checkouts[checkout]
        found = await self.harness.adapter.get_checkout(handoff.ref)
        self.trace.note(f"returns to {self.trace.named('checkout', handoff.ref)}")
        if found.url:
            await self.harness.pay_checkout(found.url, Payment.PAID)
        await self._look(handoff.ref)

    async def closes(self, checkout: int = -1) -> None:
        """The store closes a payment page early."""
        ref = self.checkouts[checkout].ref

        async def expire(key: IdempotencyKey) -> str:
            return self.trace.checkout(await self.harness.adapter.expire_checkout(ref, key=key))

        self.trace.note(f"closes {self.trace.named('checkout', ref)}")
        await self._write("expire_checkout", expire)

    async def buys(self, *items: tuple[OfferKey, int], discounts: tuple[DiscountRef, ...] = ()) -> None:
        """The buyer pays with the card on file."""
        self.trace.note(f"buys {_cart(items)}")
        request = self.buyer.request(*items, discounts=discounts)
        try:
            quote = await self.harness.adapter.quote_purchase(request)
        except VendorError as raised:
            self.trace.note(f"  {error(raised)}")
            return
        self.trace.note(f"  {self.trace.quote(quote)}")

        card = await self.buyer.card()  # the same one when it is sent again, whatever is the default by then

        async def buy(key: IdempotencyKey) -> str:
            return self.trace.outcome(await self.buyer.buy(request, quote=quote, card=card, key=key))

        await self._write("buy", buy)
        for found in await self.harness.adapter.find_checkouts(request.order):
            if found.state is CheckoutState.COMPLETE:
                await self._look(found.ref)

    async def changes(self, change: Change, subscription: int = -1) -> None:
        """The buyer changes a subscription; what has ended may go on in another one."""
        number = subscription % len(self.subscriptions)
        ref, order = self.subscriptions[number], new_order()
        self.trace.note(f"changes {self.trace.named('subscription', ref)}: {change_words(change)}")
        try:
            quote = await self.buyer.quote_change(ref, change)
        except VendorError as raised:
            self.trace.note(f"  {error(raised)}")
            return
        self.trace.note(f"  {self.trace.quote(quote)}")

        async def apply(key: IdempotencyKey) -> str:
            outcome = await self.buyer.change(ref, change, quote=quote, order=order, key=key)
            if isinstance(outcome, Done) and outcome.subscription:
                self.subscriptions[number] = outcome.subscription.ref
            return self.trace.outcome(outcome)

        await self._write("apply_change", apply)
        await self.looks(subscription)

    async def decides(self, decision: RenewalDecision, subscription: int = -1) -> None:
        """The buyer decides about the renewal."""
        ref = self.subscriptions[subscription]

        async def decide(key: IdempotencyKey) -> str:
            return self.trace.subscription(await self.harness.adapter.set_renewal(ref, decision=decision, key=key))

        self.trace.note(f"decides about {self.trace.named('subscription', ref)}: {decision.value}")
        await self._write("set_renewal", decide)

    async def refunds(self, minor: int, purchase: int = -1) -> None:
        """The store gives a part of a purchase back, or what is left of it when that is less."""
        charge = self.paid[purchase].charge
        (taken,) = [one for one in await self.harness.charges() if one.ref == charge]
        amount = Money(min(minor, taken.amount.minor - taken.refunded.minor), taken.amount.currency)

        async def refund(key: IdempotencyKey) -> str:
            await self.harness.adapter.refund(taken.ref, amount=amount, reason="asked for", key=key)
            return "given back"

        self.trace.note(f"refunds {amount.minor} {amount.currency}")
        await self._write("refund", refund)

    async def repeats(self) -> None:
        """The last write is sent once more, with the same key."""
        if self._last is None:
            return
        write, key, answer = self._last
        self.trace.note("sends that again")
        again = await _answered(write, key)
        self.trace.note("  the same answer" if again == answer else f"  another answer: {again}")

    async def discounted(
        self,
        *offers: OfferKey,
        percent_bp: int | None = None,
        amount_off: Money | None = None,
        periods: int | None = 1,
    ) -> None:
        """A promotion is made real."""
        ref = await self.buyer.discount(*offers, percent_bp=percent_bp, amount_off=amount_off, periods=periods)
        self.discounts.append(ref)
        self.trace.note(f"{self.trace.named('discount', ref)} is made")

    async def day(self, day: int) -> None:
        """Time passes until 00:00Z of a day after START."""
        await to_day(self.harness, day)
        self.trace.note(f"day {day}")

    async def days_pass(self, count: int) -> None:
        """So many days pass."""
        await self.harness.advance(timedelta(days=count))
        self.trace.note(f"{count} days pass")

    async def looks(self, subscription: int = -1) -> None:
        """Write down a subscription as it is."""
        found = await self.harness.adapter.get_subscription(self.subscriptions[subscription])
        self.trace.note(f"  {self.trace.subscription(found)}")

    async def ends(self) -> None:
        """Write down what is left at the end: every subscription, every invoice, every charge."""
        self.trace.note("in the end")
        for number in range(len(self.subscriptions)):
            await self.looks(number)
        for invoice in reversed(await self.buyer.invoices()):
            self.trace.note(f"  {self.trace.invoice(invoice)}")
        self.trace.note(f"  {charges(await self.harness.charges())}")

    async def _write(self, operation: str, write: Write) -> None:
        key = new_key(operation)
        answer = await _answered(write, key)
        self._last = (write, key, answer)
        self.trace.note(f"  {answer}")

    async def _look(self, ref: CheckoutRef) -> None:
        found = await self.harness.adapter.get_checkout(ref)
        self.trace.note(f"  {self.trace.checkout(found)}")
        if found.charge and found.ref not in [known.ref for known in self.paid]:
            self.paid.append(found)
        if found.subscription and found.subscription not in self._met:
            self._met.add(found.subscription)  # which may have gone on in another one since
            self.subscriptions.append(found.subscription)
            await self.looks()


async def _answered(write: Write, key: IdempotencyKey) -> str:
    try:
        return await write(key)
    except VendorError as raised:
        return error(raised)


def _cart(items: tuple[tuple[OfferKey, int], ...]) -> str:
    return ", ".join(f"{quantity} x {offer}" for offer, quantity in items)
