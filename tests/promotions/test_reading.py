"""Of campaigns that apply by themselves only those are read that can match the cart, and none of them is missed."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import Connection, delete, update

from app.db.engine import Database
from app.db.schema.promotions import campaign_reach
from app.db.schema.promotions import campaigns as campaigns_table
from app.promotions.cart import Cart
from app.promotions.evaluate import evaluate
from app.promotions.model import Campaign, OrderKind, Rules
from app.promotions.publish import pause, publish, resume
from app.promotions.store.campaigns import that_matter
from app.promotions.store.reading import Asked, read_situation
from tests.promotions.strategies import carts, sets_of_campaigns
from tests.promotions.till import Till
from tests.promotions.world import NEW, NOW, SEALER, WINDOW, amount, campaign, campaigns, cart, line, offer, percent

SALE = campaign("sale", offer("sale", percent(500), automatic=True))
ELSEWHERE = {
    "plan": offer("o", percent(500), plans=["scale"], automatic=True),
    "kind": offer("o", percent(500), rules=Rules(order=(OrderKind.RENEWAL,)), automatic=True),
    "currency": offer("o", percent(500), rules=Rules(currencies=("eur",)), automatic=True),
    "sum": offer("o", replace(amount(500, 450), amounts=amount(500, 450).amounts[:1]), automatic=True),
    "deployment": offer("o", percent(500), deployments=["self_hosted"], automatic=True),
    "code": offer("o", percent(500)),
}


class _Undone(Exception):
    """Ends an example without a trace of it."""


def read(till: Till, bought: Cart | None = None) -> set[str]:
    """Return the campaigns that are read for a cart in which nothing is asked for."""
    wanted = [bought or cart()]
    return {each.slug for each in till.database.read_now(lambda c: that_matter(c, (), wanted, till.clock.now()))}


@pytest.mark.parametrize("what", ELSEWHERE)
def test_what_cannot_match_is_not_read(till: Till, what: str) -> None:
    other = campaign("other", replace(ELSEWHERE[what], id="other/1"))
    till.publish(SALE, other)
    assert read(till) == {"sale"}


def test_a_new_version_is_read_by_what_it_says(till: Till) -> None:
    till.publish(SALE)
    till.publish(replace(SALE, offers=(replace(SALE.offers[0], target=ELSEWHERE["plan"].target),)))
    scale = cart(line("scale", 25, 118_800))
    assert (read(till), read(till, scale)) == (set(), {"sale"})
    till.publish(replace(SALE, offers=(replace(SALE.offers[0], is_automatic=False),)))
    assert read(till, scale) == set()


def test_pause_and_window_count_at_once(till: Till) -> None:
    till.publish(SALE)
    till.database.write_now(lambda c: pause(c, "sale"))
    assert read(till) == set()
    till.database.write_now(lambda c: resume(c, "sale"))
    assert read(till) == {"sale"}
    till.clock.advance(WINDOW.ends - NOW - timedelta(microseconds=1))
    assert read(till) == {"sale"}
    till.clock.advance(timedelta(microseconds=1))
    assert read(till) == set()


def test_what_an_earlier_release_published_is_looked_at_for_every_cart(till: Till) -> None:
    """It may publish while the new one starts, and knows of no reach."""
    till.publish(SALE)
    till.database.write_now(lambda c: c.execute(delete(campaign_reach)))
    assert read(till) == set()
    till.database.write_now(lambda c: c.execute(update(campaigns_table).values(has_automatic=True)))
    assert (read(till), till.look().totals.discount) == ({"sale"}, 17_400)
    till.publish(replace(SALE, name="Sale once more"))
    assert read(till, cart(line("scale", 25, 118_800))) == set()


def test_many_that_cannot_match_are_not_read(till: Till) -> None:
    till.publish(SALE)
    for number in range(60):
        kind = list(ELSEWHERE)[number % len(ELSEWHERE)]
        till.publish(campaign(f"other-{number}", replace(ELSEWHERE[kind], id=f"other-{number}/1")))
        assert read(till) == {"sale"}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(found=sets_of_campaigns(), bought=carts())
def test_none_is_missed(database: Database, found: list[Campaign], bought: Cart) -> None:
    """What is decided on what was read is what is decided on all there is."""

    def compare(connection: Connection) -> None:
        publish(connection, found, sealer=SEALER, actor="cli", now=NOW)
        situation = read_situation(connection, Asked(), sealer=SEALER, carts=[bought], now=NOW)
        decided, all_there_is = situation.decide(bought, NEW, NOW), evaluate(bought, NEW, NOW, campaigns(*found), ())
        assert [each.offer.id for each in decided.applied] == [each.offer.id for each in all_there_is.applied]
        assert decided.totals == all_there_is.totals
        raise _Undone

    with pytest.raises(_Undone):
        database.write_now(compare)
