"""Asking the vendor for the true price of what an intent holds, and remembering what was shown."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection

from app.core.money import Money
from app.flows import purchase
from app.flows.deps import Deps
from app.identity.accounts import BillingAccount
from app.orders.intents import Details, Intent
from app.orders.quotes import keep_quote
from app.subscriptions.store import PACKS_OF, PLAN_OF, Subscription
from app.vendor_adapters.types import AddPack, DiscountRef, PurchaseItem, PurchaseRequest, Quote, SubscriptionRef

Tell = Callable[[Connection], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """A quote with the request that it answers and the id under which its total is remembered.

    ``change`` is set where the vendor was asked for a change of the subscription ``subscription_ref`` instead.
    """

    quote_id: str
    request: PurchaseRequest
    quote: Quote
    change: AddPack | None = None
    subscription_ref: str = ""

    @property
    def total(self) -> Money:
        """What is due now."""
        return self.quote.due_now


async def price(
    deps: Deps,
    intent: Intent,
    *,
    items: tuple[PurchaseItem, ...],
    details: Details,
    account: BillingAccount | None,
    group_id: str,
    coterm: Subscription | None = None,
    discounts: tuple[DiscountRef, ...] = (),
    tell: Tell,
) -> Priced:
    """Return the vendor's quote. Raises the vendor's errors, and never makes a price up.

    Args:
        items: what is bought, the plan first. coterm: the subscription that packs are added to, so that they end with
            it. discounts: the vendor's, in the order in which they are taken off. tell: what else is written down with
            the quote.
    """
    request = purchase.purchase_request(
        deps,
        items=items,
        currency=intent.choice.currency,
        details=details,
        customer_ref=account.customer_ref if account else None,
        subject=_subject(deps, intent, group_id),
        discounts=discounts,
    )
    if coterm is not None:
        return await _price_change(deps, intent, request, coterm, tell)
    quote = await deps.vendor.quote_purchase(request)
    return Priced(quote_id=await _keep(deps, intent, quote, tell), request=request, quote=quote)


async def _price_change(
    deps: Deps, intent: Intent, request: PurchaseRequest, coterm: Subscription, tell: Tell
) -> Priced:
    ref, (item,) = SubscriptionRef(coterm.subscription_ref), request.items
    snapshot = await deps.vendor.get_subscription(ref)
    held = sum(pack.quantity for pack in snapshot.packs if pack.offer == item.offer)
    change = AddPack(offer=item.offer, base=held, quantity=item.quantity, discounts=request.discounts)
    quote = await deps.vendor.quote_change(ref, change=change, as_of=deps.clock.now())
    quote_id = await _keep(deps, intent, quote, tell)
    return Priced(quote_id=quote_id, request=request, quote=quote, change=change, subscription_ref=ref)


def _subject(deps: Deps, intent: Intent, group_id: str) -> str:
    if not group_id:
        return f"instance:{intent.intent_id}"
    return f"{PACKS_OF if deps.catalog.addon(intent.choice.plan) else PLAN_OF}{group_id}"


async def _keep(deps: Deps, intent: Intent, quote: Quote, tell: Tell) -> str:
    def keep(connection: Connection) -> str:
        tell(connection)
        return keep_quote(
            connection,
            intent.intent_id,
            quote.due_now,
            catalog_version=deps.catalog.version,
            now=deps.clock.now(),
            expires_at=quote.expires_at,
        )

    return await deps.db.write(keep)
