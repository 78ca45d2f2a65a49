"""Everything that ``evaluate`` needs of the tables, in five queries that are the same whatever was typed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, select

from app.db.schema.promotions import campaign_links
from app.db.sealing import Sealer
from app.promotions import budget_ids
from app.promotions.campaigns import Campaigns
from app.promotions.cart import Audience, Cart, Entry, Facts, Match, Source
from app.promotions.codes import canonical, fingerprints
from app.promotions.decision import Decision
from app.promotions.evaluate import evaluate
from app.promotions.model import Published
from app.promotions.reservation import Reservation
from app.promotions.store import budgets, campaigns, codes, identities, reservations


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a buyer brings: codes as typed, ids of links and slugs of listed campaigns as clicked, slugs of previews."""

    codes: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    slugs: tuple[str, ...] = ()
    previews: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """The campaigns that may matter, what the buyer's entries stand for, and what is left."""

    campaigns: Campaigns
    entries: tuple[Entry, ...]
    remaining: tuple[tuple[str, int], ...]
    uses: tuple[tuple[str, int], ...]

    def decide(self, cart: Cart, facts: Facts, now: datetime) -> Decision:
        """Evaluate ``cart``; what is left and what was used is taken from here."""
        known = replace(facts, remaining=self.remaining, uses=self.uses)
        return evaluate(cart, known, now, self.campaigns, self.entries)


def read_situation(
    connection: Connection,
    asked: Asked,
    *,
    sealer: Sealer,
    carts: Sequence[Cart],
    buyer: Sequence[str] = (),
    own: Sequence[str] = (),
    now: datetime,
) -> Situation:
    """Read what is needed to decide on each of ``carts``, all in one currency; writes nothing.

    Args:
        buyer: the keys of ``identity_keys``. own: the intent and its unpaid order, whose holds and reservations are the
            buyer's to have and do not stand in the way. now: business time.
    """
    mine = reservations.open_of(connection, own)
    typed, stand_ins = _typed(connection, asked.codes, sealer)
    entries = (
        *typed,
        *_clicked(connection, asked.links),
        *(_named(slug, Source.LINK) for slug in asked.slugs),
        *(_named(slug, Source.PREVIEW) for slug in asked.previews),
    )
    looked_at = (*entries, *stand_ins)
    slugs = sorted({match.slug for entry in looked_at for match in entry.matches})
    published = campaigns.that_matter(connection, slugs, carts, now)
    found = [each.slug for each in published]
    return Situation(
        campaigns=Campaigns(published),
        entries=tuple(_presentable(entry, published) for entry in entries),
        remaining=_with_own(budgets.remaining(connection, _budgets(looked_at, found, carts[0].currency)), mine),
        uses=identities.uses(connection, found, buyer, besides=[each.reservation_id for each in mine]),
    )


def _typed(connection: Connection, typed: Sequence[str], sealer: Sealer) -> tuple[list[Entry], list[Entry]]:
    """Return what was typed, and what is read in place of each code that is none.

    A code that is none then takes as long as a secret one that fails. What is read so is named by no entry: it neither
    applies nor is told of.
    """
    forms = [canonical(text) for text in typed]
    hashes = {form or "": fingerprints(sealer, form or "") for form in forms}
    found = codes.matches(connection, [each for of_one in hashes.values() for each in of_one])
    entries = [_entry(form, [match for match in found if match.code_hash in hashes[form or ""]]) for form in forms]
    known = {each for of_one in hashes.values() for each in of_one}
    besides = [match for match in found if match.code_hash not in known]
    return entries, [_entry(None, besides) for entry in entries if not entry.matches]


def _entry(form: str | None, found: list[codes.CodeMatch]) -> Entry:
    label = found[0].label if found else (form or "").upper()
    return Entry(
        source=Source.CODE,
        label=label,
        is_secret=bool(found) and all(match.is_secret for match in found),
        is_malformed=form is None,
        matches=tuple(
            Match(slug=each.slug, entry_id=each.code_id, expires=each.expires_at, is_over=each.is_revoked)
            for each in sorted(found, key=lambda match: match.slug)
        ),
    )


def _clicked(connection: Connection, link_ids: Sequence[str]) -> list[Entry]:
    if not link_ids:
        return []
    rows = connection.execute(select(campaign_links).where(campaign_links.c.link_id.in_(list(link_ids)))).all()
    known = {row.link_id: row for row in rows}
    return [
        Entry(
            source=Source.LINK,
            label="",
            matches=(
                Match(
                    slug=row.slug,
                    entry_id=row.link_id,
                    is_over=row.revoked_at is not None,
                    audience=Audience(row.audience),
                    audience_value=row.audience_value,
                ),
            ),
        )
        if (row := known.get(link_id)) is not None
        else Entry(source=Source.LINK, label="")
        for link_id in link_ids
    ]


def _named(slug: str, source: Source) -> Entry:
    return Entry(source=source, label="", matches=(Match(slug=slug),))


def _presentable(entry: Entry, published: Sequence[Published]) -> Entry:
    """Give a link its campaign's name; a slug of a campaign that is not listed leads nowhere."""
    if entry.source is Source.CODE:
        return entry
    known = {each.slug: each.campaign for each in published}
    is_hidden = entry.source is Source.LINK and any(
        not match.entry_id and match.slug in known and not known[match.slug].is_listed for match in entry.matches
    )
    matches = () if is_hidden else entry.matches
    label = next((known[match.slug].name for match in matches if match.slug in known), "")
    return replace(entry, label=label, matches=matches)


def _with_own(left: tuple[tuple[str, int], ...], mine: Sequence[Reservation]) -> tuple[tuple[str, int], ...]:
    return tuple((budget, count + sum(each.weights.get(budget, 0) for each in mine)) for budget, count in left)


def _budgets(entries: Sequence[Entry], slugs: Sequence[str], currency: str) -> list[str]:
    wanted = [budget_ids.campaign_uses(slug) for slug in slugs]
    wanted += [budget_ids.campaign_money(slug, currency) for slug in slugs]
    for entry in entries:
        name = budget_ids.code_uses if entry.source is Source.CODE else budget_ids.link_uses
        wanted += [name(match.entry_id) for match in entry.matches if match.entry_id]
    return wanted
