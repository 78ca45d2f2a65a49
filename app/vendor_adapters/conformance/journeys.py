"""The script of twenty customers. What each of them must come to on every adapter stands in ``journeys.trace``."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from app.core.money import Money
from app.vendor_adapters.capabilities import Capability
from app.vendor_adapters.conformance.harness import Card, Facility, Harness, Payment
from app.vendor_adapters.conformance.offers import (
    DAY_OF_CHANGES,
    MINUTES,
    NEW_YORK,
    ODD_DINAR,
    ODD_YEN,
    SCALE,
    STORAGE,
    TEAM,
    TEAM_YEN,
)
from app.vendor_adapters.conformance.scenario import Measure, Need
from app.vendor_adapters.conformance.scene import Scene
from app.vendor_adapters.types import AddPack, RenewalDecision, SetSeats, SwitchOffer

_HEAD = "## "
_GROWS = (Capability.CHANGES, Capability.CHANGE_PREVIEW, Capability.TEST_CLOCK, Measure.PRORATION_BY_DAY)


@dataclass(frozen=True, slots=True)
class Journey:
    """One customer: the name under which the expected trace stands, what the adapter needs, and the play."""

    name: str
    needs: frozenset[Need]
    play: Callable[[Scene], Awaitable[None]]


async def traced(harness: Harness, journey: Journey) -> list[str]:
    """Play a journey and return its trace."""
    scene = Scene(harness)
    await journey.play(scene)
    await scene.ends()
    return scene.trace.lines


def expected() -> dict[str, list[str]]:
    """Return the trace of each journey by its name."""
    text = Path(__file__).with_name("journeys.trace").read_text(encoding="utf-8")
    sections = text.split(f"\n{_HEAD}")[1:]
    return {head: lines for head, *lines in (section.rstrip("\n").split("\n") for section in sections)}


async def _buys_a_plan(scene: Scene) -> None:
    await scene.arrives()
    await scene.opens((TEAM, 10))
    await scene.pays()


async def _leaves_and_returns(scene: Scene) -> None:
    await scene.arrives()
    await scene.opens((TEAM, 3))
    await scene.returns()


async def _is_declined_first(scene: Scene) -> None:
    await scene.arrives()
    await scene.opens((TEAM, 3))
    await scene.pays(Payment.DECLINED)
    await scene.pays()


async def _presses_twice(scene: Scene) -> None:
    await scene.arrives()
    await scene.opens((TEAM, 3))
    await scene.repeats()
    await scene.pays()
    await scene.pays()


async def _buys_packs_twice(scene: Scene) -> None:
    await scene.arrives()
    for _ in range(2):
        await scene.opens((MINUTES, 3))
        await scene.pays()


async def _stops_and_resumes(scene: Scene) -> None:
    await _buys_a_plan(scene)
    await scene.decides(RenewalDecision.END)
    await scene.repeats()
    await scene.decides(RenewalDecision.RENEW)


async def _ends_at_once(scene: Scene) -> None:
    await _buys_a_plan(scene)
    await scene.decides(RenewalDecision.END_NOW)
    await scene.repeats()


async def _passes_the_challenge(scene: Scene) -> None:
    await scene.arrives()
    await scene.opens((TEAM, 3))
    await scene.pays(Payment.CHALLENGE_PASSED)


async def _fails_the_challenge(scene: Scene) -> None:
    await scene.arrives()
    await scene.opens((TEAM, 3))
    await scene.pays(Payment.CHALLENGE_FAILED)
    await scene.pays()


async def _closes_and_starts_anew(scene: Scene) -> None:
    await scene.arrives()
    await scene.opens((TEAM, 3))
    await scene.closes()
    await scene.repeats()
    await scene.pays()
    await scene.opens((TEAM, 4))
    await scene.pays()


async def _buys_a_plan_and_packs(scene: Scene) -> None:
    await scene.arrives()
    await scene.opens((TEAM, 2), (STORAGE, 1), (MINUTES, 5))
    await scene.pays()


async def _pays_in_yen(scene: Scene) -> None:
    await scene.arrives(currency="jpy")
    await scene.opens((TEAM_YEN, 7))
    await scene.pays()
    await scene.opens((ODD_YEN, 3))
    await scene.pays()
    await scene.arrives(currency="kwd")
    await scene.opens((ODD_DINAR, 7))
    await scene.pays()


async def _pays_tax(scene: Scene) -> None:
    await scene.arrives(place=NEW_YORK)
    await scene.opens((TEAM, 10))
    await scene.pays()


async def _has_a_first_year_discount(scene: Scene) -> None:
    await scene.arrives()
    await scene.discounted(TEAM, percent_bp=2_000)
    await scene.opens((TEAM, 10), discounts=tuple(scene.discounts))
    await scene.pays()
    await scene.day(366)


async def _pays_nothing(scene: Scene) -> None:
    await scene.arrives()
    await scene.discounted(MINUTES, amount_off=Money(999_900, "usd"))
    await scene.opens((MINUTES, 5), discounts=tuple(scene.discounts))
    await scene.pays()


async def _pays_with_the_card_on_file(scene: Scene) -> None:
    await scene.arrives(card=Card.PAYS)
    await scene.buys((TEAM, 3))
    await scene.repeats()
    await scene.arrives(card=Card.DECLINED)
    await scene.buys((MINUTES, 3))
    await scene.repeats()


async def _adds_seats_and_packs(scene: Scene) -> None:
    await _buys_a_plan(scene)
    await scene.day(DAY_OF_CHANGES)
    await scene.changes(SetSeats(base=10, seats=13))
    await scene.repeats()
    await scene.changes(SetSeats(base=10, seats=14))
    await scene.changes(AddPack(offer=STORAGE, base=0, quantity=2))
    await scene.day(366)


async def _cannot_pay_for_seats(scene: Scene) -> None:
    await _buys_a_plan(scene)
    await scene.harness.given_card(scene.buyer.customer, Card.DECLINED)
    await scene.day(DAY_OF_CHANGES)
    await scene.changes(SetSeats(base=10, seats=13))
    await scene.repeats()
    await scene.harness.given_card(scene.buyer.customer, Card.PAYS)
    await scene.changes(SetSeats(base=10, seats=13))


async def _moves_up_and_down(scene: Scene) -> None:
    await _buys_a_plan(scene)
    await scene.day(DAY_OF_CHANGES)
    await scene.changes(SwitchOffer(base=TEAM, offer=SCALE, seats=10))
    await scene.changes(SwitchOffer(base=SCALE, offer=TEAM, seats=8, at_renewal=True))
    await scene.day(366)


async def _is_refunded_and_leaves(scene: Scene) -> None:
    await _buys_a_plan(scene)
    await scene.refunds(10_000)
    await scene.repeats()
    await scene.changes(SetSeats(base=10, seats=8, at_renewal=True))
    await scene.day(366)
    await scene.decides(RenewalDecision.END)
    await scene.day(731)


def _journey(name: str, play: Callable[[Scene], Awaitable[None]], *needs: Need) -> Journey:
    return Journey(name, frozenset(needs), play)


JOURNEYS = (
    _journey("01 buys a plan", _buys_a_plan),
    _journey("02 leaves the page and returns", _leaves_and_returns),
    _journey("03 is declined, then pays with another card", _is_declined_first),
    _journey("04 presses twice", _presses_twice),
    _journey("05 buys packs twice", _buys_packs_twice),
    _journey("06 stops the renewal and resumes it", _stops_and_resumes),
    _journey("07 ends at once", _ends_at_once),
    _journey("08 passes 3-D Secure", _passes_the_challenge, Facility.CHALLENGES),
    _journey("09 fails 3-D Secure", _fails_the_challenge, Facility.CHALLENGES),
    _journey("10 closes the page and starts anew", _closes_and_starts_anew, Capability.EXPIRE_CHECKOUT),
    _journey("11 buys a plan and packs at once", _buys_a_plan_and_packs, Capability.MIXED_CART),
    _journey("12 pays in yen and in dinar", _pays_in_yen, Capability.SEVERAL_CURRENCIES),
    _journey("13 pays tax", _pays_tax, Capability.TAX_PREVIEW),
    _journey(
        "14 has a discount in the first year",
        _has_a_first_year_discount,
        Capability.DISCOUNTS,
        Capability.TEST_CLOCK,
    ),
    _journey("15 pays nothing", _pays_nothing, Capability.DISCOUNTS),
    _journey("16 pays with the card on file", _pays_with_the_card_on_file, Capability.STORED_CARD_PURCHASE),
    _journey("17 adds seats and packs", _adds_seats_and_packs, *_GROWS),
    _journey("18 cannot pay for seats", _cannot_pay_for_seats, *_GROWS, Capability.CHANGE_WAITS_FOR_PAYMENT),
    _journey("19 moves to a higher plan, and down at renewal", _moves_up_and_down, *_GROWS),
    _journey(
        "20 is refunded a part, renews smaller and leaves",
        _is_refunded_and_leaves,
        Capability.CHANGES,
        Capability.TEST_CLOCK,
        Capability.REFUNDS,
    ),
)
