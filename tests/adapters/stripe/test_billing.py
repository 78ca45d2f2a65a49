"""Customers, invoices, cards, refunds, discounts and Stripe's own pages."""

import asyncio
from dataclasses import replace

import pytest

from app.core.money import Money
from app.vendor_adapters.errors import KeyReused, OutcomeUnknown, RejectReason, VendorRejected
from app.vendor_adapters.types import (
    CustomerRef,
    DiscountRef,
    InvoiceRef,
    InvoiceStatus,
    LineKind,
    OfferKey,
    PaymentMethodRef,
    PortalPurpose,
    SetSeats,
)
from tests.adapters.stripe.shop import BERLIN, MINUTES, PARIS, STORAGE, TEAM, Shop, profile, terms, usd, vat
from tests.stripe_twin.twin import DECLINES, ORIGIN, PAYS, StripeTwin

CUSTOMERS = "post /v1/customers"
MORE = SetSeats(base=10, seats=13)


# --- customers ---


async def test_a_customer_is_found_by_address_then_by_our_id(shop: Shop, twin: StripeTwin) -> None:
    ref = await shop.adapter.ensure_customer(profile(), key=shop.key())
    shop.days(2)
    twin.network.sent.clear()
    assert await shop.adapter.ensure_customer(profile(), key=shop.key()) == ref
    assert twin.network.sent == ["get /v1/customers"]
    moved = replace(profile(), email="ann@elsewhere.example", address=BERLIN)
    assert await shop.adapter.ensure_customer(moved, key=shop.key()) == ref
    held = twin.books.tables["customer"][ref]
    assert (held["email"], held["address"]["country"], held["address"]["state"]) == (moved.email, "DE", None)


async def test_another_address_within_the_lag_of_search_makes_no_second_customer(shop: Shop, twin: StripeTwin) -> None:
    ref = await shop.adapter.ensure_customer(profile(), key=shop.key())
    moved = replace(profile(), email="ann@elsewhere.example")
    assert await shop.adapter.ensure_customer(moved, key=shop.key()) == ref
    assert len(twin.books.all("customer")) == 1


async def test_at_the_same_time_with_other_details(shop: Shop, twin: StripeTwin) -> None:
    profiles = [replace(profile(), email=f"{name}@example.com") for name in ("ann", "bob", "cleo")]
    refs = await asyncio.gather(*(shop.adapter.ensure_customer(one, key=shop.key()) for one in profiles))
    assert len(set(refs)) == len(twin.books.all("customer")) == 1


async def test_somebody_else_with_the_same_address(shop: Shop) -> None:
    first = await shop.adapter.ensure_customer(profile("acc_1"), key=shop.key())
    shared = replace(profile("acc_2"), email=profile("acc_1").email)
    assert await shop.adapter.ensure_customer(shared, key=shop.key()) != first


async def test_a_late_repetition_undoes_nothing(shop: Shop, twin: StripeTwin) -> None:
    old, key = profile(), shop.key()
    ref = await shop.adapter.ensure_customer(old, key=key)
    await shop.adapter.ensure_customer(replace(old, company="New Ltd"), key=shop.key())
    assert await shop.adapter.ensure_customer(old, key=key) == ref
    assert twin.books.tables["customer"][ref]["business_name"] == "New Ltd"
    with pytest.raises(KeyReused):
        await shop.adapter.ensure_customer(replace(old, company="Other Ltd"), key=key)


async def test_a_lost_answer(shop: Shop, twin: StripeTwin) -> None:
    key = shop.key()
    twin.fail("lost_answer", CUSTOMERS, times=0)
    with pytest.raises(OutcomeUnknown):
        await shop.adapter.ensure_customer(profile(), key=key)
    twin.heal()
    await shop.adapter.ensure_customer(profile(), key=key)
    assert len(twin.books.all("customer")) == 1


async def test_tax_numbers_follow_the_profile(shop: Shop, twin: StripeTwin) -> None:
    french = profile(currency="eur", address=PARIS, tax_id=vat("FR40303265045"))
    ref = await shop.adapter.ensure_customer(french, key=shop.key())
    german = replace(french, address=BERLIN, tax_id=vat("DE136695976"))
    for wanted, values in (
        (german, ["DE136695976"]),
        (replace(german, tax_id=vat("NL004495445B01")), []),
        (replace(german, tax_id=None), []),
    ):
        assert await shop.adapter.ensure_customer(wanted, key=shop.key()) == ref
        assert [row["value"] for row in twin.books.all("tax_id", customer=ref)] == values


async def test_a_refused_number_of_a_new_customer(shop: Shop, twin: StripeTwin) -> None:
    refused = profile(currency="eur", address=PARIS, tax_id=vat("NL004495445B01"))
    ref = await shop.adapter.ensure_customer(refused, key=shop.key())
    assert await shop.adapter.ensure_customer(refused, key=shop.key()) == ref
    assert twin.books.all("tax_id") == []


async def test_a_customer_keeps_its_currency(shop: Shop) -> None:
    await shop.adapter.ensure_customer(profile(), key=shop.key())
    with pytest.raises(VendorRejected) as refused:
        await shop.adapter.ensure_customer(profile(currency="eur"), key=shop.key())
    assert refused.value.reason is RejectReason.CURRENCY


async def test_a_customer_that_was_deleted(shop: Shop, twin: StripeTwin) -> None:
    ref = await shop.customer()
    twin.desk.delete_customer(ref)
    for call in (
        shop.adapter.payment_methods(ref),
        shop.adapter.list_invoices(ref),
        shop.adapter.portal_page(ref, purpose=PortalPurpose.INVOICES, return_to="https://store.example"),
        shop.adapter.set_default_payment_method(ref, ref=PaymentMethodRef("pm_1"), key=shop.key()),
    ):
        with pytest.raises(VendorRejected) as refused:
            await call
        assert refused.value.reason is RejectReason.NOT_FOUND


@pytest.mark.parametrize("is_same_key", [True, False])
async def test_who_was_deleted_within_a_day_becomes_a_customer_again(
    shop: Shop, twin: StripeTwin, is_same_key: bool
) -> None:
    """Stripe keeps the answer that made the first one for a day; nobody waits for that."""
    key = shop.key()
    refs = [await shop.adapter.ensure_customer(profile(), key=key)]
    for _ in range(2):
        twin.desk.delete_customer(refs[-1])
        again = key if is_same_key else shop.key()
        refs.append(await shop.adapter.ensure_customer(profile(), key=again))
        assert [row["id"] for row in twin.books.all("customer")] == [refs[-1]]
    assert len(set(refs)) == 3
    assert await shop.adapter.ensure_customer(profile(), key=shop.key()) == refs[-1]


async def test_a_customer_who_was_deleted_meanwhile_changes_nothing(shop: Shop, twin: StripeTwin) -> None:
    bought = await shop.subscription()
    quote = await shop.quote_change(bought.ref, MORE)
    twin.desk.delete_customer(bought.customer)
    with pytest.raises(VendorRejected) as refused:
        await shop.change(bought.ref, MORE, quote=quote)
    assert refused.value.reason is RejectReason.STALE_STATE  # Stripe ends the subscriptions, too


# --- invoices and money given back ---


async def test_invoices_in_pages_newest_first(shop: Shop) -> None:
    for packs in range(1, 24):
        await shop.purchase((MINUTES, packs))
    customer = await shop.customer()
    first = await shop.adapter.list_invoices(customer)
    second = await shop.adapter.list_invoices(customer, cursor=first.next_cursor)
    quantities = [row.lines[0].quantity for row in (*first.rows, *second.rows)]
    assert (quantities, len(first.rows), second.next_cursor) == (list(range(23, 0, -1)), 20, "")


async def test_what_an_invoice_says(shop: Shop) -> None:
    discount = await shop.discount(TEAM, percent_bp=2_000)
    request = await shop.cart((TEAM, 10), (MINUTES, 2), discounts=(discount,))
    paid = await shop.pay(await shop.open(request))
    assert paid.invoice is not None
    invoice = await shop.adapter.get_invoice(paid.invoice)
    assert [(line.kind, line.offer, line.amount.minor) for line in invoice.lines] == [
        (LineKind.PURCHASE, TEAM, 348_000),
        (LineKind.PURCHASE, MINUTES, 2_000),
        (LineKind.DISCOUNT, TEAM, -69_600),
    ]
    assert invoice.subtotal - invoice.discount + invoice.tax == invoice.total == invoice.amount_paid
    assert (invoice.status, invoice.pay_url, invoice.subscription) == (InvoiceStatus.PAID, "", paid.subscription)
    assert invoice.number
    assert invoice.document_url.startswith(ORIGIN)


async def test_an_unknown_invoice(shop: Shop) -> None:
    with pytest.raises(VendorRejected) as refused:
        await shop.adapter.get_invoice(InvoiceRef("in_nothing"))
    assert refused.value.reason is RejectReason.NOT_FOUND


async def test_refunds(shop: Shop, twin: StripeTwin) -> None:
    paid, key = await shop.purchase((MINUTES, 5)), shop.key()
    assert paid.charge is not None
    for _ in range(2):
        await shop.adapter.refund(paid.charge, amount=usd(1_000), reason="asked for", key=key)
    assert (await shop.adapter.get_checkout(paid.ref)).amount_refunded == usd(1_000)
    assert twin.books.all("refund")[0]["metadata"]["kassa_reason"] == "asked for"
    for amount, reason in (
        (usd(4_445), RejectReason.OTHER),
        (usd(0), RejectReason.OTHER),
        (Money(1_000, "eur"), RejectReason.CURRENCY),
    ):
        with pytest.raises(VendorRejected) as refused:
            await shop.adapter.refund(paid.charge, amount=amount, reason="asked for", key=shop.key())
        assert refused.value.reason is reason
    await shop.adapter.refund(paid.charge, amount=usd(4_444), reason="all of it", key=shop.key())
    with pytest.raises(VendorRejected):
        await shop.adapter.refund(paid.charge, amount=usd(1), reason="more", key=shop.key())


# --- cards and pages ---


async def test_the_default_card(shop: Shop) -> None:
    bought = await shop.subscription()
    shop.days(1)
    customer = await shop.customer(card=DECLINES)
    default, other = await shop.adapter.payment_methods(customer)
    assert (default.last4, default.is_default, other.last4, other.is_default) == ("0002", True, "4242", False)
    await shop.adapter.set_default_payment_method(customer, ref=other.ref, key=shop.key())
    assert (await shop.adapter.payment_methods(customer))[0].ref == other.ref
    shop.days(365)
    assert (await shop.adapter.get_subscription(bought.ref)).status.value == "active"


async def test_where_no_card_was_chosen_the_first_counts(shop: Shop) -> None:
    await shop.purchase((MINUTES, 1))
    shop.days(1)
    await shop.pay(await shop.open(await shop.cart((MINUTES, 1))), "5555555555554444")
    cards = await shop.adapter.payment_methods(await shop.customer())
    assert [(card.brand, card.is_default) for card in cards] == [("Visa", True), ("Mastercard", False)]


async def test_a_card_of_somebody_else(shop: Shop, twin: StripeTwin) -> None:
    other = await shop.adapter.ensure_customer(profile("acc_other"), key=shop.key())
    card = PaymentMethodRef(twin.add_card(other, PAYS))
    with pytest.raises(VendorRejected):
        await shop.adapter.set_default_payment_method(await shop.customer(), ref=card, key=shop.key())


@pytest.mark.parametrize(
    ("purpose", "flow"),
    [(PortalPurpose.PAYMENT_METHODS, {"type": "payment_method_update"}), (PortalPurpose.INVOICES, None)],
)
async def test_pages(shop: Shop, purpose: PortalPurpose, flow: dict[str, str] | None) -> None:
    customer = await shop.customer()
    page = await shop.adapter.portal_page(customer, purpose=purpose, return_to="https://store.example")
    assert page.startswith(shop.adapter.origins)
    assert shop.twin.last_params.get("flow_data") == flow


async def test_a_page_for_nobody(shop: Shop) -> None:
    with pytest.raises(VendorRejected) as refused:
        await shop.adapter.portal_page(
            CustomerRef("cus_nobody"), purpose=PortalPurpose.INVOICES, return_to="https://store.example"
        )
    assert refused.value.reason is RejectReason.NOT_FOUND


# --- discounts ---


async def test_one_coupon_for_a_reservation(shop: Shop, twin: StripeTwin) -> None:
    wanted = terms("res_1", TEAM, STORAGE, percent_bp=1_234)
    first = await shop.adapter.materialise_discount(wanted, key=shop.key())
    shop.days(2)
    assert await shop.adapter.materialise_discount(wanted, key=shop.key()) == first
    (coupon,) = twin.books.all("coupon")
    assert (coupon["percent_off"], coupon["duration"]) == (12.34, "once")
    assert sorted(coupon["_products"]) == ["prod_storage-10_hosted", "prod_team_hosted"]
    with pytest.raises(VendorRejected):
        await shop.adapter.materialise_discount(replace(wanted, percent_bp=1_235), key=shop.key())


@pytest.mark.parametrize(
    ("periods", "duration", "months"), [(1, "once", None), (3, "repeating", 36), (None, "forever", None)]
)
async def test_how_long_it_lasts(
    shop: Shop, twin: StripeTwin, periods: int | None, duration: str, months: int | None
) -> None:
    await shop.discount(TEAM, amount_off=usd(5_000), periods=periods)
    (coupon,) = twin.books.all("coupon")
    assert (coupon["duration"], coupon["duration_in_months"]) == (duration, months)
    assert (coupon["amount_off"], coupon["currency"]) == (5_000, "usd")


async def test_terms_that_cannot_be(shop: Shop) -> None:
    good = terms("res_1", TEAM, percent_bp=1_000)
    for bad in (
        replace(good, percent_bp=None),
        replace(good, amount_off=usd(1)),
        replace(good, percent_bp=0),
        replace(good, percent_bp=10_001),
        replace(good, percent_bp=None, amount_off=usd(0)),
        replace(good, periods=0),
        replace(good, offers=(OfferKey("nothing"),)),
    ):
        with pytest.raises(VendorRejected):
            await shop.adapter.materialise_discount(bad, key=shop.key())


async def test_revoking(shop: Shop, twin: StripeTwin) -> None:
    kept = await shop.discount(TEAM, percent_bp=2_000, periods=None)
    paid = await shop.pay(await shop.open(await shop.cart((TEAM, 10), discounts=(kept,))))
    for _ in range(2):
        await shop.adapter.revoke_discount(kept, key=shop.key())
    await shop.adapter.revoke_discount(DiscountRef("kassa-nothing"), key=shop.key())
    shop.days(366)
    assert paid.subscription is not None
    assert [charge.amount for charge in twin.charges()] == [303_108, 303_108]


async def test_a_refund_is_known_by_its_key_when_stripe_has_forgotten_that(shop: Shop) -> None:
    paid, key = await shop.purchase((MINUTES, 5)), shop.key()
    assert paid.charge is not None
    first = await shop.adapter.refund(paid.charge, amount=usd(1_000), reason="asked for", key=key)
    shop.days(2)
    assert await shop.adapter.refund(paid.charge, amount=usd(1_000), reason="asked for", key=key) == first
    with pytest.raises(KeyReused):
        await shop.adapter.refund(paid.charge, amount=usd(1_001), reason="asked for", key=key)
    assert (await shop.adapter.get_checkout(paid.ref)).amount_refunded == usd(1_000)
