"""``kassa campaign replay``: what a file's campaigns would have done with the orders of the last months."""

import re
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from app import formats
from app.commands.listings import Row, write_json
from app.commands.past_orders_store import past_orders
from app.commands.progress import Progress
from app.core.money import Money
from app.flows.campaigns.manage import CampaignFault
from app.flows.campaigns.publish import CampaignsRefused, check_file
from app.flows.deps import Deps
from app.promotions.replay import Replayed, replay_orders

_LAST = re.compile(r"([1-9][0-9]{0,4})([hdw])")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_HOUR = timedelta(hours=1)


async def replay(deps: Deps, path: Path, last: str, *, as_json: bool) -> int:
    """Print for each campaign of a file how often it would have applied, at what cost, and when its cap was hit.

    The file must be good and need not be published. Raises CampaignsRefused and CampaignFault; writes nothing.
    """
    since = deps.clock.now() - _span(last)
    checked = check_file(deps, path)
    if checked.findings:
        raise CampaignsRefused(checked.findings)
    past = await deps.db.read(lambda connection: past_orders(connection, deps, since))
    progress = Progress("orders", len(past) * len(checked.campaigns))
    found = replay_orders(checked.campaigns, past, on_each=progress.advance)
    if as_json:
        write_json({"since": since, "orders": len(past), "campaigns": [_row(each) for each in found]})
        return 0
    orders = formats.counted(len(past), "paid order")
    sys.stdout.write(
        f"{orders} since {formats.date(since)}, each as if its buyer had come by a way in that still had uses:\n"
    )
    sys.stdout.writelines(_lines(found, since))
    return 0


def _span(text: str) -> timedelta:
    found = _LAST.fullmatch(text)
    if found is None:
        raise CampaignFault("bad-value", f"--last is {text!r}; it must be such as 90d, 12w or 48h")
    return int(found[1]) * _UNITS[found[2]]


def _lines(found: Sequence[Replayed], since: datetime) -> list[str]:
    return [line for each in found for line in (_line(each, since), *_refusals(each))]


def _line(replayed: Replayed, since: datetime) -> str:
    applied = f"would have applied to {formats.counted(replayed.orders, 'order')}"
    costs = [formats.money(Money(cost, currency)) for currency, cost in sorted(replayed.cost.items())]
    cost = f", cost {' and '.join(costs)}" if costs else ""
    hours = (replayed.capped_at - since) // _HOUR if replayed.capped_at else 0
    cap = f", hit its cap after {formats.number(hours)} h" if replayed.capped_at else ""
    return f"{replayed.slug}: {applied}{cost}{cap}\n"


def _refusals(replayed: Replayed) -> list[str]:
    counted = [f"{reason.value} {formats.number(count)}" for reason, count in replayed.refused.most_common()]
    return [f"  not to others: {', '.join(counted)}\n"] if counted else []


def _row(replayed: Replayed) -> Row:
    return {
        "campaign": replayed.slug,
        "orders": replayed.orders,
        "cost": dict(replayed.cost),
        "refused": {reason.value: count for reason, count in replayed.refused.items()},
        "capped_at": replayed.capped_at,
    }
