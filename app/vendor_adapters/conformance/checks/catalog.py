"""Prices: the vendor's are ours, to the minor unit, whatever the currency's decimals."""

from dataclasses import dataclass

import pytest

from app.core.money import Money
from app.vendor_adapters.capabilities import Capability
from app.vendor_adapters.conformance.buyer import Buyer
from app.vendor_adapters.conformance.checks.base import Checks
from app.vendor_adapters.conformance.harness import Harness
from app.vendor_adapters.conformance.offers import ODD, ODD_DINAR, ODD_YEN, RETIRED, TEAM, kit_catalog
from app.vendor_adapters.conformance.scenario import Need, check
from app.vendor_adapters.errors import RejectReason, VendorRejected
from app.vendor_adapters.types import Interval, Offer, OfferKey


@dataclass(frozen=True, slots=True)
class _Decimals:
    """A currency with so many decimals, and a price in it that a float cannot hold."""

    currency: str
    decimals: int
    offer: OfferKey
    needs: frozenset[Need] = frozenset()

    def __str__(self) -> str:
        return f"{self.decimals} decimals"


_OTHERS = frozenset({Capability.SEVERAL_CURRENCIES})
_DECIMALS = (_Decimals("usd", 2, ODD), _Decimals("jpy", 0, ODD_YEN, _OTHERS), _Decimals("kwd", 3, ODD_DINAR, _OTHERS))


class CatalogChecks(Checks):
    """What the vendor holds of the catalog."""

    @check(4)
    async def test_04_prices_are_what_the_catalog_says(self, harness: Harness) -> None:
        """Prices are what the catalog says."""
        held = {offer.key: offer for offer in await harness.adapter.list_offers()}
        sold = _sold(harness)
        assert {key: offer for key, offer in held.items() if key in sold} == sold
        assert await harness.adapter.get_offer(TEAM) == sold[TEAM]

    @check(4)
    @pytest.mark.parametrize("case", _DECIMALS, ids=str)
    async def test_04_amounts_round_trip(self, harness: Harness, case: _Decimals) -> None:
        """Amounts of every exponent round-trip."""
        buyer = await Buyer.arrive(harness, currency=case.currency)
        price = next(row.amount for row in kit_catalog().prices if row.id == case.offer)
        expected = Money(7 * price, case.currency)
        request = buyer.request((case.offer, 7))
        quote = await harness.adapter.quote_purchase(request)
        handoff = await buyer.open(request, quote=quote)
        paid = await buyer.pay(handoff)
        invoice = (await buyer.invoices())[0]
        amounts = [quote.subtotal, quote.due_now, handoff.total, paid.total, paid.amount_paid, invoice.total]
        amounts += [charge.amount for charge in await harness.charges()]
        assert amounts == [expected] * len(amounts)

    @check(0)
    async def test_a_retired_price_is_readable_and_never_sold(self, harness: Harness) -> None:
        """A retired price is readable and never sold."""
        assert not (await harness.adapter.get_offer(RETIRED)).is_offered
        buyer = await Buyer.arrive(harness)
        with pytest.raises(VendorRejected) as refused:
            await harness.adapter.quote_purchase(buyer.request((RETIRED, 1)))
        assert refused.value.reason is RejectReason.NOT_SOLD

    @check(0, Capability.CATALOG_SYNC)
    async def test_mirroring_again_changes_nothing(self, harness: Harness) -> None:
        """Mirroring the catalog to a vendor that holds it already is nothing to do."""
        before = await harness.adapter.list_offers()
        assert await harness.adapter.sync_catalog(apply=False) == ()
        assert await harness.adapter.sync_catalog(apply=True) == ()
        assert await harness.adapter.list_offers() == before

    @check(0)
    async def test_a_checkup_changes_nothing(self, harness: Harness) -> None:
        """A checkup says what to mend for each fault, and changes nothing."""
        for _ in range(2):
            faults = await harness.adapter.checkup(webhook_url="https://store.example/webhooks/kit")
            assert all(fault.found and fault.mend for fault in faults)
        assert await harness.charges() == ()

    @check(0)
    async def test_an_unknown_price_is_not_found(self, harness: Harness) -> None:
        """An unknown price is not found."""
        with pytest.raises(VendorRejected) as refused:
            await harness.adapter.get_offer(OfferKey("kit-nothing"))
        assert refused.value.reason is RejectReason.NOT_FOUND


def _sold(harness: Harness) -> dict[OfferKey, Offer]:
    """Return the kit's prices, those in other currencies only where the adapter sells in several."""
    all_currencies = Capability.SEVERAL_CURRENCIES in harness.adapter.capabilities
    return {
        OfferKey(row.id): Offer(
            key=OfferKey(row.id),
            item=row.item,
            deployment=row.deployment,
            unit_price=Money(row.amount, row.currency),
            interval=Interval(row.interval),
            is_offered=row.active,
        )
        for row in kit_catalog().prices
        if all_currencies or row.currency == "usd"
    }
