"""What the catalog says of people above the seats: how quarters are counted, who is left out, when one would be due.

The store does one thing of it: it shows what is owed and lets the buyer add seats (``self_serve``). Nothing bills by
itself on the quarter, so a catalog that asks for that is refused and not taken for what it is not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

MONTHS_OF_TERM = 12
EXCLUDABLE = frozenset(
    {
        "reseller",
        "marketplace",
        "purchase_order",
        "bank_transfer",
        "multi_year",
        "offline_license",
        "community",
        "public_sector",
    }
)
"""Why a quarter may be nobody's to bill: reasons of ``app.subscriptions.eligibility``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciliationRules:
    """How a quarter would be counted.

    Attributes:
        quarter_months: a whole part of a year. notice: from the word that a quarter is owed until it would be charged.
        excluded: the reasons why a subscription is left out.
    """

    quarter_months: int = 3
    notice: timedelta = timedelta(days=7)
    excluded: frozenset[str] = frozenset()


NOBODY_LEFT_OUT = ReconciliationRules()


def read_reconciliation(rules: Mapping[str, Any]) -> ReconciliationRules:
    """Read ``[rules.reconciliation]``; ValueError for what the store does not do, or does not know."""
    _refuse_what_is_not_done(rules)
    months, days = rules.get("quarter_months", 3), rules.get("notice_to_charge_days", 7)
    if type(months) is not int or months < 1 or MONTHS_OF_TERM % months:
        raise ValueError(f"{_TABLE}: quarter_months must be a whole part of {MONTHS_OF_TERM}, not {months!r}")
    if type(days) is not int or days < 0:
        raise ValueError(f"{_TABLE}: notice_to_charge_days must be a number of days, not {days!r}")
    excluded = frozenset(rules.get("excluded", ()))
    unknown = sorted(excluded - EXCLUDABLE)
    if unknown:
        raise ValueError(f"{_TABLE}: nobody is excluded for {', '.join(unknown)}; say {', '.join(sorted(EXCLUDABLE))}")
    return ReconciliationRules(quarter_months=months, notice=timedelta(days=days), excluded=excluded)


def _refuse_what_is_not_done(rules: Mapping[str, Any]) -> None:
    mode = rules.get("mode", "self_serve")
    if mode != "self_serve":
        raise ValueError(
            f'{_TABLE}: mode = "{mode}" is not done: this store charges nothing by itself on the quarter. Say '
            'mode = "self_serve"; what a quarter would come to is listed by: kassa seats owed'
        )
    if rules.get("never_charge_last_quarter", True) is not True:
        raise ValueError(
            f"{_TABLE}: never_charge_last_quarter cannot be false: only quarters that are left count, and after the "
            "last one none is"
        )


_TABLE = "[rules.reconciliation]"
