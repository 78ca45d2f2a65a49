"""Stored cards: shown and made the default here, added and taken away on the vendor's own page. And the way there."""

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
    """An account's cards, the default first; ``is_known`` is False while the vendor does not answer.

    ``asks_us``: the vendor has no page where cards are added and removed, for nobody.
    """

    cards: tuple[PaymentMethodSummary, ...]
    is_known: bool
    has_portal: bool
    asks_us: bool


async def read_cards(own: OwnAccount) -> Cards:
    """Return the account's cards as the vendor has them now."""
    asks_us = Capability.PORTAL_PAYMENT_METHODS not in own.vendor.capabilities
    if own.customer is None:
        return Cards(cards=(), is_known=True, has_portal=False, asks_us=asks_us)
    try:
        found = await own.vendor.payment_methods(own.customer)
    except VendorError:
        return Cards(cards=(), is_known=False, has_portal=not asks_us, asks_us=asks_us)
    return Cards(cards=found, is_known=True, has_portal=not asks_us, asks_us=asks_us)


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


async def portal_url(deps: Deps, own: OwnAccount, purpose: PortalPurpose) -> str:
    """Return the address of the vendor's page for cards or invoices; it leads back here and works for a short time.

    NotYours where the vendor has no such page. Raises Refused(E_VENDOR) while it does not answer.
    """
    needed, back = _PORTALS[purpose]
    if own.customer is None or needed not in own.vendor.capabilities:
        raise NotYours(own.account_id)
    return_to = f"{deps.config.base_url}{back}?account={own.account_id}"
    try:
        return await own.vendor.portal_page(own.customer, purpose=purpose, return_to=return_to)
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


_PORTALS = {
    PortalPurpose.PAYMENT_METHODS: (Capability.PORTAL_PAYMENT_METHODS, "/payment-methods"),
    PortalPurpose.INVOICES: (Capability.PORTAL_INVOICES, "/invoices"),
}
