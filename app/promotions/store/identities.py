"""Who had a campaign: one row for each key of a buyer and each use, so that any match counts and none is read back."""

from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import Connection, delete, func, select, update

from app.db.schema.promotions import promo_identities as table
from app.db.sql import insert_new


class SlotTaken(Exception):
    """The buyer has had the campaign as often as anybody may."""

    def __init__(self, slug: str) -> None:
        super().__init__(slug)
        self.slug = slug


def take_slots(
    connection: Connection, slug: str, keys: Iterable[str], *, most: int | None, reservation_id: str
) -> None:
    """Take one free slot for each of a buyer's keys; SlotTaken when a key has none left.

    Two uses of one identity at once fight for the same row, and the later one finds it taken.
    """
    for key in sorted(set(keys)):
        if most is None:
            _take(connection, slug, key, reservation_id, reservation_id)
        elif not _take_numbered(connection, slug, key, most, reservation_id):
            raise SlotTaken(slug)


def free_slots(connection: Connection, reservation_ids: Sequence[str]) -> None:
    """Give back the slots of these reservations; whose they were is still known, for a payment that comes late."""
    mine = table.c.reservation_id.in_(list(reservation_ids))
    connection.execute(update(table).where(mine).values(slot=table.c.reservation_id, is_live=False))


def take_again(connection: Connection, slug: str, reservation_id: str, *, most: int | None) -> None:
    """Take slots for the keys whose slots a reservation gave back; SlotTaken when one has none left."""
    keys = keys_of(connection, reservation_id)
    connection.execute(delete(table).where(table.c.reservation_id == reservation_id))
    take_slots(connection, slug, keys, most=most, reservation_id=reservation_id)


def remember(connection: Connection, slug: str, keys: Iterable[str], *, reservation_id: str) -> None:
    """Note further keys of a buyer without counting them: ``take_again`` or ``overdraw`` does."""
    for key in sorted(set(keys)):
        row = {"slug": slug, "identity_key": key, "slot": reservation_id, "reservation_id": reservation_id}
        insert_new(connection, table, row | {"is_live": False})


def overdraw(connection: Connection, reservation_id: str) -> None:
    """Count all keys of a reservation, over the limit if need be."""
    connection.execute(update(table).where(table.c.reservation_id == reservation_id).values(is_live=True))


def keys_of(connection: Connection, reservation_id: str) -> tuple[str, ...]:
    """Return a reservation's keys."""
    query = select(table.c.identity_key).where(table.c.reservation_id == reservation_id)
    return tuple(connection.execute(query.order_by(table.c.identity_key)).scalars())


def uses(
    connection: Connection, slugs: Sequence[str], keys: Sequence[str], *, besides: Sequence[str] = ()
) -> tuple[tuple[str, int], ...]:
    """Return how often a buyer with these keys has each campaign: the key that had it most. One query.

    Args:
        besides: reservations that are not counted, because they are what the buyer is about to pay.
    """
    counted = (
        select(table.c.slug, func.count().label("uses"))
        .where(table.c.slug.in_(list(slugs) or [""]), table.c.identity_key.in_(list(keys) or [""]))
        .where(table.c.is_live, table.c.reservation_id.not_in(list(besides) or [""]))
        .group_by(table.c.slug, table.c.identity_key)
    )
    most: dict[str, int] = {}
    for row in connection.execute(counted):
        most[row.slug] = max(row.uses, most.get(row.slug, 0))
    return tuple(sorted(most.items()))


def rows(connection: Connection) -> Iterator[tuple[str, bool]]:
    """Yield (reservation, whether it is counted) once for each row, for the audit."""
    for row in connection.execute(select(table.c.reservation_id, table.c.is_live).distinct()):
        yield row.reservation_id, row.is_live


def _take_numbered(connection: Connection, slug: str, key: str, most: int, reservation_id: str) -> bool:
    query = select(table.c.slot).where(table.c.slug == slug, table.c.identity_key == key, table.c.is_live)
    taken = set(connection.execute(query).scalars())
    free = [str(number) for number in range(most) if str(number) not in taken]
    room = max(0, most - len(taken))
    return any(_take(connection, slug, key, slot, reservation_id) for slot in free[:room])


def _take(connection: Connection, slug: str, key: str, slot: str, reservation_id: str) -> bool:
    row = {"slug": slug, "identity_key": key, "slot": slot, "reservation_id": reservation_id, "is_live": True}
    return insert_new(connection, table, row)
