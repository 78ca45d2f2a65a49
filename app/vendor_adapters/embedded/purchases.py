"""What the store asks to be paid: on the hosted page, or at once by a stored card."""

from app.vendor_adapters.embedded import changes, charges, checkouts, customers, payments, quotes, subscriptions, wallet
from app.vendor_adapters.embedded.checkouts import Checkout, Kind, Opening
from app.vendor_adapters.embedded.desk import Desk
from app.vendor_adapters.embedded.model import Bill
from app.vendor_adapters.errors import RejectReason
from app.vendor_adapters.types import (
    Change,
    ChangeOutcome,
    ChargeRef,
    CheckoutRef,
    CheckoutState,
    Declined,
    Done,
    InvoiceRef,
    NeedsAction,
    Pending,
    PurchaseRequest,
    Quote,
)


def start(desk: Desk, request: PurchaseRequest, quote: Quote, return_to: str, cancel_to: str) -> str:
    """Open the payment page for ``quote`` and return its checkout's ref.

    An order has one live page: asked again for the same, it is the one that is open; asked for something else, the
    old one is closed, in the same transaction, before the new one opens.
    """
    customer, bill = _checked(desk, request, quote)
    opening = Opening(
        kind=Kind.PURCHASE,
        order=request.order,
        customer=customer,
        subject=request.subject,
        bill=bill,
        is_hosted=True,
        return_to=return_to,
        cancel_to=cancel_to,
    )
    live = checkouts.make_way(desk, request.order)
    if live is not None:
        if _is_same(live, opening):
            return live.ref
        checkouts.close(desk, live)
    return checkouts.add(desk, opening).ref


def buy(desk: Desk, request: PurchaseRequest, quote: Quote, payment_method: str, return_to: str) -> str:
    """Charge a stored card for ``quote`` and return the ref of the purchase, whatever became of it."""
    customer, bill = _checked(desk, request, quote)
    card = wallet.get(desk, customer, payment_method)
    _close_live(desk, request.order)
    opening = Opening(
        kind=Kind.PURCHASE,
        order=request.order,
        customer=customer,
        subject=request.subject,
        bill=bill,
        is_hosted=False,
        return_to=return_to,
        cancel_to=return_to,
    )
    checkout = checkouts.add(desk, opening)
    if bill.total:
        payments.ask(desk, checkout, card)
    else:
        payments.complete(desk, checkout, None)
    return checkout.ref


def change(desk: Desk, ref: str, change: Change, quote: Quote, return_to: str, order: str) -> str:
    """Make ``change`` for ``quote``, charged to the default card, and return the ref of the purchase.

    Without a stored card the payment page asks for one; until it is paid the subscription stays what it is.
    """
    _check_order(desk, order)
    bill, pinned = changes.honoured(desk, ref, change, quote)
    subscription = subscriptions.load(desk, ref)
    card = wallet.default(desk, subscription.customer) if bill.total else None
    _close_live(desk, order)
    opening = Opening(
        kind=Kind.CHANGE,
        order=order,
        customer=subscription.customer,
        subject=subscription.subject,
        bill=bill,
        is_hosted=card is None,
        return_to=return_to,
        cancel_to=return_to,
        subscription=ref,
    )
    checkout = checkouts.add(desk, opening)
    changes.remember(desk, checkout.ref, ref, change, pinned)
    if not bill.total:
        payments.complete(desk, checkout, None)
    elif card is not None:
        payments.ask(desk, checkout, card)
    return checkout.ref


def outcome(desk: Desk, ref: str) -> ChangeOutcome:
    """Return what became of a purchase or a change, as it is now."""
    checkout = checkouts.load(desk, ref)
    match checkout.state:
        case CheckoutState.COMPLETE:
            return _done(desk, checkout)
        case CheckoutState.PROCESSING:
            return Pending(checkout=CheckoutRef(ref))
        case CheckoutState.OPEN:
            return NeedsAction(checkout=CheckoutRef(ref), url=checkouts.url(desk, checkout))
        case _:
            return _declined(desk, checkout)


def _checked(desk: Desk, request: PurchaseRequest, quote: Quote) -> tuple[str, Bill]:
    _check_order(desk, request.order)
    if request.customer is None:
        raise desk.rejected(RejectReason.OTHER, "customer")
    customer = customers.get(desk, request.customer)
    if customer["currency"] != request.currency:
        raise desk.rejected(RejectReason.CURRENCY, "currency")
    if request.address is None:
        raise desk.rejected(RejectReason.INVALID_ADDRESS, "address")
    bill = quotes.honoured(desk, request, quote)
    customers.place(desk, request.customer, request.address, request.tax_id)
    return request.customer, bill


def _check_order(desk: Desk, order: str) -> None:
    if not order:
        raise desk.rejected(RejectReason.OTHER, "order")


def _close_live(desk: Desk, order: str) -> None:
    live = checkouts.make_way(desk, order)
    if live is not None:
        checkouts.close(desk, live)


def _is_same(live: Checkout, wanted: Opening) -> bool:
    return (
        live.is_hosted
        and (live.kind, live.customer, live.subject) == (wanted.kind, wanted.customer, wanted.subject)
        and (live.return_to, live.cancel_to) == (wanted.return_to, wanted.cancel_to)
        and (live.bill.lines, live.bill.total) == (wanted.bill.lines, wanted.bill.total)
    )


def _done(desk: Desk, checkout: Checkout) -> Done:
    snapshot = None
    if checkout.subscription is not None:
        snapshot = subscriptions.snapshot(desk, subscriptions.load(desk, checkout.subscription))
    return Done(
        checkout=CheckoutRef(checkout.ref),
        subscription=snapshot,
        invoice=InvoiceRef(checkout.invoice) if checkout.invoice else None,
        charge=ChargeRef(checkout.charge) if checkout.charge else None,
    )


def _declined(desk: Desk, checkout: Checkout) -> Declined:
    declines = charges.declines(desk, checkout.ref)
    if not declines:
        # closed without a try: its base moved, or its time was up
        raise desk.rejected(RejectReason.QUOTE_EXPIRED, detail="it was closed before it was paid")
    return Declined(decline=declines[-1])
