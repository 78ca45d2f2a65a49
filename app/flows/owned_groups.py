"""The groups that somebody owns, asked of the product and remembered for a moment, so that leafing through is quick.

What is remembered decides only which lines a list shows. Whoever opens or changes something is asked for anew.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from app.identity.actor import Person

KEPT_FOR = timedelta(minutes=1)
MOST_PEOPLE = 1_000


class OwnedGroups:
    """A bounded memory of this process: the names of the groups that people own, by id."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], tuple[datetime, Mapping[str, str]]] = {}

    def known(self, person: Person, now: datetime) -> Mapping[str, str] | None:
        """Return what was told within the last minute; None when nothing was. ``now`` is wall time."""
        at, names = self._kept.get(_key(person), (now - KEPT_FOR, None))
        return names if timedelta(0) <= now - at < KEPT_FOR else None

    def keep(self, person: Person, names: Mapping[str, str], now: datetime) -> None:
        """Remember what the product has just told; the one that was told longest ago gives way."""
        self._kept.pop(_key(person), None)
        while len(self._kept) >= MOST_PEOPLE:
            del self._kept[next(iter(self._kept))]
        self._kept[_key(person)] = (now, names)


def _key(person: Person) -> tuple[str, str]:
    return person.issuer, person.subject
