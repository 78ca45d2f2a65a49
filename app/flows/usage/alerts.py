"""What runs out, told on the pages of those who may buy more, until they dismiss it."""

from dataclasses import dataclass

from app import formats
from app.core.problems import NotYours
from app.flows import wording
from app.flows.deps import Deps
from app.flows.usage.known import Buyable, addon_for, packs_for
from app.identity.actor import Person
from app.subscriptions.store import Subscription
from app.usage import store
from app.usage.alerts import Alert, AlertKind, check, is_dismissed
from app.usage.missing import seats_missing
from app.usage.readings import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An alert in words, with the purchase that ends it: ``path`` is the store's, filled with what is missing."""

    alert: Alert
    group_id: str
    text: str
    label: str
    path: str


async def alerts_on_pages(
    deps: Deps, person: Person, reading: Reading | None, plan: Subscription | None, can_buy: Buyable, name: str
) -> tuple[Told, ...]:
    """Return what pages tell a person about a group called ``name``: what can be bought here and was not dismissed."""
    found = [each for each in told(deps, reading, plan, can_buy, name) if each.alert.is_on_pages]
    if not found or reading is None:
        return ()
    group_id = reading.group_id
    marks = await deps.db.read(lambda connection: store.dismissals_of(connection, person.person_id, group_id))
    return tuple(each for each in found if not is_dismissed(each.alert, marks.get(each.alert.kind)))


async def dismiss(deps: Deps, person: Person, reading: Reading | None, kind: str) -> None:
    """Keep that the person has seen how bad it is now; NotYours for a kind that does not exist.

    What is over meanwhile is no fault: there is nothing to dismiss any more.
    """
    if kind not in {each.value for each in AlertKind}:
        raise NotYours(kind)
    if reading is None:
        return
    alerts = check(reading, deps.catalog.rules.alerts, deps.clock.now())
    alert = next((each for each in alerts if each.kind.value == kind), None)
    if alert is None:
        return
    mark, group_id = alert.mark, reading.group_id
    await deps.db.write(lambda connection: store.dismiss(connection, person.person_id, group_id, alert.kind, mark))


def told(
    deps: Deps, reading: Reading | None, plan: Subscription | None, can_buy: Buyable, name: str
) -> tuple[Told, ...]:
    """Return every alert of a group whose cause can be bought away here, in words that call the group ``name``."""
    if reading is None:
        return ()
    alerts = check(reading, deps.catalog.rules.alerts, deps.clock.now())
    return tuple(_told(deps, alert, reading, plan, name) for alert in alerts if alert.kind in can_buy.kinds)


def purchase(deps: Deps, kind: AlertKind, reading: Reading, plan: Subscription | None) -> tuple[str, str]:
    """Return the words and the path of a purchase that is filled with what is missing; empty where nothing is sold."""
    if kind is AlertKind.SEATS:
        more = seats_missing(reading)
        return f"Add {wording.seats(more)}", wording.seats_path(plan.subscription_id, more) if plan else ""
    addon = addon_for(deps.catalog, kind)
    if addon is None:
        return "", ""
    packs = packs_for(addon, reading)
    gain = wording.pack_gain(deps.catalog, addon.key, packs)
    return f"Buy {gain}", wording.packs_path(addon.key, reading.group_id, packs)


def _told(deps: Deps, alert: Alert, reading: Reading, plan: Subscription | None, name: str) -> Told:
    label, path = purchase(deps, alert.kind, reading, plan)
    text = _TEXTS[alert.kind](reading, name)
    return Told(alert=alert, group_id=reading.group_id, text=text, label=label, path=path)


def _seats(reading: Reading, name: str) -> str:
    if reading.seats_in_use > reading.seats:
        people = formats.counted(reading.seats_in_use, "person", "people")
        return f"{people} use {name}, which has {wording.seats(reading.seats)}."
    if not reading.seats_left:
        return f"All {wording.seats(reading.seats)} of {name} are in use."
    verb = "is" if reading.seats_left == 1 else "are"
    left = formats.number(reading.seats_left)
    return f"{left} of the {wording.seats(reading.seats)} of {name} {verb} left."


def _minutes(reading: Reading, name: str) -> str:
    if not reading.minutes_left:
        return f"{name} has used up its compute minutes of this month: new jobs wait until it has more."
    left, whole = formats.number(reading.minutes_left), formats.number(reading.minutes_in_all)
    share = reading.minutes_left * 100 // reading.minutes_in_all
    return f"{left} of the {whole} compute minutes of {name} are left this month ({share} %)."


def _storage(reading: Reading, name: str) -> str:
    used, quota = formats.number(reading.storage_gib), formats.number(reading.storage_quota_gib or 0)
    if (reading.storage_pct or 0) >= 100:
        return f"The storage of {name} is full: {used} of {quota} GiB are used."
    return f"{name} uses {used} of its {quota} GiB of storage ({reading.storage_pct} %)."


_TEXTS = {AlertKind.SEATS: _seats, AlertKind.MINUTES: _minutes, AlertKind.STORAGE: _storage}
