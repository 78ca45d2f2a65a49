"""What the vendor is asked for: the same figures as the engine's, once for each checkout and its terms."""

from datetime import timedelta

import pytest

from app.core.clock import FrozenClock
from app.core.money import Money
from app.db.engine import Database
from app.promotions.cart import Cart
from app.promotions.decision import Applied
from app.promotions.model import Benefit, Growth, Offer, OnMoreSeats, OnPlanChange, OrderKind
from app.promotions.store.discounts import PlannedDiscount, keep_ref, mark_revoked, plan_discount, to_revoke
from app.promotions.vendor_terms import terms_of
from app.promotions.wording import benefit, headline
from app.vendor_adapters.types import DiscountRef, DiscountTerms
from tests.promotions.world import CATALOG, NOW, amount, campaign, cart, decide, free, line, offer, percent, typed

EXTEND, FIRST = OnMoreSeats(growth=Growth.EXTEND), OnMoreSeats(growth=Growth.FIRST_UNITS, units=4)
YEARLY = cart(line(renews_at=NOW + timedelta(days=365)))
PACKS = cart(line("compute-1000", 5, 1_000), kind=OrderKind.ADDON)


def applied(found: Offer, bought: Cart = YEARLY) -> Applied:
    return decide([campaign("x", found)], [typed("x", "CODE")], bought).applied[0]


def terms(found: Offer, bought: Cart = YEARLY) -> DiscountTerms:
    return terms_of(applied(found, bought), bought, CATALOG, discount_id="dsc_1")


@pytest.mark.parametrize(
    ("found", "percent_bp", "off"),
    [
        (offer("x", percent(2_000), growth=EXTEND), 2_000, None),
        (offer("x", percent(2_000)), None, 69_600),
        (offer("x", percent(2_000), growth=FIRST), None, 27_840),
        (offer("x", free(2)), None, 69_600),
        (offer("x", amount(5_000, 4_500)), None, 5_000),
        (offer("x", amount(999_999)), None, 348_000),
    ],
)
def test_a_share_is_asked_for_only_where_it_may_grow(found: Offer, percent_bp: int | None, off: int | None) -> None:
    made = terms(found)
    assert (made.percent_bp, made.amount_off) == (percent_bp, None if off is None else Money(off, "usd"))
    assert (made.reservation, made.label, made.periods, made.offers) == ("dsc_1", "CODE", 1, ("team-hosted",))


def test_what_never_renews_cannot_grow() -> None:
    packs = offer("x", percent(1_000), plans=[], addons=["compute-1000"])
    assert terms(packs, PACKS).percent_bp == 1_000


@pytest.mark.parametrize("periods", [1, 3, None])
def test_it_lasts_as_long_at_the_vendor(periods: int | None) -> None:
    assert terms(offer("x", percent(1_000), periods=periods, growth=EXTEND)).periods == periods


def test_what_may_be_kept_is_made_for_every_price_it_may_move_to() -> None:
    wish = OnPlanChange.KEEP_IF_ELIGIBLE
    found = offer("x", percent(1_000), plans=["team", "scale"], deployments=["hosted"], on_plan_change=wish)
    assert terms(found).offers == ("team-hosted", "team-hosted-usd-y-1", "scale-hosted-usd-y-1")


@pytest.mark.parametrize(
    ("found", "bought", "text"),
    [
        (percent(2_000), YEARLY, "20% off the first year"),
        (percent(1_250), PACKS, "12.5% off"),
        (amount(5_000), YEARLY, "50.00 USD off the first year"),
        (free(1), YEARLY, "1 seat free the first year"),
        (free(2), PACKS, "2 packs free"),
    ],
)
def test_an_offer_says_what_it_does(found: Benefit, bought: Cart, text: str) -> None:
    made = offer("x", found, addons=["compute-1000"])
    assert benefit(made, bought) == text
    assert headline(applied(made, bought), bought) == f"CODE applies: {text}"


@pytest.mark.parametrize(("periods", "text"), [(3, "10% off the first 3 years"), (None, "10% off every year")])
def test_an_offer_says_how_long(periods: int | None, text: str) -> None:
    assert benefit(offer("x", percent(1_000), periods=periods), YEARLY) == text


def plan(database: Database, clock: FrozenClock, made: DiscountTerms, subject: str = "int_1") -> PlannedDiscount:
    return database.write_now(
        lambda c: plan_discount(c, made, subject=subject, offer_id="x/1", vendor="embedded", wall=clock.wall())
    )


def test_the_same_terms_are_the_same_call(database: Database, clock: FrozenClock) -> None:
    """Invariant 8: however often a checkout is priced, the vendor is asked once, with one key."""
    made = terms(offer("x", percent(2_000), growth=EXTEND))
    first, again = plan(database, clock, made), plan(database, clock, made)
    assert first == again
    assert (first.key, first.terms.reservation) == (
        f"promo:{first.discount_id}:materialise_discount:1",
        first.discount_id,
    )
    assert plan(database, clock, made, "int_2").discount_id != first.discount_id
    assert plan(database, clock, terms(offer("x", percent(2_000)))).discount_id != first.discount_id
    database.write_now(lambda c: keep_ref(c, first.discount_id, DiscountRef("dis_1")))
    assert plan(database, clock, made).ref == "dis_1"


def test_old_discounts_are_taken_back_once(database: Database, clock: FrozenClock) -> None:
    made = terms(offer("x", percent(2_000), growth=EXTEND))
    first = plan(database, clock, made)
    clock.advance(timedelta(days=2))
    before = clock.wall() - timedelta(days=1)
    assert database.read_now(lambda c: to_revoke(c, before=before)) == ()  # never made real
    database.write_now(lambda c: keep_ref(c, first.discount_id, DiscountRef("dis_1")))
    (found,) = database.read_now(lambda c: to_revoke(c, before=before))
    assert (found.ref, found.revoke_key) == ("dis_1", f"promo:{first.discount_id}:revoke_discount:1")
    database.write_now(lambda c: mark_revoked(c, first.discount_id, wall=clock.wall()))
    assert database.read_now(lambda c: to_revoke(c, before=before)) == ()
    assert plan(database, clock, made).discount_id != first.discount_id
