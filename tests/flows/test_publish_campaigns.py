"""Publishing through the store: all of a file or nothing of it, with the audit; the demo publishes its own."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select

from app.commands.demo_world import DemoWorld
from app.config import Config
from app.core.clock import FrozenClock
from app.db.engine import Database
from app.db.schema import metadata
from app.events.audit import first_break
from app.flows.campaigns.manage import CampaignFault, pause_campaign
from app.flows.campaigns.publish import CampaignsRefused, check_file, publish_checked, publish_text
from app.http import AsyncClient
from app.promotions.answers import Reason
from app.promotions.decision import Decision
from app.promotions.phases import Phase, phase_of
from app.promotions.store import campaigns
from app.promotions.store.reading import Asked, read_situation
from tests.promotions.faults import FAULTS, GOOD
from tests.promotions.world import NEW, cart
from tests.support.shop import Shop, open_shop

pytestmark = pytest.mark.engines("sqlite")
TABLES = ("campaigns", "campaign_versions", "campaign_codes", "promo_budgets", "audit")


@pytest.fixture
async def shop(config: Config, database: Database, clock: FrozenClock) -> AsyncIterator[Shop]:
    async with open_shop(config, database, clock) as opened:
        yield opened


def rows(connection: Connection) -> dict[str, int]:
    """Return how many rows publishing has written."""
    tables = {name: metadata.tables[name] for name in TABLES}
    return {name: connection.execute(select(func.count()).select_from(tables[name])).scalar_one() for name in TABLES}


def phases(connection: Connection, shop: Shop) -> dict[str, str]:
    return {each.slug: phase_of(each, shop.clock.now()).value for each in campaigns.list_all(connection)}


async def test_no_fault_publishes_anything(shop: Shop) -> None:
    """A good campaign beside a bad one is not published either, whatever is wrong with that one."""
    before = shop.deps.db.read_now(rows)
    good = GOOD.split("\n\n", 1)[1].replace('"sale"', '"good"').replace("SALE10", "GOOD10")
    for fault in FAULTS:
        text = f"{fault.text}\n{good}"
        with pytest.raises(CampaignsRefused) as refused:
            await publish_text(shop.deps, text, actor="cli")
        assert (fault.name, fault.line) in {(each.fault, each.line) for each in refused.value.findings}
    assert shop.deps.db.read_now(rows) == before


async def test_what_is_published_is_told_by_the_audit(shop: Shop) -> None:
    for _ in range(2):
        await publish_text(shop.deps, GOOD, actor="cli:ann")
    await pause_campaign(shop.deps, "sale", actor="per_1")
    with pytest.raises(CampaignFault):
        await pause_campaign(shop.deps, "sale", actor="per_1")
    table = metadata.tables["audit"]
    told = select(table.c.actor, table.c.action, table.c.detail).where(table.c.subject == "campaign:sale")
    assert [tuple(row) for row in shop.deps.db.read_now(lambda c: c.execute(told.order_by(table.c.seq)).all())] == [
        ("cli:ann", "campaign.published", "version 1"),
        ("per_1", "campaign.paused", "version 1"),
    ]
    assert shop.deps.db.read_now(first_break) is None


async def test_a_campaign_starts_and_stops_by_date_alone(shop: Shop) -> None:
    """Published once; only the clock moves, and the same running store answers otherwise."""
    await publish_text(shop.deps, GOOD, actor="cli")
    starts, ends = "2027-03-01T00:00:00+00:00", "2027-04-01T00:00:00+00:00"
    told = []
    for instant in (starts, ends):
        at = shop.clock.now().fromisoformat(instant)
        for moved in (at - timedelta(seconds=1), at):
            shop.clock.advance_business(moved - shop.clock.now())
            told.append(await _look(shop))
    assert told == [Reason.NOT_STARTED, 34_800, 34_800, Reason.ENDED]


async def test_every_phase_has_its_name(shop: Shop) -> None:
    await publish_text(shop.deps, GOOD, actor="cli")
    published = shop.deps.db.read_now(lambda c: campaigns.find(c, "sale"))
    assert published is not None
    window = published.campaign.window
    instants = (window.starts - timedelta(seconds=1), window.starts, window.ends)
    for status, expected in {
        "draft": (Phase.DRAFT, Phase.DRAFT, Phase.DRAFT),
        "live": (Phase.SCHEDULED, Phase.RUNNING, Phase.ENDED),
        "paused": (Phase.PAUSED, Phase.PAUSED, Phase.ENDED),
    }.items():
        found = replace(published, status=type(published.status)(status))
        assert tuple(phase_of(found, at) for at in instants) == expected


async def test_the_demo_publishes_its_campaigns_at_start_and_at_a_reset(shop: Shop) -> None:
    sample = {"open-source": "running", "compute-boost": "running", "grow-50": "running", "spring-launch": "scheduled"}
    for _ in range(2):
        await shop.world.prepare(None)
        assert shop.deps.db.read_now(lambda c: phases(c, shop)) == sample
        assert shop.deps.db.read_now(rows)["campaign_versions"] == 4
    await pause_campaign(shop.deps, "grow-50", actor="per_1")
    await shop.world.prepare(None)
    assert shop.deps.db.read_now(lambda c: phases(c, shop))["grow-50"] == "paused"
    await shop.world.reset()
    assert shop.deps.db.read_now(lambda c: phases(c, shop)) == sample


async def test_a_file_with_faults_does_not_stop_the_demo(shop: Shop, tmp_path: Path) -> None:
    bad = tmp_path / "bad.toml"
    _write(bad, GOOD.replace("percent_bp = 1000", "percent_bp = 0"))
    await publish_text(shop.deps, GOOD, actor="cli")
    elsewhere = replace(shop.deps, config=replace(shop.deps.config, campaigns=bad))
    with pytest.raises(CampaignsRefused):
        await publish_checked(elsewhere, check_file(elsewhere, bad), actor="system")
    async with AsyncClient(transport=shop.network) as http:
        await DemoWorld(elsewhere, shop.product, shop.vendor_world, http).prepare(None)
    assert set(shop.deps.db.read_now(lambda c: phases(c, shop))) == {"sale"}  # what was published stands


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


async def _look(shop: Shop) -> Reason | int:
    """Return what SALE10 takes off ten seats of Team now, or why it takes nothing."""
    now = shop.clock.now()

    def read(connection: Connection) -> Decision:
        found = read_situation(connection, Asked(codes=("SALE10",)), sealer=shop.deps.sealer, carts=[cart()], now=now)
        return found.decide(cart(), NEW, now)

    decision = await shop.deps.db.read(read)
    return decision.rejected[0].reason if decision.rejected else decision.totals.discount
