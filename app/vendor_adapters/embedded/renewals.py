"""The end of a term: it renews at its own price, or it ends; an unpaid renewal is tried again and then given up."""

from datetime import timedelta

from app.vendor_adapters.embedded import checkouts, customers, discounts, invoices, quotes, subscriptions
from app.vendor_adapters.embedded.change_plans import renewed
from app.vendor_adapters.embedded.checkouts import Checkout, Kind, Opening
from app.vendor_adapters.embedded.desk import Desk
from app.vendor_adapters.embedded.model import Bill, Subscription, Term
from app.vendor_adapters.embedded.pricing import next_term, renewal_lines, with_discounts
from app.vendor_adapters.embedded.subscriptions import Value
from app.vendor_adapters.errors import RejectReason
from app.vendor_adapters.types import InvoiceStatus, RenewalDecision, SubscriptionStatus

TRY_AGAIN_AFTER = (timedelta(days=3), timedelta(days=5), timedelta(days=7))
GIVE_UP_AFTER = timedelta(days=14)
# An open renewal is closed by giving it up, never by the wall clock.
_FOR_EVER = timedelta(days=36_500)
_NOT_OWED: dict[str, Value] = {
    "owed_checkout": None,
    "owed_since": None,
    "tries": 0,
    "next_try_at": None,
    "give_up_at": None,
}


def decide(desk: Desk, ref: str, decision: RenewalDecision) -> None:
    """Let a subscription renew, end with its term or end now; one that has ended stays so."""
    subscription = subscriptions.load(desk, ref)
    has_ended = subscription.status is SubscriptionStatus.CANCELLED
    if decision is RenewalDecision.END_NOW:
        if not has_ended:
            end(desk, subscription)
        return
    if has_ended:
        raise desk.rejected(RejectReason.STALE_STATE, "status", "it has ended")
    paid_until = next_term(subscription.term).ends_at if subscription.prepaid else subscription.term.ends_at
    cancel_at = paid_until if decision is RenewalDecision.END else None
    if cancel_at != subscription.cancel_at:
        subscriptions.touch(desk, subscription, {"cancel_at": cancel_at})


def end(desk: Desk, subscription: Subscription) -> None:
    """End a subscription now; what it still owes is not collected any more."""
    owed = _owed(desk, subscription.ref)
    if owed is not None:
        invoices.settle(desk, _invoice_of(owed), InvoiceStatus.UNCOLLECTIBLE)
        checkouts.close(desk, owed)
    cancelled: dict[str, Value] = {
        "status": SubscriptionStatus.CANCELLED.value,
        "cancel_at": desk.now,
        "prepaid_checkout": None,
    }
    subscriptions.touch(desk, subscription, cancelled | _NOT_OWED)


def bill_next_term(desk: Desk, subscription: Subscription) -> Checkout:
    """Begin the next term and write its invoice, to be paid; until it is, the subscription is past due."""
    term = next_term(subscription.term)
    bill = _bill(desk, subscription, term)
    discounts.spend_term(desk, subscription.ref)
    subscriptions.bill_term(desk, subscription.ref, bill.lines)
    checkout = owe(desk, subscription, bill, term)
    moved: dict[str, Value] = {
        "starts_at": term.starts_at,
        "ends_at": term.ends_at,
    }
    subscriptions.touch(desk, subscription, moved | subscriptions.booked(None))
    return checkout


def owe(desk: Desk, subscription: Subscription, bill: Bill, term: Term) -> Checkout:
    """Write the open invoice of ``term``, with the page where it can be paid, and mark the subscription past due.

    It is tried again, and given up, from the start of the term on.
    """
    opening = Opening(
        kind=Kind.RENEWAL,
        order="",
        customer=subscription.customer,
        subject=subscription.subject,
        bill=bill,
        is_hosted=True,
        return_to=f"{desk.settings.store_origin}/invoices",
        cancel_to=f"{desk.settings.store_origin}/invoices",
        lifetime=_FOR_EVER,
        subscription=subscription.ref,
    )
    checkout = checkouts.add(desk, opening)
    invoice = invoices.issue(
        desk,
        customer=subscription.customer,
        order="",
        checkout=checkout.ref,
        bill=bill,
        subscription=subscription.ref,
        term_starts_at=term.starts_at,
        status=InvoiceStatus.OPEN,
    )
    checkouts.change(desk, checkout.ref, invoice=invoice)
    owing: dict[str, Value] = {
        "status": SubscriptionStatus.PAST_DUE.value,
        "owed_checkout": checkout.ref,
        "owed_since": term.starts_at,
        "next_try_at": term.starts_at + TRY_AGAIN_AFTER[0],
        "give_up_at": term.starts_at + GIVE_UP_AFTER,
    }
    subscriptions.change(desk, subscription.ref, owing)
    return checkouts.load(desk, checkout.ref)


def paid(desk: Desk, checkout: Checkout) -> None:
    """Let a renewal that was paid count, whoever paid it and when."""
    invoices.settle(desk, _invoice_of(checkout), InvoiceStatus.PAID)
    subscription = subscriptions.load(desk, checkout.subscription or "")
    active: dict[str, Value] = {"status": SubscriptionStatus.ACTIVE.value}
    subscriptions.touch(desk, subscription, active | _NOT_OWED)


def skip_tries(desk: Desk, ref: str) -> None:
    """Count the tries at an unpaid renewal that would have been made by now as made and refused."""
    _, since = subscriptions.dunning(desk, ref)
    later = [since + wait for wait in TRY_AGAIN_AFTER if since + wait > desk.now]
    made = len(TRY_AGAIN_AFTER) - len(later)
    subscriptions.change(desk, ref, {"tries": made, "next_try_at": later[0] if later else None})


def next_try(desk: Desk, ref: str) -> Checkout | None:
    """Count one more try at an unpaid renewal and return its checkout; None when the bank is being asked already."""
    tries, since = subscriptions.dunning(desk, ref)
    later = [since + wait for wait in TRY_AGAIN_AFTER[tries + 1 :]]
    subscriptions.change(desk, ref, {"tries": tries + 1, "next_try_at": later[0] if later else None})
    return _owed(desk, ref)


def _bill(desk: Desk, subscription: Subscription, term: Term) -> Bill:
    buyer = customers.get(desk, subscription.customer)
    lasting = [discount for discount, left in discounts.lasting(desk, subscription.ref) if left is None or left > 1]
    items = (renewed(subscription.main, subscription.renewal), *subscription.packs)
    return Bill(
        currency=subscription.currency,
        lines=with_discounts(renewal_lines(items, term), lasting),
        tax_rule=quotes.tax_rule(desk, customers.address(buyer), customers.tax_id(buyer)),
    )


def _owed(desk: Desk, ref: str) -> Checkout | None:
    checkout = subscriptions.owed_checkout(desk, ref)
    return checkouts.load(desk, checkout) if checkout else None


def _invoice_of(checkout: Checkout) -> str:
    if checkout.invoice is None:
        raise ValueError("a renewal has its invoice from the start")
    return checkout.invoice
