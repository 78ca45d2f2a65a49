"""The billing run: renewals, ends, dunning, and a long jump of the clock."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.vendor_adapters.embedded import EmbeddedVendor, EmbeddedWorld, SeedSubscription
from app.vendor_adapters.types import (
    CheckoutRef,
    InvoiceStatus,
    RenewalDecision,
    SalesChannel,
    SetSeats,
    SubscriptionStatus,
    SwitchOffer,
)
from tests.adapters.embedded.shop import (
    CHALLENGES,
    DECLINES,
    MARCH,
    NO_ANSWER,
    OLD_TEAM,
    PAYS_ONCE,
    SCALE,
    TEAM,
    Shop,
    cart,
    usd,
)

MARCH_2027 = datetime(2027, 3, 1, tzinfo=UTC)


async def test_a_term_renews_at_its_end_at_the_price_that_was_shown(shop: Shop, world: EmbeddedWorld) -> None:
    subscription = await shop.subscription()
    more = await shop.quote_change(subscription.ref, SetSeats(base=10, seats=13))
    await shop.done(subscription.ref, SetSeats(base=10, seats=13))
    assert await _run(shop, world, MARCH_2027 - timedelta(seconds=1)) == 0
    assert await _run(shop, world, MARCH_2027) == 1
    after = await shop.vendor.get_subscription(subscription.ref)
    assert (after.status, after.seats, after.period.starts_at) == (SubscriptionStatus.ACTIVE, 13, MARCH_2027)
    assert after.period.ends_at == datetime(2028, 3, 1, tzinfo=UTC)
    invoice = (await shop.vendor.list_invoices(subscription.customer)).rows[0]
    (announced,) = more.next_charges
    assert (invoice.issued_at, invoice.total, invoice.status) == (announced.at, announced.total, InvoiceStatus.PAID)
    assert await _run(shop, world, MARCH_2027) == 0


async def test_a_retired_price_is_still_billed(shop: Shop, world: EmbeddedWorld) -> None:
    subscription = await shop.subscription(offer=OLD_TEAM)
    await _run(shop, world, MARCH_2027)
    invoice = (await shop.vendor.list_invoices(subscription.customer)).rows[0]
    assert invoice.subtotal == usd(228000)


async def test_what_was_booked_for_the_renewal_counts_then(shop: Shop, world: EmbeddedWorld) -> None:
    subscription = await shop.subscription(offer=SCALE)
    down = SwitchOffer(base=SCALE, offer=TEAM, seats=8, at_renewal=True)
    quote = await shop.quote_change(subscription.ref, down)
    await shop.done(subscription.ref, down)
    await _run(shop, world, MARCH_2027)
    after = await shop.vendor.get_subscription(subscription.ref)
    assert (after.offer, after.seats, after.renews_as) == (TEAM, 8, None)
    invoice = (await shop.vendor.list_invoices(subscription.customer)).rows[0]
    assert invoice.total == quote.next_charges[0].total


async def test_a_term_that_is_not_to_renew_ends(shop: Shop, world: EmbeddedWorld) -> None:
    subscription = await shop.subscription()
    await shop.vendor.set_renewal(subscription.ref, decision=RenewalDecision.END, key=shop.key())
    await _run(shop, world, MARCH_2027)
    after = await shop.vendor.get_subscription(subscription.ref)
    assert (after.status, after.cancel_at) == (SubscriptionStatus.CANCELLED, MARCH_2027)
    assert len((await shop.vendor.list_invoices(subscription.customer)).rows) == 1


async def test_discounts_last_as_many_terms_as_they_say(shop: Shop, world: EmbeddedWorld) -> None:
    two_years = await shop.discount(TEAM, percent_bp=1000, periods=2)
    fixed = await shop.discount(TEAM, amount_off=usd(1000), periods=None)
    request = await shop.addressed(replace(cart((TEAM, 10)), discounts=(two_years, fixed)))
    quote = await shop.vendor.quote_purchase(request)
    paid = await shop.type_card(await shop.open_for(request, quote))
    assert paid.subscription is not None
    await _run(shop, world, datetime(2029, 11, 23, tzinfo=UTC))
    assert paid.customer is not None
    invoices = (await shop.vendor.list_invoices(paid.customer)).rows
    assert [invoice.subtotal - invoice.discount for invoice in invoices] == [
        usd(347000),
        usd(347000),
        usd(312200),
        usd(312200),
    ]
    assert [charge.subtotal for charge in quote.next_charges] == [usd(312200), usd(347000)]


async def test_an_unpaid_renewal_is_tried_again_and_given_up(shop: Shop, world: EmbeddedWorld) -> None:
    subscription = await shop.subscription(card=DECLINES)
    await _run(shop, world, MARCH_2027)
    owing = await shop.vendor.get_subscription(subscription.ref)
    assert (owing.status, owing.period.starts_at) == (SubscriptionStatus.PAST_DUE, MARCH_2027)
    (invoice, _) = (await shop.vendor.list_invoices(subscription.customer)).rows
    assert (invoice.status, invoice.amount_due, invoice.amount_paid) == (
        InvoiceStatus.OPEN,
        usd(378885),
        usd(0),
    )
    tries = []
    for day in range(1, 15):
        await _run(shop, world, MARCH_2027 + timedelta(days=day))
        tries.append(len((await world.books())["declines"]))
    assert tries == [1, 1, 2, 2, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4]
    ended = await shop.vendor.get_subscription(subscription.ref)
    assert (ended.status, ended.cancel_at) == (SubscriptionStatus.CANCELLED, MARCH_2027 + timedelta(days=14))
    assert (await shop.vendor.get_invoice(invoice.ref)).status is InvoiceStatus.UNCOLLECTIBLE


async def test_another_card_pays_what_is_owed(shop: Shop, world: EmbeddedWorld) -> None:
    subscription = await shop.subscription(card=PAYS_ONCE)
    await _run(shop, world, MARCH_2027)
    await _run(shop, world, MARCH_2027 + timedelta(days=1))
    (invoice, _) = (await shop.vendor.list_invoices(subscription.customer)).rows
    page = invoice.pay_url.removeprefix(shop.vendor.settings.origin + "/pay/")
    await shop.type_card(CheckoutRef(page))
    after = await shop.vendor.get_subscription(subscription.ref)
    assert (after.status, after.version > subscription.version) == (SubscriptionStatus.ACTIVE, True)
    default, _ = await shop.vendor.payment_methods(subscription.customer)
    assert default.last4 == "4242"
    assert await _run(shop, world, MARCH_2027 + timedelta(days=30)) == 0


async def test_renewals_rest_on_the_check_made_before(shop: Shop, world: EmbeddedWorld) -> None:
    subscription = await shop.subscription(card=CHALLENGES)
    await _run(shop, world, MARCH_2027)
    assert (await shop.vendor.get_subscription(subscription.ref)).status is SubscriptionStatus.ACTIVE


@pytest.mark.parametrize("card", [NO_ANSWER, None])
async def test_a_silent_bank_and_no_card_leave_it_past_due(shop: Shop, world: EmbeddedWorld, card: str | None) -> None:
    subscription = await shop.subscription(card=card)
    await _run(shop, world, MARCH_2027 + timedelta(hours=1))
    assert (await shop.vendor.get_subscription(subscription.ref)).status is SubscriptionStatus.PAST_DUE


async def test_a_long_jump_catches_up_in_the_order_of_time(
    shop: Shop, world: EmbeddedWorld, vendor: EmbeddedVendor
) -> None:
    customer = await shop.customer(card="4242424242424242")
    for month in (3, 1, 2):
        seed = SeedSubscription(
            offer=TEAM, seats=1, starts_at=datetime(2026, month, 1, tzinfo=UTC), subject=f"group:{month}"
        )
        await world.given_subscription(customer, seed)
    assert await _run(shop, world, datetime(2030, 2, 15, tzinfo=UTC)) == 11
    issued = [invoice.issued_at for invoice in (await vendor.list_invoices(customer)).rows][:11]
    assert issued == sorted(issued, reverse=True)
    subscriptions = await vendor.list_subscriptions(customer)
    assert [one.period.ends_at for one in subscriptions] == [
        datetime(2030, 3, 1, tzinfo=UTC),
        datetime(2031, 1, 1, tzinfo=UTC),
        datetime(2031, 2, 1, tzinfo=UTC),
    ]


async def test_what_a_partner_sold_ends_with_its_term(shop: Shop, world: EmbeddedWorld) -> None:
    seed = SeedSubscription(offer=TEAM, seats=20, starts_at=MARCH, channel=SalesChannel.RESELLER, sold_by="ACME")
    ref = await world.given_subscription(await shop.customer(), seed)
    subscription = await shop.vendor.get_subscription(ref)
    assert (subscription.channel, subscription.sold_by) == (SalesChannel.RESELLER, "ACME")
    assert subscription.cancel_at == MARCH_2027
    assert (await world.books())["invoices"] == []
    await _run(shop, world, MARCH_2027)
    assert (await shop.vendor.get_subscription(ref)).status is SubscriptionStatus.CANCELLED


async def test_seeds_of_several_years_and_past_due(shop: Shop, world: EmbeddedWorld) -> None:
    customer = await shop.customer(card="4242424242424242")
    seed = SeedSubscription(offer=TEAM, seats=2, starts_at=MARCH, subject="group:long", months=36)
    ref = await world.given_subscription(customer, seed)
    assert await world.given_subscription(customer, seed) == ref
    assert (await shop.vendor.get_subscription(ref)).period.ends_at == datetime(2029, 3, 1, tzinfo=UTC)
    (invoice,) = (await shop.vendor.list_invoices(customer)).rows
    assert invoice.subtotal == usd(2 * 34800 * 3)
    owing = replace(seed, subject="group:owing", months=12, status=SubscriptionStatus.PAST_DUE)
    owed = await shop.vendor.get_subscription(await world.given_subscription(customer, owing))
    assert (owed.status, owed.period.ends_at) == (SubscriptionStatus.PAST_DUE, MARCH_2027)
    await _run(shop, world, owed.period.starts_at + timedelta(days=13))
    assert (await shop.vendor.get_subscription(owed.ref)).status is SubscriptionStatus.PAST_DUE
    await _run(shop, world, owed.period.starts_at + timedelta(days=14))
    assert (await shop.vendor.get_subscription(owed.ref)).status is SubscriptionStatus.CANCELLED


async def _run(shop: Shop, world: EmbeddedWorld, until: datetime) -> int:
    shop.clock.advance_business(until - shop.clock.now())
    return await world.run_due(until)
