"""Campaigns that run at the tests' standing clock, published as the command does it."""

from app.promotions.files.lint import check_text
from app.promotions.publish import publish
from tests.support.shop import Shop

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


async def publish_campaigns(shop: Shop, text: str = LAUNCH) -> None:
    """Check and publish a campaign file."""
    deps = shop.deps
    checked = check_text(text, "campaigns.toml", deps.catalog, deps.vendor.capabilities)
    assert checked.findings == (), checked.findings
    await deps.db.write(
        lambda connection: publish(connection, checked.campaigns, sealer=deps.sealer, actor="cli", now=deps.clock.now())
    )
