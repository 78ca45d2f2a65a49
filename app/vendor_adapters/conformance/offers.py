"""What the kit sells and where its buyers live: the same on every adapter, so that amounts can be compared."""

from datetime import UTC, datetime

from app.catalog.model import Addon, AddressRules, Catalog, PaymentRules, Plan, PriceRow, Rules, SeatRules
from app.vendor_adapters.types import Address, OfferKey

START = datetime(2026, 3, 1, tzinfo=UTC)
"""Business time when a check begins: midnight, so that vendors that count days and seconds agree on proration."""
DAY_OF_CHANGES = 267
"""Days after START (23 November 2026), when 98 of the term's 365 days are left."""

TEAM = OfferKey("kit-team-usd-y")
SCALE = OfferKey("kit-scale-usd-y")
STORAGE = OfferKey("kit-storage-usd-y")
MINUTES = OfferKey("kit-minutes-usd")
ODD = OfferKey("kit-odd-usd")
ODD_YEN = OfferKey("kit-odd-jpy")
ODD_DINAR = OfferKey("kit-odd-kwd")
TEAM_YEN = OfferKey("kit-team-jpy-y")
RETIRED = OfferKey("kit-team-usd-y-old")

OREGON = Address(country="US", region="OR", postal_code="97201", city="Portland", line1="1 Main Street")
"""A place without tax."""
NEW_YORK = Address(country="US", region="NY", postal_code="10001", city="New York", line1="1 Main Street")
"""A place with tax."""
NEW_YORK_PPM = 88_750
"""Its rate: 8.875 %."""


def kit_catalog() -> Catalog:
    """Return what the vendor must hold before a check begins.

    Two plans, a yearly and two one-off add-ons; prices in currencies with 0, 2 and 3 decimals, some of which a float
    cannot hold (19.99); one price that is retired.
    """
    return Catalog(
        version="conformance",
        default_currency="usd",
        plans=(_plan("kit-team", "Team", 1), _plan("kit-scale", "Scale", 2)),
        addons=(
            _addon("kit-storage", "Storage", is_recurring=True),
            _addon("kit-minutes", "Minutes", is_recurring=False),
            _addon("kit-odd", "Odd packs", is_recurring=False),
        ),
        prices=(
            _price(TEAM, "kit-team", "usd", 34_800),
            _price(SCALE, "kit-scale", "usd", 118_800),
            _price(STORAGE, "kit-storage", "usd", 6_000),
            _price(MINUTES, "kit-minutes", "usd", 1_000, interval="once"),
            _price(ODD, "kit-odd", "usd", 1_999, interval="once"),
            _price(ODD_YEN, "kit-odd", "jpy", 1_999, interval="once"),
            _price(ODD_DINAR, "kit-odd", "kwd", 19_990, interval="once"),
            _price(TEAM_YEN, "kit-team", "jpy", 52_000),
            _price(RETIRED, "kit-team", "usd", 22_800, active=False),
        ),
        rules=_rules(),
    )


def _plan(key: str, name: str, rank: int) -> Plan:
    return Plan(
        key=key,
        name=name,
        rank=rank,
        sellable=True,
        blurb="",
        includes=(),
        max_users_per_group=None,
        free_roles=(),
    )


def _addon(key: str, name: str, *, is_recurring: bool) -> Addon:
    return Addon(
        key=key,
        name=name,
        is_recurring=is_recurring,
        grants=(),
        valid_months=None if is_recurring else 12,
        deployments=("hosted",),
        min_packs=1,
        max_packs=500,
        needs_paid_plan=False,
    )


def _price(
    key: OfferKey, item: str, currency: str, amount: int, *, interval: str = "P1Y", active: bool = True
) -> PriceRow:
    return PriceRow(
        id=key,
        item=item,
        deployment="hosted",
        currency=currency,
        interval=interval,
        amount=amount,
        display_month=None,
        active=active,
    )


def _rules() -> Rules:
    return Rules(
        seats=SeatRules(self_serve_max=5_000, suggest_sales_from=250),
        address=AddressRules(
            required=("line1", "city", "country"),
            region_required_in=frozenset({"US"}),
            postal_optional_in=frozenset(),
            not_sold_to=frozenset(),
        ),
        payment=PaymentRules(declines_per_minute=3, declines_per_hour=6, card_expiry_notice_days=60),
        quote_ttl_seconds=1_800,
        auto_renew_default=True,
        grace_days=14,
        renewal_notice_days=30,
        renewal_window_days=30,
        grace_notice_days=3,
        reactivate_days_self_hosted=30,
        tax_ids=(("EU", "eu_vat"),),
        sales_required_for=(),
    )
