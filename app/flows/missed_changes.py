"""Finding what no message told: the vendor's list of changes, read through the same inbox as its messages.

A change that was told already is known there by its id. One that was not makes the worker look again, as a message
would have; it is a hint, and what counts is what the vendor answers then.
"""

from datetime import timedelta

import structlog
from sqlalchemy import Connection

from app.events import inbox
from app.events.vendor_changes import Place, keep_place, note_gap, place_in
from app.flows.deps import Deps
from app.vendor_adapters.capabilities import Capability
from app.vendor_adapters.types import Notification, NotificationKind, Page

MOST_PAGES = 20  # in one sweep; the next one goes on from there
SAID_AGAIN_AFTER = timedelta(hours=1)  # that nothing has changed is written down no more often

_log = structlog.get_logger()


async def find_missed_changes(deps: Deps) -> int:
    """Put what changed at each vendor since the last time into the inbox; return how much of it no message had told.

    A vendor without such a list is passed over, and one that does not answer, or whose list cannot be read, is asked
    again by the next sweep; it holds up nothing else.
    """
    found = 0
    for name, vendor in deps.vendors.items():
        if Capability.LIST_OF_CHANGES not in vendor.capabilities:
            continue
        try:
            found += await _read_on(deps, name)
        except Exception as error:
            _log.warning("list of changes not read", vendor=name, error=type(error).__name__)
    return found


async def _read_on(deps: Deps, vendor: str) -> int:
    found, place = 0, await deps.db.write(lambda connection: _start(connection, deps, vendor))
    for _ in range(MOST_PAGES):
        page = await deps.vendors[vendor].changes_since(place.cursor)
        is_further = page.rows or page.next_cursor not in ("", place.cursor)
        if is_further or deps.clock.wall() - place.read_at >= SAID_AGAIN_AFTER:
            place, new = await _keep(deps, vendor, page, place.cursor)
            found += new
        if not page.next_cursor:
            break
    if found:
        _log.info("changes taken from the list", vendor=vendor, changes=found)
    return found


def _start(connection: Connection, deps: Deps, vendor: str) -> Place:
    """Return where to read on: from the start when what followed may be forgotten by now, and that is noted."""
    place, now = place_in(connection, vendor), deps.clock.wall()
    kept_since = now - deps.vendors[vendor].capabilities.changes_window
    if place is None:
        return Place(cursor="", read_at=kept_since)
    if place.read_at >= kept_since:
        return place
    note_gap(connection, vendor, gap_from=place.read_at, gap_until=kept_since)
    gap = f"{place.read_at.isoformat()} to {kept_since.isoformat()}"
    _log.warning("changes may have been missed: the vendor lists them no more", vendor=vendor, gap=gap)
    return Place(cursor="", read_at=kept_since)


async def _keep(deps: Deps, vendor: str, page: Page[Notification], cursor: str) -> tuple[Place, int]:
    """Write down what a page told and where the next one begins; return that, and how much of it was new."""
    last = page.rows[-1].id if page.rows else cursor
    place = Place(cursor=page.next_cursor or last, read_at=deps.clock.wall())
    told, now = [note for note in page.rows if note.kind is not NotificationKind.IGNORED], deps.clock.wall()

    def write(connection: Connection) -> int:
        new = 0
        for note in told:
            try:
                new += inbox.receive_one(connection, vendor, note, now=now)
            except inbox.Unstorable as error:
                reason = type(error.__cause__).__name__
                _log.warning("a change that cannot be kept is passed over", vendor=vendor, change=note.id, error=reason)
        keep_place(connection, vendor, place)
        return new

    return place, await deps.db.write(write)
