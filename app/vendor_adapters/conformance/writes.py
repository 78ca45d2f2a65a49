"""Every write of the port, set up so that the same checks of keys and lost answers can be made on each."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from app.core.ids import new_id
from app.core.money import Money
from app.vendor_adapters.capabilities import Capability
from app.vendor_adapters.conformance.buyer import Buyer, new_key, new_order, new_profile, renamed, taken
from app.vendor_adapters.conformance.harness import Card
from app.vendor_adapters.conformance.offers import MINUTES, TEAM
from app.vendor_adapters.conformance.scenario import Need
from app.vendor_adapters.errors import VendorRejected
from app.vendor_adapters.types import (
    CheckoutState,
    DiscountTerms,
    IdempotencyKey,
    RenewalDecision,
    SetSeats,
)

Send = Callable[[IdempotencyKey], Awaitable[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One write, ready to be sent with a key.

    ``other`` sends the same operation with other arguments. ``effects`` counts by reading how often it took effect.
    """

    send: Send
    other: Send
    effects: Callable[[], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Write:
    """A write of the port: its name, what it needs, and how it is set up for a buyer."""

    operation: str
    prepare: Callable[[Buyer], Awaitable[Attempt]]
    needs: frozenset[Need] = frozenset()


async def _ensure_customer(buyer: Buyer) -> Attempt:
    profile = new_profile()

    async def effects() -> int:
        found = {await buyer.adapter.ensure_customer(profile, key=new_key("ensure_customer")) for _ in range(2)}
        return len(found)

    return Attempt(
        send=lambda key: buyer.adapter.ensure_customer(profile, key=key),
        other=lambda key: buyer.adapter.ensure_customer(renamed(profile), key=key),
        effects=effects,
    )


async def _start_checkout(buyer: Buyer) -> Attempt:
    request = buyer.request((TEAM, 2))
    quote = await buyer.adapter.quote_purchase(request)
    larger = buyer.request((TEAM, 3), order=request.order)
    quote_of_larger = await buyer.adapter.quote_purchase(larger)

    async def effects() -> int:
        return len(await buyer.adapter.find_checkouts(request.order))

    return Attempt(
        send=lambda key: buyer.open(request, quote=quote, key=key),
        other=lambda key: buyer.open(larger, quote=quote_of_larger, key=key),
        effects=effects,
    )


async def _expire_checkout(buyer: Buyer) -> Attempt:
    first, second = [await buyer.open(buyer.request((TEAM, seats))) for seats in (2, 3)]

    async def effects() -> int:
        return int((await buyer.adapter.get_checkout(first.ref)).state is CheckoutState.EXPIRED)

    return Attempt(
        send=lambda key: buyer.adapter.expire_checkout(first.ref, key=key),
        other=lambda key: buyer.adapter.expire_checkout(second.ref, key=key),
        effects=effects,
    )


async def _buy(buyer: Buyer) -> Attempt:
    await buyer.harness.given_card(buyer.customer, Card.PAYS)
    request = buyer.request((MINUTES, 2))
    quote = await buyer.adapter.quote_purchase(request)
    larger = buyer.request((MINUTES, 3), order=request.order)
    quote_of_larger = await buyer.adapter.quote_purchase(larger)

    async def effects() -> int:
        return len(await taken(buyer.harness, request.order))

    return Attempt(
        send=lambda key: buyer.buy(request, quote=quote, key=key),
        other=lambda key: buyer.buy(larger, quote=quote_of_larger, key=key),
        effects=effects,
    )


async def _apply_change(buyer: Buyer) -> Attempt:
    subscription, order = await buyer.subscribe(), new_order()
    smaller, larger = SetSeats(base=10, seats=12), SetSeats(base=10, seats=14)
    quote = await buyer.quote_change(subscription.ref, smaller)
    quote_of_larger = await buyer.quote_change(subscription.ref, larger)

    async def effects() -> int:
        is_made = (await buyer.adapter.get_subscription(subscription.ref)).seats == smaller.seats
        paid = await taken(buyer.harness, order)
        assert len(paid) <= 1, f"charged {len(paid)} times"
        return int(is_made)

    return Attempt(
        send=lambda key: buyer.change(subscription.ref, smaller, quote=quote, order=order, key=key),
        other=lambda key: buyer.change(subscription.ref, larger, quote=quote_of_larger, order=order, key=key),
        effects=effects,
    )


async def _set_renewal(buyer: Buyer) -> Attempt:
    subscription = await buyer.subscribe()

    async def effects() -> int:
        return int((await buyer.adapter.get_subscription(subscription.ref)).cancel_at is not None)

    return Attempt(
        send=lambda key: buyer.adapter.set_renewal(subscription.ref, decision=RenewalDecision.END, key=key),
        other=lambda key: buyer.adapter.set_renewal(subscription.ref, decision=RenewalDecision.RENEW, key=key),
        effects=effects,
    )


async def _refund(buyer: Buyer) -> Attempt:
    paid = await buyer.purchase((MINUTES, 5))
    charge = paid.charge
    assert charge is not None, "what was paid has a charge"

    async def effects() -> int:
        refunded = [one.refunded.minor for one in await buyer.harness.charges() if one.ref == charge]
        return sum(refunded) // 100

    return Attempt(
        send=lambda key: buyer.adapter.refund(charge, amount=Money(100, "usd"), reason="kit", key=key),
        other=lambda key: buyer.adapter.refund(charge, amount=Money(200, "usd"), reason="kit", key=key),
        effects=effects,
    )


async def _set_default_card(buyer: Buyer) -> Attempt:
    await buyer.harness.given_card(buyer.customer, Card.PAYS)
    wanted = await buyer.card()
    await buyer.harness.given_card(buyer.customer, Card.DECLINED)
    other = await buyer.card()
    assert wanted != other, "two cards on file"

    async def effects() -> int:
        return int(await buyer.card() == wanted)

    return Attempt(
        send=lambda key: buyer.adapter.set_default_payment_method(buyer.customer, ref=wanted, key=key),
        other=lambda key: buyer.adapter.set_default_payment_method(buyer.customer, ref=other, key=key),
        effects=effects,
    )


async def _materialise_discount(buyer: Buyer) -> Attempt:
    terms = DiscountTerms(
        reservation=new_id("res"), label="KIT", percent_bp=1_000, amount_off=None, offers=(TEAM,), periods=1
    )

    async def effects() -> int:
        found = {await buyer.adapter.materialise_discount(terms, key=new_key("materialise_discount")) for _ in range(2)}
        return len(found)

    return Attempt(
        send=lambda key: buyer.adapter.materialise_discount(terms, key=key),
        other=lambda key: buyer.adapter.materialise_discount(replace(terms, percent_bp=2_000), key=key),
        effects=effects,
    )


async def _revoke_discount(buyer: Buyer) -> Attempt:
    first, second = [await buyer.discount(TEAM, percent_bp=1_000) for _ in range(2)]

    async def effects() -> int:
        try:
            await buyer.adapter.quote_purchase(buyer.request((TEAM, 2), discounts=(first,)))
        except VendorRejected:
            return 1
        return 0

    return Attempt(
        send=lambda key: buyer.adapter.revoke_discount(first, key=key),
        other=lambda key: buyer.adapter.revoke_discount(second, key=key),
        effects=effects,
    )


WRITES = (
    Write("ensure_customer", _ensure_customer),
    Write("start_checkout", _start_checkout),
    Write("set_renewal", _set_renewal),
    Write("expire_checkout", _expire_checkout, frozenset({Capability.EXPIRE_CHECKOUT})),
    Write("buy", _buy, frozenset({Capability.STORED_CARD_PURCHASE})),
    Write("set_default_payment_method", _set_default_card, frozenset({Capability.STORED_CARD_PURCHASE})),
    Write("apply_change", _apply_change, frozenset({Capability.CHANGES})),
    Write("refund", _refund, frozenset({Capability.REFUNDS})),
    Write("materialise_discount", _materialise_discount, frozenset({Capability.DISCOUNTS})),
    Write("revoke_discount", _revoke_discount, frozenset({Capability.DISCOUNTS})),
)
