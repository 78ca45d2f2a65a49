"""Paid orders as the promotions engine would have seen them, for ``kassa campaign replay``."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, RowMapping, select

from app.catalog.model import PriceRow
from app.db.schema.entitlements import subscriptions
from app.db.schema.identity import billing_accounts, people
from app.db.schema.orders import orders
from app.db.schema.promotions import promo_identities, promo_reservations
from app.db.sealing import Sealer
from app.flows.campaigns.facts import confirmed_email
from app.flows.deps import Deps
from app.identity.people import person_of
from app.orders import kinds
from app.orders.packing import unpack
from app.orders.states import PAID
from app.promotions.cart import Cart, CartLine, Facts, History
from app.promotions.identity_keys import identity_keys
from app.promotions.model import WITHOUT_OFFERS, OrderKind
from app.promotions.replay import PastOrder
from app.subscriptions.store import PACKS_OF
from app.vendor_adapters.capabilities import Capability
from app.vendor_adapters.types import OfferKey, Quote, SetSeats, SubscriptionStatus

_KINDS = {
    kinds.FIRST_ORDER: OrderKind.FIRST_ORDER,
    kinds.ADD_SEATS: OrderKind.ADD_SEATS,
    kinds.PLAN_CHANGE: OrderKind.PLAN_CHANGE,
    kinds.RENEWAL: OrderKind.RENEWAL,
    kinds.PACKS: OrderKind.ADDON,
    kinds.ADD_PACKS: OrderKind.ADDON,
}
_COLUMNS = (
    *(orders.c.order_id, orders.c.kind, orders.c.account_id, orders.c.group_id, orders.c.offer, orders.c.seats),
    *(orders.c.currency, orders.c.subtotal, orders.c.renews_at, orders.c.request, orders.c.created_at),
    *(orders.c.packs, orders.c.packs_addon, orders.c.quote, orders.c.person_id, billing_accounts.c.country),
    *(people.c[name] for name in ("issuer", "subject", "username", "name", "email", "email_verified", "roles")),
)
_NEVER_PAID = (SubscriptionStatus.INCOMPLETE.value, SubscriptionStatus.TRIALING.value)


@dataclass(slots=True)
class _Plans:
    """The paid plans that somebody had: when each began and ends, and which order bought it."""

    terms: list[tuple[datetime, datetime, str]] = field(default_factory=list)

    def until(self, at: datetime, order_id: str) -> datetime | None:
        """Return when the last one that had begun by ``at`` ends; what ``order_id`` bought is none of them."""
        begun = (ends for starts, ends, bought_by in self.terms if starts <= at and bought_by != order_id)
        return max(begun, default=None)


def past_orders(connection: Connection, deps: Deps, since: datetime) -> list[PastOrder]:
    """Return the orders that were confirmed since then (business time) and are paid.

    Of the buyer's country and address the present ones are taken: earlier ones are not kept. Of cards those are known
    that a claim was made with.
    """
    by_account, by_group = _plans(connection)
    rows = {row.id: row for row in deps.catalog.prices}
    claimed = _claimed(connection, since)
    query = (
        select(*_COLUMNS)
        .join(billing_accounts, billing_accounts.c.account_id == orders.c.account_id)
        .join(people, people.c.person_id == orders.c.person_id)
        .where(orders.c.created_at >= since, orders.c.state.in_([state.value for state in PAID]))
        .order_by(orders.c.created_at, orders.c.order_id)
    )
    found = []
    for order in connection.execute(query).mappings():
        price = rows.get(order["offer"])
        if price is None:  # what the catalog has forgotten, no campaign can be for
            continue
        email = confirmed_email(connection, person_of(order))
        history = _history(order, by_account, by_group)
        keys = {*_keys(order, email, deps.sealer), *claimed[order["order_id"]]}
        found.append(
            PastOrder(
                cart=_cart(order, price, rows),
                facts=_facts(order, history, email),
                identities=tuple(sorted(keys)),
                takes_offers=_takes_offers(deps, order["kind"]),
                at=order["created_at"],
            )
        )
    return found


def _keys(order: RowMapping, email: str, sealer: Sealer) -> tuple[str, ...]:
    return identity_keys(sealer, person_id=order["person_id"], account_id=order["account_id"], email=email)


def _takes_offers(deps: Deps, kind: str) -> bool:
    needed = {Capability.DISCOUNTS} | ({Capability.DISCOUNTED_CHANGES} if kind in kinds.CHANGES else set())
    return _KINDS[kind] not in WITHOUT_OFFERS and all(each in deps.vendor.capabilities for each in needed)


def _claimed(connection: Connection, since: datetime) -> Mapping[str, set[str]]:
    """Return the keys that claims noted of an order's buyer, the cards' among them."""
    query = (
        select(promo_reservations.c.order_id, promo_identities.c.identity_key)
        .join(promo_identities, promo_identities.c.reservation_id == promo_reservations.c.reservation_id)
        .where(promo_reservations.c.made_at >= since)
    )
    found: dict[str, set[str]] = defaultdict(set)
    for row in connection.execute(query):
        found[row.order_id].add(row.identity_key)
    return found


def _cart(order: RowMapping, price: PriceRow, rows: Mapping[str, PriceRow]) -> Cart:
    along = _along(order, rows)
    is_addon = order["kind"] in kinds.OF_PACKS
    goes_on = price.interval != "once"
    line = CartLine(
        item=price.item,
        is_addon=is_addon,
        deployment=price.deployment,
        offer=OfferKey(price.id),
        quantity=order["seats"],
        added=_added(order),
        amount=max(0, order["subtotal"] - sum(each.amount for each in along)),
        renews_at=order["renews_at"] if goes_on else None,
        renewal_amount=order["seats"] * price.amount if goes_on else 0,
    )
    return Cart(kind=_KINDS[order["kind"]], currency=order["currency"], lines=(line, *along))


def _along(order: RowMapping, rows: Mapping[str, PriceRow]) -> tuple[CartLine, ...]:
    """Return the packs that a plan was bought with, at what the vendor asked for them."""
    if not order["packs"]:
        return ()
    lines = unpack(Quote, order["quote"]).lines
    return tuple(
        CartLine(
            item=order["packs_addon"],
            is_addon=True,
            deployment=rows[line.offer].deployment,
            offer=line.offer,
            quantity=line.quantity,
            added=line.quantity,
            amount=line.amount.minor,
        )
        for line in lines
        if line.offer in rows and rows[line.offer].item == order["packs_addon"]
    )


def _added(order: RowMapping) -> int:
    if order["kind"] == kinds.ADD_SEATS:
        return int(order["seats"]) - unpack(SetSeats, order["request"]).base
    return int(order["seats"])


def _facts(order: RowMapping, history: History, email: str) -> Facts:
    domain = email.rpartition("@")[2].casefold()
    return Facts(account_id=order["account_id"], history=history, country=order["country"], mail_domain=domain)


def _history(order: RowMapping, by_account: Mapping[str, _Plans], by_group: Mapping[str, _Plans]) -> History:
    at, order_id = order["created_at"], order["order_id"]
    group = by_group[order["group_id"]].until(at, order_id) if order["group_id"] else None
    return History(account_until=by_account[order["account_id"]].until(at, order_id), group_until=group)


def _plans(connection: Connection) -> tuple[Mapping[str, _Plans], Mapping[str, _Plans]]:
    is_of_plan = subscriptions.c.subject.not_like(f"{PACKS_OF}%")
    paid = is_of_plan & subscriptions.c.status.not_in(_NEVER_PAID)
    by_account: dict[str, _Plans] = defaultdict(_Plans)
    by_group: dict[str, _Plans] = defaultdict(_Plans)
    for row in connection.execute(select(subscriptions).where(paid)):
        term = (row.starts_at, row.ends_at, row.order_id)
        by_account[row.account_id].terms.append(term)
        if row.group_id:
            by_group[row.group_id].terms.append(term)
    return by_account, by_group
