"""What is asked for in a cart, decided by the engine: the same reading for pages, for codes as typed and for orders."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from app.catalog.model import MissLimit
from app.events import audit
from app.flows.campaigns.facts import Buyer, facts_of, identities_of
from app.flows.deps import Deps
from app.orders import store as orders
from app.promotions import misses
from app.promotions.cart import Cart, Entry
from app.promotions.decision import Applied, Decision, Ref, Rejected, Waiting
from app.promotions.misses import Guesser, is_miss
from app.promotions.model import Campaign
from app.promotions.store import entries
from app.promotions.store.entries import Entered, EntryKind
from app.promotions.store.reading import Asked, read_situation

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Promo:
    """What was asked for in a cart and what came of it.

    Attributes:
        subject: the intent's id, or that of the subscription that is to grow. pairs: each row with what it stands for.
        wait: how long to wait before codes are tried again, None when they were; ``untried`` are those that were not.
    """

    subject: str
    cart: Cart
    buyer: Buyer
    decision: Decision
    pairs: tuple[tuple[Entered, Entry], ...]
    wait: timedelta | None = None
    untried: tuple[Entered, ...] = ()

    @property
    def applied(self) -> tuple[tuple[Entered | None, Applied], ...]:
        """What applies, with the row that asked for it; None for what applies by itself."""
        return tuple((self._row_of(each.ref), each) for each in self.decision.applied)

    @property
    def rejected(self) -> tuple[tuple[Entered, Rejected], ...]:
        """What does not apply and was asked for."""
        found = ((self._row_of(each.ref), each) for each in self.decision.rejected)
        return tuple((row, each) for row, each in found if row is not None)

    @property
    def pending(self) -> tuple[tuple[Entered, Waiting], ...]:
        """What must wait for something to be known."""
        found = ((self._row_of(each.ref), each) for each in self.decision.pending)
        return tuple((row, each) for row, each in found if row is not None)

    def campaign(self, slug: str) -> Campaign | None:
        """Return a campaign that the decision looked at."""
        known = (each.campaign for each in self.decision.trace.campaigns)
        return next((campaign for campaign in known if campaign.slug == slug), None)

    @property
    def agreement(self) -> str:
        """The name of the agreement that what applies asks for; empty where there is none."""
        found = (self.campaign(applied.offer.slug) for applied in self.decision.applied)
        return next((campaign.agreement for campaign in found if campaign and campaign.agreement), "")

    @property
    def counted_each(self) -> frozenset[str]:
        """The campaigns of what applies that one buyer can have only so often."""
        campaigns = (self.campaign(applied.offer.slug) for applied in self.decision.applied)
        return frozenset(each.slug for each in campaigns if each is not None and each.budget.per_identity is not None)

    def rejection_of(self, key: str) -> Rejected | None:
        """Return why the row of ``key`` does not apply."""
        return next((rejected for row, rejected in self.rejected if row.key == key), None)

    def _row_of(self, ref: Ref) -> Entered | None:
        for row, entry in self.pairs:
            ids = {match.entry_id for match in entry.matches}
            if entry.source is ref.source and entry.label == ref.label and (not ref.entry_id or ref.entry_id in ids):
                return row
        return None


async def decide(
    deps: Deps, guesser: Guesser, *, subject: str, cart: Cart, buyer: Buyer, at: datetime, order_id: str = ""
) -> Promo:
    """Decide on ``cart``: nothing is claimed, and of codes that are tried the first time the wrong ones are counted.

    The vendor is asked for the buyer's cards only where something applies that one buyer can have only so often.

    Args:
        at: business time; of an order that is confirmed, the instant at which its price was shown.
        order_id: an order whose reservations are not in its own way, besides the unpaid ones of the same person.
    """
    limits, wall = deps.catalog.rules.promotions.misses, deps.clock.wall()

    def read(connection: Connection, buyer: Buyer) -> Promo:
        rows = entries.entered(connection, deps.sealer, subject)
        untried = tuple(row for row in rows if row.kind is EntryKind.CODE and not row.is_judged)
        wait = misses.wait(connection, guesser, limits, wall) if untried else None
        tried = [row for row in rows if wait is None or row not in untried]
        situation = read_situation(
            connection,
            asked_of(tried),
            sealer=deps.sealer,
            carts=[cart],
            buyer=identities_of(connection, deps, buyer),
            own=[subject, *_unpaid(connection, buyer.person.person_id), *([order_id] if order_id else [])],
            now=at,
        )
        return Promo(
            subject=subject,
            cart=cart,
            buyer=buyer,
            decision=situation.decide(cart, facts_of(connection, buyer, at), at),
            pairs=tuple(zip(tried, situation.entries, strict=True)),
            wait=wait,
            untried=untried if wait is not None else (),
        )

    promo = await deps.db.read(lambda connection: read(connection, buyer))
    cards = await buyer.on_file.fingerprints() if buyer.on_file and promo.counted_each else ()
    if cards:
        known = replace(buyer, fingerprints=cards)
        promo = await deps.db.read(lambda connection: read(connection, known))
    await _judge(deps, guesser, promo, limits)
    return promo


def asked_of(rows: Sequence[Entered]) -> Asked:
    """Return rows as the engine's question, each kind in the order of the rows."""

    def of(kind: EntryKind) -> tuple[str, ...]:
        return tuple(row.value for row in rows if row.kind is kind)

    return Asked(codes=of(EntryKind.CODE), links=of(EntryKind.LINK), slugs=of(EntryKind.CAMPAIGN))


def _unpaid(connection: Connection, person_id: str) -> list[str]:
    return [order.order_id for order in orders.unpaid_of(connection, person_id)]


def count_miss(connection: Connection, guesser: Guesser, limits: tuple[MissLimit, ...], wall: datetime) -> None:
    """Count one wrong code, with an alarm when everybody together types too many. ``wall`` is wall time."""
    if misses.count_miss(connection, guesser, limits, wall):
        audit.record(connection, actor="system", action="alarm.promo_misses", subject="promotions", now=wall)
        _log.warning("more wrong promo codes than people type")


async def _judge(deps: Deps, guesser: Guesser, promo: Promo, limits: tuple[MissLimit, ...]) -> None:
    """Count the codes that were wrong, each once; a right one costs nothing."""
    first = [row.key for row, _ in promo.pairs if row.kind is EntryKind.CODE and not row.is_judged]
    if not first:
        return
    wrong = [row for row, rejected in promo.rejected if row.key in first and is_miss(rejected)]
    wall = deps.clock.wall()

    def write(connection: Connection) -> None:
        entries.mark_judged(connection, promo.subject, first, wall=wall)
        for _ in wrong:
            count_miss(connection, guesser, limits, wall)

    await deps.db.write(write)
