"""Putting people and groups into the database, and emptying it."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from app.db.tables import create_missing
from app.demo.model import DEVELOPER, OWNER
from app.demo.seed import BadSeed, SeedGroup, SeedPerson
from app.demo.store.groups import add_group, find_group
from app.demo.store.minutes import begin_counting, count_minutes
from app.demo.store.people import find_person
from app.demo.store.schema import groups, members, metadata, people, signing_keys


def create_tables(connection: Connection) -> None:
    """Make the tables that are not there yet."""
    create_missing(connection, metadata)


def empty(connection: Connection) -> None:
    """Forget everything but the signing keys: whoever has them cached can go on checking signatures."""
    for table in reversed(metadata.sorted_tables):
        if table is not signing_keys:
            connection.execute(delete(table))


def seed(
    connection: Connection,
    some_people: Iterable[SeedPerson],
    some_groups: Iterable[SeedGroup],
    *,
    only_new: bool,
    now: datetime,
) -> None:
    """Have these people and groups; BadSeed when a group names somebody unknown.

    Args:
        only_new: leave those that are there as they are. Otherwise their facts are brought up to date; what was
            granted to a group stands in either case.
        now: business time; minutes used are those of its month.
    """
    for person in some_people:
        _seed_person(connection, person, only_new)
    for group in some_groups:
        _seed_group(connection, group, only_new, now)
    begin_counting(connection, now)


def _seed_person(connection: Connection, person: SeedPerson, only_new: bool) -> None:
    facts = {
        "name": person.name or person.username.capitalize(),
        "email": person.email or f"{person.username}@forge.example",
        "email_verified": person.email_verified,
        "roles": list(person.roles),
    }
    known = find_person(connection, person.username)
    if known is None:
        connection.execute(insert(people).values(sub=person.subject, username=person.username, **facts))
    elif not only_new:
        connection.execute(update(people).where(people.c.sub == known.sub).values(**facts))


def _seed_group(connection: Connection, group: SeedGroup, only_new: bool, now: datetime) -> None:
    is_new = find_group(connection, group.id) is None
    if is_new:
        add_group(connection, group_id=group.id, name=group.name, other_members=0, seats_in_use=0)
        connection.execute(
            update(groups)
            .where(groups.c.id == group.id)
            .values(plan=group.plan, seats=group.seats, starts_at=group.starts_at, ends_at=group.ends_at)
        )
    if is_new or not only_new:
        _seed_facts(connection, group)
        count_minutes(connection, group.id, group.minutes_used, now)


def _seed_facts(connection: Connection, group: SeedGroup) -> None:
    for username, role in [(name, OWNER) for name in group.owners] + [(name, DEVELOPER) for name in group.developers]:
        _seed_member(connection, group.id, username, role)
    connection.execute(
        update(groups)
        .where(groups.c.id == group.id)
        .values(
            name=group.name or group.id,
            source=group.source,
            other_members=group.head_count - len(group.owners) - len(group.developers),
            seats_in_use=group.billable,
            seats_max=group.most_billable,
            storage_used_gib=group.storage_used_gib,
        )
    )


def _seed_member(connection: Connection, group_id: str, username: str, role: str) -> None:
    person = find_person(connection, username)
    if person is None:
        raise BadSeed(f"{group_id}: there is nobody called {username!r}.")
    here = (members.c.group_id == group_id) & (members.c.sub == person.sub)
    if connection.execute(select(members.c.role).where(here)).one_or_none():
        connection.execute(update(members).where(here).values(role=role))
    else:
        connection.execute(insert(members).values(group_id=group_id, sub=person.sub, role=role))
