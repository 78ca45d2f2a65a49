"""What happens by itself around the end of a term: the notice, the renewal, a refused card, its mending, giving up."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection

from app import worker
from app.core.clock import FrozenClock
from app.demo.model import Fault
from app.events import outbox
from app.flows.renewals.untold import untold
from app.subscriptions.eligibility import Reason, reason_for
from app.subscriptions.store import Subscription, by_ref
from app.vendor_adapters.types import SubscriptionStatus
from tests.support.customers import DECLINES, at, at_vendor, crowd, put_card, subscription_of
from tests.support.journeys import GOOD_CARD, pay, settled
from tests.support.shop import Shop

pytestmark = [pytest.mark.engines("sqlite"), pytest.mark.vendors("embedded", "stripe")]

MARCH_1 = datetime(2027, 3, 1, tzinfo=UTC)


async def go_to(shop: Shop, clock: FrozenClock, instant: datetime) -> None:
    """Move business time on and let everything that fell due happen; wall time goes on by a second."""
    clock.advance(timedelta(seconds=1))
    clock.advance_business(instant - clock.now())
    await settled(shop)


async def notices(shop: Shop) -> list[str]:
    """Return the texts of the renewal notices sent so far."""
    await worker.sweep(shop.deps)
    await settled(shop)
    return [str(mail["text"]) for mail in await shop.world.mails() if mail["kind"] == "renewal_notice"]


async def mails(shop: Shop, *kinds: str) -> list[tuple[str, str]]:
    """Return the kind and the text of the mails of those kinds to who pays for globex, in the order of sending."""
    found = [mail for mail in reversed(await shop.world.mails()) if mail["to"] == "bob@globex.example"]
    return [(str(mail["kind"]), str(mail["text"])) for mail in found if mail["kind"] in kinds]


async def read_again(shop: Shop, before: Subscription) -> Subscription:
    """Return the projection as it is now, running or not."""
    found = await shop.deps.db.read(lambda connection: by_ref(connection, before.subscription_ref))
    assert found is not None
    return found


async def product_term(shop: Shop) -> tuple[str, datetime | None]:
    """Return the plan that the product gives globex, and until when."""
    group = await shop.deps.product.state("globex")
    assert group is not None
    return group.plan, group.ends_at


async def test_a_notice_comes_fifteen_days_before_and_once(shop: Shop, clock: FrozenClock) -> None:
    await go_to(shop, clock, MARCH_1 - timedelta(days=16))
    assert await notices(shop) == []
    await go_to(shop, clock, MARCH_1 - timedelta(days=15))
    (text,) = await notices(shop)
    assert "Team for Globex, 10 seats, renews on 1 March 2027 for 3,788.85 USD, charged to Visa ending 4242." in text
    await go_to(shop, clock, MARCH_1 - timedelta(days=14))
    assert len(await notices(shop)) == 1


async def test_as_many_seats_renew_as_people_use_and_the_notice_says_so(shop: Shop, clock: FrozenClock) -> None:
    await crowd(shop, "globex", in_use=12)
    await go_to(shop, clock, MARCH_1 - timedelta(days=10))
    (text,) = await notices(shop)
    assert "12 people use seats, so that many renew." in text
    await go_to(shop, clock, MARCH_1 + timedelta(minutes=1))
    after = await at_vendor(shop, "globex")
    assert (after.seats, after.period.starts_at) == (12, MARCH_1)
    assert await product_term(shop) == ("team", datetime(2028, 3, 1, tzinfo=UTC))


async def test_what_was_booked_renews(shop: Shop, clock: FrozenClock) -> None:
    path = f"/subscriptions/{(await subscription_of(shop, 'globex')).subscription_id}/renewal"
    browser = await at(shop, "bob", path)
    await browser.press("Renew with this number", seats="8")
    await go_to(shop, clock, MARCH_1 + timedelta(minutes=1))
    assert (await at_vendor(shop, "globex")).seats == 8
    group = await shop.deps.product.state("globex")
    assert group is not None
    assert group.seats == 8


@pytest.mark.vendors("embedded")  # when a card is tried again, and what follows an end, is the vendor's
async def test_what_is_turned_off_ends_and_gets_no_notice(shop: Shop, clock: FrozenClock) -> None:
    before = await subscription_of(shop, "globex")
    browser = await at(shop, "bob", f"/subscriptions/{before.subscription_id}/renewal")
    await browser.press("Turn it off", reason="not_needed")
    await go_to(shop, clock, MARCH_1 - timedelta(days=10))
    assert await notices(shop) == []
    ((_, about_to_end),) = await mails(shop, "about_to_end")
    assert "Team for Globex (10 seats) ends on 1 March 2027. Automatic renewal is off." in about_to_end
    assert f"/subscriptions/{before.subscription_id}/renewal" in about_to_end
    await go_to(shop, clock, MARCH_1 + timedelta(minutes=1))
    await go_to(shop, clock, MARCH_1 + timedelta(minutes=2))
    told = await mails(shop, "about_to_end", "renewal_failed", "subscription_ended")
    assert [kind for kind, _ in told] == ["about_to_end", "subscription_ended"]
    assert "Until 15 March 2027 it can be renewed without a gap" in told[-1][1]
    assert (await read_again(shop, before)).status is SubscriptionStatus.CANCELLED
    assert (await product_term(shop))[0] == "free"
    await browser.open(f"/subscriptions/{before.subscription_id}/seat-changes")
    assert "This subscription ended on 1 March 2027." in browser.text
    assert "Renew Team" in browser.text


async def test_a_refused_renewal_keeps_the_plan_for_a_while_and_can_be_mended(shop: Shop, clock: FrozenClock) -> None:
    before = await subscription_of(shop, "globex")
    await put_card(shop, "globex", DECLINES)
    await go_to(shop, clock, MARCH_1 + timedelta(minutes=1))
    assert (await read_again(shop, before)).status is SubscriptionStatus.PAST_DUE
    assert await product_term(shop) == ("team", MARCH_1 + timedelta(days=14))
    browser = await at(shop, "bob", f"/subscriptions/{before.subscription_id}")
    assert "E-PASTDUE" in browser.text
    assert "Payment overdue" in browser.text
    assert browser.form("Change the card on file")
    await browser.open(re.findall(r'href="([^"]+)">Pay the invoice', browser.text)[0])
    clock.advance(timedelta(seconds=1))
    await pay(browser, GOOD_CARD)
    await settled(shop)
    assert (await read_again(shop, before)).status is SubscriptionStatus.ACTIVE
    assert await product_term(shop) == ("team", datetime(2028, 3, 1, tzinfo=UTC))
    (_, failed), (_, recovered) = await mails(shop, "renewal_failed", "renewal_recovered", "subscription_ended")
    assert "everything stays as it is until 15 March 2027" in failed
    assert f"/subscriptions/{before.subscription_id}" in failed
    assert "It runs until 1 March 2028." in recovered


@pytest.mark.vendors("embedded")  # when a card is tried again, and what follows an end, is the vendor's
async def test_another_card_alone_mends_a_refused_renewal(shop: Shop, clock: FrozenClock) -> None:
    before = await subscription_of(shop, "globex")
    await put_card(shop, "globex", DECLINES)
    await go_to(shop, clock, MARCH_1 + timedelta(minutes=1))
    browser = await at(shop, "bob", f"/subscriptions/{before.subscription_id}/seat-changes")
    assert "E-PASTDUE" in browser.text  # the seats are frozen until it is paid
    await put_card(shop, "globex", "4242424242424242")
    await go_to(shop, clock, MARCH_1 + timedelta(days=3, minutes=1))
    assert (await read_again(shop, before)).status is SubscriptionStatus.ACTIVE
    told = await mails(shop, "renewal_failed", "renewal_recovered", "about_to_end")
    assert [kind for kind, _ in told] == ["renewal_failed", "renewal_recovered"]


@pytest.mark.vendors("embedded")  # when a card is tried again, and what follows an end, is the vendor's
async def test_a_renewal_that_stays_unpaid_ends_with_its_grace(shop: Shop, clock: FrozenClock) -> None:
    before = await subscription_of(shop, "globex")
    await put_card(shop, "globex", DECLINES)
    for day in range(15):
        await go_to(shop, clock, MARCH_1 + timedelta(days=day, minutes=1))
    after = await read_again(shop, before)
    assert after.status is SubscriptionStatus.CANCELLED
    assert reason_for(after, now=clock.now()) is Reason.EXPIRED
    told = await mails(shop, "renewal_failed", "about_to_end", "subscription_ended", "renewal_recovered")
    assert [kind for kind, _ in told] == ["renewal_failed", "about_to_end", "subscription_ended"]
    assert "is still unpaid" in told[1][1]
    assert "until you buy a plan again" in told[2][1]
    browser = await at(shop, "bob", "/subscriptions")
    assert "10 seats, 1 March 2027 to 15 March 2027" in browser.text  # and not the year that nobody paid
    assert (await product_term(shop))[0] == "free"


@pytest.mark.vendors("embedded")
@pytest.mark.parametrize(("late", "told"), [(timedelta(days=-3), 1), (timedelta(days=1), 0)])
async def test_a_worker_that_slept_over_the_notice_day_tells_late_but_nothing_that_is_past(
    shop: Shop, clock: FrozenClock, late: timedelta, told: int
) -> None:
    clock.advance_business(MARCH_1 + late - clock.now())
    texts = await notices(shop)
    assert len(texts) == told
    assert all("renews on 1 March 2027 for 3,788.85 USD" in text for text in texts)


@pytest.mark.vendors("embedded")
@pytest.mark.parametrize(("late", "told"), [(timedelta(days=-3), 1), (timedelta(days=1), 0)])
async def test_an_end_is_told_late_but_not_afterwards(
    shop: Shop, clock: FrozenClock, late: timedelta, told: int
) -> None:
    browser = await at(shop, "bob", f"/subscriptions/{(await subscription_of(shop, 'globex')).subscription_id}/renewal")
    await browser.press("Turn it off", reason="not_needed")
    clock.advance_business(MARCH_1 + late - clock.now())
    await worker.sweep(shop.deps)
    await settled(shop)
    texts = [text for _, text in await mails(shop, "about_to_end")]
    assert len(texts) == told
    assert all("Team for Globex (10 seats) ends on 1 March 2027." in text for text in texts)


@pytest.mark.vendors("embedded")
@pytest.mark.parametrize(("is_away", "called"), [(False, "Globex"), (True, "globex")])
async def test_a_mail_names_the_group_and_waits_for_no_name(
    shop: Shop, clock: FrozenClock, is_away: bool, called: str
) -> None:
    await put_card(shop, "globex", DECLINES)
    if is_away:
        await shop.product.set_faults(product=[Fault(op="any", kind="down", times=0)])
    await go_to(shop, clock, MARCH_1 + timedelta(minutes=1))
    ((_, failed),) = await mails(shop, "renewal_failed")
    assert f"Team for {called} (10 seats)" in failed


@pytest.mark.vendors("embedded")
async def test_those_who_were_told_keep_no_notice_from_the_others(shop: Shop) -> None:
    first = await subscription_of(shop, "globex")
    others = tuple(replace(first, subscription_id=f"sub_{number}") for number in range(7))

    def find(connection: Connection) -> list[str]:
        for each in others[:5]:
            assert outbox.enqueue(
                connection,
                kind=outbox.MAIL,
                dedupe_key=each.subscription_id,
                payload={},
                now=shop.clock.wall(),
            )
        found = untold(
            connection,
            lambda limit, start: others[start : start + limit],
            lambda each: each.subscription_id,
            page=2,
        )
        return [each.subscription_id for each in found]

    assert await shop.deps.db.write(find) == ["sub_5", "sub_6"]
