"""Changes that wait for their payment, and must not be paid any more once something else has taken their place.

Stripe itself voids the invoice of an update that waits when another one is asked for, by its documentation. The adapter
does so before: else the bank's yes could come in between, and the new update would start from items that nobody was
shown. A voided invoice cannot be paid, and a paid one cannot be voided, so that one of the two is sure.
"""

import stripe

from app.vendor_adapters.errors import RejectReason, VendorRejected
from app.vendor_adapters.stripe.client import Call
from app.vendor_adapters.stripe.errors import rejected
from app.vendor_adapters.stripe.orders import payment_with_charge
from app.vendor_adapters.stripe.translate.basics import payment_of, ref_of
from app.vendor_adapters.stripe.translate.checkouts import direct_state
from app.vendor_adapters.types import CheckoutState


async def give_up_waiting(call: Call, subscription: stripe.Subscription) -> None:
    """Make sure that a change which waits for its payment is never paid.

    STALE_STATE when it is paid by now, and while a bank works on it: Stripe calls no such payment back.
    """
    if subscription.pending_update is None:
        return
    latest = ref_of(subscription.latest_invoice)
    state = await _state(call, latest)
    if state is CheckoutState.PROCESSING:
        raise rejected(call.operation, RejectReason.STALE_STATE, "base", "a bank works on another change")
    if state is CheckoutState.EXPIRED:
        return
    try:
        await call.write(call.v1.invoices.void_invoice_async(latest, None, {"idempotency_key": f"void:{latest}"}))
    except VendorRejected as error:
        # paid since it was read, or with a bank; or somebody beside us was first, and it is closed all the same
        if await _state(call, latest) is not CheckoutState.EXPIRED:
            raise rejected(call.operation, RejectReason.STALE_STATE, "base", "another change was paid for") from error


async def _state(call: Call, ref: str) -> CheckoutState:
    invoice = await call.read(call.v1.invoices.retrieve_async(ref, {"expand": ["payments"]}))
    return direct_state(invoice, await payment_with_charge(call, payment_of(invoice)))
