"""Changes at renewal: a schedule with the term as it is and the next one as it will be.

A change now takes the subscription out of its schedule. What was booked is noted on the subscription before, so that it
is booked again even when the answer of any request in between is lost.
"""

import stripe

from app.catalog.model import Catalog
from app.vendor_adapters.stripe.client import Call
from app.vendor_adapters.stripe.customers import holder
from app.vendor_adapters.stripe.names import BOOKED, fingerprint, meta
from app.vendor_adapters.stripe.requests.subscriptions import booking, schedule
from app.vendor_adapters.stripe.subscriptions import has_ended, has_schedule, load, release
from app.vendor_adapters.stripe.translate.basics import ref_of
from app.vendor_adapters.stripe.translate.subscriptions import Booking, billed_ahead, note_of, our_items, set_aside
from app.vendor_adapters.types import SubscriptionRef


async def book(
    call: Call, subscription: stripe.Subscription, main: stripe.SubscriptionItem, wanted: Booking | None, key: str
) -> None:
    """Have the main item be ``wanted`` from the next term on; None drops what is booked."""
    if set_aside(subscription) is not None:
        await _note(call, subscription.id, None)
    if wanted is None:
        await release(call, subscription)
        return
    await _scheduled(call, subscription, main, wanted, key)


async def put_aside(call: Call, subscription: stripe.Subscription, wanted: Booking | None) -> None:
    """Take a subscription out of its schedule for a change, after which ``wanted`` is booked again."""
    if set_aside(subscription) != wanted:
        await _note(call, subscription.id, wanted)
    if has_schedule(subscription):
        await release(call, subscription)


async def book_again(call: Call, ref: SubscriptionRef, catalog: Catalog) -> None:
    """Book what was put aside for a change, if it still is.

    The key is the note's, which says which time this is: whoever does it beside us does the same.
    """
    held = await load(call, ref)
    wanted = set_aside(held)
    if wanted is None or has_ended(held):
        return
    main = our_items(held, catalog)[0]
    if billed_ahead(main) is not None:
        await _note(call, ref, None)  # what renews is paid, and Stripe schedules nothing beside that
        return
    key = f"again:{ref}:{fingerprint(meta(held.metadata, BOOKED))}"
    await _scheduled(call, held, main, wanted, key)
    await _note(call, ref, None)


async def forget(call: Call, subscription: stripe.Subscription) -> None:
    """Drop what was put aside: the next term is paid as it runs now."""
    if set_aside(subscription) is not None:
        await _note(call, subscription.id, None)


async def _scheduled(
    call: Call, subscription: stripe.Subscription, main: stripe.SubscriptionItem, wanted: Booking, key: str
) -> None:
    await _keep_card(call, subscription)
    schedules = call.v1.subscription_schedules
    held = ref_of(subscription.schedule)
    if not held:
        once: stripe.RequestOptions = {"idempotency_key": f"{key}:schedule"}
        held = (await call.write(schedules.create_async(schedule(subscription.id), once))).id
    phases: stripe.RequestOptions = {"idempotency_key": key}
    await call.write(schedules.update_async(held, booking(subscription, main, wanted), phases))


async def _keep_card(call: Call, subscription: stripe.Subscription) -> None:
    """Have a card that a page left on the subscription alone be the customer's default: a schedule charges that one."""
    card = ref_of(subscription.default_payment_method)
    if not card:
        return
    customer = await holder(call, ref_of(subscription.customer))
    default = customer.invoice_settings.default_payment_method if customer.invoice_settings else None
    if not ref_of(default):
        key: stripe.RequestOptions = {"idempotency_key": f"default:{customer.id}:{card}"}
        params: stripe.params.CustomerUpdateParams = {"invoice_settings": {"default_payment_method": card}}
        await call.write(call.v1.customers.update_async(customer.id, params, key))


async def _note(call: Call, ref: str, wanted: Booking | None) -> None:
    stamp = call.client.stamp()
    key: stripe.RequestOptions = {"idempotency_key": f"note:{ref}:{stamp}"}
    note = note_of(wanted, stamp) if wanted else ""
    await call.write(call.v1.subscriptions.update_async(ref, {"metadata": {BOOKED: note}}, key))
