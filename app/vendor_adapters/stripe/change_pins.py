"""What a quote of a change holds still, and how a call knows that the quote is its own."""

from dataclasses import dataclass
from datetime import datetime

import stripe

from app.vendor_adapters.errors import RejectReason, VendorRejected
from app.vendor_adapters.stripe import tokens
from app.vendor_adapters.stripe.client import Call
from app.vendor_adapters.stripe.errors import rejected
from app.vendor_adapters.stripe.names import REFUSED, fingerprint, meta
from app.vendor_adapters.stripe.shop import Shop
from app.vendor_adapters.stripe.translate.basics import ref_of
from app.vendor_adapters.types import Change, Quote, SubscriptionRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """What a quote of a change holds still: the instant from which it bills, and the state that it saw."""

    at: datetime
    state: str


def state_of(subscription: stripe.Subscription) -> str:
    """Return what is another text after each change: the latest invoice, and the latest refusal that made none."""
    refused = meta(subscription.metadata, REFUSED).partition(".")[0]
    return f"{ref_of(subscription.latest_invoice)}!{refused}" if refused else ref_of(subscription.latest_invoice)


def seal(shop: Shop, ref: SubscriptionRef, change: Change, pinned: Pinned) -> str:
    """Return the token of a quote."""
    claims = {"of": fingerprint(ref, change), "at": pinned.at.isoformat(), "state": pinned.state}
    return tokens.seal(shop.secret, claims)


def read(call: Call, shop: Shop, ref: SubscriptionRef, change: Change, quote: Quote) -> Pinned:
    """Return what ``quote`` pins; QUOTE_EXPIRED unless it is this adapter's and of this change."""
    try:
        claims = tokens.unseal(shop.secret, quote.token)
    except tokens.BadToken as error:
        raise _expired(call, "not a quote of this vendor") from error
    if claims.get("of") != fingerprint(ref, change):
        raise _expired(call, "a quote of something else")
    return Pinned(at=datetime.fromisoformat(claims["at"]), state=claims["state"])


def check_still(call: Call, subscription: stripe.Subscription, pinned: Pinned, quote: Quote) -> None:
    """Refuse a quote whose subscription is something else by now, or whose time is up."""
    if state_of(subscription) != pinned.state:
        raise rejected(call.operation, RejectReason.STALE_STATE, "base", "it changed after it was quoted")
    if call.client.clock.now() >= quote.expires_at:
        raise _expired(call, "the quote is too old")


def _expired(call: Call, detail: str) -> VendorRejected:
    return rejected(call.operation, RejectReason.QUOTE_EXPIRED, detail=detail)
