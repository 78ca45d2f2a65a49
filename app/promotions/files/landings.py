"""What a link may fill in: plans and add-ons that there are, in numbers that can be bought here."""

from collections.abc import Iterator

from app.catalog.model import Catalog
from app.promotions.model import Landing


def landing_faults(landing: Landing, catalog: Catalog) -> Iterator[tuple[str, str, str]]:
    """Yield (key, name of the fault, reason) for everything in a landing that the catalog does not have."""
    addon = catalog.addon(landing.addon)
    if landing.plan and catalog.plan(landing.plan) is None:
        yield "plan", "unknown-plan", f"the catalog has no plan {landing.plan}"
    if landing.addon and addon is None:
        yield "addon", "unknown-addon", f"the catalog has no add-on {landing.addon}"
    most = catalog.rules.seats.self_serve_max
    if landing.seats is not None and not 1 <= landing.seats <= most:
        yield "seats", "bad-value", f"from 1 to {most} seats can be bought here"
    if addon and landing.packs is not None and not addon.min_packs <= landing.packs <= addon.max_packs:
        yield "packs", "bad-value", f"from {addon.min_packs} to {addon.max_packs} packs of {addon.key} can be bought"
