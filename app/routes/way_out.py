"""What somebody can do whose subscription cannot be changed here: one link for each reason."""

from dataclasses import dataclass

from app import formats
from app.core.problems import ProblemId
from app.flows import wording
from app.flows.deps import Deps
from app.flows.own_subscriptions import Owned, has_card_page
from app.subscriptions.eligibility import Reason
from app.subscriptions.store import Subscription
from app.vendor_adapters.types import InvoiceSummary
from app.web.render import link

_ASK_PARTNER = (Reason.RESELLER, Reason.MARKETPLACE)


@dataclass(frozen=True, slots=True, kw_only=True)
class WayOut:
    """A link with its words. ``mends_card``: the card can be mended on the vendor's page as well."""

    href: str
    label: str
    mends_card: bool = False


CONTACT = "Contact them"
NOWHERE = WayOut(href="", label="")


def way_out(deps: Deps, owned: Owned) -> WayOut:
    """Return the way out of what stands in the way of a change; none when nothing does."""
    subscription, reason = owned.subscription, owned.reason
    if reason is Reason.OK:
        return NOWHERE
    if reason in _ASK_PARTNER:
        path = owned.problem.path if owned.problem else ""
        return WayOut(href=path, label=CONTACT if path else "")  # whom to ask stands in the text, too
    if reason is Reason.PAST_DUE:
        return _to_payment(owned.unpaid, mends_card=has_card_page(deps, owned))
    if subscription.is_of_packs and reason is Reason.EXPIRED:
        return WayOut(href=link("/packs", group=subscription.for_group), label="Buy packs again")
    if owned.can_renew:
        renew = f"{wording.subscription_path(subscription.subscription_id)}/renewal/payment"
        return WayOut(href=renew, label=f"Renew {wording.plan_name(deps.catalog, subscription.plan)}")
    if reason is Reason.GROUP_HAS_PLAN and owned.other is not None:
        return WayOut(href=wording.subscription_path(owned.other.subscription_id), label="See the plan that it has")
    if reason is Reason.NO_GROUP_OWNER:
        return WayOut(href="/plans", label="Choose another group")
    if reason is Reason.NOT_MANAGER:
        return WayOut(href="/subscriptions", label="See your subscriptions")
    if reason is Reason.EXPIRED:
        again = link(
            "/buy",
            plan=subscription.plan,
            deployment=subscription.deployment,
            group=subscription.group_id,
            seats=subscription.seats,
        )
        return WayOut(href=again, label=f"Buy {wording.plan_name(deps.catalog, subscription.plan)} again")
    if owned.problem is not None and owned.problem.id is ProblemId.E_VENDOR:
        return WayOut(href=wording.subscription_path(subscription.subscription_id), label="Try again")
    return _to_sales(subscription)


def card_way_out(deps: Deps, owned: Owned) -> WayOut:
    """Return the way to a card on file: the page of cards, or a person where the vendor has no page to add one."""
    if not has_card_page(deps, owned):
        return _to_sales(owned.subscription)
    if owned.is_managed:
        return WayOut(href=owned.cards_path, label="Add a card")
    return WayOut(href="", label="", mends_card=True)


def _to_payment(unpaid: InvoiceSummary | None, *, mends_card: bool) -> WayOut:
    """Return the way to the vendor's page of an unpaid invoice, with what is due on it, where there is such a page."""
    if unpaid is None or not unpaid.pay_url:
        return WayOut(href="", label="", mends_card=mends_card)
    label = f"Pay the invoice: {formats.money(unpaid.amount_due)}"
    return WayOut(href=unpaid.pay_url, label=label, mends_card=mends_card)


def _to_sales(subscription: Subscription) -> WayOut:
    return WayOut(
        href=link(
            "/sales",
            plan=subscription.plan,
            deployment=subscription.deployment,
            seats=subscription.seats,
            next=wording.subscription_path(subscription.subscription_id),
        ),
        label="Talk to sales",
    )
