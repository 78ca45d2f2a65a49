"""The offers of a campaign file and their rules."""

from typing import Final

from app.promotions.files.table import Table
from app.promotions.model import (
    AmountOff,
    Benefit,
    Customer,
    CustomerKind,
    FreeUnits,
    Growth,
    Offer,
    OnMoreSeats,
    OnPlanChange,
    OrderKind,
    Percent,
    Rules,
    Target,
)
from app.vendor_adapters.types import SalesChannel

_NO_BENEFIT: Final = Percent(percent_bp=1)  # stands in where the file's cannot be read; the file is refused anyway
_MOST_UNITS = 1_000_000
_MOST_TERMS = 100


def read_offer(table: Table, offer_id: str) -> Offer:
    """Return an offer; faults in it are reported on the way."""
    for key in ("target", "benefit"):
        table.require(key)
    offer = Offer(
        id=offer_id,
        target=_target(table),
        benefit=_benefit(table),
        periods=_periods(table),
        is_automatic=table.flag("automatic", default=False),
        group=table.text("group"),
        combines_with=table.names("combines_with"),
        on_more_seats=_on_more_seats(table),
        on_plan_change=table.choice("on_plan_change", OnPlanChange, OnPlanChange.DROP),
        rules=_rules(table.table("rules")),
    )
    table.close()
    return offer


def _target(table: Table) -> Target:
    target = table.table("target")
    if target is None:
        return Target()
    found = Target(plans=target.names("plans"), addons=target.names("addons"), deployments=target.names("deployments"))
    target.close()
    return found


def _benefit(table: Table) -> Benefit:
    benefit = table.table("benefit")
    if benefit is None:
        return _NO_BENEFIT
    percent_bp = benefit.number("percent_bp", least=-(2**31))
    amounts, free_units = benefit.sums("amount"), benefit.number("free_units", least=1, most=_MOST_UNITS)
    given = [key for key in ("percent_bp", "amount", "free_units") if benefit.has(key)]
    benefit.close()
    if len(given) != 1:
        benefit.fault("bad-benefit", "a benefit is one of percent_bp, amount and free_units")
    if percent_bp is not None:
        return Percent(percent_bp=percent_bp)
    if amounts:
        return AmountOff(amounts=amounts)
    return FreeUnits(free_units=free_units) if free_units else _NO_BENEFIT


def _periods(table: Table) -> int | None:
    """Return for how many terms the offer lasts: 1 for once, None for ever."""
    if table.is_table("duration"):
        duration = table.table("duration")
        if duration is None or not duration.require("periods"):
            return 1
        periods = duration.number("periods", least=1, most=_MOST_TERMS)
        duration.close()
        return periods or 1
    named = table.text("duration", "once")
    if named not in ("once", "forever"):
        table.fault("bad-value", 'duration must be "once", { periods = N } or "forever"', "duration")
    return None if named == "forever" else 1


def _on_more_seats(table: Table) -> OnMoreSeats:
    if table.is_table("on_more_seats"):
        more = table.table("on_more_seats")
        if more is None or not more.require("first_n_units"):
            return OnMoreSeats(growth=Growth.KEEP_AMOUNT)
        units = more.number("first_n_units", least=1, most=_MOST_UNITS)
        more.close()
        return OnMoreSeats(growth=Growth.FIRST_UNITS, units=units or 1)
    named = table.text("on_more_seats", Growth.KEEP_AMOUNT.value)
    if named not in (Growth.KEEP_AMOUNT.value, Growth.EXTEND.value):
        table.fault(
            "bad-value", 'on_more_seats must be "keep_amount", "extend" or { first_n_units = N }', "on_more_seats"
        )
        return OnMoreSeats(growth=Growth.KEEP_AMOUNT)
    return OnMoreSeats(growth=Growth(named))


def _rules(table: Table | None) -> Rules:
    if table is None:
        return Rules()
    found = Rules(
        order=table.choices("order", OrderKind),
        customer=_customer(table),
        currencies=table.names("currencies"),
        countries=table.names("countries"),
        channels=table.choices("channels", SalesChannel, fault="unknown-channel"),
        min_seats=table.number("min_seats"),
        max_seats=table.number("max_seats"),
        min_added_seats=table.number("min_added_seats"),
        min_packs=table.number("min_packs"),
        min_subtotal=table.sums("min_subtotal"),
        accounts=table.names("accounts"),
        mail_domains=tuple(domain.casefold() for domain in table.names("mail_domains")),
        any_of=tuple(_rules(each) for each in table.tables("any")),
        none_of=_rules(table.table("not")) if table.has("not") else None,
    )
    table.close()
    return found


def _customer(table: Table) -> Customer | None:
    if not table.has("customer"):
        return None
    if table.is_table("customer"):
        customer = table.table("customer")
        if customer is None or not customer.require("lapsed_days"):
            return None
        days = customer.number("lapsed_days", least=1, most=36_500)
        customer.close()
        return Customer(kind=CustomerKind.LAPSED, lapsed_days=days or 1)
    named = table.text("customer")
    if named not in (CustomerKind.NEW.value, CustomerKind.EXISTING.value):
        table.fault("bad-value", 'customer must be "new", "existing" or { lapsed_days = N }', "customer")
        return None
    return Customer(kind=CustomerKind(named))
