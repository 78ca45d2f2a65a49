"""Customers and subscriptions that were there before a demonstration or a test begins."""

from sqlalchemy import select

from app.core.clock import add_months
from app.core.money import Money
from app.vendor_adapters.embedded import (
    charges,
    checkouts,
    customers,
    invoices,
    mirror,
    quotes,
    renewals,
    subscriptions,
    wallet,
)
from app.vendor_adapters.embedded.card_form import details
from app.vendor_adapters.embedded.cards import BY_NUMBER
from app.vendor_adapters.embedded.checkouts import Kind, Opening
from app.vendor_adapters.embedded.desk import Desk
from app.vendor_adapters.embedded.model import Bill, Item, Term
from app.vendor_adapters.embedded.pricing import renewal_lines
from app.vendor_adapters.embedded.schema import subscriptions as subscriptions_table
from app.vendor_adapters.types import (
    CheckoutState,
    CustomerProfile,
    CustomerRef,
    InvoiceStatus,
    SalesChannel,
    SubscriptionRef,
    SubscriptionStatus,
)
from app.vendor_adapters.world import SeedSubscription

_CARD_YEARS = 4


def customer(desk: Desk, profile: CustomerProfile, card_number: str | None) -> CustomerRef:
    """Return the customer of ``profile.account_id`` with that test card as the default one; may be repeated."""
    ref = customers.ensure(desk, profile)
    if card_number is not None:
        digits = card_number.replace(" ", "")
        card = wallet.tried(desk, ref, details(BY_NUMBER[digits], 12, desk.now.year + _CARD_YEARS))
        wallet.keep(desk, card, as_default=True)
    return ref


def subscription(desk: Desk, customer_ref: CustomerRef, seed: SeedSubscription) -> SubscriptionRef:
    """Return the customer's subscription for ``seed.subject``, made unless there is one; may be repeated.

    ValueError for a term that is not of whole years.
    """
    if seed.months < 12 or seed.months % 12:
        raise ValueError(f"a term has whole years, not {seed.months} months")
    known = select(subscriptions_table.c.ref).where(
        subscriptions_table.c.customer == customer_ref, subscriptions_table.c.subject == seed.subject
    )
    ref = desk.connection.execute(known).scalar()
    if ref is None:
        ref = _add(desk.at(seed.starts_at), customer_ref, seed)
        if seed.status is SubscriptionStatus.PAST_DUE:
            renewals.skip_tries(desk, ref)
    return SubscriptionRef(ref)


def _add(desk: Desk, customer_ref: str, seed: SeedSubscription) -> str:
    term = Term(starts_at=seed.starts_at, ends_at=add_months(seed.starts_at, seed.months), years=seed.months // 12)
    bill = _bill(desk, customer_ref, seed, term)
    is_direct = seed.channel is SalesChannel.DIRECT
    ref = subscriptions.add(
        desk,
        order=seed.order,
        customer=customer_ref,
        subject=seed.subject,
        currency=bill.currency,
        term=term,
        lines=bill.lines,
        renews=is_direct if seed.auto_renew is None else seed.auto_renew,
        channel=seed.channel,
        sold_by=seed.sold_by,
        sold_by_contact=seed.sold_by_contact,
        arrangement=seed.arrangement,
    )
    if seed.status is SubscriptionStatus.PAST_DUE:
        renewals.owe(desk, subscriptions.load(desk, ref), bill, term)
    elif is_direct:
        _pay(desk, customer_ref, seed, ref, bill, term)
    if seed.status is SubscriptionStatus.CANCELLED:
        renewals.end(desk.at(term.ends_at), subscriptions.load(desk, ref))
    return ref


def _bill(desk: Desk, customer_ref: str, seed: SeedSubscription, term: Term) -> Bill:
    buyer, price = customers.get(desk, customer_ref), mirror.price(desk, seed.offer)
    item = Item(offer=seed.offer, quantity=seed.seats, unit_price=price.unit_price, net=0)
    return Bill(
        currency=price.currency,
        lines=renewal_lines((item,), term),
        tax_rule=quotes.tax_rule(desk, customers.address(buyer), customers.tax_id(buyer)),
    )


def _pay(desk: Desk, customer_ref: str, seed: SeedSubscription, ref: str, bill: Bill, term: Term) -> None:
    opening = Opening(
        kind=Kind.PURCHASE,
        order=seed.order,
        customer=customer_ref,
        subject=seed.subject,
        bill=bill,
        is_hosted=True,
        return_to=desk.settings.store_origin,
        cancel_to=desk.settings.store_origin,
        subscription=ref,
    )
    checkout = checkouts.add(desk, opening)
    invoice = invoices.issue(
        desk,
        customer=customer_ref,
        order=seed.order,
        checkout=checkout.ref,
        bill=bill,
        subscription=ref,
        term_starts_at=term.starts_at,
        status=InvoiceStatus.PAID,
    )
    card = wallet.default(desk, customer_ref)
    charge = charges.succeed(
        desk,
        amount=Money(bill.total, bill.currency),
        order=seed.order,
        customer=customer_ref,
        checkout=checkout.ref,
        card=card.ref if card else None,
        invoice=invoice,
    )
    state = CheckoutState.COMPLETE.value
    checkouts.change(desk, checkout.ref, state=state, invoice=invoice, charge=charge)
