"""What happens at the end of a term: whether it renews, as what, for how much; nothing here costs anything now."""

from dataclasses import dataclass

from sqlalchemy import Connection

from app import formats
from app.core.problems import Problem, ProblemId, Refused, problem
from app.events import audit, outbox
from app.flows import wording
from app.flows.add_seats import check_open
from app.flows.deps import Deps
from app.flows.not_sold import not_sold
from app.flows.own_subscriptions import Owned, away, cards, read_owned
from app.flows.sync import sync
from app.identity.actor import Person
from app.orders.change_quotes import KeptChange, keep_change
from app.orders.packing import pack
from app.subscriptions.eligibility import Reason, renewed_problem
from app.vendor_adapters.errors import OutcomeUnknown, VendorError, VendorRejected
from app.vendor_adapters.types import (
    Declined,
    Fidelity,
    IdempotencyKey,
    NextCharge,
    OfferKey,
    OrderId,
    PaymentMethodSummary,
    Quote,
    RenewalDecision,
    SetSeats,
    SwitchOffer,
)

RENEWAL_TOGGLED = "renewal.toggled"
REASONS = (
    ("too_expensive", "It costs too much"),
    ("not_needed", "We do not need it any more"),
    ("missing_features", "Something that we need is missing"),
    ("switched", "We moved to another product"),
    ("other", "Another reason"),
)

Booking = SetSeats | SwitchOffer


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalPage:
    """What the page shows.

    Attributes:
        preview: what the vendor will charge at the end of the term; None when it does not renew or is not known.
        plan, seats: what renews. is_booked: that differs from what runs now. problem: why nothing can be changed.
        cards: None while the vendor does not tell.
    """

    owned: Owned
    preview: NextCharge | None
    plan: str
    seats: int
    is_booked: bool
    problem: Problem | None
    cards: tuple[PaymentMethodSummary, ...] | None
    is_estimate: bool = False

    @property
    def renews(self) -> bool:
        """Whether it renews by itself."""
        return self.owned.subscription.cancel_at is None


async def read_renewal(deps: Deps, person: Person, subscription_id: str, *, with_packs: bool = False) -> RenewalPage:
    """Return what will happen at the end of the term, by the vendor's word."""
    return await renewal_of(deps, await read_owned(deps, person, subscription_id, with_packs=with_packs))


async def renewal_of(deps: Deps, owned: Owned) -> RenewalPage:
    """Return the renewal of a subscription that was read just now."""
    subscription = owned.subscription
    booked = subscription.booked
    offer, seats = (booked.offer, booked.quantity) if booked else (subscription.offer, subscription.seats)
    row = next((row for row in deps.catalog.prices if row.id == offer), None)
    found = owned.problem or (None if owned.is_fresh else away())
    quote = None if found or subscription.paid_until else await _preview(deps, owned, offer, seats)
    return RenewalPage(
        owned=owned,
        preview=quote.next_charges[0] if quote and quote.next_charges else None,
        is_estimate=quote is not None and quote.fidelity is Fidelity.ESTIMATED,
        plan=row.item if row else subscription.plan,
        seats=seats,
        is_booked=booked is not None,
        problem=found,
        cards=await cards(deps, owned),
    )


async def turn(
    deps: Deps, person: Person, subscription_id: str, *, is_on: bool, reason: str, comment: str, attempt_id: str
) -> None:
    """Let a subscription renew, or end with its term, and write down who wanted that and why.

    Raises Refused when it cannot be changed, or when the vendor did not say whether it took effect.
    """
    owned = await read_owned(deps, person, subscription_id, with_packs=True)
    if not owned.is_fresh or owned.reason is not Reason.UNCHANGEABLE:  # turning it off and on is no change to a vendor
        check_open(owned, owned.subscription.seats)
    decision = RenewalDecision.RENEW if is_on else RenewalDecision.END
    key = IdempotencyKey(f"subscription:{subscription_id}:set_renewal:{attempt_id}")
    try:
        await deps.vendors[owned.subscription.vendor].set_renewal(owned.ref, decision=decision, key=key)
        await sync(deps, owned.subscription.vendor, owned.ref)
    except OutcomeUnknown as error:
        raise Refused(problem(ProblemId.E_BUSY)) from error
    except VendorError as error:
        raise Refused(not_sold(error, owned.subscription) or away()) from error
    detail = decision.value + (f", {reason}" if reason else "") + (f": {comment}" if comment else "")
    payload: outbox.Payload = {"subscription": subscription_id, "renews": is_on, "reason": reason}
    await deps.db.write(
        lambda connection: _told(
            connection, deps, person.person_id, subscription_id, RENEWAL_TOGGLED, detail, attempt_id, payload
        )
    )


async def book_seats(
    deps: Deps, person: Person, subscription_id: str, *, base: int, seats: int, attempt_id: str
) -> None:
    """Let ``seats`` renew; E-SEATS-RENEW when more people than that use one."""
    owned = await read_owned(deps, person, subscription_id)
    check_open(owned, base)
    check_unpaid(owned)
    check_enough(owned, seats)
    await book(deps, owned, SetSeats(base=base, seats=seats, at_renewal=True), attempt_id, actor=person.person_id)


async def undo(deps: Deps, person: Person, subscription_id: str, *, attempt_id: str) -> None:
    """Let renew what runs now."""
    owned = await read_owned(deps, person, subscription_id)
    subscription = owned.subscription
    check_open(owned, subscription.seats)
    check_unpaid(owned)
    offer = OfferKey(subscription.offer)
    as_it_is = SwitchOffer(base=offer, offer=offer, seats=subscription.seats, at_renewal=True)
    await book(deps, owned, as_it_is, attempt_id, actor=person.person_id)


async def book(deps: Deps, owned: Owned, change: Booking, attempt_id: str, *, actor: str) -> None:
    """Book a change for the end of the term at the vendor; the same attempt has one effect. Nothing is charged."""
    subscription = owned.subscription
    vendor = deps.vendors[subscription.vendor]
    try:
        kept = await _kept(deps, owned, change, attempt_id)
        outcome = await vendor.apply_change(
            owned.ref,
            change=change,
            quote=kept.quote,
            return_to=f"{deps.config.base_url}{wording.subscription_path(subscription.subscription_id)}",
            order=OrderId(kept.reference),
            key=IdempotencyKey(f"subscription:{subscription.subscription_id}:apply_change:{attempt_id}"),
        )
        await sync(deps, subscription.vendor, owned.ref)
    except OutcomeUnknown as error:
        raise Refused(problem(ProblemId.E_BUSY)) from error
    except VendorRejected as error:
        raise Refused(problem(ProblemId.E_QUOTE)) from error
    except VendorError as error:
        raise Refused(away()) from error
    if isinstance(outcome, Declined):
        raise Refused(away())
    detail, subscription_id = f"at renewal: {pack(change)}", subscription.subscription_id
    payload: outbox.Payload = {"subscription": subscription_id, "seats": change.seats}
    await deps.db.write(
        lambda connection: _told(
            connection, deps, actor, subscription_id, "subscription.changed", detail, attempt_id, payload
        )
    )


def check_unpaid(owned: Owned) -> None:
    """Refuse what would change the next term once that is paid."""
    found = renewed_problem(owned.subscription)
    if found is not None:
        raise Refused(found)


def check_enough(owned: Owned, seats: int) -> None:
    """Refuse fewer seats at renewal than people use; while the product does not tell, no fewer than there are."""
    if not owned.subscription.group_id:
        return
    if owned.usage is None:
        if seats >= owned.subscription.seats:
            return
        raise Refused(problem(ProblemId.E_PRODUCT))
    people = owned.usage.seats_in_use
    if seats < people:
        words = {"people": formats.number(people), "remove": formats.number(people - seats)}
        raise Refused(problem(ProblemId.E_SEATS_RENEW, "seats", **words))


async def _preview(deps: Deps, owned: Owned, offer: str, seats: int) -> Quote | None:
    base = OfferKey(owned.subscription.offer)
    as_booked = SwitchOffer(base=base, offer=OfferKey(offer), seats=seats, at_renewal=True)
    vendor = deps.vendors[owned.subscription.vendor]
    try:
        return await vendor.quote_change(owned.ref, change=as_booked, as_of=deps.clock.now())
    except VendorError:
        return None


async def _kept(deps: Deps, owned: Owned, change: Booking, attempt_id: str) -> KeptChange:
    subscription = owned.subscription
    quote = await deps.vendors[subscription.vendor].quote_change(owned.ref, change=change, as_of=deps.clock.now())
    kept = await deps.db.write(
        lambda connection: keep_change(
            connection, attempt_id, subscription_id=subscription.subscription_id, change=change, quote=quote
        )
    )
    if kept.change != pack(change):
        raise Refused(problem(ProblemId.E_BUSY))  # this press meant something else before: press again on the new page
    return kept


def _told(
    connection: Connection,
    deps: Deps,
    actor: str,
    subscription_id: str,
    action: str,
    detail: str,
    attempt_id: str,
    payload: outbox.Payload,
) -> None:
    now = deps.clock.wall()
    if outbox.enqueue(connection, kind=action, dedupe_key=attempt_id, payload=payload, now=now):
        audit.record(connection, actor=actor, action=action, subject=subscription_id, detail=detail, now=now)
