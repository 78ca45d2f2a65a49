"""Codes: found by a keyed hash alone, so that public, secret and unknown ones take the same way."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, func, insert, select, update

from app.core.ids import new_id
from app.db.schema.promotions import campaign_codes as table
from app.db.schema.promotions import campaigns, promo_budgets
from app.db.sealing import Sealer
from app.db.sql import take_turns
from app.promotions import budget_ids
from app.promotions.codes import SecretCode, canonical, fingerprints, new_secret, secret_label
from app.promotions.model import Campaign, CodeSpec
from app.promotions.store import budgets


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A code as it may be listed: of a secret one only prefix and tail."""

    code_id: str
    slug: str
    label: str
    is_secret: bool
    batch: str | None
    expires_at: datetime | None
    made_at: datetime
    revoked_at: datetime | None
    cap: int | None
    held: int
    used: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeMatch:
    """What a typed code stands for."""

    code_hash: str
    code_id: str
    slug: str
    label: str
    is_secret: bool
    expires_at: datetime | None
    is_revoked: bool


_LOCK = 7_241_003  # any number that no other advisory lock of the store uses


class BatchFull(Exception):
    """The campaign has no batch with room for so many codes; ``room`` is how many it has."""

    def __init__(self, slug: str, room: int) -> None:
        super().__init__(f"{slug} has room for {room} more codes")
        self.room = room


def take_turns_at_codes(connection: Connection) -> None:
    """Let one transaction at a time give codes out: each sees those that the ones before it gave."""
    take_turns(connection, _LOCK)


def conflicts(connection: Connection, published: Sequence[Campaign], sealer: Sealer) -> list[tuple[str, str, str]]:
    """Return (campaign, code, other campaign) for each written code that a published campaign outside has meanwhile."""
    own = [campaign.slug for campaign in published]
    found = []
    for campaign in published:
        for spec, code in _written(campaign):
            others = connection.execute(
                select(table.c.slug)
                .join(campaigns, campaigns.c.slug == table.c.slug)
                .where(table.c.code_hash.in_(fingerprints(sealer, code)), table.c.revoked_at.is_(None))
                .where(table.c.slug.not_in(own))
                .where(campaigns.c.starts_at < campaign.window.ends, campaigns.c.ends_at > campaign.window.starts)
            ).scalars()
            found += [(campaign.slug, spec.code, other) for other in others]
    return found


def sync_codes(
    connection: Connection, campaign: Campaign, *, had: Campaign | None, sealer: Sealer, actor: str, now: datetime
) -> None:
    """Let the written codes of a campaign be those of the file; one that is gone stops working, its ledger stays.

    A code that was revoked by command stays so for as long as the file names it.

    Args:
        had: the version before this one, None for a new campaign.
    """
    named_before = {code for _, code in _written(had)} if had else set()
    kept = []
    for spec, code in _written(campaign):
        code_id = _known_id(connection, campaign.slug, code, sealer)
        if code_id is None:
            code_id = _add(connection, campaign.slug, spec, code, sealer=sealer, actor=actor, now=now)
        else:
            values = {"code_hash": fingerprints(sealer, code)[0], "expires_at": spec.expires}
            if code not in named_before:
                values["revoked_at"] = None  # it had left the file, and is back
            connection.execute(update(table).where(table.c.code_id == code_id).values(**values))
        budgets.set_cap(connection, budget_ids.code_uses(code_id), campaign.slug, spec.redemptions)
        kept.append(code_id)
    gone = (table.c.slug == campaign.slug) & table.c.batch.is_(None) & table.c.code_id.not_in(kept)
    connection.execute(update(table).where(gone, table.c.revoked_at.is_(None)).values(revoked_at=now))
    _sync_batches(connection, campaign)


def make_codes(
    connection: Connection, campaign: Campaign, count: int, *, sealer: Sealer, actor: str, now: datetime
) -> tuple[SecretCode, ...]:
    """Make ``count`` secret codes of the campaign's batches and return them: they can never be shown again.

    Raises BatchFull, with nothing made, when the campaign's batches have no room for so many.
    """
    take_turns_at_codes(connection)
    batches = _batches(connection, campaign)
    room = sum(left for _, left in batches)
    if room < count:
        raise BatchFull(campaign.slug, room)
    made: list[SecretCode] = []
    for spec, left in batches:
        fresh = [new_secret(spec.prefix) for _ in range(min(left, count - len(made)))]
        if fresh:
            _add_batch(connection, campaign.slug, spec, fresh, sealer=sealer, actor=actor, now=now)
        made += fresh
    return tuple(made)


def room_for(connection: Connection, campaign: Campaign) -> int:
    """Return how many codes of the campaign's batches have not been made yet."""
    return sum(left for _, left in _batches(connection, campaign))


def find_codes(connection: Connection, code_or_id: str, sealer: Sealer) -> tuple[Code, ...]:
    """Return the codes with this id, or those that stand behind this text; no secret one is found by its label."""
    hashes = fingerprints(sealer, canonical(code_or_id) or "")
    rows = connection.execute(_listed().where((table.c.code_id == code_or_id) | table.c.code_hash.in_(hashes)))
    return tuple(_code(row) for row in rows.mappings())


def revoke_code(connection: Connection, code_id: str, *, now: datetime) -> bool:
    """Let a code work no more; reservations that were made with it stand. Whether it worked before."""
    changed = connection.execute(
        update(table).where(table.c.code_id == code_id, table.c.revoked_at.is_(None)).values(revoked_at=now)
    )
    return changed.rowcount == 1


def list_codes(connection: Connection, slug: str) -> tuple[Code, ...]:
    """Return a campaign's codes with what was used of them, oldest first."""
    rows = connection.execute(_listed().where(table.c.slug == slug).order_by(table.c.made_at, table.c.code_id))
    return tuple(_code(row) for row in rows.mappings())


def matches(connection: Connection, hashes: Iterable[str]) -> tuple[CodeMatch, ...]:
    """Return what stands behind these hashes, and one secret code besides. One query, whatever is asked.

    The code besides is for ``reading``: to look at its campaign takes as long as to look at that of a code that fits.
    """
    besides = select(func.min(table.c.code_id)).where(table.c.is_secret).scalar_subquery()
    fits = table.c.code_hash.in_(list(hashes) or [""])
    rows = connection.execute(select(table).where(fits | (table.c.code_id == besides))).all()
    return tuple(
        CodeMatch(
            code_hash=row.code_hash,
            code_id=row.code_id,
            slug=row.slug,
            label=row.label,
            is_secret=row.is_secret,
            expires_at=row.expires_at,
            is_revoked=row.revoked_at is not None,
        )
        for row in rows
    )


def _listed() -> Select[Any]:
    own = promo_budgets.c.budget_id == "code:" + table.c.code_id + ":uses"
    return select(table, promo_budgets.c.cap, promo_budgets.c.held, promo_budgets.c.used).outerjoin(promo_budgets, own)


def _code(row: RowMapping) -> Code:
    return Code(**{name: row[name] for name in Code.__dataclass_fields__})


def _batches(connection: Connection, campaign: Campaign) -> list[tuple[CodeSpec, int]]:
    """Return the batches and how many codes of each may still be made."""
    made = ((spec, _made(connection, campaign.slug, spec)) for spec in campaign.codes if spec.batch)
    return [(spec, max(0, spec.batch - count)) for spec, count in made]


def _written(campaign: Campaign) -> list[tuple[CodeSpec, str]]:
    return [(spec, code) for spec in campaign.codes if spec.code and (code := canonical(spec.code))]


def _known_id(connection: Connection, slug: str, code: str, sealer: Sealer) -> str | None:
    """Return the id of a written code: by its hash, or by its text when the keys have changed since."""
    query = select(table).where(table.c.slug == slug, table.c.batch.is_(None))
    hashes = fingerprints(sealer, code)
    for row in connection.execute(query):
        if row.code_hash in hashes or (not row.is_secret and canonical(row.label) == code):
            return str(row.code_id)
    return None


def _add(
    connection: Connection, slug: str, spec: CodeSpec, code: str, *, sealer: Sealer, actor: str, now: datetime
) -> str:
    code_id = new_id("cod")
    label = secret_label("", code) if spec.is_secret else spec.code.strip()
    row = _row(slug, code_id, spec, code, label=label, batch=None, sealer=sealer)
    connection.execute(insert(table).values(**row, made_at=now, made_by=actor))
    return code_id


def _add_batch(
    connection: Connection,
    slug: str,
    spec: CodeSpec,
    fresh: Sequence[SecretCode],
    *,
    sealer: Sealer,
    actor: str,
    now: datetime,
) -> None:
    rows = [
        _row(slug, new_id("cod"), spec, canonical(each.text) or "", label=each.label, batch=spec.prefix, sealer=sealer)
        for each in fresh
    ]
    connection.execute(insert(table), [{**row, "made_at": now, "made_by": actor} for row in rows])
    caps = {budget_ids.code_uses(str(row["code_id"])): spec.redemptions_each for row in rows}
    budgets.add_budgets(connection, slug, caps)


def _row(
    slug: str, code_id: str, spec: CodeSpec, code: str, *, label: str, batch: str | None, sealer: Sealer
) -> Mapping[str, object]:
    return {
        "code_id": code_id,
        "slug": slug,
        "code_hash": fingerprints(sealer, code)[0],
        "label": label,
        "is_secret": spec.is_secret,
        "batch": batch,
        "expires_at": spec.expires,
        "revoked_at": None,
    }


def _made(connection: Connection, slug: str, spec: CodeSpec) -> int:
    query = select(func.count()).select_from(table).where(table.c.slug == slug, table.c.batch == spec.prefix)
    return connection.execute(query).scalar_one()


def _sync_batches(connection: Connection, campaign: Campaign) -> None:
    for spec in campaign.codes:
        if not spec.batch:
            continue
        mine = (table.c.slug == campaign.slug) & (table.c.batch == spec.prefix)
        connection.execute(update(table).where(mine).values(expires_at=spec.expires))
        own = select("code:" + table.c.code_id + ":uses").where(mine)
        # each has its budget since it was made
        caps = update(promo_budgets).where(promo_budgets.c.budget_id.in_(own))
        connection.execute(caps.values(cap=spec.redemptions_each))
