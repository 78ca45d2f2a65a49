"""Quotes: Stripe's figures, and nothing in their place."""

from dataclasses import replace

import pytest

from app.vendor_adapters.errors import RejectReason, VendorMisconfigured, VendorRejected, VendorUnavailable
from app.vendor_adapters.types import (
    AddPack,
    Address,
    DiscountRef,
    Done,
    LineKind,
    OfferKey,
    SetSeats,
    TaxIdStatus,
    TaxTreatment,
)
from tests.adapters.stripe.shop import (
    BERLIN,
    MINUTES,
    PARIS,
    SCALE,
    STORAGE,
    TEAM,
    TEAM_EUR,
    TOKYO,
    Shop,
    eur,
    unordered,
    usd,
    vat,
)
from tests.stripe_twin.twin import StripeTwin

PREVIEW = "post /v1/invoices/create_preview"


async def test_a_plan_with_tax(shop: Shop) -> None:
    request = await shop.cart((TEAM, 10))
    quote = await shop.adapter.quote_purchase(request)
    assert (quote.subtotal, quote.discount, quote.due_now) == (usd(348_000), usd(0), usd(378_885))
    assert quote.tax is not None
    assert (quote.tax.amount, quote.tax.treatment) == (usd(30_885), TaxTreatment.STANDARD)
    (charge,) = quote.next_charges
    assert (charge.subtotal, charge.total, charge.at.date().isoformat()) == (usd(348_000), usd(378_885), "2027-03-01")


async def test_a_visitor_without_order_customer_and_place(shop: Shop) -> None:
    request = replace(unordered(await shop.cart((TEAM, 10))), address=None)
    quote = await shop.adapter.quote_purchase(request)
    assert (quote.tax, quote.due_now, quote.next_charges[0].tax) == (None, usd(348_000), None)


async def test_two_requests_for_a_plan_alone(shop: Shop) -> None:
    request = await shop.cart((TEAM, 10))
    shop.twin.network.sent.clear()
    await shop.adapter.quote_purchase(request)
    assert shop.twin.network.sent == ["get /v1/prices", PREVIEW]


async def test_one_off_packs_do_not_renew(shop: Shop) -> None:
    quote = await shop.adapter.quote_purchase(await shop.cart((TEAM, 2), (STORAGE, 1), (MINUTES, 5), address=TOKYO))
    assert [(line.kind, line.offer, line.amount.minor) for line in quote.lines] == [
        (LineKind.PURCHASE, TEAM, 69_600),
        (LineKind.PURCHASE, STORAGE, 6_000),
        (LineKind.PURCHASE, MINUTES, 5_000),
    ]
    assert (quote.lines[2].starts_at, quote.next_charges[0].subtotal) == (None, usd(75_600))


async def test_packs_alone_of_somebody_with_a_subscription(shop: Shop) -> None:
    await shop.subscription()
    quote = await shop.adapter.quote_purchase(await shop.cart((MINUTES, 3)))
    assert (quote.subtotal, quote.next_charges) == (usd(3_000), ())


@pytest.mark.parametrize(
    ("address", "number", "due", "treatment", "status"),
    [
        (BERLIN, None, 192_780, TaxTreatment.STANDARD, TaxIdStatus.NONE),
        (PARIS, None, 192_780, TaxTreatment.STANDARD, TaxIdStatus.NONE),
        (PARIS, "FR40303265045", 162_000, TaxTreatment.REVERSE_CHARGE, TaxIdStatus.VALID),
        (Address(country="AT"), "ATU13585627", 162_000, TaxTreatment.REVERSE_CHARGE, TaxIdStatus.VALID),
        (BERLIN, "DE136695976", 192_780, TaxTreatment.STANDARD, TaxIdStatus.PENDING),
        (Address(country="NL"), "NL004495445B01", 192_780, TaxTreatment.STANDARD, TaxIdStatus.REFUSED),
        (Address(country="IE"), "IE6433435F", 192_780, TaxTreatment.STANDARD, TaxIdStatus.PENDING),
        (TOKYO, None, 162_000, TaxTreatment.NOT_COLLECTED, TaxIdStatus.NONE),
    ],
)
async def test_tax_ids_of_visitors(
    shop: Shop, address: Address, number: str | None, due: int, treatment: TaxTreatment, status: TaxIdStatus
) -> None:
    request = await shop.cart((TEAM_EUR, 5), address=address, tax_id=vat(number) if number else None)
    quote = await shop.adapter.quote_purchase(unordered(request))
    assert quote.tax is not None
    assert (quote.due_now, quote.tax.treatment, quote.tax.tax_id_status) == (eur(due), treatment, status)


async def test_what_stripe_found_out_about_a_customers_number(shop: Shop) -> None:
    request = await shop.cart((TEAM_EUR, 5), address=BERLIN, tax_id=vat("DE136695976"))
    await shop.adapter.quote_purchase(request)
    shop.twin.books.new(
        "tax_id",
        customer=request.customer,
        type="eu_vat",
        value="DE136695976",
        verification={"status": "verified", "verified_address": None, "verified_name": None},
    )
    quote = await shop.adapter.quote_purchase(request)
    assert quote.tax is not None
    assert quote.tax.tax_id_status is TaxIdStatus.VALID


async def test_a_place_that_does_not_suffice(shop: Shop) -> None:
    request = await shop.cart((TEAM, 1))
    with pytest.raises(VendorRejected) as refused:
        await shop.adapter.quote_purchase(replace(request, address=Address(country="US")))
    assert refused.value.reason is RejectReason.INVALID_ADDRESS


@pytest.mark.parametrize(
    ("items", "reason"),
    [
        ((), RejectReason.OTHER),
        (((TEAM, 0),), RejectReason.OTHER),
        (((TEAM, 100_001),), RejectReason.OTHER),
        (((TEAM, 1), (TEAM, 2)), RejectReason.OTHER),
        (((TEAM, 1), (SCALE, 1)), RejectReason.OTHER),
        (((TEAM, 1), (TEAM_EUR, 1)), RejectReason.OTHER),
        (((MINUTES, 1), (OfferKey("compute-1000-eur-1"), 1)), RejectReason.CURRENCY),
        (((OfferKey("team-hosted-usd-y-0"), 1),), RejectReason.NOT_SOLD),
        (((OfferKey("team-hosted-usd-y-9"), 1),), RejectReason.NOT_FOUND),
    ],
)
async def test_carts_that_cannot_be_sold(
    shop: Shop, items: tuple[tuple[OfferKey, int], ...], reason: RejectReason
) -> None:
    request = await shop.cart(*(items or ((TEAM, 1),)))
    with pytest.raises(VendorRejected) as refused:
        await shop.adapter.quote_purchase(request if items else replace(request, items=()))
    assert refused.value.reason is reason


async def test_discounts_and_when_they_run_out(shop: Shop) -> None:
    twice = await shop.discount(TEAM, percent_bp=2_000, periods=2)
    quote = await shop.adapter.quote_purchase(await shop.cart((TEAM, 10), address=TOKYO, discounts=(twice,)))
    assert (quote.discount, quote.due_now) == (usd(69_600), usd(278_400))
    assert [(charge.at.year, charge.subtotal.minor) for charge in quote.next_charges] == [
        (2027, 278_400),
        (2028, 348_000),
    ]
    assert [line.amount.minor for line in quote.lines if line.kind is LineKind.DISCOUNT] == [-69_600]


async def test_discounts_that_cannot_be_used(shop: Shop) -> None:
    first, second = [await shop.discount(TEAM, percent_bp=1_000) for _ in range(2)]
    in_euro = await shop.discount(TEAM_EUR, amount_off=eur(1_000))
    for discounts, reason in (
        ((first, second), RejectReason.OTHER),
        ((in_euro,), RejectReason.CURRENCY),
        ((DiscountRef("kassa-nothing"),), RejectReason.NOT_FOUND),
    ):
        with pytest.raises(VendorRejected) as refused:
            await shop.adapter.quote_purchase(await shop.cart((TEAM, 1), discounts=discounts))
        assert refused.value.reason is reason


@pytest.mark.parametrize("kind", ["broken", "error_500", "lost_request", "refused", "proxy_page"])
async def test_a_failed_preview_is_no_price(shop: Shop, kind: str) -> None:
    request = await shop.cart((TEAM, 1))
    shop.twin.fail(kind, PREVIEW, times=0)
    with pytest.raises(VendorUnavailable):
        await shop.adapter.quote_purchase(request)


async def test_a_refused_key(shop: Shop, twin: StripeTwin) -> None:
    twin.fail("bad_key")
    with pytest.raises(VendorMisconfigured):
        await shop.adapter.list_offers()


async def test_prices_missing_at_the_vendor(shop: Shop, twin: StripeTwin) -> None:
    books = twin.books.tables["price"]
    gone = next(ref for ref, row in books.items() if row["lookup_key"] == MINUTES)
    del books[gone]
    odd = next(row for row in books.values() if row["lookup_key"] == STORAGE)
    odd["recurring"] = {**odd["recurring"], "interval": "month"}
    keys = [offer.key for offer in await shop.adapter.list_offers()]
    assert TEAM in keys
    assert MINUTES not in keys
    assert STORAGE not in keys


# --- sums that Stripe does not charge by themselves ---


@pytest.mark.parametrize(("packs", "is_sold"), [(1, False), (2, True)])
async def test_what_is_too_little_to_be_charged_is_not_sold(shop: Shop, packs: int, is_sold: bool) -> None:
    """Stripe would call it paid, take nothing, and add it to the next invoice, which then is not what was shown."""
    bought = await shop.subscription()
    shop.days(363)
    change = AddPack(offer=STORAGE, base=0, quantity=packs)
    if is_sold:
        order = shop.order()
        assert isinstance(await shop.change(bought.ref, change, order=order), Done)
        assert shop.paid(order) == [72]
        return
    with pytest.raises(VendorRejected) as refused:
        await shop.quote_change(bought.ref, change)
    assert (refused.value.reason, refused.value.field) == (RejectReason.NOT_SOLD, "amount")


@pytest.mark.parametrize(("left", "is_sold"), [(0, True), (1, False), (49, False), (50, True)])
async def test_what_a_discount_leaves_is_charged_or_not_sold(shop: Shop, left: int, is_sold: bool) -> None:
    off = await shop.discount(MINUTES, amount_off=usd(1_000 - left))
    request = await shop.cart((MINUTES, 1), address=TOKYO, discounts=(off,))
    if is_sold:
        assert (await shop.pay(await shop.open(request))).amount_paid == usd(left)
        return
    with pytest.raises(VendorRejected) as refused:
        await shop.adapter.quote_purchase(request)
    assert (refused.value.reason, refused.value.field) == (RejectReason.NOT_SOLD, "amount")


async def test_what_a_customer_owes_from_before_is_in_no_price(shop: Shop, twin: StripeTwin) -> None:
    """Stripe would add it to what was shown. What the customer has to the good makes it less, and is sold."""
    bought = await shop.subscription()
    change, customer = SetSeats(base=10, seats=12), twin.books.tables["customer"][bought.customer]
    customer["balance"] = 300
    with pytest.raises(VendorRejected) as refused:
        await shop.quote_change(bought.ref, change)
    assert (refused.value.reason, refused.value.field) == (RejectReason.NOT_SOLD, "balance")
    packs = await shop.cart((MINUTES, 1))
    with pytest.raises(VendorRejected) as refused:
        await shop.buy(packs)
    assert refused.value.reason is RejectReason.QUOTE_EXPIRED
    assert shop.paid(packs.order) == []
    with pytest.raises(VendorRejected) as refused:
        await shop.open(await shop.cart((TEAM, 1)))
    assert (refused.value.reason, refused.value.field) == (RejectReason.NOT_SOLD, "balance")
    assert not twin.books.all("checkout.session", status="open")
    customer["balance"] = -300
    order, quote = shop.order(), await shop.quote_change(bought.ref, change)
    assert isinstance(await shop.change(bought.ref, change, quote=quote, order=order), Done)
    assert shop.paid(order) == [quote.due_now.minor - 300]
