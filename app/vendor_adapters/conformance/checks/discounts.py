"""Discounts: the vendor takes off what the promotion engine says, to the minor unit."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from app.core.ids import new_id
from app.core.money import Money
from app.vendor_adapters.capabilities import Capability
from app.vendor_adapters.conformance.buyer import Buyer, new_key, new_order, taken, to_day
from app.vendor_adapters.conformance.checks.base import Checks
from app.vendor_adapters.conformance.harness import Harness
from app.vendor_adapters.conformance.offers import DAY_OF_CHANGES, MINUTES, ODD, TEAM
from app.vendor_adapters.conformance.scenario import Measure, Need, check
from app.vendor_adapters.errors import VendorRejected
from app.vendor_adapters.types import DiscountRef, DiscountTerms, OfferKey, SetSeats

_YEAR = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class _Off:
    """One discount: basis points, or a fixed sum in cents."""

    percent_bp: int | None = None
    amount: int | None = None
    offers: tuple[OfferKey, ...] = (TEAM, MINUTES, ODD)


@dataclass(frozen=True, slots=True)
class _Case:
    """A cart, what is taken off in this order, and the engine's discount and sum due."""

    name: str
    items: tuple[tuple[OfferKey, int], ...]
    off: tuple[_Off, ...]
    discount: int
    due: int
    needs: frozenset[Need] = field(default=frozenset())

    def __str__(self) -> str:
        return self.name


_SEVERAL = frozenset({Measure.SEVERAL_DISCOUNTS})
_MIXED = frozenset({Capability.MIXED_CART})
_CASES = (
    _Case("a fifth", ((TEAM, 10),), (_Off(percent_bp=2_000),), 69_600, 278_400),
    _Case("a tenth of packs", ((MINUTES, 5),), (_Off(percent_bp=1_000),), 500, 4_500),
    # 3.33 % of 348.00 is 11.5884; 12.5 % of 19.99 is 2.49875; 2.5 % of 3 x 19.99 is 1.49925
    _Case("rounded up", ((TEAM, 1),), (_Off(percent_bp=333),), 1_159, 33_641),
    _Case("rounded to the nearest", ((ODD, 1),), (_Off(percent_bp=1_250),), 250, 1_749),
    _Case("rounded on the sum, not per unit", ((ODD, 3),), (_Off(percent_bp=250),), 150, 5_847),
    _Case("all of it", ((TEAM, 3),), (_Off(percent_bp=10_000),), 104_400, 0),
    _Case("a sum", ((TEAM, 1),), (_Off(amount=5_000),), 5_000, 29_800),
    _Case("more than there is", ((MINUTES, 5),), (_Off(amount=999_900),), 5_000, 0),
    _Case(
        "of the plan only", ((TEAM, 2), (MINUTES, 5)), (_Off(percent_bp=2_000, offers=(TEAM,)),), 13_920, 60_680, _MIXED
    ),
    _Case("a share, then a sum", ((TEAM, 1),), (_Off(percent_bp=1_000), _Off(amount=5_000)), 8_480, 26_320, _SEVERAL),
    _Case("a sum, then a share", ((TEAM, 1),), (_Off(amount=5_000), _Off(percent_bp=1_000)), 7_980, 26_820, _SEVERAL),
    _Case(
        "a share of a share", ((TEAM, 1),), (_Off(percent_bp=1_000), _Off(percent_bp=1_000)), 6_612, 28_188, _SEVERAL
    ),
)


class DiscountChecks(Checks):
    """Promotions made real."""

    @check(12, Capability.DISCOUNTS)
    @pytest.mark.parametrize("case", _CASES, ids=str)
    async def test_12_figures_equal_the_engines(self, harness: Harness, case: _Case) -> None:
        """Discount figures equal the engine's."""
        buyer = await Buyer.arrive(harness)
        discounts = tuple([await _made(buyer, off) for off in case.off])
        request = buyer.request(*case.items, discounts=discounts)
        quote = await harness.adapter.quote_purchase(request)
        paid = await buyer.pay(await buyer.open(request, quote=quote))
        invoice = (await buyer.invoices())[0]
        assert (quote.discount.minor, quote.due_now.minor) == (case.discount, case.due)
        assert paid.amount_paid == invoice.total == quote.due_now
        assert sum(charge.amount.minor for charge in await harness.charges()) == case.due

    @check(12, Capability.DISCOUNTS, Measure.DISCOUNT_PERIODS)
    @pytest.mark.parametrize(("periods", "renewals"), [(1, [348_000]), (2, [278_400, 348_000]), (None, [278_400])])
    async def test_12_it_lasts_as_long_as_it_says(
        self, harness: Harness, periods: int | None, renewals: list[int]
    ) -> None:
        """A discount lasts for the first term, for so many, or for ever."""
        buyer = await Buyer.arrive(harness)
        discount = await buyer.discount(TEAM, percent_bp=2_000, periods=periods)
        quote = await harness.adapter.quote_purchase(buyer.request((TEAM, 10), discounts=(discount,)))
        shown = [charge.subtotal.minor for charge in quote.next_charges]
        assert shown, "it renews"
        # a vendor may look no further ahead than to the first renewal
        assert shown[: len(renewals)] == renewals[: len(shown)]

    @check(13, Capability.DISCOUNTS, Capability.TEST_CLOCK, Measure.DISCOUNT_PERIODS)
    async def test_13_a_discount_that_runs_out(self, harness: Harness) -> None:
        """Renewals after a discount of two terms are invoiced as the quote said."""
        buyer = await Buyer.arrive(harness)
        discount = await buyer.discount(TEAM, percent_bp=2_000, periods=2)
        request = buyer.request((TEAM, 10), discounts=(discount,))
        quote = await harness.adapter.quote_purchase(request)
        await buyer.pay(await buyer.open(request, quote=quote))
        for _ in range(2):
            await harness.advance(_YEAR)
        invoiced = [invoice.total.minor for invoice in await buyer.invoices()]
        assert invoiced == [348_000, 278_400, 278_400]
        shown = [(charge.total or charge.subtotal).minor for charge in quote.next_charges]
        assert shown, "the quote of what renews has no next_charges"
        # a vendor may look no further ahead than to the first renewal
        assert invoiced[-2::-1][: len(shown)] == shown[:2]

    @check(
        12,
        Capability.CHANGES,
        Capability.CHANGE_PREVIEW,
        Capability.DISCOUNTED_CHANGES,
        Capability.TEST_CLOCK,
        Measure.PRORATION_BY_DAY,
    )
    @pytest.mark.parametrize("off", [_Off(amount=5_000), _Off(percent_bp=1_000)], ids=["a sum", "a share"])
    async def test_12_a_change_with_a_discount(self, harness: Harness, off: _Off) -> None:
        """A discount on a change is taken once, off what is due now."""
        buyer, order = await Buyer.arrive(harness), new_order()
        subscription = await buyer.subscribe()
        discount = await _made(buyer, off)
        await to_day(harness, DAY_OF_CHANGES)
        change = SetSeats(base=10, seats=13, discounts=(discount,))
        quote = await buyer.quote_change(subscription.ref, change)
        await buyer.change(subscription.ref, change, quote=quote, order=order)
        taken_off = 5_000 if off.amount else 2_803
        assert (quote.discount.minor, quote.due_now.minor) == (taken_off, 28_030 - taken_off)
        assert quote.next_charges[0].subtotal.minor == 13 * 34_800
        assert await taken(harness, order) == [quote.due_now.minor]

    @check(0, Capability.DISCOUNTS)
    async def test_a_revoked_discount_takes_nothing_off(self, harness: Harness) -> None:
        """A revoked discount is refused, not ignored."""
        buyer = await Buyer.arrive(harness)
        discount = await buyer.discount(TEAM, percent_bp=2_000)
        await harness.adapter.revoke_discount(discount, key=new_key("revoke_discount"))
        with pytest.raises(VendorRejected):
            await harness.adapter.quote_purchase(buyer.request((TEAM, 10), discounts=(discount,)))

    @check(0, Capability.DISCOUNTS)
    async def test_one_discount_for_a_reservation(self, harness: Harness) -> None:
        """Two reservations have two discounts; one has none with other terms."""
        buyer = await Buyer.arrive(harness)
        first, second = [await buyer.discount(TEAM, percent_bp=2_000) for _ in range(2)]
        assert first != second
        terms = DiscountTerms(
            reservation=new_id("res"), label="KIT", percent_bp=1_000, amount_off=None, offers=(TEAM,), periods=1
        )
        await harness.adapter.materialise_discount(terms, key=new_key("materialise_discount"))
        with pytest.raises(VendorRejected):
            await harness.adapter.materialise_discount(
                replace(terms, percent_bp=2_000), key=new_key("materialise_discount")
            )


async def _made(buyer: Buyer, off: _Off) -> DiscountRef:
    amount = None if off.amount is None else Money(off.amount, "usd")
    return await buyer.discount(*off.offers, percent_bp=off.percent_bp, amount_off=amount)
