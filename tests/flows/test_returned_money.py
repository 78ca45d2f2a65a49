"""Refunds and disputes that come from the vendor: parts, the whole, twice, in any order, and what each leaves."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, select

from app.core.ids import new_id
from app.db.schema.events import audit
from app.events import outbox
from app.flows.given_up import close_job
from app.flows.returned_money import look_at_charge
from app.flows.settle import REFUND_DUPLICATE
from app.orders.states import State
from app.subscriptions.store import by_ref
from app.vendor_adapters.embedded.faults import Fault
from app.vendor_adapters.embedded.webhook_faults import WebhookFaults
from app.vendor_adapters.types import IdempotencyKey, RenewalDecision, SubscriptionStatus
from tests.support.customers import at, at_vendor, go_wrong, seats_of, subscription_of
from tests.support.journeys import bought, settled
from tests.support.shop import Browser, Shop
from tests.support.witness import only_order

pytestmark = [pytest.mark.engines("sqlite"), pytest.mark.vendors("embedded", "stripe")]

PAID = 378_885


async def charge_of(shop: Shop) -> str:
    """Return the charge of the only order."""
    (charge,) = await shop.books("charges")
    return str(charge["id"])


async def told(shop: Shop, *kinds: str) -> list[str]:
    """Return the texts of the mails of those kinds, in the order in which they were sent."""
    return [str(mail["text"]) for mail in reversed(await shop.world.mails()) if mail["kind"] in kinds]


async def audited(shop: Shop, action: str) -> list[str]:
    """Return the details of an action's rows."""
    rows = await shop.deps.db.read(
        lambda connection: connection.execute(
            select(audit.c.detail).where(audit.c.action == action).order_by(audit.c.seq)
        ).all()
    )
    return [row.detail for row in rows]


async def plan_of(shop: Shop, group: str) -> str:
    """Return the plan that the product gives a group."""
    found = await shop.deps.product.state(group)
    assert found is not None
    return found.plan


async def test_a_part_is_noted_and_told_and_changes_nothing(shop: Shop) -> None:
    await bought(shop)
    charge = await charge_of(shop)
    for amount in (10_000, 5_000):
        await shop.world.refund(charge, amount)
        await settled(shop)
        await settled(shop)
        shop.clock.advance(timedelta(minutes=1))
    order = await only_order(shop)
    assert (order.state, order.amount_refunded) == (State.GRANTED, 15_000)
    assert await plan_of(shop, "acme") == "team"
    first, second = await told(shop, "money_returned")
    assert "100.00 USD go back to the card that paid for Team, hosted, 10 seats, for " in first
    assert "150.00 USD go back" in second
    assert "What runs now stays as it is." in second
    assert [detail.partition(",")[0] for detail in await audited(shop, "charge.refunded")] == [
        f"10000 of {PAID} usd",
        f"15000 of {PAID} usd",
    ]


async def test_the_whole_ends_what_it_paid_for(shop: Shop) -> None:
    browser = await bought(shop)
    before = await subscription_of(shop, "acme")
    await shop.vendor_world.set_webhook_faults(WebhookFaults(duplicate=3, shuffle=True))
    charge = await charge_of(shop)
    await shop.world.refund(charge, 100_000)
    await shop.world.refund(charge, PAID - 100_000)
    await settled(shop)
    order = await only_order(shop)
    assert (order.state, order.amount_refunded) == (State.REFUNDED, PAID)
    after = await shop.deps.db.read(lambda connection: by_ref(connection, before.subscription_ref))
    assert after is not None
    assert after.status is SubscriptionStatus.CANCELLED
    assert await plan_of(shop, "acme") == "free"
    (text,) = await told(shop, "money_returned", "subscription_ended")
    assert "3,788.85 USD go back" in text
    assert "What it had paid for has ended." in text
    await browser.open(browser.url)
    assert "This order was paid back" in browser.text
    await browser.open(f"/subscriptions/{before.subscription_id}/renewal/payment")
    assert 'name="seats"' not in browser.text  # it is bought anew, not renewed
    assert browser.link("Buy Team again")


async def test_seats_that_are_paid_back_stay_until_somebody_looks(shop: Shop) -> None:
    browser = await at(shop, "bob", "/buy/seats?group=globex&add=3")
    await browser.press("and add 3 seats")
    await settled(shop)
    await shop.world.refund(await charge_of(shop), 30_518)
    await settled(shop)
    assert (await only_order(shop)).state is State.REFUNDED
    assert await seats_of(shop, "globex") == (13, 13)
    (text,) = await told(shop, "money_returned")
    assert "What was added with it stays until 1 March 2027, and renews with the rest then." in text


@pytest.mark.parametrize("is_before", [False, True])
async def test_seats_that_are_paid_back_stay_for_as_long_as_what_is_paid_has_them(shop: Shop, is_before: bool) -> None:
    """Beside a paid next term seats end with the one that runs, unless it has them, or always has what runs."""
    if not is_before:
        await next_term_paid(shop)
    browser = await at(shop, "bob", "/buy/seats?group=globex&add=3")
    await browser.press("and add 3 seats")
    await settled(shop)
    if is_before:
        await next_term_paid(shop)
    (added,) = [row for row in await shop.books("charges") if int(str(row["amount"])) < 200_000]
    await shop.world.refund(str(added["id"]), int(str(added["amount"])))
    await settled(shop)
    (text,) = await told(shop, "money_returned")
    kept = "until 1 March 2028, and renews with the rest then."
    lost = "until 1 March 2027. Write to us"
    has_them = is_before or shop.deps.selling == "stripe"
    assert f"What was added with it stays {kept if has_them else lost}" in text


async def test_storage_that_is_paid_back_stays_with_its_plan_until_somebody_looks(shop: Shop) -> None:
    browser = await at(shop, "bob", "/buy/packs?addon=storage-10&group=globex&packs=2")
    await browser.press("and add 20 GiB of storage")
    await settled(shop)
    found = await subscription_of(shop, "globex")
    await browser.open(f"/subscriptions/{found.subscription_id}/renewal")
    await browser.press("Turn it off", reason="other")
    paid = (await only_order(shop)).amount_paid
    await shop.world.refund(await charge_of(shop), paid)
    await settled(shop)
    assert (await only_order(shop)).state is State.REFUNDED
    assert sum(pack.quantity for pack in (await at_vendor(shop, "globex")).packs) == 2
    (text,) = await told(shop, "money_returned")
    assert "What was added with it stays until 1 March 2027. Write to us if you do not want to keep it." in text


async def test_a_renewal_that_is_paid_back_ends_its_term(shop: Shop) -> None:
    before = await subscription_of(shop, "globex")
    march = datetime(2027, 3, 1, 0, 1, tzinfo=UTC)
    shop.clock.advance_business(march - shop.clock.now())
    await settled(shop)
    seeded, renewal = [row for row in await shop.every("charges") if row["amount"] == PAID]
    await shop.world.refund(str(seeded["id"]), PAID)  # last year's: this one goes on
    await settled(shop)
    assert (await at_vendor(shop, "globex")).status is SubscriptionStatus.ACTIVE
    shop.clock.advance(timedelta(minutes=1))
    await shop.world.refund(str(renewal["id"]), PAID)
    await settled(shop)
    after = await shop.deps.db.read(lambda connection: by_ref(connection, before.subscription_ref))
    assert after is not None
    assert after.status is SubscriptionStatus.CANCELLED
    assert await plan_of(shop, "globex") == "free"
    texts = await told(shop, "money_returned")
    assert len(texts) == 2
    assert "for the renewal of Team for Globex (10 seats)" in texts[1]


async def next_term_paid(shop: Shop) -> Browser:
    """Pay globex' next term before its day."""
    found = await subscription_of(shop, "globex")
    shop.clock.advance_business(datetime(2027, 2, 20, 12, tzinfo=UTC) - shop.clock.now())
    browser = await at(shop, "bob", f"/subscriptions/{found.subscription_id}/renewal/payment")
    await browser.press("and renew until")
    await settled(shop)
    return browser


async def next_term_paid_back(shop: Shop) -> Browser:
    """Have the money of such a term go back, and return the subscription's page."""
    found, browser = await subscription_of(shop, "globex"), await next_term_paid(shop)
    await shop.world.refund(await charge_of(shop), PAID)
    await settled(shop)
    await browser.open(f"/subscriptions/{found.subscription_id}")
    assert await plan_of(shop, "globex") == "team"
    return browser


async def test_a_term_paid_by_hand_and_paid_back_before_its_day_does_not_come(shop: Shop) -> None:
    """Nor is it charged on its day: whoever had it paid back is not asked for the same money by himself."""
    browser = await next_term_paid_back(shop)
    (text,) = await told(shop, "money_returned")
    assert "It ends on 1 March 2027 and does not renew by itself." in text
    after = await at_vendor(shop, "globex")
    assert (after.paid_until, after.cancel_at) == (None, after.period.ends_at)
    assert "paid until" not in browser.text
    shop.clock.advance_business(datetime(2027, 3, 2, tzinfo=UTC) - shop.clock.now())
    await settled(shop)
    assert (await shop.deps.vendor.get_subscription(after.ref)).status is SubscriptionStatus.CANCELLED
    assert await plan_of(shop, "globex") == "free"
    assert len([row for row in await shop.every("charges") if row["amount"] == PAID]) == 2
    await browser.open(browser.url + "/renewal/payment")
    await browser.press("and renew until")
    await settled(shop)
    assert await plan_of(shop, "globex") == "team"


async def test_what_was_paid_ahead_is_listed_for_people_when_the_running_term_is_paid_back(shop: Shop) -> None:
    seeded = await subscription_of(shop, "globex")
    await next_term_paid(shop)
    renewal = await only_order(shop)
    (running,) = [
        row for row in await shop.every("charges") if row["amount"] == PAID and row["id"] != renewal.charge_ref
    ]
    await shop.world.refund(str(running["id"]), PAID)
    await settled(shop)
    after = await shop.deps.db.read(lambda connection: by_ref(connection, seeded.subscription_ref))
    assert after is not None
    assert after.status is SubscriptionStatus.CANCELLED
    (job,) = await shop.deps.db.read(outbox.given_up)
    assert (job.kind, job.order_id) == ("paid_ahead", renewal.order_id)
    assert f"give back 3,788.85 USD, charge {renewal.charge_ref}" in job.reason
    (text,) = await told(shop, "money_returned")
    assert "What it had paid for has ended. We will write to you about the next term, which was paid ahead" in text
    await close_job(shop.deps, job.job_id, why="transferred", is_paid_back=True, actor="cli:eve", apply=True)
    renewal = await only_order(shop)
    assert (renewal.state, renewal.amount_refunded) == (State.REFUNDED, PAID)


async def test_a_term_paid_by_hand_whose_money_a_bank_takes_back_does_not_come(shop: Shop) -> None:
    await next_term_paid(shop)
    charge = await charge_of(shop)
    for state in ("opened", "lost"):
        await shop.world.dispute(charge, state)
        await settled(shop)
    assert "It ends on 1 March 2027 and does not renew by itself." in "".join(await told(shop, "charge_disputed"))
    after = await at_vendor(shop, "globex")
    assert (after.paid_until, after.cancel_at) == (None, after.period.ends_at)


@pytest.mark.vendors("embedded")
async def test_a_term_that_was_paid_back_can_be_paid_again_or_renew_by_itself(shop: Shop) -> None:
    """What was decided since is not undone by another word about the same money."""
    browser = await next_term_paid_back(shop)
    assert browser.link("Renew now")
    found = await at_vendor(shop, "globex")
    key = IdempotencyKey(new_id("att"))
    await shop.deps.vendor.set_renewal(found.ref, decision=RenewalDecision.RENEW, key=key)
    await look_at_charge(shop.deps, "embedded", await charge_of(shop))
    assert (await at_vendor(shop, "globex")).cancel_at is None


@pytest.mark.vendors("stripe")
async def test_stripe_bills_a_term_that_was_paid_back_only_once_the_one_before_has_ended(shop: Shop) -> None:
    browser = await next_term_paid_back(shop)
    page = browser.url
    await browser.open(page + "/renewal/payment")
    assert "The next term was paid back. It can be paid from 1 March 2027 on." in browser.text
    await browser.open(page + "/renewal")
    await browser.press("renew")
    assert "The next term was paid back. It can be paid from 1 March 2027 on." in browser.text
    packs = "/buy/packs?addon=storage-10&group=globex&packs=2"
    for change in (page + "/seat-changes", page + "/plan-changes?plan=scale", packs):
        await browser.open(change)
        assert "Until then nothing can be changed." in browser.text, change


@pytest.mark.parametrize(("states", "plan"), [(["opened", "won"], "team"), (["opened", "lost"], "free")])
async def test_a_dispute_counts_once_it_is_lost(shop: Shop, states: list[str], plan: str) -> None:
    await bought(shop)
    charge = await charge_of(shop)
    for state in states:
        assert await plan_of(shop, "acme") == "team"
        await shop.world.dispute(charge, state)
        await settled(shop)
        shop.clock.advance(timedelta(minutes=1))
    assert await plan_of(shop, "acme") == plan
    first, second = await told(shop, "charge_disputed", "money_returned", "subscription_ended")
    assert "is disputed at your bank. Nothing changes before the bank has decided." in first
    assert ("stands" in second) == (plan == "team")
    assert ("What it had paid for has ended." in second) == (plan == "free")
    assert [detail.partition(",")[0] for detail in await audited(shop, "charge.disputed")] == [
        "open",
        states[1],
    ]


@pytest.mark.vendors("embedded")
async def test_a_dispute_that_is_lost_after_a_part_was_paid_back_ends_it_all_the_same(shop: Shop) -> None:
    await bought(shop)
    charge = await charge_of(shop)
    await shop.world.refund(charge, 10_000)
    await settled(shop)
    await shop.world.dispute(charge, "opened")
    await shop.world.dispute(charge, "lost")
    await settled(shop)
    assert await plan_of(shop, "acme") == "free"


@pytest.mark.vendors("embedded")
async def test_what_goes_back_after_people_closed_our_own_refund_is_noted(shop: Shop) -> None:
    await bought(shop)
    order_id, now = (await only_order(shop)).order_id, shop.clock.wall()

    def give_up(connection: Connection) -> str:
        key = {"kind": REFUND_DUPLICATE, "dedupe_key": order_id}
        outbox.enqueue(connection, **key, payload={}, order_id=order_id, now=now)
        (job,) = [each for each in outbox.claim_due(connection, now=now) if each.kind == REFUND_DUPLICATE]
        outbox.mark_failed(connection, job, error="x", now=now, retry=False)
        return job.job_id

    job = await shop.deps.db.write(give_up)
    await close_job(shop.deps, job, why="the buyer keeps it", is_paid_back=False, actor="cli:x", apply=True)
    await shop.world.refund(await charge_of(shop), PAID)
    await settled(shop)
    order = await only_order(shop)
    assert (order.state, order.amount_refunded) == (State.REFUNDED, PAID)
    assert len(await told(shop, "money_returned")) == 1


async def test_an_answer_that_is_lost_is_asked_for_again(shop: Shop) -> None:
    await bought(shop)
    await shop.world.refund(await charge_of(shop), PAID)
    await go_wrong(shop, "get_charge", Fault.TIMEOUT_BEFORE)
    await go_wrong(shop, "set_renewal", Fault.TIMEOUT_AFTER)
    for _ in range(3):
        shop.clock.advance(timedelta(minutes=1))
        await settled(shop)
    assert (await only_order(shop)).state is State.REFUNDED
    assert await plan_of(shop, "acme") == "free"
    assert len(await told(shop, "money_returned")) == 1
