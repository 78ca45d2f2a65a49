"""Published campaigns: versions that never change, and the one row that says which of them counts now."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, delete, insert, or_, select, update

from app.db.schema.promotions import campaign_reach as reach_table
from app.db.schema.promotions import campaign_versions, campaigns
from app.promotions import budget_ids
from app.promotions.campaigns import ANY, reach_of
from app.promotions.cart import Cart
from app.promotions.model import Campaign, Published, Status
from app.promotions.packing import pack, unpack
from app.promotions.store import budgets


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What publishing did with a campaign; nothing when it was the same already."""

    slug: str
    version: int
    is_changed: bool


def publish_campaign(connection: Connection, campaign: Campaign, *, actor: str, now: datetime) -> Change:
    """Make a new version if the campaign differs from its newest one, and let its budgets have the new caps.

    A pause by command stays until ``resume``, or until a file with another status is published.
    """
    body = pack(campaign)
    digest = hashlib.sha256(body.encode()).hexdigest()
    row = connection.execute(_newest().where(campaigns.c.slug == campaign.slug).with_for_update()).mappings().first()
    if row is not None and row["digest"] == digest:
        return Change(slug=campaign.slug, version=row["version"], is_changed=False)
    version = row["version"] + 1 if row else 1
    _set_head(connection, campaign, version, _status(campaign, row), now)
    connection.execute(
        insert(campaign_versions).values(
            slug=campaign.slug, version=version, digest=digest, body=body, published_at=now, published_by=actor
        )
    )
    _set_reach(connection, campaign)
    _set_caps(connection, campaign)
    return Change(slug=campaign.slug, version=version, is_changed=True)


def set_status(connection: Connection, slug: str, status: Status, *, expected: Status) -> bool:
    """Pause or resume a campaign at once; whether it was as expected."""
    changed = connection.execute(
        update(campaigns)
        .where(campaigns.c.slug == slug, campaigns.c.status == expected.value)
        .values(status=status.value)
    )
    return changed.rowcount == 1


def find(connection: Connection, slug: str) -> Published | None:
    """Return a campaign as it stands."""
    row = connection.execute(_newest().where(campaigns.c.slug == slug)).mappings().first()
    return _published(row) if row else None


def list_all(connection: Connection) -> tuple[Published, ...]:
    """Return every campaign, by start and slug."""
    rows = connection.execute(_newest().order_by(campaigns.c.starts_at, campaigns.c.slug)).mappings()
    return tuple(_published(row) for row in rows)


def that_matter(
    connection: Connection, slugs: Sequence[str], carts: Sequence[Cart], now: datetime
) -> tuple[Published, ...]:
    """Return the campaigns that are named, and those that may apply to one of ``carts`` by themselves at ``now``.

    One query, which reads nothing of the campaigns that can not.
    """
    by_itself = or_(campaigns.c.slug.in_(_reaching(carts)), campaigns.c.has_automatic) & _runs(now)
    rows = connection.execute(_newest().where(or_(campaigns.c.slug.in_(list(slugs) or [""]), by_itself)))
    return tuple(_published(row) for row in rows.mappings())


def version_of(connection: Connection, slug: str, version: int) -> Campaign | None:
    """Return one version, however old."""
    found = (campaign_versions.c.slug == slug) & (campaign_versions.c.version == version)
    body = connection.execute(select(campaign_versions.c.body).where(found)).scalar()
    return _campaign(body) if body else None


def versions_of(connection: Connection, slug: str) -> tuple[Campaign, ...]:
    """Return every version of a campaign, the oldest first."""
    query = select(campaign_versions.c.body).where(campaign_versions.c.slug == slug)
    return tuple(_campaign(body) for body in connection.execute(query.order_by(campaign_versions.c.version)).scalars())


def _newest() -> Select[Any]:
    is_newest = and_(campaign_versions.c.slug == campaigns.c.slug, campaign_versions.c.version == campaigns.c.version)
    return select(
        campaigns.c.slug, campaigns.c.version, campaigns.c.status, campaign_versions.c.digest, campaign_versions.c.body
    ).join(campaign_versions, is_newest)


def _reaching(carts: Sequence[Cart]) -> Select[Any]:
    lines = [line for cart in carts for line in cart.lines]
    return select(reach_table.c.slug).where(
        reach_table.c.item.in_(_or_any(line.item for line in lines)),
        reach_table.c.order_kind.in_(_or_any(cart.kind.value for cart in carts)),
        reach_table.c.currency.in_(_or_any(cart.currency for cart in carts)),
        reach_table.c.deployment.in_(_or_any(line.deployment for line in lines)),
    )


def _or_any(values: Iterable[str]) -> list[str]:
    return sorted({ANY, *values})


def _runs(now: datetime) -> ColumnElement[bool]:
    return and_(
        campaigns.c.status == Status.LIVE.value,
        campaigns.c.starts_at <= now,
        campaigns.c.ends_at > now,
    )


def _published(row: RowMapping) -> Published:
    return Published(campaign=_campaign(row["body"]), version=row["version"], status=Status(row["status"]))


@lru_cache(maxsize=4096)
def _campaign(body: str) -> Campaign:
    return unpack(Campaign, body)


def _status(campaign: Campaign, row: RowMapping | None) -> Status:
    if row is None or _campaign(row["body"]).status is not campaign.status:
        return campaign.status
    return Status(row["status"])


def _set_head(connection: Connection, campaign: Campaign, version: int, status: Status, now: datetime) -> None:
    values = {
        "version": version,
        "status": status.value,
        "starts_at": campaign.window.starts,
        "ends_at": campaign.window.ends,
        "is_listed": campaign.is_listed,
        "has_automatic": False,
        "published_at": now,
    }
    if version == 1:
        connection.execute(insert(campaigns).values(slug=campaign.slug, **values))
    else:
        connection.execute(update(campaigns).where(campaigns.c.slug == campaign.slug).values(**values))


def _set_reach(connection: Connection, campaign: Campaign) -> None:
    connection.execute(delete(reach_table).where(reach_table.c.slug == campaign.slug))
    rows = [{**reach._asdict(), "slug": campaign.slug} for reach in sorted(reach_of(campaign))]
    if rows:
        connection.execute(insert(reach_table), rows)


def _set_caps(connection: Connection, campaign: Campaign) -> None:
    """Give each budget its cap; one that the campaign no longer names counts on without."""
    caps: dict[str, int | None] = dict.fromkeys(budgets.caps_of(connection, campaign.slug))
    caps[budget_ids.campaign_uses(campaign.slug)] = campaign.budget.redemptions
    for money in campaign.budget.money:
        caps[budget_ids.campaign_money(campaign.slug, money.currency)] = money.minor
    for budget_id in sorted(caps):
        budgets.set_cap(connection, budget_id, campaign.slug, caps[budget_id])
