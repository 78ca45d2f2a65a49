"""Which offers may apply to a cart, and why what was typed or clicked does not."""

from dataclasses import dataclass, field
from datetime import datetime

from app.promotions import budget_ids
from app.promotions.answers import Answer, Fail, Need, Pass, Reason, Remedy, RemedyKind, Unknown
from app.promotions.campaigns import Campaigns, Prepared
from app.promotions.cart import Audience, Cart, Entry, Facts, Match, Source
from app.promotions.conditions import eligible_lines
from app.promotions.decision import Ref, Rejected, Waiting
from app.promotions.model import Offer, Published, Status
from app.promotions.rules import AccountIn, AllOf, BudgetLeft, MailDomainIn, MaxPerIdentity, Predicate, Seen

_BEFORE_AUTOMATIC = {Source.CODE: 0, Source.LINK: 1, Source.PREVIEW: 2, Source.AUTOMATIC: 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An offer whose rules pass; ``counted`` are the budgets that one use takes one of."""

    ref: Ref
    offer: Offer
    version: int
    needs: tuple[Need, ...]
    eligible: tuple[bool, ...]
    counted: tuple[str, ...]


@dataclass(slots=True)
class Found:
    """What came of a cart's entries and of the automatic offers."""

    candidates: list[Candidate] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    pending: list[Waiting] = field(default_factory=list)
    touched: dict[str, Published] = field(default_factory=dict)


def find_candidates(cart: Cart, facts: Facts, now: datetime, campaigns: Campaigns, entries: tuple[Entry, ...]) -> Found:
    """Return the offers that pass, one for each campaign and way in, and what became of the rest."""
    search = _Search(cart, facts, now, campaigns)
    for entry in entries:
        search.enter(entry)
    for prepared in campaigns.automatic_for(cart):
        search.apply_by_itself(prepared)
    search.found.candidates = _once_each(search.found.candidates)
    return search.found


class _Search:
    def __init__(self, cart: Cart, facts: Facts, now: datetime, campaigns: Campaigns) -> None:
        self.cart = cart
        self.facts = facts
        self.now = now
        self.campaigns = campaigns
        self.found = Found()

    def enter(self, entry: Entry) -> None:
        meant = self._meant(entry)
        if meant is None:
            reason = Reason.MALFORMED if entry.is_malformed else Reason.UNKNOWN
            self.found.rejected.append(Rejected(ref=_ref(entry, None), reason=reason))
            return
        match, prepared = meant
        self.found.touched[match.slug] = prepared.published
        ref = _ref(entry, match)
        closed = None if entry.source is Source.PREVIEW else _closed(prepared.published, match, self.now)
        if closed is not None:
            self._reject(ref, prepared.published, closed, None)
            return
        self._choose(ref, prepared, _conditions_of(match), automatic_only=False)

    def apply_by_itself(self, prepared: Prepared) -> None:
        published = prepared.published
        if published.status is not Status.LIVE or self.now not in published.campaign.window:
            return
        self.found.touched[published.slug] = published
        ref = Ref(source=Source.AUTOMATIC, label=published.campaign.name)
        self._choose(ref, prepared, (), automatic_only=True)

    def _meant(self, entry: Entry) -> tuple[Match, Prepared] | None:
        """Return the campaign that is meant: the one running now, else the next one, else the last one."""
        known = [
            (match, prepared)
            for match in entry.matches
            if not match.is_over and (prepared := self.campaigns.get(match.slug)) is not None
            if entry.source is Source.PREVIEW or prepared.published.status is not Status.DRAFT
        ]
        return min(known, key=lambda each: self._distance(each[1].published), default=None)

    def _distance(self, published: Published) -> tuple[int, float, str]:
        window = published.campaign.window
        if self.now in window:
            return (0, 0, published.slug)
        if self.now < window.starts:
            return (1, (window.starts - self.now).total_seconds(), published.slug)
        return (2, (self.now - window.ends).total_seconds(), published.slug)

    def _choose(self, ref: Ref, prepared: Prepared, extra: tuple[Predicate, ...], *, automatic_only: bool) -> None:
        """Take the first offer that passes; else tell what is missing, or the failure that came closest."""
        published = prepared.published
        counted = budget_ids.uses_of(published.slug, code_id=ref.code_id, link_id=ref.link_id)
        always = (*extra, *_stock_left(published, counted, self.cart.currency))
        waiting: Waiting | None = None
        closest: tuple[Fail, Offer] | None = None
        for offer, predicate in prepared.offers:
            if automatic_only and not offer.is_automatic:
                continue
            eligible = eligible_lines(offer.target, self.cart)
            answer = AllOf((predicate, *always)).answer(self._seen(eligible))
            if isinstance(answer, Pass) or (isinstance(answer, Unknown) and self.facts.is_hopeful):
                self.found.candidates.append(
                    Candidate(
                        ref=ref,
                        offer=offer,
                        version=published.version,
                        needs=_needs(answer),
                        eligible=eligible,
                        counted=counted,
                    )
                )
                return
            if isinstance(answer, Unknown):
                waiting = waiting or Waiting(ref=ref, needs=answer.needs, slug=published.slug)
            elif isinstance(answer, Fail) and (closest is None or answer.reason.rank > closest[0].reason.rank):
                closest = (answer, offer)
        if waiting is not None:
            self.found.pending.append(waiting)
        elif closest is not None and not automatic_only:
            self._reject(ref, published, *closest)

    def _seen(self, eligible: tuple[bool, ...]) -> Seen:
        lines = tuple(line for line, is_eligible in zip(self.cart.lines, eligible, strict=True) if is_eligible)
        return Seen(cart=self.cart, facts=self.facts, now=self.now, eligible=lines)

    def _reject(self, ref: Ref, published: Published, why: Fail, offer: Offer | None) -> None:
        self.found.rejected.append(
            Rejected(ref=ref, reason=why.reason, remedy=why.remedy, slug=published.slug, offer=offer)
        )


def _ref(entry: Entry, match: Match | None) -> Ref:
    entry_id = match.entry_id if match else ""
    return Ref(source=entry.source, label=entry.label, entry_id=entry_id, is_secret=entry.is_secret)


def _closed(published: Published, match: Match, now: datetime) -> Fail | None:
    window = published.campaign.window
    ends = min(window.ends, match.expires) if match.expires else window.ends
    if now < window.starts:
        return Fail(Reason.NOT_STARTED, Remedy(kind=RemedyKind.WAIT, at=window.starts))
    if now >= ends:
        return Fail(Reason.ENDED, Remedy(kind=RemedyKind.TOO_LATE, at=ends))
    return Fail(Reason.PAUSED) if published.status is Status.PAUSED else None


def _conditions_of(match: Match) -> tuple[Predicate, ...]:
    match match.audience:
        case Audience.ANY:
            return ()
        case Audience.ACCOUNT:
            return (AccountIn((match.audience_value,)),)
        case Audience.MAIL_DOMAIN:
            return (MailDomainIn((match.audience_value,)),)


def _stock_left(published: Published, counted: tuple[str, ...], currency: str) -> tuple[Predicate, ...]:
    left = BudgetLeft((*counted, budget_ids.campaign_money(published.slug, currency)))
    most = published.campaign.budget.per_identity
    return (left,) if most is None else (MaxPerIdentity(published.slug, most), left)


def _needs(answer: Answer) -> tuple[Need, ...]:
    return answer.needs if isinstance(answer, Unknown) else ()


def _once_each(candidates: list[Candidate]) -> list[Candidate]:
    """Keep one way in to each offer: a code before a link, because it has a cap of its own; by offer id."""
    best: dict[str, Candidate] = {}
    for candidate in sorted(candidates, key=_way_in):
        best.setdefault(candidate.offer.id, candidate)
    return [best[offer_id] for offer_id in sorted(best)]


def _way_in(candidate: Candidate) -> tuple[int, str, str]:
    return (_BEFORE_AUTOMATIC[candidate.ref.source], candidate.ref.label, candidate.ref.entry_id)
