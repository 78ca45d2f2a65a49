"""Asking the vendor for the true price of what an intent holds, and remembering what was shown."""

from dataclasses import dataclass

from sqlalchemy import Connection

from app.core.money import Money
from app.flows import purchase
from app.flows.deps import Deps
from app.identity.accounts import BillingAccount
from app.orders.intents import Details, Intent
from app.orders.quotes import keep_quote
from app.vendor_adapters.types import OfferKey, PurchaseRequest, Quote


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """A quote with the request that it answers and the id under which its total is remembered."""

    quote_id: str
    request: PurchaseRequest
    quote: Quote

    @property
    def total(self) -> Money:
        """What is due now."""
        return self.quote.due_now


async def price(
    deps: Deps,
    intent: Intent,
    *,
    offer: OfferKey,
    seats: int,
    details: Details,
    account: BillingAccount | None,
    group_id: str,
) -> Priced:
    """Return the vendor's quote; one call. Raises the vendor's errors, and never makes a price up."""
    request = purchase.purchase_request(
        deps,
        offer=offer,
        seats=seats,
        currency=intent.choice.currency,
        details=details,
        customer_ref=account.customer_ref if account else None,
        subject=f"group:{group_id}" if group_id else f"instance:{intent.intent_id}",
    )
    quote = await deps.vendor.quote_purchase(request)

    def keep(connection: Connection) -> str:
        return keep_quote(
            connection,
            intent.intent_id,
            quote.due_now,
            catalog_version=deps.catalog.version,
            now=deps.clock.now(),
            expires_at=quote.expires_at,
        )

    return Priced(quote_id=await deps.db.write(keep), request=request, quote=quote)
