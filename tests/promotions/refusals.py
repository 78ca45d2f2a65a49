"""Every reason to refuse: a campaign, a cart, a buyer, and what the buyer then reads."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from app.core.money import Money
from app.promotions import budget_ids
from app.promotions.answers import Reason
from app.promotions.cart import Audience, Cart, Entry, Facts, History, Match, Source
from app.promotions.model import (
    BudgetSpec,
    Campaign,
    Customer,
    CustomerKind,
    Offer,
    OrderKind,
    Rules,
    Status,
    Window,
)
from app.vendor_adapters.types import SalesChannel
from tests.promotions.world import (
    NEW,
    NOW,
    OLD,
    WINDOW,
    amount,
    campaign,
    cart,
    free,
    line,
    offer,
    percent,
    typed,
)

DAY = timedelta(days=1)
PACKS = cart(line("compute-1000", 3, 1_000), kind=OrderKind.ADDON)
MORE = cart(line(quantity=12, added=2, amount=19_000), kind=OrderKind.ADD_SEATS)
NEW_ONLY, OLD_ONLY = Customer(kind=CustomerKind.NEW), Customer(kind=CustomerKind.EXISTING)
BACK = Customer(kind=CustomerKind.LAPSED, lapsed_days=90)


def ended(days: int) -> Facts:
    return replace(NEW, history=History(account_until=NOW - days * DAY))


def left(**remaining: int) -> Facts:
    return replace(NEW, remaining=tuple(remaining.items()))


def ruled(**rules: Any) -> Offer:
    return offer("deal", percent(1_000), plans=["team", "scale"], rules=Rules(**rules))


@dataclass(frozen=True, kw_only=True)
class Row:
    """A code DEAL of one campaign, a cart, a buyer, and what they are told."""

    name: str
    reason: Reason
    text: str
    way_out: str = ""
    offers: tuple[Offer, ...] = (ruled(),)
    bought: Cart = field(default_factory=cart)
    facts: Facts = NEW
    status: Status = Status.LIVE
    window: Window = WINDOW
    budget: BudgetSpec = field(default_factory=BudgetSpec)
    entry: Entry = field(default_factory=lambda: typed("deal"))

    @property
    def campaign(self) -> Campaign:
        return campaign("deal", *self.offers, status=self.status, window=self.window, budget=self.budget)


def match(**values: Any) -> Entry:
    return Entry(source=Source.CODE, label="DEAL", matches=(Match(slug="deal", entry_id="cod_deal", **values),))


INVALID = "This code is not valid. Check it and try again."
BELOW = Reason.BELOW_MINIMUM
ROWS = [
    Row(
        name="malformed",
        reason=Reason.MALFORMED,
        text=INVALID,
        entry=Entry(source=Source.CODE, label="", is_malformed=True),
    ),
    Row(name="unknown", reason=Reason.UNKNOWN, text=INVALID, entry=Entry(source=Source.CODE, label="NOPE")),
    Row(name="of no campaign", reason=Reason.UNKNOWN, text=INVALID, entry=typed("other")),
    Row(name="revoked", reason=Reason.UNKNOWN, text=INVALID, entry=match(is_over=True)),
    Row(name="draft", reason=Reason.UNKNOWN, text=INVALID, status=Status.DRAFT),
    Row(
        name="not started",
        reason=Reason.NOT_STARTED,
        text="This offer starts on 1 May 2027.",
        way_out="come back on 1 May 2027",
        window=Window(starts=datetime(2027, 5, 1, tzinfo=UTC), ends=datetime(2027, 6, 1, tzinfo=UTC)),
    ),
    Row(
        name="ended",
        reason=Reason.ENDED,
        text="This offer ended on 1 February 2027.",
        window=Window(starts=datetime(2027, 1, 1, tzinfo=UTC), ends=datetime(2027, 2, 1, tzinfo=UTC)),
    ),
    Row(
        name="ends this instant",
        reason=Reason.ENDED,
        text="This offer ended on 15 March 2027.",
        window=Window(starts=WINDOW.starts, ends=NOW),
    ),
    Row(
        name="code expired",
        reason=Reason.ENDED,
        text="This offer ended on 10 March 2027.",
        entry=match(expires=datetime(2027, 3, 10, tzinfo=UTC)),
    ),
    Row(name="paused", reason=Reason.PAUSED, text="This offer is paused.", status=Status.PAUSED),
    Row(
        name="a first order alone",
        reason=Reason.ORDER_KIND,
        text="DEAL is for a new Team or Scale subscription.",
        offers=(ruled(order=(OrderKind.FIRST_ORDER,)),),
        bought=MORE,
    ),
    Row(
        name="more seats alone",
        reason=Reason.ORDER_KIND,
        text="DEAL is for more seats of Team or Scale.",
        offers=(ruled(order=(OrderKind.ADD_SEATS,)),),
    ),
    Row(
        name="packs alone",
        reason=Reason.ORDER_KIND,
        text="DEAL is for packs of 1,000 compute minutes.",
        offers=(offer("deal", percent(100), plans=[], addons=["compute-1000"], rules=Rules(order=(OrderKind.ADDON,))),),
    ),
    Row(
        name="renewals and changes alone",
        reason=Reason.ORDER_KIND,
        text="DEAL is for a renewal of Team or Scale or a change to Team or Scale.",
        offers=(ruled(order=(OrderKind.RENEWAL, OrderKind.PLAN_CHANGE)),),
    ),
    Row(
        name="one of several kinds of order",
        reason=Reason.ORDER_KIND,
        text="DEAL is for more seats of Team or Scale.",
        offers=(ruled(any_of=(Rules(order=(OrderKind.ADD_SEATS,)),)),),
    ),
    Row(
        name="another plan",
        reason=Reason.ITEM,
        text="DEAL is for Scale.",
        way_out="choose Scale",
        offers=(offer("deal", percent(100), plans=["scale"]),),
    ),
    Row(
        name="an add-on and no plan",
        reason=Reason.ITEM,
        text="DEAL is for 1,000 compute minutes.",
        way_out="choose 1,000 compute minutes",
        offers=(offer("deal", percent(100), plans=[], addons=["compute-1000"]),),
    ),
    Row(
        name="a plan and no add-on",
        reason=Reason.ITEM,
        text="DEAL is for Team or Scale.",
        way_out="choose Team or Scale",
        bought=PACKS,
    ),
    Row(
        name="another deployment",
        reason=Reason.ITEM,
        text="DEAL is for Team, self-hosted.",
        way_out="choose self-hosted",
        offers=(offer("deal", percent(100), deployments=["self_hosted"]),),
    ),
    Row(
        name="another currency",
        reason=Reason.CURRENCY,
        text="DEAL is for orders in USD or EUR.",
        offers=(ruled(currencies=("usd", "eur")),),
        bought=cart(currency="gbp"),
    ),
    Row(
        name="no amount in the currency",
        reason=Reason.CURRENCY,
        text="DEAL is for orders in USD.",
        offers=(offer("deal", amount(500)),),
        bought=cart(currency="eur"),
    ),
    Row(
        name="no least sum in the currency",
        reason=Reason.CURRENCY,
        text="DEAL is for orders in USD.",
        offers=(ruled(min_subtotal=(Money(1, "usd"),)),),
        bought=cart(currency="eur"),
    ),
    Row(
        name="another country",
        reason=Reason.COUNTRY,
        text="DEAL is not for your country.",
        offers=(ruled(countries=("DE", "AT")),),
    ),
    Row(
        name="not in this country",
        reason=Reason.COUNTRY,
        text="DEAL is not for your country.",
        offers=(ruled(none_of=Rules(countries=("US",))),),
    ),
    Row(
        name="not for who is new",
        reason=Reason.NOT_EXISTING,
        text="DEAL is for existing customers.",
        offers=(ruled(none_of=Rules(customer=NEW_ONLY)),),
    ),
    Row(
        name="not for who is there already",
        reason=Reason.NOT_NEW,
        text="DEAL is for new customers.",
        offers=(ruled(none_of=Rules(customer=OLD_ONLY)),),
        facts=OLD,
    ),
    Row(
        name="not for who comes back",
        reason=Reason.ACCOUNT,
        text="DEAL is not for this account.",
        offers=(ruled(none_of=Rules(customer=BACK)),),
        facts=ended(100),
    ),
    Row(
        name="not for few seats",
        reason=Reason.ABOVE_MAXIMUM,
        text="DEAL is for other orders.",
        offers=(ruled(none_of=Rules(max_seats=10)),),
    ),
    Row(
        name="not for many seats",
        reason=BELOW,
        text="DEAL is for other orders.",
        offers=(ruled(none_of=Rules(min_seats=2)),),
    ),
    Row(
        name="not for a first order",
        reason=Reason.ORDER_KIND,
        text="DEAL is for other orders.",
        offers=(ruled(none_of=Rules(order=(OrderKind.FIRST_ORDER,))),),
    ),
    Row(
        name="another account",
        reason=Reason.ACCOUNT,
        text="DEAL is not for this account.",
        offers=(ruled(accounts=("acc_9",)),),
    ),
    Row(
        name="another mail domain",
        reason=Reason.ACCOUNT,
        text="DEAL is not for this account.",
        offers=(ruled(mail_domains=("uni.example",)),),
    ),
    Row(
        name="bought through somebody else",
        reason=Reason.ACCOUNT,
        text="DEAL is not for this account.",
        offers=(ruled(channels=(SalesChannel.DIRECT,)),),
        facts=replace(NEW, channel=SalesChannel.RESELLER),
    ),
    Row(
        name="a link for another account",
        reason=Reason.ACCOUNT,
        text="DEAL is not for this account.",
        entry=match(audience=Audience.ACCOUNT, audience_value="acc_9"),
    ),
    Row(
        name="a link for another domain",
        reason=Reason.ACCOUNT,
        text="DEAL is not for this account.",
        entry=match(audience=Audience.MAIL_DOMAIN, audience_value="uni.example"),
    ),
    Row(
        name="too few seats",
        reason=BELOW,
        text="DEAL is for 10 seats or more.",
        way_out="applies from 10 seats: add 3",
        offers=(ruled(min_seats=10),),
        bought=cart(line(quantity=7)),
    ),
    Row(
        name="too few more seats",
        reason=BELOW,
        text="DEAL is for orders that add 3 seats or more.",
        way_out="applies from 3 added seats: add 1 more",
        offers=(ruled(min_added_seats=3),),
        bought=MORE,
        facts=OLD,
    ),
    Row(
        name="too few packs",
        reason=BELOW,
        text="DEAL is for 5 packs or more.",
        way_out="applies from 5 packs: add 2",
        offers=(offer("deal", percent(100), plans=[], addons=["compute-1000"], rules=Rules(min_packs=5)),),
        bought=PACKS,
    ),
    Row(
        name="too small a sum",
        reason=BELOW,
        text="DEAL is for orders of 200.00 USD or more.",
        way_out="applies when you spend 10.00 USD more",
        offers=(ruled(min_subtotal=(Money(20_000, "usd"),)),),
        bought=MORE,
        facts=OLD,
    ),
    Row(
        name="too many seats",
        reason=Reason.ABOVE_MAXIMUM,
        text="DEAL is for at most 8 seats.",
        way_out="applies up to 8 seats: take 2 fewer",
        offers=(ruled(max_seats=8),),
    ),
    Row(
        name="paid before",
        reason=Reason.NOT_NEW,
        text="DEAL is for new customers.",
        offers=(ruled(customer=NEW_ONLY),),
        facts=ended(800),
    ),
    Row(
        name="the group had a plan this year",
        reason=Reason.NOT_NEW,
        text="DEAL is for new customers.",
        offers=(ruled(customer=NEW_ONLY),),
        facts=replace(NEW, history=History(group_until=NOW - 364 * DAY)),
    ),
    Row(
        name="no plan now",
        reason=Reason.NOT_EXISTING,
        text="DEAL is for existing customers.",
        offers=(ruled(customer=OLD_ONLY),),
    ),
    Row(
        name="a plan no longer",
        reason=Reason.NOT_EXISTING,
        text="DEAL is for existing customers.",
        offers=(ruled(customer=OLD_ONLY),),
        facts=ended(1),
    ),
    Row(
        name="never went",
        reason=Reason.NOT_LAPSED,
        text="DEAL is for customers who come back.",
        offers=(ruled(customer=BACK),),
        facts=OLD,
    ),
    Row(
        name="went too lately",
        reason=Reason.NOT_LAPSED,
        text="DEAL is for customers who come back.",
        offers=(ruled(customer=BACK),),
        facts=ended(89),
    ),
    Row(
        name="had it",
        reason=Reason.USED,
        text="This code has already been used.",
        budget=BudgetSpec(per_identity=1),
        facts=replace(NEW, uses=(("deal", 1),)),
    ),
    Row(
        name="no uses left",
        reason=Reason.EXHAUSTED,
        text="This offer is used up.",
        facts=left(**{budget_ids.campaign_uses("deal"): 0}),
    ),
    Row(
        name="no uses of the code left",
        reason=Reason.EXHAUSTED,
        text="This offer is used up.",
        facts=left(**{budget_ids.code_uses("cod_deal"): 0}),
    ),
    Row(
        name="too little money left",
        reason=Reason.EXHAUSTED,
        text="This offer is used up.",
        facts=left(**{budget_ids.campaign_money("deal", "usd"): 34_799}),
    ),
    Row(
        name="nothing to take off",
        reason=Reason.NO_EFFECT,
        text="DEAL changes nothing here.",
        bought=cart(line(amount=0)),
    ),
    Row(
        name="too small to see",
        reason=Reason.NO_EFFECT,
        text="DEAL changes nothing here.",
        offers=(offer("deal", percent(1)),),
        bought=cart(line(quantity=1, unit_price=4_999)),
    ),
    Row(
        name="none of either",
        reason=Reason.ACCOUNT,
        text="DEAL is not for this account.",
        offers=(ruled(any_of=(Rules(countries=("DE",)), Rules(mail_domains=("uni.example",)))),),
    ),
    Row(
        name="of two offers the one that came closer",
        reason=BELOW,
        text="DEAL is for 5 seats or more.",
        way_out="applies from 5 seats: add 4",
        offers=(
            offer("deal", percent(100), plans=["team"]),
            offer("deal", free(1), number=2, plans=["scale"], rules=Rules(min_seats=5)),
        ),
        bought=cart(line("scale", 1, 118_800)),
    ),
    Row(
        name="of two reasons the first",
        reason=Reason.ORDER_KIND,
        text="DEAL is for a new Team or Scale subscription.",
        offers=(ruled(order=(OrderKind.FIRST_ORDER,), min_seats=500, customer=NEW_ONLY),),
        bought=MORE,
        facts=OLD,
    ),
    Row(
        name="paused before used up",
        reason=Reason.PAUSED,
        text="This offer is paused.",
        status=Status.PAUSED,
        facts=left(**{budget_ids.campaign_uses("deal"): 0}),
    ),
]
