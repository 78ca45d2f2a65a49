"""Quotes of purchases: the worked sums, tax by place and number, discounts, what comes later."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.core.clock import FrozenClock
from app.vendor_adapters.embedded import EmbeddedVendor
from app.vendor_adapters.errors import RejectReason, VendorRejected
from app.vendor_adapters.types import (
    Address,
    DiscountRef,
    LineKind,
    OfferKey,
    PurchaseRequest,
    TaxId,
    TaxIdStatus,
    TaxTreatment,
)
from tests.adapters.embedded.shop import (
    BERLIN,
    MINUTES,
    OLD_TEAM,
    PARIS,
    SCALE,
    STORAGE,
    TEAM,
    TEAM_EUR,
    TOKYO,
    Shop,
    cart,
    eur,
    usd,
)


async def test_ten_team_seats_in_new_york(vendor: EmbeddedVendor) -> None:
    quote = await vendor.quote_purchase(cart((TEAM, 10)))
    assert (quote.subtotal, quote.discount, quote.due_now) == (usd(348000), usd(0), usd(378885))
    assert quote.tax is not None
    assert (quote.tax.amount, quote.tax.rate_ppm, quote.tax.treatment) == (usd(30885), 88750, TaxTreatment.STANDARD)


async def test_term_runs_from_midnight_to_the_anniversary(vendor: EmbeddedVendor) -> None:
    quote = await vendor.quote_purchase(cart((TEAM, 10)))
    (line,) = quote.lines
    assert (line.starts_at, line.ends_at) == (
        datetime(2026, 11, 23, tzinfo=UTC),
        datetime(2027, 11, 23, tzinfo=UTC),
    )
    (renewal,) = quote.next_charges
    assert (renewal.at, renewal.subtotal, renewal.total) == (line.ends_at, usd(348000), usd(378885))


async def test_a_term_from_the_leap_day_ends_on_the_28th(vendor: EmbeddedVendor, clock: FrozenClock) -> None:
    clock.advance(datetime(2028, 2, 29, 15, tzinfo=UTC) - clock.now())
    (line,) = (await vendor.quote_purchase(cart((TEAM, 1)))).lines
    assert line.ends_at == datetime(2029, 2, 28, tzinfo=UTC)


async def test_an_unknown_place_has_no_tax_yet(vendor: EmbeddedVendor) -> None:
    quote = await vendor.quote_purchase(cart((TEAM, 10), address=None))
    assert quote.tax is None
    assert quote.due_now == usd(348000)
    assert quote.next_charges[0].total is None


@pytest.mark.parametrize(
    ("address", "value", "total", "treatment", "status"),
    [
        (BERLIN, "", 192780, TaxTreatment.STANDARD, TaxIdStatus.NONE),
        (BERLIN, "FR40303265045", 192780, TaxTreatment.STANDARD, TaxIdStatus.VALID),
        (PARIS, "", 192780, TaxTreatment.STANDARD, TaxIdStatus.NONE),
        (PARIS, "FR40303265045", 162000, TaxTreatment.REVERSE_CHARGE, TaxIdStatus.VALID),
        (PARIS, "FR 40 303 265 045", 162000, TaxTreatment.REVERSE_CHARGE, TaxIdStatus.VALID),
        (PARIS, "ATU13585627", 162000, TaxTreatment.REVERSE_CHARGE, TaxIdStatus.VALID),
        (PARIS, "DE136695976", 192780, TaxTreatment.STANDARD, TaxIdStatus.VALID),
        (PARIS, "FR40303265046", 192780, TaxTreatment.STANDARD, TaxIdStatus.REFUSED),
        (PARIS, "nonsense", 192780, TaxTreatment.STANDARD, TaxIdStatus.REFUSED),
        (Address(country="NL"), "NL004495445B01", 192780, TaxTreatment.STANDARD, TaxIdStatus.REFUSED),
        (Address(country="IE"), "IE6433435F", 192780, TaxTreatment.STANDARD, TaxIdStatus.PENDING),
        (TOKYO, "FR40303265045", 162000, TaxTreatment.NOT_COLLECTED, TaxIdStatus.VALID),
        (Address(country="US", region="CA"), "", 162000, TaxTreatment.NOT_COLLECTED, TaxIdStatus.NONE),
    ],
)
async def test_tax_by_place_and_number(
    vendor: EmbeddedVendor, address: Address, value: str, total: int, treatment: TaxTreatment, status: TaxIdStatus
) -> None:
    tax_id = TaxId(kind="eu_vat", value=value) if value else None
    quote = await vendor.quote_purchase(cart((TEAM_EUR, 5), address=address, tax_id=tax_id))
    assert quote.due_now == eur(total)
    assert quote.tax is not None
    assert (quote.tax.treatment, quote.tax.tax_id_status) == (treatment, status)


@pytest.mark.parametrize(
    ("address", "field"),
    [(Address(country="US"), "region"), (Address(country="us"), "country"), (Address(country=""), "country")],
)
async def test_a_place_that_cannot_be_taxed_is_refused(vendor: EmbeddedVendor, address: Address, field: str) -> None:
    with pytest.raises(VendorRejected) as refused:
        await vendor.quote_purchase(cart((TEAM, 1), address=address))
    assert (refused.value.reason, refused.value.field) == (RejectReason.INVALID_ADDRESS, field)


async def test_twenty_percent_off_once(shop: Shop) -> None:
    launch = await shop.discount(TEAM, percent_bp=2000)
    request = cart((TEAM, 10))
    quote = await shop.vendor.quote_purchase(_discounted(request, launch))
    assert (quote.discount, quote.due_now) == (usd(69600), usd(303108))
    assert [line.kind for line in quote.lines] == [LineKind.PURCHASE, LineKind.DISCOUNT]
    assert [charge.subtotal for charge in quote.next_charges] == [usd(348000)]


async def test_a_discount_for_two_terms_shows_the_full_price_after(shop: Shop) -> None:
    two_years = await shop.discount(TEAM, percent_bp=1000, periods=2)
    quote = await shop.vendor.quote_purchase(_discounted(cart((TEAM, 10)), two_years))
    assert [(charge.at.year, charge.subtotal) for charge in quote.next_charges] == [
        (2027, usd(313200)),
        (2028, usd(348000)),
    ]


async def test_a_discount_larger_than_its_lines_leaves_nothing_due(shop: Shop) -> None:
    huge = await shop.discount(MINUTES, amount_off=usd(5000))
    quote = await shop.vendor.quote_purchase(_discounted(cart((MINUTES, 2), (TEAM, 1)), huge))
    assert quote.discount == usd(2000)
    quote = await shop.vendor.quote_purchase(_discounted(cart((MINUTES, 2)), huge))
    assert quote.due_now == usd(0)
    assert quote.next_charges == ()


async def test_discounts_apply_in_the_order_given_each_on_what_remains(shop: Shop) -> None:
    percent = await shop.discount(TEAM, percent_bp=1000)
    fixed = await shop.discount(TEAM, amount_off=usd(10000))
    request = cart((TEAM, 1))
    assert (await shop.vendor.quote_purchase(_discounted(request, percent, fixed))).discount == usd(13480)
    assert (await shop.vendor.quote_purchase(_discounted(request, fixed, percent))).discount == usd(12480)


async def test_five_packs_ten_percent_off(shop: Shop) -> None:
    build = await shop.discount(MINUTES, percent_bp=1000)
    quote = await shop.vendor.quote_purchase(_discounted(cart((MINUTES, 5)), build))
    assert quote.subtotal - quote.discount == usd(4500)


async def test_a_quote_lasts_thirty_minutes(vendor: EmbeddedVendor, clock: FrozenClock) -> None:
    quote = await vendor.quote_purchase(cart((TEAM, 1)))
    assert (quote.priced_at, quote.expires_at) == (clock.now(), clock.now() + timedelta(minutes=30))


@pytest.mark.parametrize(
    ("offer", "quantity", "reason"),
    [
        (OLD_TEAM, 1, RejectReason.NOT_SOLD),
        (OfferKey("nothing"), 1, RejectReason.NOT_FOUND),
        (TEAM, 0, RejectReason.OTHER),
        (TEAM, -1, RejectReason.OTHER),
        (TEAM, 10**9, RejectReason.OTHER),
    ],
)
async def test_what_is_not_sold_is_refused(
    vendor: EmbeddedVendor, offer: OfferKey, quantity: int, reason: RejectReason
) -> None:
    with pytest.raises(VendorRejected) as refused:
        await vendor.quote_purchase(cart((offer, quantity)))
    assert refused.value.reason is reason


async def test_carts_that_make_no_sense_are_refused(vendor: EmbeddedVendor) -> None:
    for items, reason in [
        (((TEAM, 1), (SCALE, 1)), RejectReason.OTHER),
        (((TEAM, 1), (TEAM, 2)), RejectReason.OTHER),
        (((TEAM, 1), (TEAM_EUR, 2)), RejectReason.CURRENCY),
    ]:
        with pytest.raises(VendorRejected) as refused:
            await vendor.quote_purchase(cart(*items))
        assert refused.value.reason is reason


async def test_a_mixed_cart_renews_without_what_is_bought_once(vendor: EmbeddedVendor) -> None:
    quote = await vendor.quote_purchase(cart((TEAM, 2), (STORAGE, 1), (MINUTES, 3)))
    assert quote.subtotal == usd(69600 + 6000 + 3000)
    assert quote.next_charges[0].subtotal == usd(69600 + 6000)


async def test_offers_are_the_catalogs_rows_with_retired_ones(vendor: EmbeddedVendor) -> None:
    offers = {offer.key: offer for offer in await vendor.list_offers()}
    assert len(offers) == 13
    assert not offers[OLD_TEAM].is_offered
    assert offers[TEAM] == await vendor.get_offer(TEAM)
    with pytest.raises(VendorRejected, match="not_found"):
        await vendor.get_offer(OfferKey("nothing"))


def _discounted(request: PurchaseRequest, *discounts: DiscountRef) -> PurchaseRequest:
    return replace(request, discounts=discounts)
