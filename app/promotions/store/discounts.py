"""What the vendor is asked to make real: one discount for a checkout and its terms, however often it is priced."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, select, update
from sqlalchemy.engine import RowMapping

from app.core.ids import new_id
from app.db.schema.promotions import promo_discounts as table
from app.db.sql import insert_new
from app.promotions.packing import pack, unpack
from app.vendor_adapters.types import DiscountRef, DiscountTerms, IdempotencyKey


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedDiscount:
    """A discount at the vendor; ``ref`` is None until it has answered. ``terms.reservation`` is our id of it."""

    discount_id: str
    offer_id: str
    vendor: str
    terms: DiscountTerms
    ref: DiscountRef | None

    @property
    def key(self) -> IdempotencyKey:
        """The key to make it real with: the same terms are the same call."""
        return IdempotencyKey(f"promo:{self.discount_id}:materialise_discount:1")

    @property
    def revoke_key(self) -> IdempotencyKey:
        """The key to take it back with."""
        return IdempotencyKey(f"promo:{self.discount_id}:revoke_discount:1")


def plan_discount(
    connection: Connection, terms: DiscountTerms, *, subject: str, offer_id: str, vendor: str, wall: datetime
) -> PlannedDiscount:
    """Return the discount with these terms for ``subject`` (an intent), written down now unless it was before.

    ``terms.reservation`` is ours to fill in and does not count for whether they are the same.
    """
    bare = replace(terms, reservation="")
    digest = hashlib.sha256(f"{vendor} {pack(bare)}".encode()).hexdigest()
    found = _find(connection, subject, digest)
    if found is None:
        row = {
            "discount_id": new_id("dsc"),
            "subject": subject,
            "offer_id": offer_id,
            "terms_hash": digest,
            "terms": pack(bare),
            "vendor": vendor,
            "made_at": wall,
        }
        insert_new(connection, table, row)
        found = _find(connection, subject, digest)
    if found is None:
        raise LookupError(subject)
    return found


def keep_ref(connection: Connection, discount_id: str, ref: DiscountRef) -> None:
    """Remember what the vendor answered."""
    connection.execute(update(table).where(table.c.discount_id == discount_id).values(discount_ref=ref))


def to_revoke(connection: Connection, *, before: datetime, limit: int = 50) -> tuple[PlannedDiscount, ...]:
    """Return discounts that were made before then (wall time) and still stand at their vendor.

    Whoever bought with one keeps it; nothing new may be bought with it after a checkout's day is over.
    """
    due = table.c.discount_ref.is_not(None) & table.c.revoked_at.is_(None) & (table.c.made_at < before)
    query = select(table).where(due).order_by(table.c.made_at, table.c.discount_id).limit(limit)
    return tuple(_planned(row) for row in connection.execute(query).mappings())


def mark_revoked(connection: Connection, discount_id: str, *, wall: datetime) -> None:
    """The vendor has taken it back; the same terms are then a new discount."""
    gone = {"revoked_at": wall, "terms_hash": f"revoked {discount_id}"}
    connection.execute(update(table).where(table.c.discount_id == discount_id).values(**gone))


def _find(connection: Connection, subject: str, digest: str) -> PlannedDiscount | None:
    same = (table.c.subject == subject) & (table.c.terms_hash == digest) & table.c.revoked_at.is_(None)
    row = connection.execute(select(table).where(same)).mappings().first()
    return _planned(row) if row else None


def _planned(row: RowMapping) -> PlannedDiscount:
    return PlannedDiscount(
        discount_id=row["discount_id"],
        offer_id=row["offer_id"],
        vendor=row["vendor"],
        terms=replace(unpack(DiscountTerms, row["terms"]), reservation=row["discount_id"]),
        ref=DiscountRef(row["discount_ref"]) if row["discount_ref"] else None,
    )
