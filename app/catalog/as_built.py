"""Rules that the catalog names and the store follows in one way only, so that another value is told and not obeyed."""

from collections.abc import Mapping
from pathlib import Path
from tomllib import load
from typing import Any

ONE_WAY: Mapping[str, object] = {
    "terms.offered": ["P1Y"],
    "terms.expires_at": "00:00Z",
    "terms.fixed_term_only": True,
    "seats.first_order_below_usage": "warn",
    "seats.renewal_below_usage": "block",
    "seats.reduce": "renewal_only",
    "proration.basis": "day",
    "proration.line_style": "credit_then_charge",
    "proration.rounding": "half_up_per_line",
    "plan_change.upgrade": "now_prorated",
    "plan_change.downgrade": "at_renewal",
    "renewal.quantity": "max(seats, billable_members)",
    "promotions.discount_base": "before_tax",
    "promotions.expired_link": "show_plans_with_notice",
    "payment.three_d_secure": "support",
    "sales_assist.always_offer": True,
}
"""By table and key under ``[rules]``: what the store does."""


def other_ways(path: Path) -> tuple[str, ...]:
    """Return a line for each rule of a catalog file that says something else than what the store does."""
    with path.open("rb") as file:
        rules = load(file).get("rules", {})
    return tuple(
        f"[rules.{table}] {key} = {said!r} is not done: this store does {done!r}"
        for (table, key), done in ((name.split(".", 1), done) for name, done in ONE_WAY.items())
        if (said := _said(rules, table, key, done)) != done
    )


def _said(rules: Mapping[str, Any], table: str, key: str, usual: object) -> object:
    return rules.get(table, {}).get(key, usual)
