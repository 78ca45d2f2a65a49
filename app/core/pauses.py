"""How long to wait before trying again."""

import random
from datetime import timedelta


def pause_after(tries: int, *, first: timedelta, longest: timedelta) -> timedelta:
    """Return the pause after the ``tries``-th failure: doubling from ``first`` up to ``longest``, with jitter.

    The jitter (up to a quarter less) keeps many jobs that failed together from coming back together.
    """
    pause: timedelta = min(longest, first * int(2 ** min(tries - 1, 30)))
    return pause - pause * random.random() / 4  # noqa: S311 (spreads load; nothing secret)
