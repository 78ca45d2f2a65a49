"""Signed links: what a token carries, and which tokens are turned away."""

import base64
import zlib
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from app.core.clock import FrozenClock
from app.db.engine import Database
from app.promotions.cart import Audience
from app.promotions.links import LinkClaims, LinkFault, LinkRefused, LinkTokens
from app.promotions.model import Campaign, Landing
from app.promotions.publish import publish
from app.promotions.store.links import Link, find_link, list_links, make_link, open_link, revoke_link
from tests.promotions.world import NOW, SEALER, campaign, offer, percent

KEYS = ("key-one-that-is-long-enough-for-it", "key-two-that-is-long-enough-for-it")
EXPIRES = datetime(2027, 1, 1, tzinfo=UTC)
CLAIMS = LinkClaims(link_id="lnk_1", expires_at=EXPIRES, audience=Audience.ANY, nonce="n")
SPRING: Campaign = campaign("spring", offer("spring", percent(1_000)), link_redemptions=5)


@pytest.fixture
def tokens(clock: FrozenClock) -> LinkTokens:
    return LinkTokens(KEYS, clock)


def fault(tokens: LinkTokens, token: str) -> LinkFault:
    with pytest.raises(LinkRefused) as refused:
        tokens.read(token)
    return refused.value.fault


def test_a_token_says_what_was_signed(tokens: LinkTokens) -> None:
    assert tokens.read(tokens.sign(CLAIMS)) == CLAIMS
    forever = LinkClaims(link_id="lnk_1", expires_at=None, audience=Audience.ACCOUNT, nonce="n")
    assert tokens.read(tokens.sign(forever)) == forever


def test_a_token_carries_nothing_but_the_links_name(tokens: LinkTokens) -> None:
    body = tokens.sign(CLAIMS).rsplit(".", 2)[0]
    packed = base64.urlsafe_b64decode(body.lstrip(".") + "==")
    text = (zlib.decompress(packed) if body.startswith(".") else packed).decode()
    assert {part.split('"')[1] for part in text.strip("{}").split(",")} == {
        "v",
        "kid",
        "link_id",
        "exp",
        "aud",
        "nonce",
    }


def test_an_old_key_still_reads_and_a_strange_one_does_not(clock: FrozenClock, tokens: LinkTokens) -> None:
    old = LinkTokens(KEYS[1:], clock).sign(CLAIMS)
    assert tokens.read(old) == CLAIMS
    assert fault(tokens, LinkTokens(["another-key-that-is-long-enough"], clock).sign(CLAIMS)) is LinkFault.UNKNOWN


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "." * 50, "é.b.c", "A" * 10_000, "e30.e30.e30"])
def test_nonsense_is_unknown(tokens: LinkTokens, token: str) -> None:
    assert fault(tokens, token) is LinkFault.UNKNOWN


def test_every_changed_character_is_noticed(tokens: LinkTokens) -> None:
    token = tokens.sign(CLAIMS)
    # the last character of a signature holds bits that do not count
    for i in range(len(token) - 1):
        changed = token[:i] + ("A" if token[i] != "A" else "B") + token[i + 1 :]
        assert fault(tokens, changed) is LinkFault.UNKNOWN


def test_a_token_ends_by_the_wall_clock(clock: FrozenClock, tokens: LinkTokens) -> None:
    token = tokens.sign(CLAIMS)
    clock.advance_business(timedelta(days=400))
    assert tokens.read(token) == CLAIMS
    clock.advance(EXPIRES - clock.wall())
    assert fault(tokens, token) is LinkFault.EXPIRED


def test_links_and_previews_are_not_mistaken_for_each_other(tokens: LinkTokens) -> None:
    preview = tokens.sign_preview("spring", EXPIRES)
    assert tokens.read_preview(preview) == "spring"
    assert fault(tokens, preview) is LinkFault.UNKNOWN
    with pytest.raises(LinkRefused):
        tokens.read_preview(tokens.sign(CLAIMS))


def made(database: Database, **values: Any) -> Link:
    database.write_now(lambda c: publish(c, [SPRING], sealer=SEALER, actor="cli", now=NOW))
    return database.write_now(lambda c: make_link(c, SPRING, actor="cli", now=NOW, **values))


def test_a_link_fills_in_its_own_or_the_campaigns_page(database: Database) -> None:
    own = made(database, landing=Landing(plan="scale", seats=5), redemptions=2, note="mail of May")
    plain = made(database)
    listed = database.read_now(lambda c: list_links(c, "spring"))
    assert {(link.landing.plan, link.landing.seats, link.cap, link.note) for link in listed} == {
        ("scale", 5, 2, "mail of May"),
        ("", None, 5, ""),
    }
    assert own.link_id != plain.link_id


def test_a_revoked_link_is_told_from_an_unknown_one(database: Database, tokens: LinkTokens) -> None:
    link = made(database)
    claims = tokens.read(tokens.sign(link.claims))
    assert database.read_now(lambda c: open_link(c, claims)) == link
    assert database.write_now(lambda c: revoke_link(c, link.link_id, now=NOW))
    assert not database.write_now(lambda c: revoke_link(c, link.link_id, now=NOW))
    foreign = LinkClaims(link_id=link.link_id, expires_at=None, audience=Audience.ANY, nonce="another")
    for wrong, expected in ((claims, LinkFault.REVOKED), (CLAIMS, LinkFault.UNKNOWN), (foreign, LinkFault.UNKNOWN)):
        with pytest.raises(LinkRefused) as refused:
            database.read_now(partial(open_link, claims=wrong))
        assert refused.value.fault is expected
    assert database.read_now(lambda c: find_link(c, "lnk_none")) is None
