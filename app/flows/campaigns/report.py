"""What marketing sees of campaigns: how far those who came got, what was taken off, what it brought, what is left."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from sqlalchemy import Connection

from app.core.money import Money
from app.core.problems import NotYours
from app.events import funnel_counts
from app.events.funnel import Step
from app.events.funnel_counts import Counts, Which
from app.events.still_paying import Kept, still_paying
from app.flows.deps import Deps
from app.promotions import analytics, budget_ids
from app.promotions.analytics import By, Result
from app.promotions.links import LinkTokens
from app.promotions.model import Campaign, Published, Status
from app.promotions.store import budgets, campaigns, codes, links
from app.promotions.store.budgets import Counter as Budget
from app.promotions.store.codes import Code
from app.promotions.store.links import Link


class Standing(Enum):
    """How a campaign stands just now, its window and its budget included."""

    DRAFT = "draft"
    SCHEDULED = "starts later"
    LIVE = "live"
    USED_UP = "used up"
    PAUSED = "paused"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """A budget of money: what is held and used of its cap, all in one currency."""

    cap: Money
    held: Money
    used: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A campaign in the list. ``results`` has one entry a currency; cap None is no cap.

    ``reached``: how many landed by a link of it, and of those how many chose and paid.
    """

    campaign: Campaign
    standing: Standing
    results: tuple[Result, ...]
    cap: int | None
    used: int
    reached: Mapping[Step, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything on a campaign's page.

    Attributes:
        landed: the journeys of those who opened a link, up to the way back; kept: how many of them still pay after so
            many days. everybody: those who came by an address or a code too. by_code, by_link, by_offer: the ledger's
            results. refusals: (reason, journeys). tokens: of each link that works. reached_cap_at: business time.
    """

    published: Published
    standing: Standing
    results: tuple[Result, ...]
    cap: int | None
    used: int
    held: int
    money: tuple[Spent, ...]
    landed: Counts
    kept: Mapping[int, Kept]
    everybody: Counts
    refusals: tuple[tuple[str, int], ...]
    by_code: tuple[Result, ...]
    by_link: tuple[Result, ...]
    by_offer: tuple[Result, ...]
    days: tuple[tuple[datetime, int], ...]
    reached_cap_at: datetime | None
    links: tuple[Link, ...]
    landings: Mapping[str, int]
    tokens: Mapping[str, str]
    codes: tuple[Code, ...]
    now: datetime
    wall: datetime

    @property
    def campaign(self) -> Campaign:
        """The newest version."""
        return self.published.campaign

    @property
    def standings(self) -> Counter[str]:
        """Paid uses by new, existing and lapsed customers, of all currencies."""
        return sum((result.standings for result in self.results), Counter())


async def list_campaigns(deps: Deps) -> tuple[Line, ...]:
    """Return every campaign, the newest start first."""

    def read(connection: Connection) -> tuple[Line, ...]:
        now = deps.clock.now()
        results = _by_key(analytics.results(connection, By.CAMPAIGN))
        reached = funnel_counts.by_campaign(connection)
        found = reversed(campaigns.list_all(connection))
        return tuple(
            _line(connection, each, results.get(each.slug, []), reached.get(each.slug, {}), now) for each in found
        )

    return await deps.db.read(read)


async def read_report(deps: Deps, slug: str) -> Report:
    """Return a campaign's report; NotYours when there is no such campaign."""
    tokens = LinkTokens(deps.config.secret_keys, deps.clock)

    def read(connection: Connection) -> Report:
        published = campaigns.find(connection, slug)
        if published is None:
            raise NotYours(slug)
        return _report(connection, published, tokens, now=deps.clock.now(), wall=deps.clock.wall())

    return await deps.db.read(read)


def _report(
    connection: Connection, published: Published, tokens: LinkTokens, *, now: datetime, wall: datetime
) -> Report:
    slug = published.slug
    came = Which(campaign=slug, entry=Step.LANDING, with_codes=False)
    counters = budgets.counters(connection, slug)
    uses = _uses(counters, slug)
    made = links.list_links(connection, slug)
    return Report(
        published=published,
        standing=_standing(published, uses, now),
        results=analytics.results(connection, By.CAMPAIGN, slug=slug),
        cap=uses.cap if uses else None,
        used=uses.used + uses.overdrawn if uses else 0,
        held=uses.held if uses else 0,
        money=_money(counters, slug),
        landed=funnel_counts.count(connection, came),
        kept=still_paying(connection, came, now=now),
        everybody=funnel_counts.count(connection, Which(campaign=slug)),
        refusals=tuple((reason, n) for reason, _slug, n in funnel_counts.refusals(connection, Which(), slug=slug)),
        by_code=analytics.results(connection, By.CODE, slug=slug),
        by_link=analytics.results(connection, By.LINK, slug=slug),
        by_offer=analytics.results(connection, By.OFFER, slug=slug),
        days=analytics.uses_by_day(connection, slug),
        reached_cap_at=analytics.reached_cap_at(connection, slug),
        links=made,
        landings=funnel_counts.landed_by_link(connection, slug),
        tokens={link.link_id: tokens.sign(link.claims) for link in made},
        codes=codes.list_codes(connection, slug),
        now=now,
        wall=wall,
    )


def _line(
    connection: Connection,
    published: Published,
    results: Sequence[Result],
    reached: Mapping[Step, int],
    now: datetime,
) -> Line:
    uses = _uses(budgets.counters(connection, published.slug), published.slug)
    return Line(
        campaign=published.campaign,
        standing=_standing(published, uses, now),
        results=tuple(results),
        cap=uses.cap if uses else None,
        used=uses.used + uses.overdrawn if uses else 0,
        reached=reached,
    )


def _uses(counters: Sequence[Budget], slug: str) -> Budget | None:
    budget_id = budget_ids.campaign_uses(slug)
    return next((counter for counter in counters if counter.budget_id == budget_id), None)


def _standing(published: Published, uses: Budget | None, now: datetime) -> Standing:
    window = published.campaign.window
    if now >= window.ends:
        return Standing.ENDED
    if published.status is not Status.LIVE:
        return Standing.PAUSED if published.status is Status.PAUSED else Standing.DRAFT
    if now < window.starts:
        return Standing.SCHEDULED
    is_full = uses is not None and uses.cap is not None and uses.held + uses.used + uses.overdrawn >= uses.cap
    return Standing.USED_UP if is_full else Standing.LIVE


def _money(counters: Sequence[Budget], slug: str) -> tuple[Spent, ...]:
    found = []
    for counter in counters:
        currency = counter.budget_id.rpartition(":")[2]
        if counter.cap is not None and counter.budget_id == budget_ids.campaign_money(slug, currency):
            cap, held, used = (Money(minor, currency) for minor in (counter.cap, counter.held, counter.used))
            found.append(Spent(cap=cap, held=held, used=used + Money(counter.overdrawn, currency)))
    return tuple(found)


def _by_key(results: Sequence[Result]) -> dict[str, list[Result]]:
    found: dict[str, list[Result]] = {}
    for result in results:
        found.setdefault(result.key, []).append(result)
    return found
