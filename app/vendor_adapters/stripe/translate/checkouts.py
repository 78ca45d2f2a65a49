"""Payment pages and purchases with a stored card, as the port speaks of them."""

from datetime import timedelta

import stripe

from app.vendor_adapters.stripe.names import ORDER, meta
from app.vendor_adapters.stripe.translate.basics import instant, money, order_of, payment_of, ref_of, subscription_of
from app.vendor_adapters.stripe.translate.states import decline_reason
from app.vendor_adapters.types import (
    ChargeRef,
    CheckoutRef,
    CheckoutSnapshot,
    CheckoutState,
    CustomerRef,
    Decline,
    InvoiceRef,
    OrderId,
    SubscriptionRef,
)

DIRECT_LIFETIME = timedelta(hours=23)
"""How long Stripe keeps an unpaid first invoice or an unpaid change."""
SESSIONS = {"open": CheckoutState.OPEN, "expired": CheckoutState.EXPIRED}
PAYMENTS = {"paid": CheckoutState.COMPLETE, "no_payment_required": CheckoutState.COMPLETE}
INVOICES = {
    "paid": CheckoutState.COMPLETE,
    "open": CheckoutState.OPEN,
    "void": CheckoutState.EXPIRED,
    "uncollectible": CheckoutState.EXPIRED,
    "draft": CheckoutState.PROCESSING,
}


def session_state(session: stripe.checkout.Session) -> CheckoutState:
    """Return the state of a payment page; a completed one is paid, or the bank has still to answer."""
    if session.status == "complete":
        unpaid = CheckoutState.PROCESSING if session.payment_status == "unpaid" else CheckoutState.UNKNOWN
        return PAYMENTS.get(session.payment_status, unpaid)
    return SESSIONS.get(session.status or "", CheckoutState.UNKNOWN)


def of_session(session: stripe.checkout.Session, payment: stripe.PaymentIntent | None) -> CheckoutSnapshot:
    """Return a payment page; ``payment`` came with its latest charge, None where there is none yet."""
    state, currency = session_state(session), session.currency
    total = money(session.amount_total, currency)
    subscription, invoice = ref_of(session.subscription), ref_of(session.invoice)
    customer = ref_of(session.customer)
    return CheckoutSnapshot(
        ref=CheckoutRef(session.id),
        order=OrderId(meta(session.metadata, ORDER)),
        state=state,
        total=total,
        amount_paid=total if state is CheckoutState.COMPLETE else money(0, currency),
        expires_at=instant(session.expires_at),
        url=(session.url or "") if state is CheckoutState.OPEN else "",
        customer=CustomerRef(customer) if customer else None,
        subscription=SubscriptionRef(subscription) if subscription else None,
        invoice=InvoiceRef(invoice) if invoice else None,
        charge=_charge(payment) if state is CheckoutState.COMPLETE else None,
        declines=_declines(payment),
        amount_refunded=money(refunded(payment), currency),
        card_fingerprint=_card_fingerprint(payment) if state is CheckoutState.COMPLETE else "",
    )


def direct_state(invoice: stripe.Invoice, payment: stripe.PaymentIntent | None) -> CheckoutState:
    """Return the state of a purchase with a stored card."""
    state = INVOICES.get(invoice.status or "", CheckoutState.UNKNOWN)
    is_asking = payment is not None and payment.status == "processing"
    return CheckoutState.PROCESSING if state is CheckoutState.OPEN and is_asking else state


def of_invoice(invoice: stripe.Invoice, payment: stripe.PaymentIntent | None) -> CheckoutSnapshot:
    """Return a purchase with a stored card; ``payment`` came with its latest charge, None where nothing was due."""
    state, currency = direct_state(invoice, payment), invoice.currency
    subscription, customer = subscription_of(invoice), ref_of(invoice.customer)
    is_paid = state is CheckoutState.COMPLETE
    return CheckoutSnapshot(
        ref=CheckoutRef(invoice.id),
        order=order_of(invoice),
        state=state,
        total=money(invoice.total, currency),
        amount_paid=money(invoice.amount_paid, currency),
        expires_at=instant(invoice.created) + DIRECT_LIFETIME,
        url=page_of(invoice, payment) if state is CheckoutState.OPEN else "",
        customer=CustomerRef(customer) if customer else None,
        subscription=SubscriptionRef(subscription) if subscription else None,
        invoice=InvoiceRef(invoice.id) if is_paid else None,
        charge=_charge(payment) if is_paid and payment_of(invoice) else None,
        declines=_declines(payment),
        amount_refunded=money(refunded(payment), currency),
        card_fingerprint=_card_fingerprint(payment) if is_paid else "",
    )


def is_unasked(invoice: stripe.Invoice, payment: stripe.PaymentIntent | None) -> bool:
    """Whether an invoice waits for a payment that no bank has been asked for."""
    if invoice.status != "open" or payment is None:
        return False
    return payment.status in ("requires_payment_method", "requires_confirmation") and payment.last_payment_error is None


def page_of(invoice: stripe.Invoice, payment: stripe.PaymentIntent | None) -> str:
    """Return where the buyer goes on: to the bank's check when it has begun, else to the invoice's own page."""
    action = payment.next_action if payment else None
    redirect = action.redirect_to_url if action else None
    return (redirect.url if redirect else None) or invoice.hosted_invoice_url or ""


def refunded(payment: stripe.PaymentIntent | None) -> int:
    """Return what was given back of a payment."""
    charge = payment.latest_charge if payment else None
    return charge.amount_refunded if isinstance(charge, stripe.Charge) else 0


def last_decline(payment: stripe.PaymentIntent) -> Decline | None:
    """Return the payment's last try if it was refused.

    It is known by its charge. The instant is that of the payment, which is made when the buyer presses the button.
    """
    error = payment.last_payment_error
    if error is None:
        return None
    return Decline(
        ref=error.charge or payment.id,
        at=instant(payment.created),
        reason=decline_reason(error.decline_code, error.code),
    )


def _declines(payment: stripe.PaymentIntent | None) -> tuple[Decline, ...]:
    decline = last_decline(payment) if payment else None
    return (decline,) if decline else ()


def _charge(payment: stripe.PaymentIntent | None) -> ChargeRef | None:
    return ChargeRef(payment.id) if payment else None


def _card_fingerprint(payment: stripe.PaymentIntent | None) -> str:
    """Return Stripe's mark of the card that paid; empty where it was no card, or nothing was due."""
    charge = payment.latest_charge if payment else None
    details = charge.payment_method_details if isinstance(charge, stripe.Charge) else None
    return (details.card.fingerprint or "") if details and details.card else ""
