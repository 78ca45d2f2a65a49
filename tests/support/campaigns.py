"""Campaigns for tests of journeys: published through the same function as by command, with time moved into them."""

from datetime import UTC, datetime

from sqlalchemy import Connection, select

from app.db.schema.events import audit
from app.promotions.budget_ids import campaign_uses
from app.promotions.files.findings import VENDOR_CANNOT
from app.promotions.files.lint import check_text
from app.promotions.model import Campaign
from app.promotions.publish import publish
from app.promotions.reservation import Reservation
from app.promotions.store import budgets, ledger, reservations
from app.promotions.store.codes import make_codes
from tests.support.shop import Browser, Shop
from tests.support.sources import ROOT

IN_SPRING = datetime(2027, 3, 15, 9, tzinfo=UTC)
SPRING = "/c/spring-launch?utm_source=mail"


LAUNCH = """
schema = 1

[[campaign]]
slug = "launch"
name = "Launch"
window = { starts = 2026-11-01T00:00:00Z, ends = 2027-02-01T00:00:00Z }
overcap = "strict"
budget = { redemptions = 50, money = { usd = 10_000_000, eur = 10_000_000 }, per_identity = 5 }
landing = { plan = "team", seats = 10, headline = "20% off" }
terms = "Once."
codes = [{ code = "LAUNCH20", visibility = "public" }]

[[campaign.offer]]
target = { plans = ["team"] }
benefit = { percent_bp = 2000 }
duration = "once"
rules = { order = ["first_order"], min_seats = 5 }

[[campaign]]
slug = "oss"
name = "Open source"
listed = false
window = { starts = 2026-11-01T00:00:00Z, ends = 2027-02-01T00:00:00Z }
overcap = "strict"
terms = "One year."
codes = [{ batch = 20, prefix = "OSS", visibility = "secret", redemptions_each = 1 }]

[[campaign.offer]]
target = { plans = ["scale"] }
benefit = { percent_bp = 10000 }
duration = "once"
rules = { order = ["first_order"] }
"""


async def publish_text(shop: Shop, text: str) -> tuple[Campaign, ...]:
    """Check and publish the text of a campaign file, also what the vendor cannot carry: another sold before."""
    checked = check_text(text, "test.toml", shop.deps.catalog, shop.deps.vendor.capabilities)
    assert {finding.fault for finding in checked.findings} <= {VENDOR_CANNOT}

    def write(connection: Connection) -> None:
        publish(connection, checked.campaigns, sealer=shop.deps.sealer, actor="cli", now=shop.clock.now())

    await shop.deps.db.write(write)
    return checked.campaigns


async def publish_samples(shop: Shop, *replaced: tuple[str, str]) -> tuple[Campaign, ...]:
    """Publish the sample campaigns, with some of their text replaced."""
    text = (ROOT / "data" / "campaigns.toml").read_text()
    for old, new in replaced:
        assert old in text, f"the samples do not say {old!r}"
        text = text.replace(old, new)
    return await publish_text(shop, text)


def move_to(shop: Shop, instant: datetime) -> None:
    """Let business time be ``instant``."""
    shop.clock.advance_business(instant - shop.clock.now())


async def in_spring(shop: Shop, *replaced: tuple[str, str]) -> None:
    """Publish the samples and move time into the spring campaign."""
    await publish_samples(shop, *replaced)
    move_to(shop, IN_SPRING)


async def secret_codes(shop: Shop, campaign: Campaign, count: int) -> tuple[str, ...]:
    """Make secret codes of a campaign's batch."""

    def write(connection: Connection) -> tuple[str, ...]:
        made = make_codes(connection, campaign, count, sealer=shop.deps.sealer, actor="cli", now=shop.clock.now())
        return tuple(code.text for code in made)

    return await shop.deps.db.write(write)


async def type_code(browser: Browser, code: str) -> None:
    """Type a code into the promo field and apply it."""
    await browser.press("Apply", code=code)


async def claimed(shop: Shop) -> list[Reservation]:
    """Return every reservation, oldest first."""
    found = await shop.deps.db.read(reservations.everything)
    return sorted(found, key=lambda each: each.made_at)


async def states(shop: Shop) -> list[str]:
    """Return the states of all reservations, oldest first."""
    return [each.state.value for each in await claimed(shop)]


async def actions(shop: Shop) -> list[str]:
    """Return what the ledger says, with the causes."""
    entered = await shop.deps.db.read(lambda connection: list(ledger.entries(connection)))
    return [f"{each.action.value} {each.cause}".strip() for each in entered]


async def uses(shop: Shop, slug: str = "spring-launch") -> tuple[int, int, int]:
    """Return how many uses of a campaign are held, used and overdrawn."""
    counted = await shop.deps.db.read(lambda connection: budgets.counters(connection, slug))
    found = next(each for each in counted if each.budget_id == campaign_uses(slug))
    return (found.held, found.used, found.overdrawn)


async def alarms(shop: Shop) -> list[str]:
    """Return what somebody must look at, oldest first."""
    query = select(audit.c.action).where(audit.c.action.like("alarm.%")).order_by(audit.c.seq)
    return list(await shop.deps.db.read(lambda connection: connection.execute(query).scalars().all()))
