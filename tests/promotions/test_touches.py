"""Who came by which campaign: the first visit stays, the newest is remembered, and both survive sign-in."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import insert

from app.db.engine import Database
from app.db.schema.identity import people
from app.promotions.store.touches import Touch, adopt, first_touch, last_touch, note_touch

NOON = datetime(2027, 3, 10, 12, tzinfo=UTC)
ALWAYS = NOON - timedelta(days=365)


def note(database: Database, slug: str, days: int, *, visitor: str = "vis_1", link_id: str = "", utm: str = "") -> None:
    now = NOON + timedelta(days=days)
    database.write_now(
        lambda c: note_touch(c, visitor_id=visitor, person_id=None, slug=slug, link_id=link_id, utm=utm, now=now)
    )


def ends(database: Database, since: datetime = ALWAYS, person: str | None = None) -> list[tuple[str, str] | None]:
    def shown(touch: Touch | None) -> tuple[str, str] | None:
        return (touch.slug, touch.link_id) if touch else None

    return [
        shown(database.read_now(lambda c: first_touch(c, "vis_1", person, since=since))),
        shown(database.read_now(lambda c: last_touch(c, "vis_1", person, since=since))),
    ]


def test_the_first_and_the_newest_are_kept(database: Database) -> None:
    assert ends(database) == [None, None]
    note(database, "spring-launch", 0, utm='{"utm_source": "mail"}')
    note(database, "grow-50", 1, link_id="lnk_1")
    note(database, "spring-launch", 2, utm='{"utm_source": "web"}')
    note(database, "other", 3, visitor="vis_2")
    assert ends(database) == [("spring-launch", ""), ("spring-launch", "")]
    touch = database.read_now(lambda c: last_touch(c, "vis_1", None, since=ALWAYS))
    assert touch is not None
    assert (touch.first_utm, touch.utm, touch.visits) == ('{"utm_source": "mail"}', '{"utm_source": "web"}', 2)
    assert (touch.first_at, touch.last_at) == (NOON, NOON + timedelta(days=2))


def test_old_ones_are_not_remembered(database: Database) -> None:
    note(database, "spring-launch", 0)
    assert ends(database, NOON + timedelta(seconds=1)) == [None, None]


def test_a_visitors_touches_become_the_persons(database: Database) -> None:
    person = {"person_id": "per_1", "issuer": "i", "subject": "s", "created_at": NOON, "seen_at": NOON}
    database.write_now(lambda c: c.execute(insert(people).values(person)))
    note(database, "spring-launch", 0, visitor="vis_9")
    assert ends(database, person="per_1") == [None, None]
    database.write_now(lambda c: adopt(c, "vis_9", "per_1"))
    assert ends(database, person="per_1") == [("spring-launch", "")] * 2
