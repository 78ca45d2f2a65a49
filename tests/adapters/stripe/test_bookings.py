"""What is booked for the renewal while a change now is made, which takes the subscription out of its schedule."""

import pytest

from app.vendor_adapters.errors import OutcomeUnknown, RejectReason, VendorRejected
from app.vendor_adapters.types import (
    Declined,
    Done,
    NeedsAction,
    PurchaseItem,
    RenewalDecision,
    SetSeats,
    SubscriptionStatus,
)
from tests.adapters.stripe.shop import TEAM, Shop
from tests.stripe_twin.twin import CHALLENGES, DECLINES, StripeTwin

UPDATE = r"post /v1/subscriptions/[^/]+"
SEATS = SetSeats(base=10, seats=13)


@pytest.mark.parametrize("kind", ["lost_request", "lost_answer"])
@pytest.mark.parametrize(
    "befallen",
    [
        UPDATE,
        r"post /v1/subscription_schedules",
        r"post /v1/subscription_schedules/[^/]+",
        r"post /v1/subscription_schedules/[^/]+/release",
        r"post /v1/invoices/in_[^/]+",
    ],
)
async def test_what_is_booked_survives_an_answer_that_is_lost(
    shop: Shop, twin: StripeTwin, befallen: str, kind: str
) -> None:
    """Wherever a change ends in the middle: asked for again, it is made, and the booking is there."""
    bought, order, key = await shop.subscription(), shop.order(), shop.key()
    await shop.changed(bought.ref, SetSeats(base=10, seats=8, at_renewal=True))
    quote = await shop.quote_change(bought.ref, SEATS)
    twin.fail(kind, befallen, times=0)
    with pytest.raises(OutcomeUnknown):
        await shop.change(bought.ref, SEATS, quote=quote, order=order, key=key)
    twin.heal()
    between = await shop.adapter.get_subscription(bought.ref)
    assert between.renews_as == PurchaseItem(offer=TEAM, quantity=8)
    told = await shop.change(bought.ref, SEATS, quote=quote, order=order, key=key)
    assert isinstance(told, Done)
    assert told.subscription is not None
    assert (told.subscription.seats, told.subscription.renews_as) == (13, PurchaseItem(offer=TEAM, quantity=8))
    shop.days(366)
    assert (await shop.adapter.get_subscription(bought.ref)).seats == 8


@pytest.mark.parametrize("number", [CHALLENGES, DECLINES])
@pytest.mark.parametrize("befallen", [r"post /v1/subscription_schedules", r"post /v1/subscription_schedules/[^/]+"])
async def test_nobody_finds_a_change_before_its_booking_is_back(
    shop: Shop, twin: StripeTwin, number: str, befallen: str
) -> None:
    """What the store finds for an order it does not ask for again: by then everything must be as it should."""
    bought, order, key = await shop.subscription(), shop.order(), shop.key()
    await shop.changed(bought.ref, SetSeats(base=10, seats=8, at_renewal=True))
    twin.add_card(bought.customer, number)
    quote = await shop.quote_change(bought.ref, SEATS)
    twin.fail("lost_request", befallen, times=0)
    with pytest.raises(OutcomeUnknown):
        await shop.change(bought.ref, SEATS, quote=quote, order=order, key=key)
    twin.heal()
    assert await shop.adapter.find_checkouts(order) == ()
    told = await shop.change(bought.ref, SEATS, quote=quote, order=order, key=key)
    assert isinstance(told, NeedsAction if number == CHALLENGES else Declined)
    assert_booked_again(twin, bought.ref)
    assert [found.state for found in await shop.adapter.find_checkouts(order)] != []


async def test_a_change_that_is_refused_half_way_books_again(shop: Shop, twin: StripeTwin) -> None:
    """Its answer was lost before anything was asked for, and when it is repeated its quote is too old."""
    bought, order, key = await shop.subscription(), shop.order(), shop.key()
    await shop.changed(bought.ref, SetSeats(base=10, seats=8, at_renewal=True))
    quote = await shop.quote_change(bought.ref, SEATS)
    twin.fail("lost_answer", r"post /v1/subscription_schedules/[^/]+/release", times=0)
    with pytest.raises(OutcomeUnknown):
        await shop.change(bought.ref, SEATS, quote=quote, order=order, key=key)
    twin.heal()
    shop.days(1)
    with pytest.raises(VendorRejected) as refused:
        await shop.change(bought.ref, SEATS, quote=quote, order=order, key=key)
    assert refused.value.reason is RejectReason.QUOTE_EXPIRED
    assert_booked_again(twin, bought.ref)


def assert_booked_again(twin: StripeTwin, ref: str) -> None:
    """The change to eight seats stands in a schedule, and no more beside it."""
    held = twin.books.tables["subscription"][ref]
    assert held["metadata"].get("kassa_booked", "") == ""
    schedule = twin.books.tables["subscription_schedule"][held["schedule"]]
    assert (schedule["status"], schedule["phases"][-1]["items"][0]["quantity"]) == ("active", 8)


async def test_what_was_put_aside_is_dropped_by_the_end_of_renewal(shop: Shop, twin: StripeTwin) -> None:
    bought, order, key = await shop.subscription(), shop.order(), shop.key()
    await shop.changed(bought.ref, SetSeats(base=10, seats=8, at_renewal=True))
    quote = await shop.quote_change(bought.ref, SEATS)
    twin.fail("lost_answer", r"post /v1/subscription_schedules/[^/]+/release", times=0)
    with pytest.raises(OutcomeUnknown):
        await shop.change(bought.ref, SEATS, quote=quote, order=order, key=key)
    twin.heal()
    for decision in (RenewalDecision.END, RenewalDecision.RENEW):
        left = await shop.adapter.set_renewal(bought.ref, decision=decision, key=shop.key())
        assert left.renews_as is None


async def test_what_is_booked_is_taxed_and_charged_like_what_runs(shop: Shop, twin: StripeTwin) -> None:
    """A phase of a schedule is taxed where it says so itself, and charged to the customer's default card."""
    bought = await shop.subscription()
    customer = twin.books.tables["customer"][bought.customer]
    customer["invoice_settings"] = {**customer["invoice_settings"], "default_payment_method": None}
    await shop.changed(bought.ref, SetSeats(base=10, seats=8, at_renewal=True))
    quote = await shop.quote_change(bought.ref, SEATS)
    assert quote.tax is not None
    assert quote.tax.amount.minor > 0
    shop.days(366)
    renewed = await shop.adapter.get_subscription(bought.ref)
    assert (renewed.status, renewed.seats) == (SubscriptionStatus.ACTIVE, 8)
    assert twin.charges()[-1].amount == 303_108  # 8 seats for a year, and 8.875 % of tax


async def test_an_end_that_is_sent_again_after_it_came(shop: Shop) -> None:
    bought, key = await shop.subscription(), shop.key()
    await shop.adapter.set_renewal(bought.ref, decision=RenewalDecision.END, key=key)
    shop.days(366)
    again = await shop.adapter.set_renewal(bought.ref, decision=RenewalDecision.END, key=key)
    assert (again.status.value, again.cancel_at) == ("cancelled", bought.period.ends_at)
