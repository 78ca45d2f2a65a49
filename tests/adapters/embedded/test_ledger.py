"""Customers, invoices, refunds, discounts, the books, and who may run the vendor at all."""

import json
from dataclasses import replace

import pytest

from app.config import Config
from app.core.clock import FrozenClock
from app.vendor_adapters.embedded import DisputeState, EmbeddedVendor, EmbeddedWorld, create
from app.vendor_adapters.errors import KeyReused, RejectReason, VendorMisconfigured, VendorRejected
from app.vendor_adapters.port import VendorAdapter
from app.vendor_adapters.types import (
    ChargeRef,
    CustomerRef,
    DiscountTerms,
    IdempotencyKey,
    InvoiceRef,
    RenewalDecision,
    SetSeats,
    SubscriptionStatus,
)
from tests.adapters.embedded.shop import (
    BERLIN,
    CATALOG,
    DECLINES,
    MARCH,
    MINUTES,
    OLD_TEAM,
    STORAGE,
    TEAM,
    Shop,
    cart,
    eur,
    profile,
    usd,
)


def test_the_vendor_fulfils_the_port(vendor: EmbeddedVendor) -> None:
    adapter: VendorAdapter = vendor
    assert (adapter.name, adapter.origins) == ("embedded", ("http://127.0.0.1:8002",))


async def test_a_customer_is_found_by_the_account(shop: Shop) -> None:
    first = await shop.vendor.ensure_customer(profile(), key=shop.key())
    renamed = replace(profile(address=BERLIN), full_name="Ann Other")
    assert await shop.vendor.ensure_customer(renamed, key=shop.key()) == first
    assert await shop.vendor.ensure_customer(profile("acc_2"), key=shop.key()) != first
    with pytest.raises(VendorRejected) as refused:
        await shop.vendor.ensure_customer(profile(currency="eur"), key=shop.key())
    assert refused.value.reason is RejectReason.CURRENCY


async def test_a_key_with_other_arguments_is_refused(shop: Shop) -> None:
    key = IdempotencyKey("account:acc_1:ensure_customer:1")
    first = await shop.vendor.ensure_customer(profile(), key=key)
    assert await shop.vendor.ensure_customer(profile(), key=key) == first
    with pytest.raises(KeyReused):
        await shop.vendor.ensure_customer(profile("acc_2"), key=key)


async def test_changes_and_renewals_are_taxed_where_the_last_purchase_was_billed(shop: Shop) -> None:
    customer = await shop.customer(address=None)
    paid = await shop.purchase(replace(cart((TEAM, 10)), customer=customer))
    assert paid.subscription is not None
    (invoice,) = (await shop.vendor.list_invoices(customer)).rows
    assert invoice.tax == usd(30885)
    assert (await shop.vendor.get_invoice(invoice.ref)) == invoice
    change = await shop.quote_change(paid.subscription, SetSeats(base=10, seats=11))
    assert change.tax is not None
    assert change.tax.rate_ppm == 88750


async def test_invoices_come_newest_first_in_pages(shop: Shop) -> None:
    for _ in range(22):
        await shop.purchase(cart((MINUTES, 1)))
    customer = await shop.customer()
    first = await shop.vendor.list_invoices(customer)
    rest = await shop.vendor.list_invoices(customer, cursor=first.next_cursor)
    numbers = [invoice.number for invoice in (*first.rows, *rest.rows)]
    assert numbers == [f"INV-{serial:06d}" for serial in range(22, 0, -1)]
    assert rest.next_cursor == ""


async def test_refunds_never_exceed_the_charge(shop: Shop, world: EmbeddedWorld) -> None:
    paid = await shop.purchase(cart((MINUTES, 3)))
    assert paid.charge is not None
    key = shop.key()
    refunds = [await shop.vendor.refund(paid.charge, amount=usd(1000), reason="goodwill", key=key) for _ in range(2)]
    assert refunds[0] == refunds[1]
    left = paid.amount_paid - usd(1000)
    for amount, reason in [
        (left + usd(1), RejectReason.OTHER),
        (usd(0), RejectReason.OTHER),
        (usd(-1), RejectReason.OTHER),
        (eur(1), RejectReason.CURRENCY),
    ]:
        with pytest.raises(VendorRejected) as refused:
            await shop.vendor.refund(paid.charge, amount=amount, reason="", key=shop.key())
        assert refused.value.reason is reason
    await world.refund(paid.charge, left)
    after = await shop.vendor.get_checkout(paid.ref)
    assert (after.amount_paid, after.amount_refunded) == (paid.amount_paid, paid.amount_paid)


async def test_who_gets_the_term_back_keeps_the_subscription_and_no_credit(shop: Shop, world: EmbeddedWorld) -> None:
    paid = await shop.purchase(cart((TEAM, 2)))
    assert paid.charge is not None
    assert paid.subscription is not None
    await world.refund(paid.charge, paid.amount_paid)
    assert (await shop.vendor.get_subscription(paid.subscription)).status is SubscriptionStatus.ACTIVE
    quote = await shop.quote_change(paid.subscription, SetSeats(base=2, seats=3))
    assert quote.subtotal == usd(3 * 34800)


async def test_ending_now_gives_nothing_back(shop: Shop, world: EmbeddedWorld) -> None:
    paid = await shop.purchase(cart((TEAM, 2)))
    assert paid.subscription is not None
    for _ in range(2):
        after = await shop.vendor.set_renewal(paid.subscription, decision=RenewalDecision.END_NOW, key=shop.key())
        assert (after.status, after.cancel_at) == (SubscriptionStatus.CANCELLED, shop.clock.now())
    assert (await world.books())["refunds"] == []
    for decision in (RenewalDecision.RENEW, RenewalDecision.END):
        with pytest.raises(VendorRejected) as refused:
            await shop.vendor.set_renewal(paid.subscription, decision=decision, key=shop.key())
        assert refused.value.reason is RejectReason.STALE_STATE


async def test_a_dispute_is_told_and_takes_nothing(shop: Shop, world: EmbeddedWorld) -> None:
    paid = await shop.purchase(cart((TEAM, 2)))
    assert paid.charge is not None
    seen = (await shop.vendor.changes_since("")).rows[-1].id
    await world.dispute(paid.charge, DisputeState.OPENED)
    (note,) = (await shop.vendor.changes_since(seen)).rows
    assert (note.subject, note.order) == (paid.charge, paid.order)
    assert (await world.books())["charges"][0]["dispute"] == "opened"


async def test_one_discount_for_one_reservation(shop: Shop) -> None:
    terms = DiscountTerms(reservation="res_1", label="X", percent_bp=2000, amount_off=None, offers=(TEAM,), periods=1)
    first = await shop.vendor.materialise_discount(terms, key=shop.key())
    assert await shop.vendor.materialise_discount(terms, key=shop.key()) == first
    for other in (replace(terms, percent_bp=1000), replace(terms, percent_bp=0), replace(terms, amount_off=usd(1))):
        with pytest.raises(VendorRejected):
            await shop.vendor.materialise_discount(other, key=shop.key())
    await shop.vendor.revoke_discount(first, key=shop.key())
    await shop.vendor.revoke_discount(first, key=shop.key())
    with pytest.raises(VendorRejected) as refused:
        await shop.vendor.quote_purchase(replace(cart((TEAM, 1)), discounts=(first,)))
    assert (refused.value.reason, refused.value.field) == (RejectReason.NOT_FOUND, "discounts")


async def test_a_sum_in_another_currency_is_refused(shop: Shop) -> None:
    other = await shop.discount(TEAM, amount_off=eur(100))
    with pytest.raises(VendorRejected) as refused:
        await shop.vendor.quote_purchase(replace(cart((TEAM, 1)), discounts=(other,)))
    assert refused.value.reason is RejectReason.CURRENCY


async def test_the_books_balance_and_are_json(shop: Shop, world: EmbeddedWorld) -> None:
    launch = await shop.discount(TEAM, percent_bp=2000)
    ref = await shop.open(replace(cart((TEAM, 10), (STORAGE, 1)), discounts=(launch,)))
    await shop.type_card(ref, DECLINES)
    paid = await shop.type_card(ref)
    assert paid.charge is not None
    await world.refund(paid.charge, usd(500))
    books = await world.books()
    assert json.loads(json.dumps(books)) == books
    assert set(books) >= {
        "customers",
        "checkouts",
        "subscriptions",
        "invoices",
        "charges",
        "refunds",
        "discounts",
        "deliveries",
    }
    assert all("order" in row for rows in books.values() for row in rows)
    (invoice,), (charge,), (refund,), (discount,) = (
        books[name] for name in ("invoices", "charges", "refunds", "discounts")
    )
    assert (invoice["amount_paid"], invoice["amount_due"]) == (charge["amount"], 0)
    assert (refund["amount"], refund["charge"], refund["order"]) == (500, charge["id"], paid.order)
    assert (charge["order"], discount["order"], invoice["total"]) == (paid.order, paid.order, paid.total.minor)
    assert len(books["declines"]) == 1


async def test_a_reset_leaves_the_catalog_alone(shop: Shop, world: EmbeddedWorld) -> None:
    await shop.purchase(cart((TEAM, 1)))
    await world.reset()
    assert not any((await world.books()).values())
    assert len(await shop.vendor.list_offers()) == len(CATALOG.prices)


async def test_preparing_again_follows_the_catalog(vendor: EmbeddedVendor, shop: Shop) -> None:
    subscription = await shop.subscription(starts_at=MARCH)
    request = await shop.addressed(cart((TEAM, 1)))
    quote = await vendor.quote_purchase(request)
    rows = tuple(replace(row, active=False) if row.id == TEAM else row for row in CATALOG.prices if row.id != OLD_TEAM)
    vendor.catalog = replace(CATALOG, prices=rows)
    vendor.prepare()
    assert not (await vendor.get_offer(TEAM)).is_offered
    assert not (await vendor.get_offer(OLD_TEAM)).is_offered
    await shop.type_card(await shop.open_for(request, quote))
    assert (await vendor.get_subscription(subscription.ref)) == subscription


async def test_strangers_are_not_found(shop: Shop) -> None:
    for call in (
        shop.vendor.list_invoices(CustomerRef("cus_nothing")),
        shop.vendor.payment_methods(CustomerRef("cus_nothing")),
    ):
        with pytest.raises(VendorRejected, match="not_found"):
            await call
    for refused in (
        shop.vendor.get_invoice(InvoiceRef("inv_nothing")),
        shop.vendor.refund(ChargeRef("ch_nothing"), amount=usd(1), reason="", key=shop.key()),
    ):
        with pytest.raises(VendorRejected, match="not_found"):
            await refused


def test_it_runs_in_the_demo_only(config: Config, clock: FrozenClock) -> None:
    vendor = create(config, CATALOG, clock)
    assert (config.var / "vendor.db").is_file()
    assert vendor.settings.webhook_url == "http://localhost:8000/webhooks/embedded"
    vendor.calls.database.close()
    with pytest.raises(VendorMisconfigured):
        create(replace(config, env="production"), CATALOG, clock)
