"""Reading and writing the projection. ``app.flows.sync`` is the only writer."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, update
from sqlalchemy.engine import RowMapping

from app.core.ids import new_id
from app.db.schema.entitlements import earlier_refs, subscriptions
from app.db.sql import insert_new
from app.vendor_adapters.types import (
    Arrangement,
    OfferKey,
    PurchaseItem,
    SalesChannel,
    SubscriptionSnapshot,
    SubscriptionStatus,
)

PLAN_OF = "group:"
PACKS_OF = "packs:"
"""What a subscription of an add-on alone is for, followed by the group."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A projected subscription; ``unit_amount`` is minor units per seat and term, ``ends_at`` exclusive.

    ``paid_until`` is the end of the next term where that one is paid; ``packs`` are (offer, quantity) pairs;
    ``sold_by_contact`` is how who sold it is reached, where that is known.
    """

    subscription_id: str
    vendor: str
    subscription_ref: str
    account_id: str
    order_id: str
    deployment: str
    group_id: str
    plan: str
    offer: str
    status: SubscriptionStatus
    seats: int
    unit_amount: int
    currency: str
    starts_at: datetime
    ends_at: datetime
    cancel_at: datetime | None
    channel: str
    sold_by: str
    sold_by_contact: str
    arrangement: str
    renews_as: str
    paid_until: datetime | None
    packs: tuple[tuple[str, int], ...]
    version: int
    observed_at: datetime
    subject: str

    @property
    def for_group(self) -> str:
        """The group that it is for, a plan's or that of packs without one; empty for an instance of one's own."""
        return self.subject.removeprefix(PACKS_OF) if self.is_of_packs else self.group_id

    @property
    def is_of_packs(self) -> bool:
        """Whether it is of an add-on alone: no plan, and nothing that a plan's rules speak of."""
        return self.subject.startswith(PACKS_OF)

    @property
    def booked(self) -> PurchaseItem | None:
        """What the plan will be after its term, where that differs."""
        offer, _, seats = self.renews_as.partition(" ")
        return PurchaseItem(offer=OfferKey(offer), quantity=int(seats)) if offer else None

    @property
    def is_direct(self) -> bool:
        """Whether the store itself sold it."""
        return self.channel == SalesChannel.DIRECT.value

    @property
    def paid_by(self) -> Arrangement:
        """How it is paid."""
        return Arrangement(self.arrangement)


def write_snapshot(
    connection: Connection,
    snapshot: SubscriptionSnapshot,
    *,
    vendor: str,
    account_id: str,
    plan: str,
    deployment: str,
    group_id: str,
) -> tuple[Subscription, bool]:
    """Store what the vendor says unless something newer is stored; return what stands now, and whether it changed.

    What has not changed was read again all the same: the sweep goes on with what was read longest ago.

    What goes on from one that has ended takes its place once it runs, under the id that pages and codes know.
    """
    kept = _in_another(connection, snapshot)
    if kept is not None:
        return kept, False
    renewal = snapshot.renews_as
    values = {
        "account_id": account_id,
        "order_id": snapshot.order,
        "deployment": deployment,
        "group_id": group_id,
        "subject": snapshot.subject,
        "plan": plan,
        "offer": snapshot.offer,
        "status": snapshot.status.value,
        "seats": snapshot.seats,
        "unit_amount": snapshot.unit_price.minor,
        "currency": snapshot.unit_price.currency,
        "starts_at": snapshot.period.starts_at,
        "ends_at": snapshot.period.ends_at,
        "cancel_at": snapshot.cancel_at,
        "channel": snapshot.channel.value,
        "sold_by": _seller(snapshot),
        "arrangement": snapshot.arrangement.value,
        "renews_as": f"{renewal.offer} {renewal.quantity}" if renewal else "",
        "paid_until": snapshot.paid_until,
        "packs": json.dumps([[pack.offer, pack.quantity] for pack in snapshot.packs]),
        "version": snapshot.version,
        "observed_at": snapshot.observed_at,
    }
    _take_place(connection, snapshot)
    identity: dict[str, object] = {"subscription_id": new_id("sub"), "vendor": vendor, "subscription_ref": snapshot.ref}
    changed = insert_new(connection, subscriptions, identity | values)
    if not changed:
        mine = (subscriptions.c.subscription_ref == snapshot.ref) & _is_news(values)
        changed = connection.execute(update(subscriptions).where(mine).values(**values)).rowcount == 1
        same = (subscriptions.c.subscription_ref == snapshot.ref) & (subscriptions.c.version == snapshot.version)
        connection.execute(update(subscriptions).where(same).values(observed_at=snapshot.observed_at))
    stored = by_ref(connection, snapshot.ref)
    if stored is None:
        raise LookupError(f"subscription {snapshot.ref} was written and is not there")
    return stored, changed


def by_ref(connection: Connection, ref: str) -> Subscription | None:
    """Return the projection of one of the vendor's subscriptions; of one that went on in another, that one's."""
    row = connection.execute(select(subscriptions).where(subscriptions.c.subscription_ref == ref)).mappings().first()
    if row is not None:
        return _subscription(row)
    earlier = connection.execute(select(earlier_refs.c.subscription_id).where(earlier_refs.c.ref == ref)).scalar()
    return by_id(connection, earlier) if earlier else None


def by_id(connection: Connection, subscription_id: str) -> Subscription | None:
    """Return a projection by our own id; pages ask whose it is as well."""
    query = select(subscriptions).where(subscriptions.c.subscription_id == subscription_id)
    row = connection.execute(query).mappings().first()
    return _subscription(row) if row else None


def plans_of(
    connection: Connection, account_ids: Sequence[str], group_ids: Sequence[str], *, limit: int, offset: int
) -> tuple[Subscription, ...]:
    """Return the plans of these accounts or for these groups, and the packs that they have without a plan.

    Running ones first, by their end.
    """
    is_over = subscriptions.c.status == SubscriptionStatus.CANCELLED.value
    is_theirs = or_(subscriptions.c.account_id.in_(account_ids), subscriptions.c.group_id.in_(group_ids))
    rows = connection.execute(
        select(subscriptions)
        .where(is_theirs)
        .order_by(is_over, subscriptions.c.ends_at, subscriptions.c.subscription_id)
        .limit(limit)
        .offset(offset)
    ).mappings()
    return tuple(_subscription(row) for row in rows)


def live_for_group(connection: Connection, group_id: str, *, now: datetime) -> Subscription | None:
    """Return the plan subscription that a group has at ``now`` (business time), if any.

    An ended one that is still linked does not count: it must not block a new order.
    """
    running = subscriptions.c.status.in_([status.value for status in _RUNNING])
    row = (
        connection.execute(
            select(subscriptions)
            .where(subscriptions.c.group_id == group_id, running, subscriptions.c.ends_at > now)
            .order_by(subscriptions.c.starts_at)
        )
        .mappings()
        .first()
    )
    return _subscription(row) if row else None


def of_subject(connection: Connection, group_id: str) -> tuple[tuple[Subscription, dict[str, int]], ...]:
    """Return every subscription for a group, the plan's and those of packs alone, with the packs beside the plan."""
    mine = subscriptions.c.subject.in_([PLAN_OF + group_id, PACKS_OF + group_id])
    rows = connection.execute(select(subscriptions).where(mine).order_by(subscriptions.c.subscription_id)).mappings()
    return tuple((found, dict(found.packs)) for found in map(_subscription, rows))


def renewing(
    connection: Connection, *, after: datetime, until: datetime, limit: int, offset: int = 0
) -> tuple[Subscription, ...]:
    """Return the plans and packs that the store's cards will pay for again between two instants, the soonest first."""
    columns = subscriptions.c
    rows = connection.execute(
        select(subscriptions)
        .where(
            columns.status == SubscriptionStatus.ACTIVE.value,
            columns.cancel_at.is_(None),
            columns.paid_until.is_(None),
            _is_ours(),
            columns.ends_at > after,
            columns.ends_at <= until,
        )
        .order_by(columns.ends_at, columns.subscription_id)
        .limit(limit)
        .offset(offset)
    ).mappings()
    return tuple(_subscription(row) for row in rows)


def ending(
    connection: Connection, *, after: datetime, until: datetime, limit: int, offset: int = 0
) -> tuple[Subscription, ...]:
    """Return the plans and packs that end between two instants because nobody wants them renewed, the soonest first."""
    columns = subscriptions.c
    rows = connection.execute(
        select(subscriptions)
        .where(
            columns.status == SubscriptionStatus.ACTIVE.value,
            columns.cancel_at > after,
            columns.cancel_at <= until,
            _is_ours(),
        )
        .order_by(columns.cancel_at, columns.subscription_id)
        .limit(limit)
        .offset(offset)
    ).mappings()
    return tuple(_subscription(row) for row in rows)


def owing(
    connection: Connection, *, since: datetime, until: datetime, limit: int, offset: int = 0
) -> tuple[Subscription, ...]:
    """Return the plans whose unpaid term began between two instants, the oldest first."""
    columns = subscriptions.c
    rows = connection.execute(
        select(subscriptions)
        .where(
            columns.status == SubscriptionStatus.PAST_DUE.value,
            columns.starts_at > since,
            columns.starts_at <= until,
            _is_ours(),
        )
        .order_by(columns.starts_at, columns.subscription_id)
        .limit(limit)
        .offset(offset)
    ).mappings()
    return tuple(_subscription(row) for row in rows)


def paid_until(connection: Connection, *, account_id: str = "", group_id: str = "", now: datetime) -> datetime | None:
    """Return when the last paid plan of an account, or of a group, ends or ended; None when there never was one.

    Trials, packs and what was never paid for do not count; what was ended before its time ended by ``now``.
    """
    columns = subscriptions.c
    whose = columns.account_id == account_id if account_id else columns.group_id == group_id
    if not account_id and not group_id:
        return None
    never_paid = [SubscriptionStatus.TRIALING.value, SubscriptionStatus.INCOMPLETE.value]
    rows = connection.execute(
        select(columns.status, columns.ends_at).where(
            whose, columns.status.not_in(never_paid), columns.subject.not_like(f"{PACKS_OF}%")
        )
    )
    ends = [min(row.ends_at, now) if row.status == SubscriptionStatus.CANCELLED.value else row.ends_at for row in rows]
    return max(ends, default=None)


def has_subscription(connection: Connection, account_id: str) -> bool:
    """Whether the account has any subscription, ended ones included."""
    found = select(subscriptions.c.subscription_id).where(subscriptions.c.account_id == account_id).limit(1)
    return connection.execute(found).first() is not None


def versions_mark(connection: Connection, account_id: str) -> str:
    """Return a text that is another one after each change of the account's subscriptions."""
    found = select(func.count(), func.sum(subscriptions.c.version)).where(subscriptions.c.account_id == account_id)
    row = connection.execute(found).one()
    return f"{row[0]} {row[1]}"


def stale_refs(connection: Connection, *, before: datetime, limit: int) -> tuple[tuple[str, str], ...]:
    """Return (vendor, ref) of the projections that were last read before ``before``, the oldest first."""
    rows = connection.execute(
        select(subscriptions.c.vendor, subscriptions.c.subscription_ref)
        .where(subscriptions.c.observed_at < before, subscriptions.c.status != SubscriptionStatus.CANCELLED.value)
        .order_by(subscriptions.c.observed_at)
        .limit(limit)
    )
    return tuple((row.vendor, row.subscription_ref) for row in rows)


def _in_another(connection: Connection, snapshot: SubscriptionSnapshot) -> Subscription | None:
    """Return what stands for a subscription that is not to be projected by itself.

    That is one that went on in another, and one that is to go on from another and does not run.
    """
    found = by_ref(connection, snapshot.ref)
    if found is not None:
        return found if found.subscription_ref != snapshot.ref else None
    before = by_ref(connection, snapshot.resumes) if snapshot.resumes else None
    return before if before is not None and snapshot.status not in _RUNNING else None


def _take_place(connection: Connection, snapshot: SubscriptionSnapshot) -> None:
    """Give the projection of what a subscription goes on from its name."""
    if snapshot.resumes is None or by_ref(connection, snapshot.ref) is not None:
        return
    before = by_ref(connection, snapshot.resumes)
    if before is None:
        return
    mine = subscriptions.c.subscription_ref == before.subscription_ref
    connection.execute(update(subscriptions).where(mine).values(subscription_ref=snapshot.ref))
    earlier = {"ref": before.subscription_ref, "subscription_id": before.subscription_id}
    insert_new(connection, earlier_refs, earlier)


def _is_ours() -> ColumnElement[bool]:
    """What the store sold and a card pays: all others are looked after by people."""
    is_by_card = subscriptions.c.arrangement == Arrangement.CARD.value
    return and_(subscriptions.c.channel == SalesChannel.DIRECT.value, is_by_card)


def _is_news(values: Mapping[str, object]) -> ColumnElement[bool]:
    """A later version, or other facts of the same one: a vendor may count its versions by a clock."""
    columns, version = subscriptions.c, values["version"]
    facts = [name for name in values if name not in ("version", "observed_at")]
    differs = or_(*(columns[name].is_distinct_from(values[name]) for name in facts))
    return or_(columns.version < version, (columns.version == version) & differs)


def _subscription(row: RowMapping) -> Subscription:
    packs = tuple((offer, quantity) for offer, quantity in json.loads(row["packs"]))
    name, _, contact = row["sold_by"].partition(" <")
    seller = {"sold_by": name, "sold_by_contact": contact.removesuffix(">")}
    return Subscription(**{**row, **seller, "status": SubscriptionStatus(row["status"]), "packs": packs})


def _seller(snapshot: SubscriptionSnapshot) -> str:
    """Return who sold it, with how they are reached behind it as in a mail's header: ``ACME <orders@acme.example>``."""
    name, contact = snapshot.sold_by[:_NAME], snapshot.sold_by_contact[:_CONTACT]
    return f"{name} <{contact}>" if contact else name


_NAME, _CONTACT = 120, 130  # characters: both and what is between them fit into the column


_RUNNING = (
    SubscriptionStatus.ACTIVE,
    SubscriptionStatus.TRIALING,
    SubscriptionStatus.PAST_DUE,
    SubscriptionStatus.PAUSED,
    SubscriptionStatus.UNKNOWN,
)
