"""``kassa seats owed``: who has more people than seats, and what the quarter's rule would come to. Charges nothing."""

import sys
from typing import cast

from app import formats
from app.catalog.reconciliation import ReconciliationRules
from app.commands.database import require_schema
from app.commands.listings import Row, write_rows
from app.commands.neighbours import neighbours
from app.commands.seats_store import over_their_seats
from app.config import Config
from app.core.clock import SystemClock
from app.core.money import Money
from app.db.clock_store import follow
from app.flows.deps import Deps
from app.subscriptions.eligibility import reason_for
from app.subscriptions.store import Subscription
from app.usage.quarters import Quarter, charge_of, most_in, quarters_of
from app.usage.readings import Reading

NOT_A_YEAR, LAST_QUARTER, NOT_COUNTED = "not_a_year", "last_quarter", "not_counted"


async def owed(config: Config, *, as_json: bool) -> int:
    """Print every running plan that is over its seats. Raises NotReady."""
    async with neighbours(config) as deps:
        await require_schema(deps.db)
        if config.is_demo:
            await follow(deps.db, cast(SystemClock, deps.clock))
        found = await deps.db.read(lambda connection: over_their_seats(connection, now=deps.clock.now()))
        rows = [_row(deps, subscription, readings) for subscription, readings in found]
    write_rows(rows if as_json else _for_people(rows), as_json=as_json, empty="Nobody is over their seats.")
    if rows and not as_json:
        sys.stdout.write("Nothing is charged for these: who buys adds the seats, at the price shown there.\n")
    return 0


def _row(deps: Deps, subscription: Subscription, readings: tuple[Reading, ...]) -> Row:
    now, rules, last = deps.clock.now(), deps.catalog.rules.reconciliation, readings[-1]
    quarters = quarters_of(subscription.starts_at, subscription.ends_at, months=rules.quarter_months)
    quarter = next((each for each in quarters if each.has(now)), None)
    most = most_in(quarter, readings, term_starts_at=subscription.starts_at) if quarter else None
    reason = reason_for(subscription, now=now).value
    why = _why_not(reason, quarter, most, rules)
    charge = None
    if quarter is not None and most is not None and reason not in rules.excluded:
        unit_price = Money(subscription.unit_amount, subscription.currency)
        charge = charge_of(quarter, most=most, seats=subscription.seats, unit_price=unit_price)
    return {
        "group": subscription.group_id,
        "subscription": subscription.subscription_id,
        "plan": subscription.plan,
        "seats": subscription.seats,
        "in_use": last.seats_in_use,
        "owed": last.seats_max - subscription.seats,
        "quarter": f"{quarter.number} of {quarter.of}" if quarter else None,
        "most_in_quarter": most,
        "quarter_ends": quarter.ends_at if quarter else None,
        "quarters_left": quarter.left if quarter else None,
        "would_come_to": charge.minor if charge else None,
        "currency": subscription.currency,
        "would_be_due": quarter.ends_at + rules.notice if quarter and charge and not charge.is_zero else None,
        "why_not": why,
        "counted": last.counted_at,
    }


def _why_not(reason: str, quarter: Quarter | None, most: int | None, rules: ReconciliationRules) -> str:
    if reason in rules.excluded:
        return reason
    if quarter is None:
        return NOT_A_YEAR
    if not quarter.left:
        return LAST_QUARTER
    return NOT_COUNTED if most is None else ""


def _for_people(rows: list[Row]) -> list[Row]:
    """Return the same with amounts as people write them."""
    hidden = ("subscription", "currency")
    return [
        {name: _amount(row) if name == "would_come_to" else value for name, value in row.items() if name not in hidden}
        for row in rows
    ]


def _amount(row: Row) -> str | None:
    minor, currency = row["would_come_to"], row["currency"]
    return formats.money(Money(minor, str(currency))) if isinstance(minor, int) else None
