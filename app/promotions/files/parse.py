"""From tables to campaigns. What cannot be read becomes a finding and is left out; the rest is still checked."""

from datetime import UTC, datetime
from typing import Final

from app.promotions.files.offers import read_offer
from app.promotions.files.table import Table
from app.promotions.model import BudgetSpec, Campaign, CodeSpec, Landing, LandingFlow, Status, Window

SCHEMA = 1
_MOST_IN_A_BATCH = 100_000
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)  # of a campaign without a window, which is refused


def read_campaigns(file: Table) -> tuple[Campaign | None, ...]:
    """Return the campaigns in the order of the file; None stands for one that lacks too much."""
    if file.require("schema") and file.number("schema") != SCHEMA:
        file.fault("bad-schema", f"this version reads schema = {SCHEMA}", "schema")
    campaigns = tuple(_campaign(table) for table in file.tables("campaign"))
    file.close()
    return campaigns


def _campaign(table: Table) -> Campaign | None:
    given = [table.require(key) for key in ("slug", "window", "offer")]
    window = _window(table)
    slug = table.text("slug")
    customer_wins = _customer_wins(table)
    link_budget = table.table("link_budget")
    campaign = Campaign(
        slug=slug,
        name=table.text("name", slug),
        status=table.choice("status", Status, Status.LIVE, fault="bad-status"),
        is_listed=table.flag("listed", default=True),
        window=window or Window(starts=_NEVER, ends=_NEVER),
        customer_wins=customer_wins,
        budget=_budget(table),
        landing=_landing(table),
        terms=table.text("terms"),
        agreement=table.text("agreement"),
        codes=tuple(_code(each) for each in table.tables("codes")),
        link_redemptions=_closed_number(link_budget, "redemptions"),
        offers=tuple(read_offer(each, f"{slug}/{i}") for i, each in enumerate(table.tables("offer"), start=1)),
    )
    table.close()
    return campaign if all(given) and window is not None else None


def _window(table: Table) -> Window | None:
    window = table.table("window")
    if window is None:
        return None
    given = [window.require(key) for key in ("starts", "ends")]
    starts, ends = window.instant("starts"), window.instant("ends")
    window.close()
    if not all(given) or starts is None or ends is None:
        return None
    return Window(starts=starts, ends=ends)


def _customer_wins(table: Table) -> int | None:
    """Return how many late payments are honoured over the cap without an alarm, None for strict."""
    if not table.is_table("overcap"):
        if table.text("overcap", "strict") != "strict":
            table.fault("bad-value", 'overcap must be "strict" or { customer_wins = N }', "overcap")
        return None
    overcap = table.table("overcap")
    if overcap is None or not overcap.require("customer_wins"):
        return None
    return _closed_number(overcap, "customer_wins")


def _budget(table: Table) -> BudgetSpec:
    budget = table.table("budget")
    if budget is None:
        return BudgetSpec()
    found = BudgetSpec(
        redemptions=budget.number("redemptions", least=1),
        money=budget.sums("money"),
        per_identity=budget.number("per_identity", least=1, most=1000),
    )
    budget.close()
    return found


def _landing(table: Table) -> Landing:
    landing = table.table("landing")
    if landing is None:
        return Landing()
    found = Landing(
        flow=landing.choice("flow", LandingFlow, LandingFlow.PACKS if landing.has("addon") else LandingFlow.PLANS),
        plan=landing.text("plan"),
        addon=landing.text("addon"),
        seats=landing.number("seats", least=1),
        packs=landing.number("packs", least=1),
        headline=landing.text("headline"),
    )
    landing.close()
    return found


def _code(table: Table) -> CodeSpec:
    if table.has("code") == table.has("batch"):
        table.fault("bad-code", "a code needs one of code and batch")
    visibility = table.text("visibility", "secret" if table.has("batch") else "public")
    if visibility not in ("public", "secret"):
        table.fault("bad-value", "visibility must be public or secret", "visibility")
    code = table.text("code", longest=None)
    if table.has("code") and not code:
        table.fault("bad-code", "a code is a text, such as SPRING20", "code")
    found = CodeSpec(
        code=code,
        batch=table.number("batch", least=1, most=_MOST_IN_A_BATCH) or 0,
        prefix=table.text("prefix"),
        is_secret=visibility == "secret",
        redemptions=table.number("redemptions", least=1),
        redemptions_each=table.number("redemptions_each", least=1),
        expires=table.instant("expires"),
    )
    table.close()
    return found


def _closed_number(table: Table | None, key: str) -> int | None:
    if table is None:
        return None
    number = table.number(key)
    table.close()
    return number
