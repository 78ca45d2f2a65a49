"""Paying a checkout: the one place where a card is asked, and where everything that was bought takes effect at once."""

from dataclasses import replace
from datetime import datetime

from app.core.money import Money
from app.vendor_adapters.embedded import changes, charges, checkouts, events, invoices, renewals, subscriptions, wallet
from app.vendor_adapters.embedded.card_form import CardDetails
from app.vendor_adapters.embedded.cards import Answer
from app.vendor_adapters.embedded.checkouts import Checkout, Kind
from app.vendor_adapters.embedded.desk import Desk
from app.vendor_adapters.embedded.model import Bill
from app.vendor_adapters.embedded.pricing import first_term
from app.vendor_adapters.embedded.wallet import Card
from app.vendor_adapters.errors import VendorRejected
from app.vendor_adapters.types import CheckoutState, DeclineReason, InvoiceStatus, NotificationKind


def pay_on_page(desk: Desk, ref: str, details: CardDetails | None) -> Checkout:
    """Try to pay an open checkout with the card that was typed, and return what became of it.

    No card is asked for where nothing is due. A checkout that is not open any more is returned untouched: a second
    press pays nothing twice.
    """
    checkout = checkouts.load(desk, ref)
    if checkout.state is not CheckoutState.OPEN:
        return checkout
    if details is None:
        _complete_or_close(desk, checkout, None)
    else:
        ask(desk, checkout, wallet.tried(desk, checkout.customer, details))
    return checkouts.load(desk, ref)


def answer_challenge(desk: Desk, ref: str, *, passed: bool) -> Checkout:
    """Take the buyer's answer to the bank's check, and return what became of the checkout."""
    checkout = checkouts.load(desk, ref)
    if checkout.state is not CheckoutState.OPEN or checkout.card is None:
        return checkout
    card = wallet.trying(desk, checkout.card)
    if passed:
        _complete_or_close(desk, checkout, card)
    else:
        _refuse(desk, checkout, card, DeclineReason.AUTH)
    return checkouts.load(desk, ref)


def ask(desk: Desk, checkout: Checkout, card: Card, *, is_buyer_present: bool = True) -> None:
    """Ask the card's bank for the checkout's total and do what follows from its answer."""
    match wallet.charge(desk, card, is_buyer_present=is_buyer_present):
        case Answer.PAID:
            _complete_or_close(desk, checkout, card)
        case Answer.CHALLENGE:
            checkouts.change(desk, checkout.ref, card=card.ref)
            events.record(desk, NotificationKind.CHECKOUT, checkout.ref, checkout.order)
        case Answer.LATER:
            checkouts.change(
                desk, checkout.ref, card=card.ref, state=CheckoutState.PROCESSING.value, submitted_at=desk.now
            )
            events.record(desk, NotificationKind.CHECKOUT, checkout.ref, checkout.order)
        case DeclineReason() as reason:
            _refuse(desk, checkout, card, reason)


def give_up_waiting(desk: Desk, ref: str) -> None:
    """Take a bank that did not answer in time for one that said no, which is what its silence settles to."""
    checkout = checkouts.load(desk, ref)
    if checkout.state is CheckoutState.PROCESSING and checkout.card is not None:
        _refuse(desk, checkout, wallet.trying(desk, checkout.card), DeclineReason.DECLINED)


def complete(desk: Desk, checkout: Checkout, card: Card | None) -> None:
    """Take the money, make what was bought take effect, write the invoice and tell the store: all or nothing.

    Raises STALE_STATE, with nothing done, when a change's base has moved since it was quoted.
    """
    subscription, invoice = _take_effect(desk, checkout)
    charge = _charge(desk, checkout, card, invoice) if checkout.bill.total else None
    if card is not None:
        wallet.keep(desk, card, as_default=checkout.kind is Kind.RENEWAL)
    checkouts.change(
        desk,
        checkout.ref,
        state=CheckoutState.COMPLETE.value,
        card=card.ref if card else None,
        subscription=subscription,
        invoice=invoice,
        charge=charge,
    )
    events.record(desk, NotificationKind.CHECKOUT, checkout.ref, checkout.order)


def _complete_or_close(desk: Desk, checkout: Checkout, card: Card | None) -> None:
    try:
        complete(desk, checkout, card)
    except VendorRejected:
        # nothing was charged, and it can never be paid as it was shown: the buyer needs a new quote
        checkouts.close(desk, checkout)


def _take_effect(desk: Desk, checkout: Checkout) -> tuple[str | None, str | None]:
    match checkout.kind:
        case Kind.PURCHASE:
            return _purchase(desk, checkout)
        case Kind.CHANGE:
            term = changes.take_effect(desk, checkout)
            if not checkout.bill.lines:
                return checkout.subscription, None
            return checkout.subscription, _invoice(desk, checkout, checkout.bill, checkout.subscription, term.starts_at)
        case Kind.RENEWAL:
            renewals.paid(desk, checkout)
            return checkout.subscription, checkout.invoice


def _purchase(desk: Desk, checkout: Checkout) -> tuple[str | None, str]:
    if not any(line.ends_at for line in checkout.bill.lines):
        return None, _invoice(desk, checkout, checkout.bill, None, None)
    term = first_term(desk.now)
    # it may be paid on a later day than it was quoted on: the term begins with the day of the purchase
    dated = tuple(
        replace(line, starts_at=term.starts_at, ends_at=term.ends_at) if line.ends_at else line
        for line in checkout.bill.lines
    )
    subscription = subscriptions.add(
        desk,
        order=checkout.order,
        customer=checkout.customer,
        subject=checkout.subject,
        currency=checkout.bill.currency,
        term=term,
        lines=dated,
        renews=desk.settings.renews,
    )
    bill = replace(checkout.bill, lines=dated)
    return subscription, _invoice(desk, checkout, bill, subscription, term.starts_at)


def _invoice(
    desk: Desk, checkout: Checkout, bill: Bill, subscription: str | None, term_starts_at: datetime | None
) -> str:
    return invoices.issue(
        desk,
        customer=checkout.customer,
        order=checkout.order,
        checkout=checkout.ref,
        bill=bill,
        subscription=subscription,
        term_starts_at=term_starts_at,
        status=InvoiceStatus.PAID,
    )


def _charge(desk: Desk, checkout: Checkout, card: Card | None, invoice: str | None) -> str:
    return charges.succeed(
        desk,
        amount=Money(checkout.bill.total, checkout.bill.currency),
        order=checkout.order,
        customer=checkout.customer,
        checkout=checkout.ref,
        card=card.ref if card else None,
        invoice=invoice,
    )


def _refuse(desk: Desk, checkout: Checkout, card: Card, reason: DeclineReason) -> None:
    charges.fail(
        desk,
        amount=Money(checkout.bill.total, checkout.bill.currency),
        order=checkout.order,
        customer=checkout.customer,
        checkout=checkout.ref,
        card=card.ref,
        reason=reason,
    )
    checkouts.change(desk, checkout.ref, card=None, state=CheckoutState.OPEN.value, submitted_at=None)
    if checkout.is_hosted and not checkout.is_closing:
        events.record(desk, NotificationKind.CHECKOUT, checkout.ref, checkout.order)
    else:
        checkouts.close(desk, checkout)
