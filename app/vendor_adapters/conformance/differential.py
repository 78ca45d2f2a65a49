"""Random commands on several adapters at once: after every step their canonical traces are the same.

What differs between vendors by their nature is left out: how an unpaid renewal is tried again, what a refund or a
discount does to later credits, sums so small that not every vendor charges them, and hours. Time passes in whole days.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from datetime import timedelta

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from app.core.money import Money
from app.vendor_adapters.capabilities import Capability
from app.vendor_adapters.conformance.harness import Card, Facility, Harness, Payment
from app.vendor_adapters.conformance.offers import MINUTES, ODD, SCALE, STORAGE, TEAM
from app.vendor_adapters.conformance.scenario import Measure, Need, unmet
from app.vendor_adapters.conformance.scene import Scene
from app.vendor_adapters.types import (
    AddPack,
    Change,
    OfferKey,
    Renew,
    RenewalDecision,
    SetSeats,
    SubscriptionSnapshot,
    SubscriptionStatus,
    SwitchOffer,
)

OpenWorld = Callable[[], AbstractAsyncContextManager[Harness]]
"""Opens a fresh harness; called anew for every example."""
Act = Callable[[Scene], Awaitable[None]]

_LONGEST = 1_100
"""Days that an example may take: a card on file is good for longer."""
_SOON = timedelta(days=200)
_CHANGES = (Capability.CHANGES, Capability.CHANGE_PREVIEW, Measure.PRORATION_BY_DAY)
_ITEMS = st.sampled_from((TEAM, SCALE, STORAGE, MINUTES, ODD))
_COUNT = st.integers(1, 40)
_OFF = st.one_of(st.integers(1, 9_000), st.just(10_000))
_WHICH = st.integers(0, 20)


def run_differential(*worlds: OpenWorld, examples: int | None = None, steps: int = 12, is_shrunk: bool = True) -> None:
    """Play random commands on all ``worlds`` in step; AssertionError with the sequence that tells them apart.

    Args:
        examples: how many sequences; a quarter of what the loaded Hypothesis profile says unless given.
        steps: how many commands each of them has at most.
        is_shrunk: whether the shortest such sequence is looked for, which takes its time.
    """

    class Differential(DifferentialMachine):
        openers = worlds

    count = examples or max(1, settings().max_examples // 4)
    phases = [phase for phase in settings().phases if is_shrunk or phase is not Phase.shrink]
    run_state_machine_as_test(
        Differential,
        settings=settings(max_examples=count, stateful_step_count=steps, deadline=None, phases=phases),
    )


def _can(*needs: Need) -> Callable[["DifferentialMachine"], bool]:
    """Hold where every world has all of ``needs``."""
    return lambda machine: not any(unmet(scene.harness, frozenset(needs)) for scene in machine.scenes)


def _has_checkout(machine: "DifferentialMachine") -> bool:
    return bool(machine.scenes[0].checkouts)


def _has_plan(machine: "DifferentialMachine") -> bool:
    return bool(machine.scenes[0].subscriptions)


def _has_refundable(machine: "DifferentialMachine") -> bool:
    return bool(_one_off(machine.scenes[0]))


class DifferentialMachine(RuleBasedStateMachine):
    """The commands; ``openers`` says on which worlds they are played."""

    openers: Sequence[OpenWorld] = ()

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()
        self._told = 0
        self._day = 0
        self.scenes = [
            Scene(self._runner.run(self._stack.enter_async_context(open_world()))) for open_world in self.openers
        ]

    def teardown(self) -> None:
        self._runner.run(self._stack.aclose())
        self._runner.close()

    @initialize()
    def arrives(self) -> None:
        card = Card.PAYS if _can(Capability.STORED_CARD_PURCHASE)(self) else None
        self._play(lambda scene: scene.arrives(card=card))

    @rule(offer=_ITEMS, quantity=_COUNT)
    def opens(self, offer: OfferKey, quantity: int) -> None:
        self._play(lambda scene: scene.opens((offer, quantity)))

    @precondition(_can(Capability.MIXED_CART))
    @rule(seats=_COUNT, packs=_COUNT)
    def opens_a_mixed_cart(self, seats: int, packs: int) -> None:
        self._play(lambda scene: scene.opens((TEAM, seats), (STORAGE, packs), (MINUTES, packs)))

    @precondition(_has_checkout)
    @rule(which=_WHICH, payment=st.sampled_from((Payment.PAID, Payment.PAID, Payment.DECLINED)))
    def pays(self, which: int, payment: Payment) -> None:
        self._play(lambda scene: scene.pays(payment, which % len(scene.checkouts)))

    @precondition(_has_checkout)
    @precondition(_can(Facility.CHALLENGES))
    @rule(which=_WHICH, payment=st.sampled_from((Payment.CHALLENGE_PASSED, Payment.CHALLENGE_FAILED)))
    def pays_with_a_challenge(self, which: int, payment: Payment) -> None:
        self._play(lambda scene: scene.pays(payment, which % len(scene.checkouts)))

    @precondition(_has_checkout)
    @precondition(_can(Capability.EXPIRE_CHECKOUT))
    @rule(which=_WHICH)
    def closes(self, which: int) -> None:
        self._play(lambda scene: scene.closes(which % len(scene.checkouts)))

    @precondition(_can(Capability.STORED_CARD_PURCHASE))
    @rule(offer=_ITEMS, quantity=_COUNT, is_declined=st.booleans())
    def buys(self, offer: OfferKey, quantity: int, is_declined: bool) -> None:
        self._play(_with_card(is_declined, lambda scene: scene.buys((offer, quantity))))

    @precondition(_can(Capability.DISCOUNTS))
    @rule(offer=st.sampled_from((MINUTES, ODD)), quantity=_COUNT, off=_OFF, is_share=st.booleans())
    def opens_with_a_discount(self, offer: OfferKey, quantity: int, off: int, is_share: bool) -> None:
        async def act(scene: Scene) -> None:
            share, amount = (off, None) if is_share else (None, Money(max(1, off // 100) * 100, "usd"))
            await scene.discounted(offer, percent_bp=share, amount_off=amount)
            await scene.opens((offer, quantity), discounts=(scene.discounts[-1],))

        self._play(act)

    @precondition(_has_plan)
    @rule(which=_WHICH, decision=st.sampled_from(RenewalDecision))
    def decides(self, which: int, decision: RenewalDecision) -> None:
        self._play(lambda scene: scene.decides(decision, which % len(scene.subscriptions)))

    @precondition(_has_plan)
    @precondition(_can(*_CHANGES))
    @rule(which=_WHICH, more=st.integers(1, 20), is_declined=st.booleans())
    def adds_seats(self, which: int, more: int, is_declined: bool) -> None:
        self._change(which, lambda it: SetSeats(base=it.seats, seats=it.seats + more), is_declined)

    @precondition(_has_plan)
    @precondition(_can(*_CHANGES))
    @rule(which=_WHICH, seats=_COUNT)
    def books_seats(self, which: int, seats: int) -> None:
        self._change(which, lambda it: SetSeats(base=it.seats, seats=seats, at_renewal=True))

    @precondition(_has_plan)
    @precondition(_can(*_CHANGES))
    @rule(which=_WHICH, more=st.integers(0, 5))
    def moves_up(self, which: int, more: int) -> None:
        self._change(which, lambda it: SwitchOffer(base=it.offer, offer=SCALE, seats=it.seats + more))

    @precondition(_has_plan)
    @precondition(_can(*_CHANGES))
    @rule(which=_WHICH, seats=_COUNT)
    def books_the_lower_plan(self, which: int, seats: int) -> None:
        self._change(which, lambda it: SwitchOffer(base=it.offer, offer=TEAM, seats=seats, at_renewal=True))

    @precondition(_has_plan)
    @precondition(_can(*_CHANGES))
    @rule(which=_WHICH, more=st.integers(4, 8))
    def adds_packs(self, which: int, more: int) -> None:
        self._change(which, lambda it: AddPack(offer=STORAGE, base=_packs(it), quantity=more))

    @precondition(_has_plan)
    @precondition(_can(*_CHANGES, Capability.PAID_RENEWAL))
    @rule(which=_WHICH, is_declined=st.booleans())
    def renews(self, which: int, is_declined: bool) -> None:
        """What runs is paid for one term more, before its day or a while after the end."""
        self._change(which, _as_it_runs, is_declined)

    @precondition(_has_refundable)
    @precondition(_can(Capability.REFUNDS))
    @rule(which=_WHICH, minor=st.integers(1, 500))
    def refunds(self, which: int, minor: int) -> None:
        async def act(scene: Scene) -> None:
            refundable = _one_off(scene)
            await scene.refunds(minor, refundable[which % len(refundable)])

        self._play(act)

    @rule()
    def repeats(self) -> None:
        self._play(lambda scene: scene.repeats())

    @precondition(_can(Capability.TEST_CLOCK))
    @rule(days=st.sampled_from((2, 31, 180, 366)))
    def days_pass(self, days: int) -> None:
        if self._day + days <= _LONGEST:
            self._day += days
            self._play(lambda scene: scene.days_pass(days))

    @rule()
    def takes_stock(self) -> None:
        self._play(lambda scene: scene.ends())

    def _change(self, which: int, make: Callable[[SubscriptionSnapshot], Change], is_declined: bool = False) -> None:
        async def act(scene: Scene) -> None:
            number = which % len(scene.subscriptions)
            found = await scene.harness.adapter.get_subscription(scene.subscriptions[number])
            change = make(found)
            if found.offer not in (TEAM, SCALE) or found.paid_until is not None:
                return  # what seats cost that are added to a paid term differs between vendors
            if isinstance(change, Renew) and not _can_go_on(found):
                return
            await scene.changes(change, number)

        self._play(_with_card(is_declined, act))

    def _play(self, act: Act) -> None:
        """Do the same on every world, and compare what they tell of it."""
        told = [self._runner.run(_lines(scene, act, self._told)) for scene in self.scenes]
        self._told += len(told[0])
        for scene, lines in zip(self.scenes[1:], told[1:], strict=True):
            names = f"{self.scenes[0].harness.adapter.name} and {scene.harness.adapter.name}"
            assert told[0] == lines, f"{names} tell different stories"


async def _lines(scene: Scene, act: Act, start: int) -> list[str]:
    await act(scene)
    return scene.trace.lines[start:]


def _with_card(is_declined: bool, act: Act) -> Act:
    """Let the card on file be refused while ``act`` is done."""

    async def acted(scene: Scene) -> None:
        if is_declined:
            await scene.harness.given_card(scene.buyer.customer, Card.DECLINED)
        await act(scene)
        if is_declined:
            await scene.harness.given_card(scene.buyer.customer, Card.PAYS)

    return acted


def _as_it_runs(subscription: SubscriptionSnapshot) -> Renew:
    it = subscription
    return Renew(base=it.period.ends_at, offer=it.offer, seats=it.seats, packs=it.packs)


def _can_go_on(subscription: SubscriptionSnapshot) -> bool:
    """Whether it runs, or has ended with its term not too long ago."""
    it = subscription
    if it.status is not SubscriptionStatus.CANCELLED:
        return True
    return it.cancel_at == it.period.ends_at and it.observed_at - it.period.ends_at < _SOON


def _one_off(scene: Scene) -> list[int]:
    return [number for number, paid in enumerate(scene.paid) if paid.subscription is None]


def _packs(subscription: SubscriptionSnapshot) -> int:
    return sum(pack.quantity for pack in subscription.packs if pack.offer == STORAGE)
