"""Packs that go along with a plan on a first order: one cart, one charge, where the vendor can."""

from dataclasses import dataclass

from app.catalog.model import Addon, Catalog
from app.core.problems import Problem, ProblemId, problem
from app.flows import purchase
from app.flows.deps import Deps
from app.orders.intents import Choice
from app.vendor_adapters.capabilities import Capability
from app.vendor_adapters.types import OfferKey, PurchaseItem


@dataclass(frozen=True, slots=True, kw_only=True)
class Extra:
    """An add-on that may be bought with a plan; ``packs`` is how many are, 0 for none."""

    addon: Addon
    offer: OfferKey
    packs: int

    @property
    def items(self) -> tuple[PurchaseItem, ...]:
        """What the vendor is asked for besides the plan."""
        return (PurchaseItem(offer=self.offer, quantity=self.packs),) if self.packs else ()


def sold_along(catalog: Catalog, deployment: str) -> Addon | None:
    """Return the add-on that may go along with a plan: one that is paid once, so that the renewal is the plan's."""
    return next((each for each in catalog.addons if not each.is_recurring and deployment in each.deployments), None)


def extra_of(deps: Deps, choice: Choice) -> Extra | None:
    """Return what may go along with the chosen plan; None for packs alone, and where it is not sold so."""
    addon = sold_along(deps.catalog, choice.deployment)
    if addon is None or deps.catalog.plan(choice.plan) is None or Capability.MIXED_CART not in deps.vendor.capabilities:
        return None
    offer = purchase.offer_key(deps, plan=addon.key, deployment=choice.deployment, currency=choice.currency)
    return Extra(addon=addon, offer=offer, packs=choice.packs) if offer else None


def extra_problem(most: int) -> Problem:
    """Return what is said of a number that cannot go along with a plan."""
    text = f"Enter the number of packs as a whole number from 0 to {most}, like 2."
    return problem(ProblemId.E_INPUT, "packs", text=text)
