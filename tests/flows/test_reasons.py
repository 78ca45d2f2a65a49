"""Why a subscription cannot be changed here: each reason has a text, a way out and no form, wherever one comes from."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.core.clock import FrozenClock
from app.flows.own_subscriptions import Owned
from app.identity.accounts import account_by_id
from app.routes.subscriptions import renewed_by_people
from app.routes.way_out import way_out
from app.subscriptions.eligibility import Circumstances, Reason, reason_for, reason_problem
from app.subscriptions.store import Subscription
from app.vendor_adapters.types import Arrangement, SalesChannel, SubscriptionStatus
from tests.support.customers import at, subscription_of
from tests.support.shop import Browser, Shop

pytestmark = [pytest.mark.engines("sqlite"), pytest.mark.vendors("embedded")]

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
AROUND = Circumstances(invoice="INV-12", plan_now="Team", until=NOW, most=5_000)
# how a subscription that is fine gets each reason; the others are no state of a subscription
STATES: dict[Reason, dict[str, Any]] = {
    Reason.OK: {},
    Reason.RESELLER: {"channel": SalesChannel.RESELLER.value, "sold_by": "ACME Partners"},
    Reason.MARKETPLACE: {"channel": SalesChannel.MARKETPLACE.value, "sold_by": "The Bazaar", "sold_by_contact": ""},
    Reason.MULTI_YEAR: {"ends_at": datetime(2029, 3, 1, tzinfo=UTC)},
    Reason.PURCHASE_ORDER: {"arrangement": Arrangement.PURCHASE_ORDER.value},
    Reason.BANK_TRANSFER: {"arrangement": Arrangement.BANK_TRANSFER.value},
    Reason.OFFLINE_LICENSE: {"arrangement": Arrangement.OFFLINE_LICENSE.value},
    Reason.PUBLIC_SECTOR: {"arrangement": Arrangement.PUBLIC_SECTOR.value},
    Reason.COMMUNITY: {"arrangement": Arrangement.COMMUNITY.value},
    Reason.EXPIRED: {"status": SubscriptionStatus.CANCELLED, "ends_at": datetime(2026, 10, 1, tzinfo=UTC)},
    Reason.PAST_DUE: {"status": SubscriptionStatus.PAST_DUE},
    Reason.VENDOR_DOWN: {"status": SubscriptionStatus.UNKNOWN},
}
BY_PEOPLE = {
    Reason.RESELLER,
    Reason.MARKETPLACE,
    Reason.MULTI_YEAR,
    Reason.PURCHASE_ORDER,
    Reason.BANK_TRANSFER,
    Reason.OFFLINE_LICENSE,
    Reason.PUBLIC_SECTOR,
    Reason.COMMUNITY,
}


async def owned(shop: Shop, reason: Reason) -> Owned:
    """Return globex' plan as somebody's who cannot change it for that reason."""
    subscription: Subscription = replace(await subscription_of(shop, "globex"), **STATES.get(reason, {}))
    account = await shop.deps.db.read(lambda connection: account_by_id(connection, subscription.account_id))
    assert account is not None
    return Owned(
        subscription=subscription,
        account=account,
        is_fresh=True,
        usage=None,
        reading=None,
        reason=reason,
        problem=reason_problem(reason, subscription, AROUND),
        unpaid=None,
        other=subscription if reason is Reason.GROUP_HAS_PLAN else None,
    )


async def test_every_reason_has_one_text_and_a_way_out(shop: Shop) -> None:
    texts = {}
    for reason in Reason:
        found = await owned(shop, reason)
        if reason is Reason.OK:
            assert found.problem is None
            continue
        assert found.problem is not None
        assert "{" not in found.problem.text
        texts[reason] = found.problem.text
        way = way_out(shop.deps, found)
        is_told_whom_to_ask = found.subscription.sold_by and found.subscription.sold_by in found.problem.text
        assert (way.href and way.label) or way.mends_card or is_told_whom_to_ask, reason
        assert bool(renewed_by_people(reason, found.subscription)) == (reason in BY_PEOPLE), reason
    assert len(set(texts.values())) >= len(texts)


async def test_each_state_of_a_subscription_has_its_reason(shop: Shop) -> None:
    for reason in STATES:
        found = await owned(shop, reason)
        assert reason_for(found.subscription, now=NOW) is reason


PAGES = ("", "/seat-changes", "/plan-changes", "/renewal", "/renewal/payment")
SEEDED = {
    "initech": ("cleo", "E-CHANNEL", "ACME Partners renews it: it ends on 1 June 2027", ""),
    "hooli": ("eve", "E-PASTDUE", "15 November 2027: Team, 5 seats", "Pay the invoice: 1,740.00 USD"),
    "umbrella": (
        "eve",
        "E-MULTIYEAR",
        "Our sales team renews a term of several years: it ends on 1 January 2028",
        "Talk to sales",
    ),
    "stark": (
        "eve",
        "E-PO",
        "Our sales team renews what is paid by purchase order: it ends on 1 April 2027",
        "Talk to sales",
    ),
    "wayne": (
        "eve",
        "E-COMMUNITY",
        "A community grant is renewed by applying again: it ends on 1 September 2027",
        "Talk to sales",
    ),
}


async def test_the_seeded_groups_show_them_on_every_page_without_a_form(shop: Shop) -> None:
    browsers: dict[str, Browser] = {}
    for group, (who, code, renewal, way) in SEEDED.items():
        browser = browsers.setdefault(who, await at(shop, who, "/subscriptions"))
        path = f"/subscriptions/{(await subscription_of(shop, group)).subscription_id}"
        for page in PAGES:
            await browser.open(path + page)
            assert browser.status == 200
            assert f'<small class="problem-code">{code}</small>' in browser.text, (group, page)
            assert 'name="seats"' not in browser.text
            assert 'name="add"' not in browser.text
            assert "data-total" not in browser.text
            if way:
                assert browser.link(way)
        await browser.open(path)
        assert renewal in browser.text
        assert "Renew now" not in browser.text


async def test_the_card_tells_how_long_an_unpaid_term_is_kept_up(shop: Shop, clock: FrozenClock) -> None:
    path = f"/subscriptions/{(await subscription_of(shop, 'hooli')).subscription_id}"
    browser = await at(shop, "eve", path)
    assert "Everything stays as it is until 29 November 2026" in browser.text
    clock.advance_business(timedelta(days=7))
    await browser.open(path)
    assert "Paid features are off since 29 November 2026, until it is paid" in browser.text
