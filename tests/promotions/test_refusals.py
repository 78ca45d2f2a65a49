"""Every reason to refuse, with the text and the way out that the buyer reads; and what is not known yet."""

from dataclasses import replace
from datetime import datetime

import pytest

from app.promotions.answers import Need, Reason
from app.promotions.campaigns import Campaigns
from app.promotions.cart import Entry, Facts, History, Match, Source
from app.promotions.decision import Decision
from app.promotions.evaluate import evaluate
from app.promotions.model import (
    Rules,
    Status,
    Window,
)
from app.promotions.wording import refusal, way_out
from tests.promotions.refusals import DAY, INVALID, NEW_ONLY, OLD_ONLY, ROWS, Row
from tests.promotions.world import (
    CATALOG,
    NEW,
    NOBODY,
    NOW,
    OLD,
    WINDOW,
    campaign,
    cart,
    offer,
    percent,
    published,
    typed,
)


def answer(row: Row) -> Decision:
    return evaluate(row.bought, row.facts, NOW, Campaigns([published(row.campaign)]), [row.entry])


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_refusal_is_told_with_its_reason(row: Row) -> None:
    decision = answer(row)
    (rejected,) = decision.rejected
    assert rejected.reason is row.reason
    assert (refusal(rejected, CATALOG).text, way_out(rejected, CATALOG)) == (row.text, row.way_out)
    assert (decision.applied, decision.totals.due) == ((), row.bought.subtotal)


def test_the_table_is_long_enough() -> None:
    assert len(ROWS) >= 40
    assert {row.reason for row in ROWS} == set(Reason) - {Reason.NOT_COMBINED}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_secret_code_says_the_same_whatever_is_wrong(row: Row) -> None:
    (rejected,) = answer(replace(row, entry=replace(row.entry, is_secret=True))).rejected
    told = refusal(rejected, CATALOG)
    assert (told.code, told.text, told.field, way_out(rejected, CATALOG)) == ("E-PROMO-UNKNOWN", INVALID, "code", "")


@pytest.mark.parametrize(
    ("rules", "needs"),
    [
        (Rules(customer=NEW_ONLY), (Need.SIGN_IN,)),
        (Rules(countries=("US",)), (Need.COUNTRY,)),
        (Rules(accounts=("acc_1",)), (Need.SIGN_IN,)),
        (Rules(countries=("US",), mail_domains=("example.com",)), (Need.COUNTRY, Need.SIGN_IN)),
        (Rules(any_of=(Rules(countries=("US",)), Rules(min_seats=99))), (Need.COUNTRY,)),
        (Rules(none_of=Rules(countries=("DE",))), (Need.COUNTRY,)),
    ],
)
def test_what_is_not_known_yet_waits(rules: Rules, needs: tuple[Need, ...]) -> None:
    found = campaign("deal", offer("deal", percent(1_000), rules=rules))
    for facts, is_priced in ((NOBODY, False), (replace(NOBODY, is_hopeful=True), True)):
        decision = evaluate(cart(), facts, NOW, Campaigns([published(found)]), [typed("deal")])
        assert decision.rejected == ()
        assert bool(decision.applied) == is_priced
        assert (decision.applied or decision.pending)[0].needs == needs
        assert decision.is_firm != is_priced
    known = evaluate(cart(), NEW, NOW, Campaigns([published(found)]), [typed("deal")])
    assert known.applied
    assert known.is_firm


def test_what_fails_anyway_does_not_wait() -> None:
    found = campaign("deal", offer("deal", percent(1_000), rules=Rules(customer=NEW_ONLY, min_seats=99)))
    decision = evaluate(cart(), NOBODY, NOW, Campaigns([published(found)]), [typed("deal")])
    assert [rejected.reason for rejected in decision.rejected] == [Reason.BELOW_MINIMUM]
    assert decision.pending == ()


def test_a_group_is_new_again_after_a_year() -> None:
    found = campaign("deal", offer("deal", percent(1_000), rules=Rules(customer=NEW_ONLY)))
    facts = replace(NEW, history=History(group_until=NOW - 366 * DAY))
    assert evaluate(cart(), facts, NOW, Campaigns([published(found)]), [typed("deal")]).applied


@pytest.mark.parametrize("facts", [OLD, replace(NEW, history=History(group_until=NOW + DAY))])
def test_a_running_plan_makes_an_existing_customer(facts: Facts) -> None:
    found = campaign("deal", offer("deal", percent(1_000), rules=Rules(customer=OLD_ONLY)))
    assert evaluate(cart(), facts, NOW, Campaigns([published(found)]), [typed("deal")]).applied


def test_one_code_in_disjoint_windows_means_the_campaign_that_runs() -> None:
    spring = campaign("spring", offer("spring", percent(1_000)))
    summer = campaign(
        "summer", offer("summer", percent(2_000)), window=Window(starts=WINDOW.ends, ends=WINDOW.ends + 30 * DAY)
    )
    both = Entry(source=Source.CODE, label="SALE", matches=(Match(slug="summer"), Match(slug="spring")))
    at_work = Campaigns([published(spring), published(summer)])

    def slug(now: datetime) -> str:
        decision = evaluate(cart(), NEW, now, at_work, [both])
        return decision.applied[0].offer.slug if decision.applied else decision.rejected[0].slug

    assert [slug(NOW), slug(WINDOW.ends), slug(WINDOW.starts - DAY)] == ["spring", "summer", "spring"]
    assert slug(WINDOW.ends + 31 * DAY) == "summer"


def test_a_preview_shows_a_campaign_at_any_time_and_is_not_firm() -> None:
    later = Window(starts=NOW + DAY, ends=NOW + 2 * DAY)
    draft = campaign("deal", offer("deal", percent(1_000)), status=Status.DRAFT, window=later)
    shown = Entry(source=Source.PREVIEW, label="Deal", matches=(Match(slug="deal"),))
    decision = evaluate(cart(), NEW, NOW, Campaigns([published(draft)]), [shown])
    assert decision.totals.discount == 34_800
    assert not decision.is_firm
