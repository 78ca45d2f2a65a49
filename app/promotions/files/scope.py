"""What the checks of a campaign file look at, and what an offer can be used for by the catalog."""

from collections.abc import Iterator
from dataclasses import dataclass

from app.catalog.model import Catalog, PriceRow
from app.promotions.files.findings import Findings, Path
from app.promotions.model import AmountOff, Campaign, Offer
from app.vendor_adapters.capabilities import Capabilities


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """A file's campaigns by their position in it, the catalog, and what the vendor can do."""

    campaigns: tuple[tuple[int, Campaign], ...]
    catalog: Catalog
    capabilities: Capabilities
    findings: Findings

    @property
    def offers(self) -> Iterator[tuple[Path, Offer]]:
        """Every offer with its place."""
        for i, campaign in self.campaigns:
            for j, offer in enumerate(campaign.offers):
                yield ("campaign", i, "offer", j), offer

    @property
    def deployments(self) -> set[str]:
        """Where things are sold for."""
        return {row.deployment for row in self.catalog.prices}

    def rows_of(self, offer: Offer) -> list[PriceRow]:
        """Return the prices that an offer can take something off."""
        target = offer.target
        plans = {plan.key for plan in self.catalog.sellable_plans}
        return [
            row
            for row in self.catalog.prices
            if row.active and (row.item in target.addons or (row.item in target.plans and row.item in plans))
            if not target.deployments or row.deployment in target.deployments
        ]

    def currencies_of(self, offer: Offer) -> list[str]:
        """Return the currencies that a cart with the offer can be in."""
        sold = {row.currency for row in self.rows_of(offer)} or set(self.catalog.currencies)
        return sorted(sold & set(offer.rules.currencies)) if offer.rules.currencies else sorted(sold)


def pays_in(offer: Offer) -> tuple[str, ...]:
    """Return the currencies that an offer is limited to by itself, empty for all."""
    if offer.rules.currencies:
        return offer.rules.currencies
    if isinstance(offer.benefit, AmountOff):
        return tuple(money.currency for money in offer.benefit.amounts)
    return ()
