"""What a transaction does last, so that whoever waits for a turn there holds up nobody who still needs a row of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

Act = Callable[[Connection], None]
_ACTS = "acts at the end"


def at_end(connection: Connection, act: Act) -> None:
    """Run ``act`` when all else of the transaction is done, in the order of asking; at once where nobody keeps acts."""
    acts: list[Act] | None = connection.info.get(_ACTS)
    if acts is None:
        act(connection)
    else:
        acts.append(act)


@contextmanager
def acts_at_end(connection: Connection) -> Iterator[None]:
    """Keep the acts of a transaction and run them at its end; none of them when it failed."""
    acts: list[Act] = []
    kept = connection.info  # held, because a connection that broke gives it no more
    kept[_ACTS] = acts  # it outlives the transaction, with the connection in its pool
    try:
        yield
    finally:
        kept.pop(_ACTS, None)
    for act in acts:
        act(connection)
