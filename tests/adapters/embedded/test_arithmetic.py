"""Properties of the money arithmetic: parts that sum, steps that telescope, credits within the cash."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core.money import half_up
from app.vendor_adapters.embedded import EmbeddedWorld
from app.vendor_adapters.embedded.model import BillLine, Discount, Item
from app.vendor_adapters.embedded.pricing import first_term, next_term, share_out, value_left, with_discounts
from app.vendor_adapters.types import (
    AddPack,
    Change,
    ChargeRef,
    LineKind,
    SetSeats,
    SubscriptionSnapshot,
    SwitchOffer,
)
from tests.adapters.embedded.shop import PAYS, SCALE, STORAGE, TEAM, Shop, cart, usd

amounts = st.integers(0, 10**9)
offers = st.sampled_from(["a", "b", "c"])
days = st.datetimes(datetime(2024, 1, 1), datetime(2032, 12, 31)).map(lambda at: at.replace(tzinfo=UTC))


@st.composite
def discounts(draw: st.DrawFn) -> Discount:
    is_percentage = draw(st.booleans())
    return Discount(
        ref=draw(st.uuids()).hex,
        label="",
        percent_bp=draw(st.integers(1, 10_000)) if is_percentage else None,
        amount_off=0 if is_percentage else draw(st.integers(1, 10**7)),
        currency="usd",
        offers=frozenset(draw(st.sets(offers, min_size=1))),
        periods=1,
    )


@given(st.lists(amounts, max_size=6), st.fractions(0, 1))
def test_shares_sum_to_the_whole_and_none_exceeds_its_line(weights: list[int], ratio: Fraction) -> None:
    total = half_up(sum(weights) * ratio)
    parts = share_out(total, weights)
    assert sum(parts) == (total if sum(weights) else 0)
    assert all(0 <= part <= weight for part, weight in zip(parts, weights, strict=True))


@given(st.dictionaries(offers, amounts, min_size=1), st.lists(discounts(), max_size=4))
def test_no_line_is_discounted_below_zero(bought: dict[str, int], used: list[Discount]) -> None:
    lines = tuple(_line(LineKind.PURCHASE, offer, amount) for offer, amount in bought.items())
    billed = with_discounts(lines, used)
    for offer, amount in bought.items():
        taken = [-line.amount for line in billed if line.kind is LineKind.DISCOUNT and line.offer == offer]
        assert all(part > 0 for part in taken)
        assert sum(taken) <= amount


@given(amounts, amounts, st.lists(discounts(), max_size=3))
def test_of_a_change_only_what_is_due_is_discounted(credit: int, more: int, used: list[Discount]) -> None:
    lines = (_line(LineKind.CREDIT, "a", -credit), _line(LineKind.CHARGE, "b", credit + more))
    assert 0 <= sum(line.amount for line in with_discounts(lines, used)) <= more


@given(days, st.integers(0, 800), amounts)
def test_what_is_left_is_all_at_first_and_never_grows(start: datetime, later: int, net: int) -> None:
    term, item = first_term(start), Item(offer="a", quantity=1, unit_price=net, net=net)
    assert value_left(item, (), term, start) == net
    at = min(start + timedelta(days=later), term.ends_at - timedelta(seconds=1))
    assert 0 <= value_left(item, (), term, at) <= value_left(item, (), term, at - timedelta(days=1)) <= net


@given(days, st.integers(1, 12))
def test_terms_follow_each_other_without_a_gap(start: datetime, years: int) -> None:
    term = first_term(start)
    for _ in range(years):
        following = next_term(term)
        assert following.starts_at == term.ends_at
        assert timedelta(days=364) < following.ends_at - following.starts_at < timedelta(days=367)
        term = following


def _walks(few: int) -> int:
    """Return how many sequences are tried: a few in every run, as many as the profile says where it says more."""
    return few if settings().max_examples <= 100 else settings().max_examples


steps = st.one_of(
    st.tuples(st.just("days"), st.integers(1, 60)),
    st.tuples(st.just("seats"), st.integers(1, 40)),
    st.tuples(st.just("seats at a discount"), st.integers(1, 9_000)),
    st.tuples(st.just("packs"), st.integers(1, 5)),
    st.tuples(st.just("upgrade"), st.just(0)),
    st.tuples(st.just("refund"), st.integers(1, 50_000)),
)


@settings(max_examples=_walks(40), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(steps, max_size=8), st.sampled_from([0, 1, 3333, 5000, 10_000]), st.integers(1, 60))
async def test_invoices_are_the_quotes_and_credits_stay_within_the_cash(
    shop: Shop, world: EmbeddedWorld, path: list[tuple[str, int]], percent_bp: int, seats: int
) -> None:
    await _afresh(shop, world)
    subscription = await _bought(shop, percent_bp, seats)
    for what, count in path:
        if what == "days":
            shop.clock.advance(timedelta(days=count))
        elif what == "refund":
            await _refund(world, count)
        elif change := await _change(shop, subscription, what, count):
            subscription = await _pay(shop, world, subscription, change)


@settings(max_examples=_walks(25), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    st.integers(1, 30),
    st.lists(st.integers(1, 30), min_size=2, max_size=3),
    st.integers(0, 300),
    st.sampled_from([0, 1234]),
)
async def test_two_steps_cost_what_one_costs(
    shop: Shop, world: EmbeddedWorld, seats: int, added: list[int], later: int, percent_bp: int
) -> None:
    await _afresh(shop, world)
    subscription = await _bought(shop, percent_bp, seats)
    shop.clock.advance(timedelta(days=later))
    at_once = await shop.quote_change(subscription.ref, SetSeats(base=seats, seats=seats + sum(added)))
    in_steps = usd(0)
    for more in added:
        step = SetSeats(base=seats, seats=seats + more)
        in_steps += (await shop.quote_change(subscription.ref, step)).subtotal
        seats = (await shop.done(subscription.ref, step)).seats
    assert in_steps == at_once.subtotal


async def _afresh(shop: Shop, world: EmbeddedWorld) -> None:
    await world.reset()
    shop.clock.advance(datetime(2026, 11, 23, 12, tzinfo=UTC) - shop.clock.now())


async def _bought(shop: Shop, percent_bp: int, seats: int) -> SubscriptionSnapshot:
    used = (await shop.discount(TEAM, percent_bp=percent_bp),) if percent_bp else ()
    request = await shop.addressed(replace(cart((TEAM, seats)), discounts=used))
    paid = await shop.type_card(await shop.open_for(request, await shop.vendor.quote_purchase(request)), PAYS)
    if percent_bp == 10_000:
        await shop.customer(card=PAYS)
    assert paid.subscription is not None
    return await shop.vendor.get_subscription(paid.subscription)


async def _change(shop: Shop, subscription: SubscriptionSnapshot, what: str, count: int) -> Change | None:
    held = {pack.offer: pack.quantity for pack in subscription.packs}
    if what == "packs":
        return AddPack(offer=STORAGE, base=held.get(STORAGE, 0), quantity=count)
    if what == "upgrade":
        is_over = subscription.offer == SCALE
        return None if is_over else SwitchOffer(base=subscription.offer, offer=SCALE, seats=subscription.seats)
    if what == "seats":
        return SetSeats(base=subscription.seats, seats=subscription.seats + count)
    off = await shop.discount(TEAM, SCALE, amount_off=usd(count))
    return SetSeats(base=subscription.seats, seats=subscription.seats + 1, discounts=(off,))


async def _pay(
    shop: Shop, world: EmbeddedWorld, subscription: SubscriptionSnapshot, change: Change
) -> SubscriptionSnapshot:
    if shop.clock.now() >= subscription.period.ends_at:
        return subscription
    cash = await _net_cash(world)
    quote = await shop.quote_change(subscription.ref, change)
    credit = -sum(line.amount.minor for line in quote.lines if line.kind is LineKind.CREDIT)
    assert Fraction(credit) <= cash
    after = await shop.done(subscription.ref, change)
    invoice = (await shop.vendor.list_invoices(subscription.customer)).rows[0]
    assert (invoice.lines, invoice.subtotal, invoice.discount) == (quote.lines, quote.subtotal, quote.discount)
    assert quote.tax is not None
    assert (invoice.tax, invoice.total) == (quote.tax.amount, quote.due_now)
    return after


async def _net_cash(world: EmbeddedWorld) -> Fraction:
    """All that was collected and kept, before tax."""
    cash = Fraction(0)
    for row in (await world.books())["invoices"]:
        figures = {name: int(str(row[name])) for name in ("total", "tax", "amount_paid", "amount_refunded")}
        kept = figures["amount_paid"] - figures["amount_refunded"]
        cash += Fraction(kept * (figures["total"] - figures["tax"]), figures["total"] or 1)
    return cash


async def _refund(world: EmbeddedWorld, amount: int) -> None:
    """Give a part of the first charge back, never all of it: that would end the subscription."""
    for row in (await world.books())["charges"][:1]:
        left = int(str(row["amount"])) - int(str(row["amount_refunded"]))
        if amount < left:
            await world.refund(ChargeRef(str(row["id"])), usd(amount))


def _line(kind: LineKind, offer: str, amount: int) -> BillLine:
    return BillLine(kind=kind, offer=offer, quantity=1, unit_price=amount, amount=amount)
