"""Publishing: versions that never change, windows that open and close by themselves, and what stays when all moves."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Event

import pytest
from sqlalchemy import Connection, select

from app.core.money import Money
from app.db.engine import Database
from app.db.schema.promotions import campaign_versions
from app.db.sealing import Sealer
from app.promotions import budget_ids
from app.promotions.answers import Reason
from app.promotions.cart import Audience, Source
from app.promotions.codes import fingerprints
from app.promotions.decision import Decision
from app.promotions.files.lint import check
from app.promotions.model import BudgetSpec, Campaign, CodeSpec, Status, Window
from app.promotions.publish import PublishRefused, pause, publish, resume
from app.promotions.store import budgets, campaigns, codes
from app.promotions.store.links import make_link, revoke_link
from app.promotions.store.reading import Asked
from tests.promotions.till import Till
from tests.promotions.world import CATALOG, NEW, NOW, SEALER, VENDOR, WINDOW, campaign, offer, percent
from tests.support.databases import opened
from tests.support.sources import ROOT

SALE = campaign(
    "sale",
    offer("sale", percent(1_000)),
    budget=BudgetSpec(redemptions=50, money=(Money(500_000, "usd"),)),
    codes=[CodeSpec(code="SALE10")],
    link_redemptions=1,
)


def reasons(decision: Decision) -> list[Reason]:
    return [each.reason for each in decision.rejected]


def test_the_sample_is_published_once(till: Till) -> None:
    found = check(ROOT / "data" / "campaigns.toml", CATALOG, VENDOR).campaigns
    assert {(each.version, each.is_changed) for each in till.publish(*found)} == {(1, True)}
    assert {(each.version, each.is_changed) for each in till.publish(*found)} == {(1, False)}
    assert [each.slug for each in till.database.read_now(campaigns.list_all)] == [
        "open-source",
        "compute-boost",
        "grow-50",
        "spring-launch",
    ]
    assert [each.campaign for each in till.database.read_now(campaigns.list_all)][-1] == found[0]


def test_a_change_is_a_new_version_beside_the_old(till: Till) -> None:
    till.publish(SALE)
    changed = replace(SALE, name="Bigger sale")
    (change,) = till.publish(changed)
    assert (change.version, change.is_changed) == (2, True)
    assert till.database.read_now(lambda c: campaigns.version_of(c, "sale", 1)) == SALE
    assert till.database.read_now(lambda c: campaigns.version_of(c, "sale", 2)) == changed
    assert till.database.read_now(lambda c: campaigns.version_of(c, "sale", 3)) is None
    found = till.database.read_now(lambda c: campaigns.find(c, "sale"))
    assert found is not None
    assert (found.campaign, found.version) == (changed, 2)


def test_a_campaign_starts_and_stops_by_the_clock_alone(till: Till) -> None:
    till.publish(replace(SALE, window=Window(starts=NOW + timedelta(days=1), ends=NOW + timedelta(days=2))))
    seen = []
    for step in (timedelta(hours=23), timedelta(hours=1), timedelta(hours=23), timedelta(hours=1)):
        till.clock.advance_business(step)
        decision = till.look("SALE10")
        seen.append(reasons(decision) or decision.totals.discount)
    assert seen == [[Reason.NOT_STARTED], 34_800, 34_800, [Reason.ENDED]]


def test_pausing_works_at_once_and_outlives_a_publish(till: Till) -> None:
    till.publish(SALE)
    assert till.database.write_now(lambda c: pause(c, "sale"))
    assert not till.database.write_now(lambda c: pause(c, "sale"))
    assert reasons(till.look("SALE10")) == [Reason.PAUSED]
    till.publish(replace(SALE, name="Renamed"))
    assert reasons(till.look("SALE10")) == [Reason.PAUSED]
    assert till.database.write_now(lambda c: resume(c, "sale"))
    assert till.look("SALE10").applied
    assert not till.database.write_now(lambda c: resume(c, "sale"))


def test_a_status_in_the_file_replaces_the_commands(till: Till) -> None:
    till.publish(SALE)
    till.publish(replace(SALE, status=Status.PAUSED))
    assert reasons(till.look("SALE10")) == [Reason.PAUSED]
    assert till.database.write_now(lambda c: resume(c, "sale"))
    till.publish(replace(SALE, status=Status.DRAFT))
    assert reasons(till.look("SALE10")) == [Reason.UNKNOWN]


def test_a_code_that_left_the_file_works_no_more_and_may_come_back(till: Till) -> None:
    till.publish(SALE)
    till.publish(replace(SALE, codes=(CodeSpec(code="OTHER10"),)))
    assert (reasons(till.look("SALE10")), len(till.look("OTHER10").applied)) == ([Reason.UNKNOWN], 1)
    till.publish(SALE)
    assert (reasons(till.look("OTHER10")), len(till.look("SALE10").applied)) == ([Reason.UNKNOWN], 1)


def test_caps_move_and_counts_stay(till: Till) -> None:
    till.publish(SALE)
    till.buy("O-1", "SALE10")
    till.publish(replace(SALE, budget=BudgetSpec(redemptions=1)))
    assert reasons(till.look("SALE10")) == [Reason.EXHAUSTED]
    uses = budget_ids.campaign_uses("sale")
    caps = till.database.read_now(lambda c: budgets.caps_of(c, "sale"))
    assert caps == {uses: 1, budget_ids.campaign_money("sale", "usd"): None}
    till.publish(replace(SALE, budget=BudgetSpec()))
    till.buy("O-2", "SALE10")
    assert (till.counts(uses), till.faults()) == ((0, 2, 0), [])


def outside(slug: str, window: Window = WINDOW) -> Campaign:
    return campaign(slug, offer(slug, percent(500)), codes=[CodeSpec(code="sale 10")], window=window)


def test_a_code_of_a_published_campaign_is_refused_in_another_file(till: Till) -> None:
    till.publish(SALE)
    clean = campaign("clean", offer("clean", percent(100)))
    with pytest.raises(PublishRefused) as refused:
        till.publish(clean, outside("other"))
    assert refused.value.conflicts == (("other", "sale 10", "sale"),)
    assert till.database.read_now(lambda c: campaigns.find(c, "clean")) is None  # nothing half published
    later = outside("later", Window(starts=WINDOW.ends, ends=WINDOW.ends + timedelta(days=9)))
    till.publish(later)
    assert till.look("SALE10").applied[0].offer.slug == "sale"
    till.clock.advance(WINDOW.ends - NOW)
    assert till.look("SALE10").applied[0].offer.slug == "later"


def test_of_two_files_published_at_once_one_gets_the_code(till: Till, database_url: str) -> None:
    """The slower one waits until the faster one is committed, and then sees its code."""
    decided, tried = Event(), Event()

    def faster(connection: Connection) -> None:
        publish(connection, [SALE], sealer=SEALER, actor="cli", now=NOW)
        decided.set()
        tried.wait(0.5)  # for as long as the other would need if nothing held it up

    with opened(database_url) as other, ThreadPoolExecutor() as pool:
        first = pool.submit(till.database.write_now, faster)
        decided.wait(5)
        with pytest.raises(PublishRefused):
            other.write_now(lambda c: publish(c, [outside("other")], sealer=SEALER, actor="cli", now=NOW))
        tried.set()
        first.result()
    assert [each.slug for each in till.database.read_now(campaigns.list_all)] == ["sale"]


def test_codes_outlive_a_change_of_keys(database: Database) -> None:
    old, both, new = Sealer(["old-key"]), Sealer(["new-key", "old-key"]), Sealer(["new-key"])

    def found(sealer: Sealer) -> int:
        return len(database.read_now(lambda c: codes.matches(c, fingerprints(sealer, "sale10"))))

    database.write_now(lambda c: publish(c, [SALE], sealer=old, actor="cli", now=NOW))
    assert (found(both), found(new)) == (1, 0)
    database.write_now(lambda c: publish(c, [SALE], sealer=new, actor="cli", now=NOW))
    assert (found(both), found(new)) == (1, 1)
    assert len(database.read_now(lambda c: codes.list_codes(c, "sale"))) == 1


def test_a_listed_campaign_is_reached_by_its_slug_and_a_hidden_one_is_not(till: Till) -> None:
    hidden = campaign("hidden", offer("hidden", percent(500)), listed=False)
    till.publish(SALE, hidden)
    shown = till.look(asked=Asked(slugs=("sale",)))
    assert [(each.ref.source, each.ref.label) for each in shown.applied] == [(Source.LINK, "Sale")]
    assert reasons(till.look(asked=Asked(slugs=("hidden",)))) == [Reason.UNKNOWN]
    assert reasons(till.look(asked=Asked(slugs=("nowhere",)))) == [Reason.UNKNOWN]
    assert till.look(asked=Asked(previews=("hidden",))).applied


def test_a_link_reaches_a_hidden_campaign_for_whom_it_is_made(till: Till) -> None:
    hidden = replace(SALE, slug="sale", is_listed=False)
    till.publish(hidden)
    link = till.database.write_now(
        lambda c: make_link(
            c, hidden, audience=Audience.MAIL_DOMAIN, audience_value="uni.example", actor="cli", now=NOW
        )
    )
    asked = Asked(links=(link.link_id,))
    assert reasons(till.look(asked=asked)) == [Reason.ACCOUNT]
    student = replace(NEW, mail_domain="uni.example")
    decision = till.look(asked=asked, facts=student)
    till.claim(decision, "O-1")
    assert reasons(till.look(asked=asked, facts=student)) == [Reason.EXHAUSTED]  # a link of one use
    assert till.look("SALE10").applied  # its own budget, not the campaign's
    till.database.write_now(lambda c: revoke_link(c, link.link_id, now=NOW))
    till.release("O-1")
    assert reasons(till.look(asked=asked, facts=student)) == [Reason.UNKNOWN]
    assert reasons(till.look(asked=Asked(links=("lnk_none",)))) == [Reason.UNKNOWN]


def test_an_automatic_campaign_is_found_without_being_named(till: Till) -> None:
    auto = campaign("auto", offer("auto", percent(300), automatic=True))
    over = campaign("over", offer("over", percent(900), automatic=True), window=Window(starts=NOW, ends=NOW))
    till.publish(SALE, auto, over)
    assert [each.offer.slug for each in till.look().applied] == ["auto"]
    till.database.write_now(lambda c: pause(c, "auto"))
    assert till.look().applied == ()


def test_a_version_is_never_written_over(till: Till) -> None:
    till.publish(SALE)
    bodies = select(campaign_versions.c.version, campaign_versions.c.body).order_by(campaign_versions.c.version)
    (first,) = till.database.read_now(lambda c: c.execute(bodies).all())
    till.publish(replace(SALE, name="Two"))
    till.publish(SALE)
    after = till.database.read_now(lambda c: c.execute(bodies).all())
    assert [row.version for row in after] == [1, 2, 3]
    assert after[0] == first
    assert after[2].body == first.body
