"""Links: what a token's link fills in, for whom, how often, and whether it still works."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, insert, select, update
from sqlalchemy.engine import RowMapping

from app.core.ids import new_id, new_token
from app.db.schema.promotions import campaign_links as table
from app.db.schema.promotions import promo_budgets
from app.promotions import budget_ids
from app.promotions.cart import Audience
from app.promotions.links import LinkClaims, LinkFault, LinkRefused
from app.promotions.model import Campaign, Landing, LandingFlow
from app.promotions.store import budgets


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link; ``landing`` is what it fills in. ``expires_at`` is wall time, None: as long as the campaign."""

    link_id: str
    slug: str
    nonce: str
    note: str
    audience: Audience
    audience_value: str
    landing: Landing
    expires_at: datetime | None
    made_at: datetime
    revoked_at: datetime | None
    cap: int | None = None
    held: int = 0
    used: int = 0

    @property
    def claims(self) -> LinkClaims:
        """What its token says."""
        return LinkClaims(link_id=self.link_id, expires_at=self.expires_at, audience=self.audience, nonce=self.nonce)


def make_link(
    connection: Connection,
    campaign: Campaign,
    *,
    audience: Audience = Audience.ANY,
    audience_value: str = "",
    landing: Landing | None = None,
    redemptions: int | None = None,
    expires_at: datetime | None = None,
    note: str = "",
    actor: str,
    now: datetime,
) -> Link:
    """Make a link to ``campaign``; without a landing or a cap of its own it has the campaign's."""
    link = Link(
        link_id=new_id("lnk"),
        slug=campaign.slug,
        nonce=new_token()[:16],
        note=note,
        audience=audience,
        audience_value=audience_value,
        landing=landing or campaign.landing,
        expires_at=expires_at,
        made_at=now,
        revoked_at=None,
        cap=redemptions if redemptions is not None else campaign.link_redemptions,
    )
    connection.execute(insert(table).values(**_row(link), made_by=actor))
    budgets.set_cap(connection, budget_ids.link_uses(link.link_id), campaign.slug, link.cap)
    return link


def find_link(connection: Connection, link_id: str) -> Link | None:
    """Return a link."""
    row = connection.execute(_with_uses().where(table.c.link_id == link_id)).mappings().first()
    return _link(row) if row else None


def open_link(connection: Connection, claims: LinkClaims) -> Link:
    """Return the link that a token names; LinkRefused when there is none, it is another's, or it was revoked."""
    link = find_link(connection, claims.link_id)
    if link is None or (link.nonce, link.audience) != (claims.nonce, claims.audience):
        raise LinkRefused(LinkFault.UNKNOWN)
    if link.revoked_at is not None:
        raise LinkRefused(LinkFault.REVOKED)
    return link


def list_links(connection: Connection, slug: str) -> tuple[Link, ...]:
    """Return a campaign's links with what was used of them, oldest first."""
    rows = connection.execute(_with_uses().where(table.c.slug == slug).order_by(table.c.made_at, table.c.link_id))
    return tuple(_link(row) for row in rows.mappings())


def revoke_link(connection: Connection, link_id: str, *, now: datetime) -> bool:
    """Let a link work no more; reservations that were made with it stand. Whether it worked before."""
    changed = connection.execute(
        update(table).where(table.c.link_id == link_id, table.c.revoked_at.is_(None)).values(revoked_at=now)
    )
    return changed.rowcount == 1


def _with_uses() -> Select[Any]:
    own = promo_budgets.c.budget_id == "link:" + table.c.link_id + ":uses"
    return select(table, promo_budgets.c.cap, promo_budgets.c.held, promo_budgets.c.used).outerjoin(promo_budgets, own)


def _row(link: Link) -> dict[str, object]:
    landing = link.landing
    return {
        "link_id": link.link_id,
        "slug": link.slug,
        "nonce": link.nonce,
        "note": link.note,
        "audience": link.audience.value,
        "audience_value": link.audience_value,
        "flow": landing.flow.value,
        "plan": landing.plan,
        "addon": landing.addon,
        "seats": landing.seats,
        "packs": landing.packs,
        "expires_at": link.expires_at,
        "made_at": link.made_at,
        "revoked_at": None,
    }


def _link(row: RowMapping) -> Link:
    same = ("link_id", "slug", "nonce", "note", "audience_value", "expires_at", "made_at", "revoked_at")
    return Link(
        **{name: row[name] for name in same},
        audience=Audience(row["audience"]),
        landing=Landing(
            flow=LandingFlow(row["flow"]),
            plan=row["plan"],
            addon=row["addon"],
            seats=row["seats"],
            packs=row["packs"],
        ),
        cap=row["cap"],
        held=row["held"] or 0,
        used=row["used"] or 0,
    )
