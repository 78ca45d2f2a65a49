"""Stored cards: never more than what is printed on a receipt."""

from collections.abc import Iterable, Sequence

import stripe

from app.vendor_adapters.stripe.translate.states import subscription_status
from app.vendor_adapters.types import PaymentMethodRef, PaymentMethodSummary, SubscriptionStatus

BRANDS = {
    "amex": "American Express",
    "cartes_bancaires": "Cartes Bancaires",
    "diners": "Diners Club",
    "discover": "Discover",
    "eftpos_australia": "eftpos Australia",
    "jcb": "JCB",
    "mastercard": "Mastercard",
    "unionpay": "UnionPay",
    "visa": "Visa",
}


def summaries(methods: Sequence[stripe.PaymentMethod], default: str) -> tuple[PaymentMethodSummary, ...]:
    """Return cards with the default first; where none was chosen, that is the one kept longest.

    The card kept longest bought the subscription, which goes on charging it.
    """
    cards = [method for method in methods if method.card is not None]
    chosen = default or min(((card.created, card.id) for card in cards), default=(0, ""))[1]
    ordered = sorted(cards, key=lambda method: method.id != chosen)
    return tuple(summary for method in ordered if (summary := _summary(method, chosen)) is not None)


def live(subscriptions: Iterable[stripe.Subscription]) -> list[stripe.Subscription]:
    """Return the subscriptions that can still be charged."""
    return [one for one in subscriptions if subscription_status(one.status) is not SubscriptionStatus.CANCELLED]


def _summary(method: stripe.PaymentMethod, default: str) -> PaymentMethodSummary | None:
    card = method.card
    if card is None:
        return None
    return PaymentMethodSummary(
        ref=PaymentMethodRef(method.id),
        brand=BRANDS.get(card.brand, "Card"),
        last4=card.last4 or "",
        expires_month=card.exp_month,
        expires_year=card.exp_year,
        is_default=method.id == default,
        fingerprint=card.fingerprint or "",
    )
