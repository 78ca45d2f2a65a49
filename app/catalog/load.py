"""Reading the catalog file."""

import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.catalog.model import (
    Addon,
    AddressRules,
    Catalog,
    MissLimit,
    PaymentRules,
    Plan,
    PriceRow,
    PromotionRules,
    Rules,
    SeatRules,
)
from app.catalog.reconciliation import read_reconciliation
from app.catalog.thresholds import read_alerts, read_trial
from app.core.durations import after

_ANY_DAY = datetime(2026, 1, 1, tzinfo=UTC)  # the length of a duration in days and less is the same from any


class CatalogError(ValueError):
    """The file cannot be used; the message says where and why."""


def load_catalog(path: Path) -> Catalog:
    """Read and check the catalog at ``path``; CatalogError says what is missing."""
    try:
        data = tomllib.loads(path.read_text("utf-8"))
        return _catalog(data)
    except OSError as error:
        raise CatalogError(f"cannot read the catalog {path}: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise CatalogError(f"{path} is not TOML: {error}") from error
    except (KeyError, TypeError) as error:
        raise CatalogError(f"{path}: missing or misplaced key {error}") from error
    except ValueError as error:
        raise CatalogError(f"{path}: {error}") from error


def _catalog(data: Mapping[str, Any]) -> Catalog:
    catalog = Catalog(
        version=data["catalog_version"],
        default_currency=data["default_currency"],
        plans=tuple(_plan(row) for row in data["plan"]),
        addons=tuple(_addon(row) for row in data["addon"]),
        prices=tuple(PriceRow(**{"display_month": None, **row}) for row in data["prices"]["rows"]),
        rules=_rules(data["rules"], data.get("alerts", {})),
    )
    known = {plan.key for plan in catalog.plans} | {addon.key for addon in catalog.addons}
    strangers = sorted({row.item for row in catalog.prices} - known)
    if strangers:
        raise ValueError(f"prices for unknown items: {', '.join(strangers)}")
    return catalog


def _plan(row: Mapping[str, Any]) -> Plan:
    return Plan(
        key=row["key"],
        name=row["name"],
        rank=row["rank"],
        sellable=row["sellable"],
        blurb=row["blurb"],
        includes=tuple(row["includes"].items()),
        max_users_per_group=row.get("max_users_per_group"),
        free_roles=tuple(row.get("free_roles", ())),
    )


def _addon(row: Mapping[str, Any]) -> Addon:
    return Addon(
        key=row["key"],
        name=row["name"],
        is_recurring=row["kind"] == "recurring",
        grants=tuple(row["grants"].items()),
        valid_months=_months(row["valid_for"]) if "valid_for" in row else None,
        deployments=tuple(row["deployments"]),
        min_packs=row["min_packs"],
        max_packs=row["max_packs"],
        needs_paid_plan=row["needs_paid_plan"],
    )


def _months(period: str) -> int:
    if not (period.startswith("P") and period.endswith("M")):
        raise ValueError(f"a period like P12M is needed, not {period}")
    return int(period[1:-1])


def _rules(rules: Mapping[str, Any], alerts: Mapping[str, Any]) -> Rules:
    address = rules["address"]
    payment = rules["payment"]
    return Rules(
        seats=SeatRules(
            self_serve_max=rules["seats"]["self_serve_max"],
            suggest_sales_from=rules["seats"]["suggest_sales_from"],
        ),
        address=AddressRules(
            required=tuple(address["required"]),
            region_required_in=frozenset(address["region_required_in"]),
            postal_optional_in=frozenset(address["postal_optional_in"]),
            not_sold_to=frozenset(address["not_sold_to"]),
        ),
        payment=PaymentRules(
            declines_per_minute=payment["card_declines_per_minute"],
            declines_per_hour=payment["card_declines_per_hour"],
            card_expiry_notice_days=payment["card_expiry_notice_days"],
        ),
        quote_ttl_seconds=rules["proration"]["quote_ttl_seconds"],
        auto_renew_default=rules["renewal"]["auto_renew_default"],
        grace_days=rules["renewal"]["grace_days_hosted"],
        renewal_notice_days=rules["renewal"]["notice_days"],
        renewal_window_days=rules["renewal"]["manual_window_days"],
        grace_notice_days=rules["renewal"]["grace_notice_days"],
        reactivate_days_self_hosted=rules["renewal"]["reactivate_days_self_hosted"],
        tax_ids=tuple(rules["tax_ids"].items()),
        sales_required_for=tuple(rules["sales_assist"]["required_for"]),
        promotions=_promotion_rules(rules.get("promotions", {})),
        alerts=read_alerts(alerts),
        trial=read_trial(rules.get("trial", {})),
        reconciliation=read_reconciliation(rules.get("reconciliation", {})),
    )


def _promotion_rules(rules: Mapping[str, Any]) -> PromotionRules:
    return PromotionRules(
        max_codes=rules.get("max_codes_per_order", PromotionRules().max_codes),
        misses=tuple(
            MissLimit(scope=scope, most=most, within=after(_ANY_DAY, within) - _ANY_DAY)
            for scope, (most, within) in rules.get("misses", {}).items()
        ),
    )
