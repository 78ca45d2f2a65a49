"""Changes at renewal: a schedule with the term as it is and the next one as it will be."""

import stripe

from app.vendor_adapters.stripe.client import Call
from app.vendor_adapters.stripe.requests.subscriptions import booking, schedule
from app.vendor_adapters.stripe.subscriptions import release
from app.vendor_adapters.stripe.translate.basics import ref_of
from app.vendor_adapters.stripe.translate.subscriptions import Booking


async def book(
    call: Call, subscription: stripe.Subscription, main: stripe.SubscriptionItem, wanted: Booking | None, key: str
) -> None:
    """Have the main item be ``wanted`` from the next term on; None drops what is booked."""
    if wanted is None:
        await release(call, subscription)
        return
    schedules = call.v1.subscription_schedules
    held = ref_of(subscription.schedule)
    if not held:
        once: stripe.RequestOptions = {"idempotency_key": f"{key}:schedule"}
        held = (await call.write(schedules.create_async(schedule(subscription.id), once))).id
    phases: stripe.RequestOptions = {"idempotency_key": key}
    await call.write(schedules.update_async(held, booking(subscription, main, wanted), phases))
