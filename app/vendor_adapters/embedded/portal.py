"""The customer's own page at the vendor: who may open it, and what may be done there."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.vendor_adapters.embedded import customers, subscriptions, tokens, wallet
from app.vendor_adapters.embedded.card_form import CardDetails
from app.vendor_adapters.embedded.cards import Answer
from app.vendor_adapters.embedded.desk import Desk
from app.vendor_adapters.types import DeclineReason, PortalPurpose, SubscriptionStatus

LIFETIME = timedelta(minutes=30)
"""How long the address works, in wall time: long enough to find a card, short enough to be of no use in a history."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Who came, what for, and where they go back to."""

    token: str
    customer: str
    purpose: PortalPurpose
    return_to: str


class CardNeeded(Exception):
    """The default card of somebody whose subscription renews cannot be taken away."""


def address(desk: Desk, customer: str, purpose: PortalPurpose, return_to: str) -> str:
    """Return the address of the customer's page; it can be opened by whoever holds it, until it ends."""
    customers.get(desk, customer)
    claims = {
        "customer": customer,
        "purpose": purpose.value,
        "return_to": return_to,
        "until": (desk.wall + LIFETIME).isoformat(),
    }
    return f"{desk.settings.origin}/portal/{tokens.seal(desk.settings.key('portal'), claims)}"


def visit(desk: Desk, token: str) -> Visit | None:
    """Return who holds ``token``; None when it was made up or has ended."""
    try:
        claims = tokens.unseal(desk.settings.key("portal"), token)
    except tokens.BadToken:
        return None
    if desk.wall >= datetime.fromisoformat(claims["until"]):
        return None
    return Visit(
        token=token,
        customer=claims["customer"],
        purpose=PortalPurpose(claims["purpose"]),
        return_to=claims["return_to"],
    )


def add_card(desk: Desk, customer: str, details: CardDetails) -> DeclineReason | None:
    """Store a card without charging it; the reason when its bank will not have it stored.

    A bank that would ask the buyer, or that is slow to answer, is asked when it is charged.
    """
    card = wallet.tried(desk, customer, details)
    if card.is_kept:
        return None
    answer = wallet.charge(desk, card, is_buyer_present=False)
    if isinstance(answer, Answer):
        wallet.keep(desk, card, as_default=False)
        return None
    return answer


def remove_card(desk: Desk, customer: str, ref: str) -> None:
    """Take a card off the file; CardNeeded for the default while a subscription renews."""
    default = wallet.default(desk, customer)
    if default is not None and default.ref == ref and renews(desk, customer):
        raise CardNeeded
    wallet.remove(desk, customer, ref)


def renews(desk: Desk, customer: str) -> bool:
    """Return whether a subscription of the customer will be charged again by itself."""
    return any(
        one.status is not SubscriptionStatus.CANCELLED and one.cancel_at is None
        for one in subscriptions.list_of(desk, customer)
    )
