"""The subscriptions somebody may change: the list, the card of one, and the way to the vendor's page for cards."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from app import formats
from app.core.money import Money
from app.core.problems import Problem, ProblemId
from app.flows import own_subscriptions, wording
from app.flows.add_seats import price_of_owed
from app.flows.cards import can_pay, expires_soon
from app.flows.deps import Deps
from app.flows.own_subscriptions import Owned
from app.flows.renewals.mails import grace_ends_at, is_grace_over, page_url
from app.flows.renewals.renewal import RenewalPage, read_renewal
from app.flows.usage.page import see_group
from app.routes.alert_lines import alerts_of
from app.routes.change_bill import card_text
from app.routes.signed_in import person_of, sign_in
from app.routes.way_out import WayOut, way_out
from app.subscriptions.eligibility import Reason, ended_at
from app.subscriptions.store import Subscription
from app.vendor_adapters.types import Arrangement, SalesChannel, SubscriptionStatus
from app.web.deps import deps_of
from app.web.forms import one, whole_number
from app.web.render import AlertLine, link, page, see_other
from app.web.session import current_actor

MOST_PAGES = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionLine:
    """A subscription in the list."""

    path: str
    title: str
    summary: str
    status: str
    badge: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionsView:
    """A page of the list; the paths are empty where there is no page."""

    lines: tuple[SubscriptionLine, ...]
    newer_path: str
    older_path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CardView:
    """The card of one subscription: ``rows`` are (term, text) pairs; ``actions`` are (label, path) pairs.

    ``code`` activates an instance of one's own; empty for a group's plan, and for who does not manage the account.
    """

    title: str
    status: str
    badge: str
    rows: tuple[tuple[str, str], ...]
    code: str
    as_of: str
    actions: tuple[tuple[str, str], ...]
    owed_text: str
    card_path: str
    card_note: str
    can_change_card: bool
    blocker: Problem | None
    way_out: WayOut
    orders_path: str
    usage_path: str
    sales_path: str
    alerts: tuple[AlertLine, ...]


async def index(request: Request) -> Response:
    """What the person may change, running ones first."""
    if current_actor(request).person is None:
        return sign_in(request)
    deps = deps_of(request)
    number = min(whole_number(one(request.query_params, "page")) or 1, MOST_PAGES)
    found = await own_subscriptions.list_subscriptions(deps, person_of(request), number)
    view = SubscriptionsView(
        lines=tuple(_line(deps, each, found.names.get(each.for_group, "")) for each in found.subscriptions),
        newer_path=link("/subscriptions", page=number - 1) if number > 1 else "",
        older_path=link("/subscriptions", page=number + 1) if found.has_more else "",
    )
    return page(request, "subscriptions/subscriptions.html", view)


async def show(request: Request) -> Response:
    """The card of one subscription: every number by the word of the one who has it, and what can be done now."""
    if current_actor(request).person is None:
        return sign_in(request)
    deps = deps_of(request)
    person = person_of(request)
    found = await read_renewal(deps, person, request.path_params["subscription_id"])
    alerts, price, code = await asyncio.gather(
        alerts_of(request, deps, person, found.owned),
        price_of_owed(deps, found.owned),
        own_subscriptions.activation_code(deps, found.owned),
    )
    return page(request, "subscriptions/subscription.html", _card_view(deps, found, alerts, price, code))


async def of_group(request: Request) -> Response:
    """The product's link: the card of the plan that a group has; without one, the way to buy one for it."""
    if current_actor(request).person is None:
        return sign_in(request)
    group_id = request.path_params["group_id"]
    deps, person = deps_of(request), person_of(request)
    found = await own_subscriptions.subscription_of_group(deps, person, group_id)
    if found is None:
        await see_group(deps, person, group_id)  # what is nobody's, or somebody else's, is not there
        return see_other(request, link("/plans", group=group_id))
    return see_other(request, wording.subscription_path(found.subscription_id))


async def change_card(request: Request) -> Response:
    """Go to the vendor's page where cards are added and removed, and come back to the subscription."""
    deps, subscription_id = deps_of(request), request.path_params["subscription_id"]
    owned = await own_subscriptions.read_owned(deps, person_of(request), subscription_id, with_packs=True)
    back = page_url(deps, owned.subscription)
    return RedirectResponse(await own_subscriptions.card_page(deps, owned, back), status_code=303)


def subscription_title(deps: Deps, subscription: Subscription, group_name: str) -> str:
    """Return what people call it, such as ``Team for Globex``."""
    if subscription.is_of_packs:
        gain = wording.pack_gain(deps.catalog, subscription.plan, subscription.seats)
        return f"{gain} for {group_name or subscription.for_group}"
    plan = wording.plan_name(deps.catalog, subscription.plan)
    if subscription.group_id:
        return f"{plan} for {group_name or subscription.group_id}"
    return f"{plan}, {wording.deployment_name(subscription.deployment)}"


def _line(deps: Deps, each: Subscription, group_name: str) -> SubscriptionLine:
    path = wording.subscription_path(each.subscription_id)
    return SubscriptionLine(
        path=f"{path}/renewal" if each.is_of_packs else path,  # the one page that packs without a plan have
        title=subscription_title(deps, each, group_name),
        summary=_term(each) if each.is_of_packs else f"{wording.seats(each.seats)}, {_term(each)}",
        status=_status(each, deps.clock.now()),
        badge=_badge(each, deps.clock.now()),
    )


def _card_view(
    deps: Deps, found: RenewalPage, alerts: tuple[AlertLine, ...], price: Money | None, code: str
) -> CardView:
    owned, subscription = found.owned, found.owned.subscription
    path = wording.subscription_path(subscription.subscription_id)
    return CardView(
        title=subscription_title(deps, subscription, owned.group_name),
        status=_status(subscription, deps.clock.now()),
        badge=_badge(subscription, deps.clock.now()),
        rows=(*_seat_rows(deps, found), *_money_rows(deps, found)),
        code=code,
        as_of="" if owned.is_fresh else wording.instant(subscription.observed_at),
        actions=_open_actions(path, found),
        owed_text=_owed_text(owned, price) if owned.seats_owed else "",
        card_path=f"{path}/card",
        card_note=_card_note(deps, found),
        can_change_card=_can_change_card(deps, owned),
        blocker=found.problem,
        way_out=way_out(deps, owned),
        orders_path="/orders",
        usage_path=f"{path}/usage" if subscription.group_id else "",
        sales_path=sales_path(subscription, path),
        alerts=alerts,
    )


def _can_change_card(deps: Deps, owned: Owned) -> bool:
    is_ours = bool(owned.customer) and owned.subscription.is_direct
    return is_ours and own_subscriptions.has_card_page(deps, owned)


def _owed_text(owned: Owned, price: Money | None) -> str:
    ends = formats.date(owned.subscription.ends_at)
    cost = f" until {ends}, for {formats.money(price)} with tax" if price else ""
    more = formats.counted(owned.seats_owed, "more seat")
    return f"More people use it than you pay for: {more} would cover them{cost}."


def sales_path(subscription: Subscription, back: str, seats: int = 0) -> str:
    """Return the way to a person who can help with a subscription, and from there back to the page ``back``."""
    return link(
        "/sales",
        plan=subscription.plan,
        deployment=subscription.deployment,
        seats=seats or subscription.seats,
        next=back,
    )


def _open_actions(path: str, found: RenewalPage) -> tuple[tuple[str, str], ...]:
    if found.owned.reason is Reason.UNCHANGEABLE and found.owned.is_fresh:
        return (("Renewal", f"{path}/renewal"),)
    return () if found.problem else _actions(path, found.owned)


def _actions(path: str, owned: Owned) -> tuple[tuple[str, str], ...]:
    renew = (("Renew now", f"{path}/renewal/payment"),) if owned.can_renew else ()
    others = (
        ("Add seats", f"{path}/seat-changes"),
        ("Change the plan", f"{path}/plan-changes"),
        ("Renewal", f"{path}/renewal"),
    )
    return (*renew, *others)  # the first one is the page's next step: in the last days of a term that is renewing


def _seat_rows(deps: Deps, found: RenewalPage) -> tuple[tuple[str, str], ...]:
    owned, subscription = found.owned, found.owned.subscription
    rows = [
        ("Plan", wording.plan_name(deps.catalog, subscription.plan)),
        ("Seats paid", formats.number(subscription.seats)),
    ]
    if subscription.packs:
        rows.append(("Packs", wording.packs_held(deps.catalog, subscription.packs)))
    reading = owned.reading
    if reading is not None:
        is_old = owned.usage is None or reading.is_stale(deps.clock.now(), deps.catalog.rules.alerts.stale_after)
        as_of = f" (as of {wording.instant(reading.counted_at)})" if is_old else ""
        owed = f"{formats.number(reading.seats_owed)}, until {formats.date(subscription.ends_at)}"
        rows += [
            ("Seats in use", f"{formats.number(reading.seats_in_use)}{as_of}"),
            ("Most used", f"{formats.number(reading.seats_max)} since {formats.date(subscription.starts_at)}{as_of}"),
            ("Seats owed", f"{owed}{as_of}" if reading.seats_owed else "None"),
        ]
    elif subscription.group_id:
        rows.append(("Seats in use", "Not known just now: the product does not answer"))
    return (*rows, ("Term", _term(subscription)))


def _money_rows(deps: Deps, found: RenewalPage) -> tuple[tuple[str, str], ...]:
    subscription = found.owned.subscription
    rows = [*_grace_row(deps, subscription), ("Renewal", renewal_text(deps, found))]
    if subscription.is_direct:
        is_known = found.cards is not None
        rows.append(("Card on file", card_text(found.cards) or ("None" if is_known else "Not known just now")))
    return (*rows, ("Sold by", _seller(subscription)))


def _grace_row(deps: Deps, subscription: Subscription) -> tuple[tuple[str, str], ...]:
    """Return until when a term that is not paid is kept up, or since when it is not any more."""
    if subscription.status is not SubscriptionStatus.PAST_DUE or not subscription.is_direct:
        return ()
    over, day = is_grace_over(deps, subscription), grace_ends_at(deps, subscription)
    text = f"Paid features are off since {day}, until it is paid" if over else f"Everything stays as it is until {day}"
    return (("While it is unpaid", text),)


def _seller(subscription: Subscription) -> str:
    if subscription.is_direct:
        return "Bought here"
    if subscription.channel == SalesChannel.SALES.value:
        is_grant = subscription.paid_by is Arrangement.COMMUNITY
        return "Community programme" if is_grant else "Our sales team"
    contact = f". To change it, contact them: {subscription.sold_by_contact}" if subscription.sold_by_contact else ""
    return f"Bought through {subscription.sold_by or 'a partner'}{contact}"


def renewal_text(deps: Deps, found: RenewalPage) -> str:
    """Return what happens at the end of the term."""
    subscription = found.owned.subscription
    ends = formats.date(subscription.ends_at)
    by_people = renewed_by_people(found.owned.reason, subscription)
    if by_people:
        return f"{by_people}: it ends on {ends}"
    if subscription.status is SubscriptionStatus.CANCELLED:
        return "It has ended"
    packs = wording.packs_held(deps.catalog, subscription.packs)
    what = f"{wording.plan_name(deps.catalog, found.plan)}, {wording.seats(found.seats)}{packs and f', {packs}'}"
    if subscription.is_of_packs:
        what = wording.pack_gain(deps.catalog, found.plan, found.seats)
    if subscription.paid_until is not None:
        then = "renews by itself then" if found.renews else "ends then"
        return f"{ends}: {what}, paid until {formats.date(subscription.paid_until)}; it {then}"
    if not found.renews:
        return f"Automatic renewal is off: it ends on {ends}"
    if found.preview is None:
        amount = Money(subscription.unit_amount * found.seats, subscription.currency)
        return f"{ends}: {what}, about {formats.money(amount)} plus tax"
    total = f", {formats.money(found.preview.total)} with tax" if found.preview.total else ", plus tax"
    about = "about " if found.is_estimate else ""
    return f"{ends}: {what}, {about}{formats.money(found.preview.subtotal)}{total}"


def renewed_by_people(reason: Reason, subscription: Subscription) -> str:
    """Return why a subscription is never renewed by the store itself, and who does; empty where it may be."""
    if reason in (Reason.RESELLER, Reason.MARKETPLACE):
        return f"{subscription.sold_by or 'The partner who sold it'} renews it"
    return _BY_PEOPLE.get(reason, "")


_BY_PEOPLE = {
    Reason.MULTI_YEAR: "Our sales team renews a term of several years",
    Reason.PURCHASE_ORDER: "Our sales team renews what is paid by purchase order",
    Reason.BANK_TRANSFER: "Our sales team renews what is paid by bank transfer",
    Reason.PUBLIC_SECTOR: "Our sales team renews public sector contracts",
    Reason.OFFLINE_LICENSE: "Our sales team renews offline licences",
    Reason.COMMUNITY: "A community grant is renewed by applying again",
}


def _card_note(deps: Deps, found: RenewalPage) -> str:
    """What is wrong with the card that the next renewal is charged to, and what can be done about it."""
    subscription = found.owned.subscription
    if not subscription.is_direct or not found.renews or found.owned.problem:
        return ""
    if found.cards is None:
        return "The card on file is not known just now, because the payment service does not answer."
    path = ", or renew it now" if found.owned.can_renew else ""
    due = subscription.paid_until or subscription.ends_at
    if not found.cards:
        return f"There is no card on file: the renewal cannot be paid. Add one{path}."
    card = found.cards[0]
    if not can_pay(card, due):
        return f"The card expires before {formats.date(due)}: the renewal cannot be paid. Add another{path}."
    if expires_soon(card, deps.clock.now(), days=deps.catalog.rules.payment.card_expiry_notice_days):
        return f"{card_text((card,))} expires soon. Add another card, so that nothing stops."
    return ""


def _status(subscription: Subscription, now: datetime) -> str:
    status = subscription.status
    if status is SubscriptionStatus.PAST_DUE:
        return "Payment overdue"
    if status is SubscriptionStatus.CANCELLED or subscription.ends_at <= now:
        return "Ended"
    return "Active" if status is SubscriptionStatus.ACTIVE else status.value.replace("_", " ").capitalize()


def _badge(subscription: Subscription, now: datetime) -> str:
    """Return the kind of badge that the status is shown in, empty for the usual one."""
    return {"Payment overdue": "overdue", "Ended": "ended"}.get(_status(subscription, now), "")


def _term(subscription: Subscription) -> str:
    is_over = subscription.status is SubscriptionStatus.CANCELLED
    end = ended_at(subscription) if is_over else subscription.ends_at
    return f"{formats.date(subscription.starts_at)} to {formats.date(end)}"


def is_away(found: Problem | None) -> bool:
    """Whether what stands in the way is that the vendor does not answer."""
    return found is not None and found.id is ProblemId.E_VENDOR


routes = [
    Route("/subscriptions", index, methods=["GET"]),
    Route("/subscriptions/{subscription_id}", show, methods=["GET"]),
    Route("/subscriptions/{subscription_id}/card", change_card, methods=["POST"]),
    Route("/groups/{group_id}/subscription", of_group, methods=["GET"]),
]
