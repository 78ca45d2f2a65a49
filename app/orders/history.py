"""An account's orders with who pressed the button, for its managers."""

from sqlalchemy import Connection, select

from app.db.schema.identity import people
from app.db.schema.orders import orders
from app.orders.store import Order, get_orders


def account_orders(
    connection: Connection, account_id: str, *, limit: int, offset: int
) -> tuple[tuple[Order, str], ...]:
    """Return an account's orders, newest first, each with the name of the person who made it."""
    rows = connection.execute(
        select(orders.c.order_id, people.c.name, people.c.username, people.c.email)
        .join(people, people.c.person_id == orders.c.person_id)
        .where(orders.c.account_id == account_id)
        .order_by(orders.c.created_at.desc(), orders.c.order_id)
        .limit(limit)
        .offset(offset)
    ).all()
    found = get_orders(connection, [row.order_id for row in rows])
    return tuple((found[row.order_id], row.name or row.username or row.email) for row in rows)
