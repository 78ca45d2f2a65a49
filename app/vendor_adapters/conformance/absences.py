"""What a caller meets where a capability is not declared."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from app.core.money import Money
from app.vendor_adapters.capabilities import Capabilities, Capability
from app.vendor_adapters.conformance.buyer import Buyer, new_key
from app.vendor_adapters.conformance.offers import MINUTES, TEAM
from app.vendor_adapters.types import (
    ChargeRef,
    DiscountRef,
    PaymentMethodRef,
    PortalPurpose,
    Renew,
    SetSeats,
    SubscriptionRef,
)


@dataclass(frozen=True, slots=True)
class Absence:
    """A capability, and a call that must be refused as NotSupported by its name where it is not declared.

    ``beside``: the call makes sense only where these are declared.
    """

    capability: Capability
    call: Callable[[Buyer], Awaitable[object]]
    beside: frozenset[Capability] = frozenset()

    def is_felt(self, capabilities: Capabilities) -> bool:
        """Return whether callers of a vendor with these capabilities meet it."""
        return self.capability not in capabilities and self.beside <= capabilities.has


async def _expire(buyer: Buyer) -> object:
    handoff = await buyer.open(buyer.request((TEAM, 1)))
    return await buyer.adapter.expire_checkout(handoff.ref, key=new_key("expire_checkout"))


async def _buy(buyer: Buyer) -> object:
    request = buyer.request((TEAM, 1))
    return await buyer.adapter.buy(
        request,
        quote=await buyer.adapter.quote_purchase(request),
        payment_method=PaymentMethodRef("pm_1"),
        return_to=buyer.harness.return_to,
        key=new_key("buy"),
    )


async def _mixed(buyer: Buyer) -> object:
    return await buyer.adapter.quote_purchase(buyer.request((TEAM, 1), (MINUTES, 1)))


async def _change(buyer: Buyer) -> object:
    return await buyer.quote_change(SubscriptionRef("sub_1"), SetSeats(base=1, seats=2))


async def _discounted_change(buyer: Buyer) -> object:
    subscription = await buyer.subscribe()
    discounts = (await buyer.discount(TEAM, percent_bp=1_000),)
    return await buyer.quote_change(subscription.ref, SetSeats(base=10, seats=11, discounts=discounts))


async def _paid_renewal(buyer: Buyer) -> object:
    subscription = await buyer.subscribe()
    return await buyer.quote_change(subscription.ref, Renew(base=subscription.period.ends_at, offer=TEAM, seats=10))


async def _reshaped_renewal(buyer: Buyer) -> object:
    subscription = await buyer.subscribe()
    return await buyer.quote_change(subscription.ref, Renew(base=subscription.period.ends_at, offer=TEAM, seats=11))


async def _refund(buyer: Buyer) -> object:
    return await buyer.adapter.refund(ChargeRef("ch_1"), amount=Money(1, "usd"), reason="kit", key=new_key("refund"))


async def _default_card(buyer: Buyer) -> None:
    key = new_key("set_default_payment_method")
    await buyer.adapter.set_default_payment_method(buyer.customer, ref=PaymentMethodRef("pm_1"), key=key)


async def _charge(buyer: Buyer) -> object:
    return await buyer.adapter.get_charge(ChargeRef("ch_1"))


async def _revoke(buyer: Buyer) -> None:
    await buyer.adapter.revoke_discount(DiscountRef("di_1"), key=new_key("revoke_discount"))


async def _discount(buyer: Buyer) -> object:
    return await buyer.discount(TEAM, percent_bp=1_000)


async def _cards(buyer: Buyer) -> object:
    return await _portal(buyer, PortalPurpose.PAYMENT_METHODS)


async def _invoices(buyer: Buyer) -> object:
    return await _portal(buyer, PortalPurpose.INVOICES)


async def _list(buyer: Buyer) -> object:
    return await buyer.adapter.changes_since("")


async def _sync(buyer: Buyer) -> object:
    return await buyer.adapter.sync_catalog(apply=False)


async def _portal(buyer: Buyer, purpose: PortalPurpose) -> object:
    return await buyer.adapter.portal_page(buyer.customer, purpose=purpose, return_to=buyer.harness.return_to)


ABSENCES = (
    Absence(Capability.EXPIRE_CHECKOUT, _expire),
    Absence(Capability.STORED_CARD_PURCHASE, _buy),
    Absence(Capability.STORED_CARD_PURCHASE, _default_card),
    Absence(Capability.MIXED_CART, _mixed),
    Absence(Capability.CHANGES, _change),
    Absence(Capability.DISCOUNTED_CHANGES, _discounted_change, frozenset({Capability.CHANGES, Capability.DISCOUNTS})),
    Absence(Capability.PAID_RENEWAL, _paid_renewal, frozenset({Capability.CHANGES})),
    Absence(Capability.RESHAPED_RENEWAL, _reshaped_renewal, frozenset({Capability.CHANGES, Capability.PAID_RENEWAL})),
    Absence(Capability.REFUNDS, _refund),
    Absence(Capability.REFUNDS, _charge),
    Absence(Capability.DISCOUNTS, _discount),
    Absence(Capability.DISCOUNTS, _revoke),
    Absence(Capability.PORTAL_PAYMENT_METHODS, _cards),
    Absence(Capability.PORTAL_INVOICES, _invoices),
    Absence(Capability.LIST_OF_CHANGES, _list),
    Absence(Capability.CATALOG_SYNC, _sync),
)
