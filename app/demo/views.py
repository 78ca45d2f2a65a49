"""What the product's own pages show, worked out before a template sees it."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from app.demo.model import PLANS, GroupRecord, Membership, Person
from app.demo.world import World

_SOURCES = {
    "reseller": "Bought through a reseller",
    "marketplace": "Bought through a marketplace",
    "multi_year": "Multi-year agreement",
    "purchase_order": "Bought by purchase order",
    "community": "Community programme",
}
_ORDER = re.compile(r"O-[0-9A-Z]{4,8}(-[0-9A-Z]{4,8})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link with its text."""

    text: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLine:
    """A group in the list; ``summary`` is its plan and the person's part in it."""

    link: Link
    summary: str
    members: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupForm:
    """The form that makes a group; ``return_to`` is where its owner goes on, empty for the group's page."""

    name: str = ""
    problem: str = ""
    return_to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeView:
    """The start page of somebody signed in; ``unconfirmed`` is an e-mail address still to be confirmed."""

    person: str
    groups: tuple[GroupLine, ...]
    form: GroupForm
    unconfirmed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """An amount in use, of ``most``; 0 when nothing limits it. ``note`` may be empty."""

    label: str
    value: int
    most: int
    text: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderNote:
    """How an order stands here."""

    order_id: str
    is_active: bool
    check_again: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialOffer:
    """A group that can start a trial of so many days."""

    group_id: str
    name: str
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialView:
    """The trial of a group: ``text`` on the one that it has or had, else ``days`` of the one that an owner may start.

    ``keep`` leads to the store, which turns a running one into a plan.
    """

    plan: str
    text: str
    days: int
    keep: Link | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupView:
    """A group's page. ``buy`` is for owners of a group without a paid plan, ``change`` of one that has a plan,
    ``more`` for all owners, ``owners`` for
    everybody else, ``used`` for owners who pretend other figures: seats, minutes, GiB."""

    id: str
    name: str
    plan: str
    is_paid: bool
    term: str
    source: str
    members: str
    role: str
    trial: TrialView | None
    used: tuple[int, int, int] | None
    gauges: tuple[Gauge, ...]
    buy: tuple[Link, ...]
    change: tuple[Link, ...]
    more: tuple[Link, ...]
    owners: str
    order: OrderNote | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonLine:
    """Somebody on the sign-in page."""

    username: str
    name: str
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInView:
    """The sign-in page; ``for_store`` when the store sent the person here and Cancel leads back to it."""

    action: str
    people: tuple[PersonLine, ...]
    for_store: bool
    problem: str


def home_view(person: Person, memberships: tuple[Membership, ...], form: GroupForm, now: datetime) -> HomeView:
    """Return the start page of ``person``."""
    return HomeView(
        person=person.name,
        groups=tuple(_group_line(each, now) for each in memberships),
        form=form,
        unconfirmed="" if person.email_verified else person.email,
    )


def group_view(
    world: World, seen: Membership, *, owners: tuple[str, ...], order: OrderNote | None, now: datetime
) -> GroupView:
    """Return a group's page as one of its people sees it at ``now``."""
    group, is_paid = seen.group, seen.group.is_paid(now)
    return GroupView(
        id=group.id,
        name=group.name,
        plan=PLANS[group.plan if is_paid else "free"].name,
        is_paid=is_paid,
        term=_term(group, now),
        source=_SOURCES.get(group.source, "") if is_paid else "",
        members=_count(group.members, "member"),
        role=seen.role,
        trial=_trial(world, seen, now),
        used=(group.seats_in_use, group.minutes_used(now), group.storage_used_gib) if seen.is_owner else None,
        gauges=_gauges(group, now),
        buy=_buy_links(world, group) if seen.is_owner and not is_paid else (),
        change=_change_links(world, group) if seen.is_owner and is_paid else (),
        more=_more_links(world, group, is_paid=is_paid) if seen.is_owner else (),
        owners="" if seen.is_owner else " or ".join(owners),
        order=order,
    )


def trial_days(world: World, seen: Membership) -> int:
    """Return how long a trial would be that this person may start for the group; 0 when there is none to have."""
    rules, group = world.trial, seen.group
    if rules is None or not seen.is_owner or (group.trial and rules.once_per_group):
        return 0
    plan = group.plan if group.is_paid(world.clock.now()) else "free"
    return 0 if plan == rules.plan else rules.days(plan)


def order_note(group_id: str, order_id: str, *, is_active: bool) -> OrderNote:
    """Return how an order stands, by what this product knows."""
    query = urlencode({"order": order_id, "status": "paid"})
    return OrderNote(order_id=order_id, is_active=is_active, check_again=f"/groups/{group_id}?{query}")


def is_order_id(text: str) -> bool:
    """Whether ``text`` looks like one of the store's orders, so that nothing else is ever shown."""
    return _ORDER.fullmatch(text) is not None


def sign_in_view(
    action: str, entries: tuple[tuple[Person, tuple[Membership, ...]], ...], *, for_store: bool, problem: str = ""
) -> SignInView:
    """Return the sign-in page with everybody on it."""
    lines = tuple(
        PersonLine(username=person.username, name=person.name, about=_about(memberships))
        for person, memberships in entries
    )
    return SignInView(action=action, people=lines, for_store=for_store, problem=problem)


def group_id_for(name: str) -> str:
    """Return the short name made from a group's name, or an empty text when nothing of it can be used."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower().replace("'", "")
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].rstrip("-")


def _group_line(seen: Membership, now: datetime) -> GroupLine:
    group = seen.group
    plan = PLANS[group.plan if group.is_paid(now) else "free"].name
    return GroupLine(
        link=Link(text=group.name, href=f"/groups/{group.id}"),
        summary=f"{plan}, you are {'an owner' if seen.is_owner else 'a developer'}",
        members=_count(group.members, "member"),
    )


def _term(group: GroupRecord, now: datetime) -> str:
    if group.plan == "free":
        return ""
    if group.ends_at is None:
        return "without an end"
    return f"until {_date(group.ends_at)}" if group.is_paid(now) else f"ended on {_date(group.ends_at)}"


def _trial(world: World, seen: Membership, now: datetime) -> TrialView | None:
    trial, rules = seen.group.trial, world.trial
    if trial is None:
        days = trial_days(world, seen)
        return TrialView(plan=PLANS[rules.plan].name, text="", days=days, keep=None) if rules and days else None
    name = PLANS[trial.plan].name
    if not trial.is_running(now):
        return TrialView(plan=name, text=f"The trial of {name} ended on {_date(trial.ends_at)}.", days=0, keep=None)
    days_left = _count(-(-(trial.ends_at - now) // timedelta(days=1)), "day")
    query = f"{_buy_query(world, seen.group, trial.plan)}&from=trial"
    keep = Link(text=f"Keep {name}", href=f"{world.store_url}/buy?{query}") if seen.is_owner else None
    text = f"Trial of {name}: {days_left} left, until {_date(trial.ends_at)}."
    return TrialView(plan=name, text=text, days=0, keep=keep)


def _gauges(group: GroupRecord, now: datetime) -> tuple[Gauge, ...]:
    return (_seats(group, now), _minutes(group, now), _storage(group, now))


def _seats(group: GroupRecord, now: datetime) -> Gauge:
    if not group.is_paid(now):
        return Gauge(label="Seats", value=0, most=0, text=f"{group.seats_in_use:,} in use", note="")
    over = group.seats_in_use - group.seats
    return Gauge(
        label="Seats",
        value=group.seats_in_use,
        most=group.seats,
        text=f"{group.seats_in_use:,} of {group.seats:,} in use",
        note=f"{over:,} more in use than bought" if over > 0 else "",
    )


def _minutes(group: GroupRecord, now: datetime) -> Gauge:
    included, in_packs = group.minutes_included(now), group.minutes_in_packs(now)
    used = group.minutes_used(now)
    return Gauge(
        label="Compute minutes",
        value=used,
        most=included,
        text=f"{used:,} of {included:,} used this month",
        note=f"{in_packs:,} more from packs" if in_packs else "",
    )


def _storage(group: GroupRecord, now: datetime) -> Gauge:
    until = f" until {_date(group.storage_ends_at)}" if group.storage_ends_at else ""
    most = group.storage_quota_gib(now)
    return Gauge(
        label="Storage",
        value=group.storage_used_gib,
        most=most,
        text=f"{group.storage_used_gib:,} of {most:,} GiB used",
        note=f"{group.storage_gib:,} GiB extra{until}" if group.storage_gib else "",
    )


def _buy_links(world: World, group: GroupRecord) -> tuple[Link, ...]:
    return tuple(
        Link(text=f"Buy {PLANS[plan].name}", href=f"{world.store_url}/buy?{_buy_query(world, group, plan)}")
        for plan in ("team", "scale")
    )


def _change_links(world: World, group: GroupRecord) -> tuple[Link, ...]:
    return (Link(text="Change or renew the plan", href=f"{world.store_url}/groups/{group.id}/subscription"),)


def _more_links(world: World, group: GroupRecord, *, is_paid: bool) -> tuple[Link, ...]:
    here = f"{world.origin}/groups/{group.id}"
    seats = f"{world.store_url}/buy/seats?{urlencode({'group': group.id, 'return_to': here})}"
    more = (Link(text="Add seats", href=seats),) if is_paid else ()
    return more + tuple(
        Link(
            text=text,
            href=f"{world.store_url}/buy/packs?{urlencode({'addon': addon, 'group': group.id, 'return_to': here})}",
        )
        for text, addon in (("Buy minutes", "compute-1000"), ("Buy storage", "storage-10"))
    )


def _buy_query(world: World, group: GroupRecord, plan: str) -> str:
    here = f"{world.origin}/groups/{group.id}"
    return urlencode({"plan": plan, "deployment": "hosted", "group": group.id, "return_to": here})


def _about(memberships: tuple[Membership, ...]) -> str:
    owned = ", ".join(each.group.name for each in memberships if each.is_owner)
    return f"owner of {owned}" if owned else "owns no group"


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _date(at: datetime) -> str:
    return f"{at.day} {at:%B %Y}"
