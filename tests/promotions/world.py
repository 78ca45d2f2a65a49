"""Campaigns, carts and buyers for the tests of the engine, built by hand so that a test shows what matters to it."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from app.catalog.load import load_catalog
from app.core.money import Money
from app.db.sealing import Sealer
from app.promotions.campaigns import Campaigns
from app.promotions.cart import Cart, CartLine, Entry, Facts, History, Match, Source
from app.promotions.claims import Claimant
from app.promotions.decision import Decision
from app.promotions.evaluate import evaluate
from app.promotions.identity_keys import identity_keys
from app.promotions.model import (
    AmountOff,
    Benefit,
    BudgetSpec,
    Campaign,
    CodeSpec,
    FreeUnits,
    Growth,
    Landing,
    Offer,
    OnMoreSeats,
    OnPlanChange,
    OrderKind,
    Percent,
    Published,
    Rules,
    Status,
    Target,
    Window,
)
from app.vendor_adapters.embedded.adapter import CAPABILITIES
from app.vendor_adapters.types import OfferKey
from tests.support.sources import ROOT

CATALOG = load_catalog(ROOT / "data" / "catalog.toml")
VENDOR = CAPABILITIES
NOW = datetime(2027, 3, 15, 14, 32, tzinfo=UTC)
WINDOW = Window(starts=datetime(2027, 3, 1, tzinfo=UTC), ends=datetime(2027, 4, 1, tzinfo=UTC))
SEALER = Sealer(["a-key-of-the-tests-that-is-long-enough"])
NOBODY = Facts()
NEW = Facts(account_id="acc_1", history=History(), country="US", mail_domain="example.com")
OLD = Facts(
    account_id="acc_2",
    history=History(account_until=datetime(2028, 1, 1, tzinfo=UTC)),
    country="US",
    mail_domain="example.com",
)


def percent(basis_points: int) -> Percent:
    return Percent(percent_bp=basis_points)


def amount(usd: int, eur: int | None = None) -> AmountOff:
    sums = [Money(usd, "usd")] if eur is None else [Money(eur, "eur"), Money(usd, "usd")]
    return AmountOff(amounts=tuple(sums))


def free(units: int) -> FreeUnits:
    return FreeUnits(free_units=units)


def offer(
    slug: str,
    benefit: Benefit,
    *,
    number: int = 1,
    plans: Sequence[str] = ("team",),
    addons: Sequence[str] = (),
    deployments: Sequence[str] = (),
    rules: Rules | None = None,
    periods: int | None = 1,
    automatic: bool = False,
    group: str = "",
    combines_with: Iterable[str] = (),
    growth: OnMoreSeats | None = None,
    on_plan_change: OnPlanChange = OnPlanChange.DROP,
) -> Offer:
    return Offer(
        id=f"{slug}/{number}",
        target=Target(plans=tuple(plans), addons=tuple(addons), deployments=tuple(deployments)),
        benefit=benefit,
        periods=periods,
        is_automatic=automatic,
        group=group,
        combines_with=tuple(combines_with),
        on_more_seats=growth or OnMoreSeats(growth=Growth.KEEP_AMOUNT),
        on_plan_change=on_plan_change,
        rules=rules or Rules(),
    )


def campaign(
    slug: str,
    *offers: Offer,
    status: Status = Status.LIVE,
    window: Window = WINDOW,
    budget: BudgetSpec | None = None,
    codes: Sequence[CodeSpec] = (),
    customer_wins: int | None = None,
    listed: bool = True,
    link_redemptions: int | None = None,
) -> Campaign:
    return Campaign(
        slug=slug,
        name=slug.replace("-", " ").capitalize(),
        status=status,
        is_listed=listed,
        window=window,
        customer_wins=customer_wins,
        budget=budget or BudgetSpec(),
        landing=Landing(),
        terms="",
        agreement="",
        codes=tuple(codes),
        link_redemptions=link_redemptions,
        offers=offers,
    )


def published(found: Campaign, status: Status | None = None) -> Published:
    return Published(campaign=found, version=1, status=status or found.status)


def campaigns(*found: Campaign) -> Campaigns:
    return Campaigns(published(each) for each in found)


def typed(slug: str, code: str = "", *, secret: bool = False, code_id: str = "") -> Entry:
    """Return a code of a campaign, as if somebody had typed it."""
    match = Match(slug=slug, entry_id=code_id or f"cod_{slug}")
    return Entry(source=Source.CODE, label=code or slug.upper(), matches=(match,), is_secret=secret)


def line(
    item: str = "team",
    quantity: int = 10,
    unit_price: int = 34_800,
    *,
    added: int | None = None,
    amount: int | None = None,
    deployment: str = "hosted",
    renews_at: datetime | None = None,
) -> CartLine:
    is_addon = item in ("compute-1000", "storage-10")
    bought = quantity if added is None else added
    return CartLine(
        item=item,
        is_addon=is_addon,
        deployment=deployment,
        offer=OfferKey(f"{item}-{deployment}"),
        quantity=quantity,
        added=bought,
        amount=bought * unit_price if amount is None else amount,
        renews_at=renews_at,
        renewal_amount=quantity * unit_price if renews_at else 0,
    )


def cart(*lines: CartLine, kind: OrderKind = OrderKind.FIRST_ORDER, currency: str = "usd") -> Cart:
    return Cart(kind=kind, currency=currency, lines=lines or (line(),))


def decide(
    found: Sequence[Campaign], entries: Iterable[Entry], bought: Cart | None = None, facts: Facts = NEW
) -> Decision:
    return evaluate(bought or cart(), facts, NOW, campaigns(*found), entries)


def claimant(order_id: str, person: str = "") -> Claimant:
    """Return a buyer of their own for each order, unless the person is named."""
    keys = identity_keys(SEALER, person_id=person or f"of {order_id}")
    return Claimant(order_id=order_id, account_id=f"acc {person or order_id}", identities=keys)
