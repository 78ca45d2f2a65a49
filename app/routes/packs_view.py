"""What the checkout says of packs, beside what it says of every order."""

from dataclasses import dataclass

from app import formats
from app.catalog.model import Addon
from app.core.clock import add_months, midnight
from app.core.money import Money
from app.flows import wording
from app.flows.checkout_page import Checkout
from app.flows.deps import Deps


@dataclass(frozen=True, slots=True, kw_only=True)
class PacksPart:
    """The part of the checkout that only packs have.

    Attributes:
        heading: with the group in it, since packs cannot be moved to another. gain: what the packs give. notes: what
            becomes of them. agreement: what pressing the button agrees to. card_is_fixed: a change is charged to the
            default card.
    """

    heading: str
    field_hint: str
    most: int
    gain: str
    notes: tuple[str, ...]
    agreement: str
    card_is_fixed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraPart:
    """The section of packs that may go along with a plan; ``value`` is what the field says, as typed."""

    heading: str
    value: str
    most: int
    field_hint: str
    notes: tuple[str, ...]


def packs_part(deps: Deps, checkout: Checkout) -> PacksPart | None:
    """Return the part for ``checkout``; None when it is of a plan."""
    addon = checkout.addon
    if addon is None:
        return None
    what = "storage" if addon.is_recurring else "compute minutes"
    return PacksPart(
        heading=f"Buy {what} for {checkout.group.name}" if checkout.group else f"Buy {what}",
        field_hint=f"One pack is {wording.pack_gain(deps.catalog, addon.key, 1)}",
        most=addon.max_packs,
        gain=wording.pack_gain(deps.catalog, addon.key, checkout.seats),
        notes=_renewing(checkout) if addon.is_recurring else _lasting(deps, addon, checkout),
        agreement=_agreement(addon),
        card_is_fixed=checkout.coterm is not None,
    )


def packs_button(deps: Deps, addon: Addon, packs: int, due: str) -> str:
    """Return the words of the button: the act and the amount."""
    return f"Pay {due} and add {wording.pack_gain(deps.catalog, addon.key, packs)}"


def extra_part(deps: Deps, checkout: Checkout, typed: str) -> ExtraPart | None:
    """Return the section for ``checkout``; None where nothing is sold along with its plan."""
    extra = checkout.extra
    if extra is None:
        return None
    row = next(row for row in deps.catalog.prices if row.id == extra.offer)
    one = wording.pack_gain(deps.catalog, extra.addon.key, 1)
    return ExtraPart(
        heading="Compute minutes (optional)",
        value=typed or str(extra.packs),
        most=extra.addon.max_packs,
        field_hint=f"One pack is {one} for {formats.money(Money(row.amount, row.currency))}, paid once",
        notes=_lasting(deps, extra.addon, checkout),
    )


def plan_button(deps: Deps, checkout: Checkout, total: Money) -> str:
    """Return the words of a plan's button: all that is bought, and the amount."""
    extra = checkout.extra
    along = f", add {wording.pack_gain(deps.catalog, extra.addon.key, extra.packs)}" if extra and extra.packs else ""
    if total.is_zero:
        return f"Subscribe{along} for {formats.money(total)}"
    return f"Pay {formats.money(total)}{along} and subscribe"


def _lasting(deps: Deps, addon: Addon, checkout: Checkout) -> tuple[str, ...]:
    until = add_months(midnight(deps.clock.now()), addon.valid_months or 12)
    group = checkout.group.name if checkout.group else "the group"
    return (
        f"Used when the minutes of the month are used up, until {formats.date(until)}.",
        f"They belong to {group} and stay there when its plan changes. They cannot be moved to another group.",
    )


def _renewing(checkout: Checkout) -> tuple[str, ...]:
    if checkout.coterm is None:
        return ("A yearly term of its own: the group has no plan of yours that it could end with.",)
    return (f"It ends with the group's plan, on {formats.date(checkout.coterm.ends_at)}, and costs only those days.",)


def _agreement(addon: Addon) -> str:
    if addon.is_recurring:
        return "By paying you agree to the yearly term and its renewal, and that your card is kept for it."
    return "One payment. It never renews."
