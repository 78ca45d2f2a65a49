"""Who was not sent a notice yet, found page by page: those who were keep it from no other."""

from collections.abc import Callable

from sqlalchemy import Connection

from app.events import outbox
from app.subscriptions.store import Subscription

MOST_AT_ONCE = 500  # notices of one sweep
PAGE = 500


def untold(
    connection: Connection,
    read: Callable[[int, int], tuple[Subscription, ...]],
    key_of: Callable[[Subscription], str],
    *,
    page: int = PAGE,
) -> tuple[Subscription, ...]:
    """Return the first of those that ``read`` lists for which no mail with the key was ever added.

    Args:
        read: returns at most so many (the first argument) from so many on (the second).
        key_of: the mail's dedupe key.
    """
    found: list[Subscription] = []
    start = 0
    while len(found) < MOST_AT_ONCE:
        listed = read(page, start)
        known = outbox.known_keys(connection, kind=outbox.MAIL, dedupe_keys=[key_of(each) for each in listed])
        found += [each for each in listed if key_of(each) not in known]
        start += len(listed)
        if len(listed) < page:
            break
    return tuple(found[:MOST_AT_ONCE])
