"""Stored cards: shown and made the default here, added and taken away on the vendor's own page."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.core.clock import add_months
from app.core.problems import NotYours, ProblemId, Refused, problem
from app.flows.deps import Deps
from app.flows.own_account import OwnAccount
from app.vendor_adapters.capabilities import Capability
from app.vendor_adapters.errors import VendorError
from app.vendor_adapters.types import IdempotencyKey, PaymentMethodRef, PaymentMethodSummary, PortalPurpose


@dataclass(frozen=True, slots=True, kw_only=True)
class Cards:
    """An account's cards, the default first; ``is_known`` is False while the vendor does not answer."""

    cards: tuple[PaymentMethodSummary, ...]
    is_known: bool
    has_portal: bool


async def read_cards(own: OwnAccount) -> Cards:
    """Return the account's cards as the vendor has them now."""
    has_portal = Capability.PORTAL_PAYMENT_METHODS in own.vendor.capabilities and own.customer is not None
    if own.customer is None:
        return Cards(cards=(), is_known=True, has_portal=False)
    try:
        found = await own.vendor.payment_methods(own.customer)
    except VendorError:
        return Cards(cards=(), is_known=False, has_portal=has_portal)
    return Cards(cards=found, is_known=True, has_portal=has_portal)


async def make_default(own: OwnAccount, ref: str, *, attempt_id: str) -> None:
    """Charge renewals to this card from now on. NotYours for a card that is not the account's.

    Raises Refused(E_VENDOR) while the vendor does not answer; pressing again repeats the call with the same key.
    """
    if own.customer is None:
        raise NotYours(ref)
    try:
        cards = await own.vendor.payment_methods(own.customer)
        if ref not in [card.ref for card in cards]:
            raise NotYours(ref)
        key = IdempotencyKey(f"account:{own.account_id}:set_default_payment_method:{attempt_id}")
        await own.vendor.set_default_payment_method(own.customer, ref=PaymentMethodRef(ref), key=key)
    except VendorError as error:
        raise Refused(problem(ProblemId.E_VENDOR)) from error


async def portal_url(deps: Deps, own: OwnAccount) -> str:
    """Return the address of the vendor's page for cards, which leads back here; it works for a short time only."""
    if own.customer is None or Capability.PORTAL_PAYMENT_METHODS not in own.vendor.capabilities:
        raise NotYours(own.account_id)
    return_to = f"{deps.config.base_url}/payment-methods?account={own.account_id}"
    try:
        return await own.vendor.portal_page(own.customer, purpose=PortalPurpose.PAYMENT_METHODS, return_to=return_to)
    except VendorError as error:
        raise Refused(problem(ProblemId.E_VENDOR)) from error


def expires_at(card: PaymentMethodSummary) -> datetime:
    """Return the instant from which a card is no good: the end of the month that is printed on it."""
    return add_months(datetime(card.expires_year, card.expires_month, 1, tzinfo=UTC), 1)


def expires_soon(card: PaymentMethodSummary, now: datetime, *, days: int) -> bool:
    """Whether a card has expired or will within so many days of ``now`` (business time)."""
    return expires_at(card) - now <= timedelta(days=days)


def can_pay(card: PaymentMethodSummary, at: datetime) -> bool:
    """Whether a card is still good at that time."""
    return expires_at(card) > at
