"""The vendor's prices as they were last read, and when somebody last asked for them; all instants are wall time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, select

from app.core.money import Money
from app.db.schema.store import hits, offers
from app.db.sql import insert_new, upsert
from app.vendor_adapters.types import Interval, Offer, OfferKey


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptOffers:
    """A vendor's last good catalog; ``failed_at`` is its newest failure since, ``asked_at`` the newest question."""

    offers: tuple[Offer, ...]
    read_at: datetime | None
    asked_at: datetime | None
    failed_at: datetime | None


def find_kept(connection: Connection, vendor: str) -> KeptOffers:
    """Return what is kept of a vendor's catalog."""
    rows = connection.execute(select(offers).where(offers.c.vendor == vendor).order_by(offers.c.offer)).all()
    return KeptOffers(
        offers=tuple(
            Offer(
                key=OfferKey(row.offer),
                item=row.item,
                deployment=row.deployment,
                unit_price=Money(row.unit_amount, row.currency),
                interval=Interval(row.interval),
                is_offered=row.is_offered,
            )
            for row in rows
        ),
        read_at=min((row.read_at for row in rows), default=None),
        asked_at=_newest(connection, _asked(vendor)),
        failed_at=_newest(connection, _failed(vendor)),
    )


def keep_offers(connection: Connection, vendor: str, fresh: Sequence[Offer], now: datetime) -> None:
    """Put a vendor's catalog in place of the one before; its failures are forgotten."""
    for offer in fresh:
        values = {
            "vendor": vendor,
            "offer": offer.key,
            "item": offer.item,
            "deployment": offer.deployment,
            "unit_amount": offer.unit_price.minor,
            "currency": offer.unit_price.currency,
            "interval": offer.interval.value,
            "is_offered": offer.is_offered,
            "read_at": now,
        }
        # row by row and not all anew: two readers may come to keep the same catalog at once
        upsert(connection, offers, values, key=[offers.c.vendor, offers.c.offer])
    gone = offers.c.offer.not_in([offer.key for offer in fresh])
    connection.execute(delete(offers).where(offers.c.vendor == vendor, gone))
    connection.execute(delete(hits).where(hits.c.bucket.in_((_asked(vendor), _failed(vendor)))))


def take_turn(connection: Connection, vendor: str, *, holds: timedelta, now: datetime) -> bool:
    """Whether it is the caller who asks the vendor now: nobody else took the turn within ``holds``.

    The row's key decides, so that of two at the same instant one wins on every database.
    """
    row = _row(_asked(vendor), now)
    connection.execute(delete(hits).where(hits.c.hit_id == row["hit_id"], hits.c.at <= now - holds))
    return insert_new(connection, hits, row)


def note_failed(connection: Connection, vendor: str, now: datetime) -> None:
    """Note that the vendor did not answer."""
    upsert(connection, hits, _row(_failed(vendor), now), key=[hits.c.hit_id])


def _row(bucket: str, now: datetime) -> dict[str, object]:
    return {"hit_id": bucket[:40], "bucket": bucket, "at": now}


def _newest(connection: Connection, bucket: str) -> datetime | None:
    found: datetime | None = connection.execute(select(func.max(hits.c.at)).where(hits.c.bucket == bucket)).scalar()
    return found


def _asked(vendor: str) -> str:
    return f"offers-asked:{vendor}"


def _failed(vendor: str) -> str:
    return f"offers-failed:{vendor}"
