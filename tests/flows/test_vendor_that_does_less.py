"""A vendor that changes subscriptions, and does less about it than others: the pages say so and promise no more."""

import json
import re
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import select

from app import worker
from app.commands.audit_store import differences
from app.commands.doctor import check_jobs
from app.core.clock import FrozenClock
from app.core.money import Money
from app.db.schema.events import audit
from app.db.schema.events import outbox as jobs
from app.demo.seed import SeedGroup
from app.events import outbox
from app.flows.given_up import JobFault, close_job
from app.flows.settle import ORDER_PAID
from app.vendor_adapters.capabilities import Capability
from app.vendor_adapters.types import ChargeRef
from tests.adapters.lesser import LesserVendor
from tests.support.customers import at, given_up, subscription_of
from tests.support.journeys import ACME, at_checkout, pay, problems, settled, to_payment
from tests.support.shop import Browser, Form, Shop
from tests.support.witness import later, mails, order, orders, vendor_fails

pytestmark = [pytest.mark.engines("sqlite"), pytest.mark.vendors("lesser")]

THREE = "/buy/seats?group=globex&add=3"
ESTIMATED = "This is an estimate: what is charged is worked out with the payment, and your receipt says it."
NO_CARD = "There is no card on file to charge. Add one first."
NO_CARD_PAGE = "There is no card on file to charge, and none can be added here: our sales team changes this."


@pytest.fixture
def clock(request: pytest.FixtureRequest) -> FrozenClock:
    """The standing clock; a test may name another instant."""
    return FrozenClock(getattr(request, "param", datetime(2026, 11, 23, 12, tzinfo=UTC)))


def vendor_of(shop: Shop) -> LesserVendor:
    """Return the vendor, to let it lack more or less."""
    vendor = shop.vendor
    assert isinstance(vendor, LesserVendor)
    return vendor


async def bob_without_a_card(shop: Shop) -> Browser:
    """Return bob's browser, who pays for Globex and has taken his only card off the vendor's page."""
    browser = await at(shop, "bob", "/subscriptions")
    held = await subscription_of(shop, "globex")
    await browser.open(f"/subscriptions/{held.subscription_id}/renewal")
    await browser.press("Turn it off", reason="not_needed")
    await browser.open("/payment-methods")
    await browser.press("Add or remove a card")
    await browser.press("Remove")
    return browser


async def charges(shop: Shop) -> list[int]:
    """Return what was charged for orders, in minor units."""
    return [int(str(row["amount"])) for row in await shop.books("charges")]


# --- no exact preview ---


async def test_an_estimate_is_called_one_and_what_was_charged_stands_on_the_order(shop: Shop) -> None:
    browser = await at(shop, "bob", THREE)
    assert ESTIMATED in browser.text
    assert "Due today, about" in browser.text
    assert "holds for 30 minutes" not in browser.text
    await browser.press("Pay about 305.00 USD and add 3 seats")
    await settled(shop)
    assert await charges(shop) == [30_518]
    await browser.open(browser.url)
    assert "You have Team for 13 people in Globex" in browser.text
    assert 'data-total="30518"' in browser.text
    assert "The lines above are the estimate that you confirmed" in browser.text
    made = await order(shop, browser.url.rpartition("/")[2])
    assert (made.total, made.amount_paid) == (30_500, 30_518)
    (receipt,) = [mail for mail in await shop.world.mails() if mail["kind"] == "receipt"]
    assert "305.18 USD" in receipt["text"]
    (event,) = await shop.deps.db.read(
        lambda connection: connection.execute(select(jobs.c.payload).where(jobs.c.kind == ORDER_PAID)).scalars().all()
    )
    assert json.loads(event)["total"] == 30_518
    await browser.open("/history?kind=orders")
    assert "305.18" in browser.text
    assert "305.00" not in browser.text
    vendor_of(shop).lacks = frozenset({Capability.CHANGE_PREVIEW})
    await shop.vendor_world.refund(ChargeRef(made.charge_ref or ""), Money(30_518, "usd"))
    await settled(shop)
    await browser.open(f"/orders/{made.order_id}")
    assert "Your payment of 305.18 USD was returned to your card." in browser.text
    assert 'data-total="30518"' in browser.text
    assert ESTIMATED not in browser.text


async def test_another_plan_and_the_renewal_are_estimates_too(shop: Shop) -> None:
    held = await subscription_of(shop, "globex")
    browser = await at(shop, "bob", f"/subscriptions/{held.subscription_id}/plan-changes?plan=scale")
    assert ESTIMATED in browser.text
    assert browser.form("Pay about ")
    await browser.open(f"/subscriptions/{held.subscription_id}")
    assert "1 March 2027: Team, 10 seats, about 3,480.00 USD" in browser.text


async def test_the_mail_before_a_renewal_says_about_how_much(shop: Shop, clock: FrozenClock) -> None:
    held = await subscription_of(shop, "globex")
    clock.advance_business(held.ends_at - timedelta(days=10) - clock.now())
    await worker.sweep(shop.deps)
    await settled(shop)
    (mail,) = [each for each in await mails(shop, "renewal_notice") if "Globex" in each["text"]]
    assert "renews on 1 March 2027 for about 3,788.85 USD" in mail["text"]


async def test_packs_that_end_with_the_plan_are_an_estimate(shop: Shop) -> None:
    browser = await at(shop, "bob", "/buy/packs?addon=storage-10&group=globex&packs=2")
    assert ESTIMATED in browser.text
    assert browser.form("Pay about ")


async def test_an_exact_vendor_calls_nothing_an_estimate(shop: Shop) -> None:
    vendor_of(shop).lacks = frozenset()
    browser = await at(shop, "bob", THREE)
    assert "estimate" not in browser.text
    assert "holds for 30 minutes" in browser.text
    assert browser.form("Pay 305.18 USD and add 3 seats")


# --- no pinned instant ---


@pytest.mark.parametrize("clock", [datetime(2026, 11, 23, 23, 50, tzinfo=UTC)], indirect=True)
async def test_what_costs_something_else_when_it_is_confirmed_is_shown_again(shop: Shop, clock: FrozenClock) -> None:
    vendor_of(shop).lacks = frozenset({Capability.PINNED_PRORATION})
    browser = await at(shop, "bob", THREE)
    button = browser.form("Pay 305.18 USD")
    clock.advance(timedelta(minutes=20))  # the day is another one, and the quote not old
    await browser.send(button)
    assert (browser.status, problems(browser)) == (422, ["E-PRICE"])
    assert "You have not been charged. New total: 302.07 USD." in browser.text
    assert await charges(shop) == []
    await browser.press("Pay 302.07 USD")
    await settled(shop)
    assert await charges(shop) == [30_207]


async def test_what_is_charged_is_priced_when_it_is_confirmed(shop: Shop, clock: FrozenClock) -> None:
    vendor_of(shop).lacks = frozenset({Capability.PINNED_PRORATION})
    browser = await at(shop, "bob", THREE)
    button = browser.form("Pay 305.18 USD")
    clock.advance(timedelta(minutes=20))
    await browser.send(button)
    made = await order(shop, browser.url.rpartition("/")[2])
    assert "2026-11-23T12:20:00" in made.quote
    assert await charges(shop) == [30_518]


# --- a change that does not wait for its payment ---


@pytest.mark.parametrize("page", ["seat-changes?add=3", "plan-changes?plan=scale"])
async def test_without_a_card_on_file_a_change_that_costs_leads_to_the_cards(shop: Shop, page: str) -> None:
    browser = await bob_without_a_card(shop)
    held = await subscription_of(shop, "globex")
    await browser.open(f"/subscriptions/{held.subscription_id}/{page}")
    assert browser.status == 200
    assert NO_CARD in browser.text
    assert "E-NOCARD" in browser.text
    with pytest.raises(LookupError):
        browser.form("Pay ")
    await browser.open(browser.link("Add a card"))
    assert browser.form("Add or remove a card")


async def test_where_cards_have_no_page_either_it_leads_to_sales(shop: Shop) -> None:
    browser = await bob_without_a_card(shop)
    vendor_of(shop).lacks |= {Capability.PORTAL_PAYMENT_METHODS}
    await browser.open(THREE)
    assert NO_CARD_PAGE in browser.text
    assert re.search(r'class="button" data-primary href="/sales\?[^"]*plan=team[^"]*">Talk to sales', browser.text)
    for dead in ("Pay ", "Change the card on file"):
        with pytest.raises(LookupError):
            browser.form(dead)
    await browser.open("/buy/packs?addon=storage-10&group=globex&packs=2")
    assert NO_CARD_PAGE in browser.text
    assert re.search(r'class="button" data-primary href="/sales\?[^"]*">Talk to sales', browser.text)
    held = await subscription_of(shop, "globex")
    await browser.open(f"/subscriptions/{held.subscription_id}")
    with pytest.raises(LookupError):
        browser.form("Change the card on file")
    await browser.open("/payment-methods")
    assert "/sales" in browser.link("talk to us")


async def test_a_card_that_went_between_page_and_button_charges_nothing(shop: Shop) -> None:
    browser = await at(shop, "bob", THREE)
    button = browser.form("Pay about ")
    other = await bob_without_a_card(shop)
    await browser.send(button)
    assert (browser.status, NO_CARD in browser.text) == (422, True)
    assert await charges(shop) == []
    assert (await subscription_of(shop, "globex")).seats == 10
    await other.close()


async def test_what_costs_nothing_now_needs_no_card(shop: Shop) -> None:
    browser = await at(shop, "bob", "/subscriptions")
    held = await subscription_of(shop, "globex")
    await browser.open(f"/subscriptions/{held.subscription_id}/renewal")
    await browser.press("Renew with this number", seats="12")
    assert "Renews on 1 March 2027: Team, 12 seats" in browser.text


async def test_the_next_term_is_not_paid_by_hand_without_a_card(shop: Shop, clock: FrozenClock) -> None:
    browser = await bob_without_a_card(shop)
    held = await subscription_of(shop, "globex")
    clock.advance(held.ends_at - timedelta(days=10) - clock.now())
    await browser.open("/login")
    await browser.press("Continue as bob")
    await browser.open(f"/subscriptions/{held.subscription_id}/renewal/payment")
    assert NO_CARD in browser.text
    assert "/payment-methods" in browser.link("Add a card")


async def test_packs_that_end_with_the_plan_need_the_card_too(shop: Shop) -> None:
    browser = await bob_without_a_card(shop)
    await browser.open("/buy/packs?addon=storage-10&group=globex&packs=2")
    assert NO_CARD in browser.text
    assert "payment page that comes next" not in browser.text
    with pytest.raises(LookupError):
        browser.form("Pay ")
    await browser.open(browser.link("Add a card"))
    assert browser.form("Add or remove a card")


async def test_a_first_order_needs_no_card_on_file(shop: Shop) -> None:
    browser = await at_checkout(shop)
    assert "You type your card on the payment page" in browser.text


# --- no refunds ---


async def both_paid(shop: Shop) -> tuple[Browser, str]:
    """Let two owners pay for one group; return the browser of the later one, and the order that is paid for nothing."""
    await shop.product.seed((), [SeedGroup(id="acme", name="Acme", owners=("ann", "dan"), members=7)])
    ann = await at_checkout(shop, ACME, "ann")
    await to_payment(ann, email="ann@acme.example")
    (hers,) = await orders(shop)
    await given_up(shop, hers.order_id)
    dan = await at_checkout(shop, ACME, "dan")
    await to_payment(dan, email="dan@acme.example")
    await pay(dan)
    await pay(ann)
    return ann, hers.order_id


async def test_a_second_payment_is_given_back_by_people(shop: Shop) -> None:
    browser, order_id = await both_paid(shop)
    for _ in range(2):
        await settled(shop)
    held = {row["order"]: row["status"] for row in await shop.books("subscriptions")}
    assert held[order_id] == "cancelled"
    assert await shop.books("refunds") == []
    made = await order(shop, order_id)
    assert (made.state.value, made.amount_paid) == ("paid", 378_885)
    await browser.open(f"/orders/{order_id}")
    assert "Paid twice: your payment goes back" in browser.text
    assert "Our support team gives the whole amount back to you" in browser.text
    assert "switched on in a few seconds" not in browser.text
    later(shop, minutes=30)
    await browser.open(f"/orders/{order_id}")
    assert "E-GRANT" not in browser.text
    await browser.open("/orders")
    assert "paid twice, goes back" in browser.text
    (told,) = await mails(shop, "paid_back")
    assert told["to"] == "ann@acme.example"
    assert "our support team gives the whole amount back to you" in told["text"]
    assert "goes back to your card" not in told["text"]


async def test_what_people_must_give_back_is_listed_for_them(shop: Shop) -> None:
    assert (await check_jobs(shop.deps)).is_well
    _, order_id = await both_paid(shop)
    await settled(shop)
    (charge,) = [str(row["id"]) for row in await shop.books("charges") if row["order"] == order_id]
    found = await check_jobs(shop.deps)
    wanted = f"NeedsPeople: give back by hand 3,788.85 USD, charge {charge}: no refunds at embedded"
    assert found.found == f"refund_duplicate, order {order_id}: {wanted}"
    assert "kassa jobs close job_" in found.mend
    broken = await shop.deps.db.read(lambda connection: list(differences(connection, shop.clock.wall())))
    assert [line for line in broken if wanted in line] == broken
    ready = await shop.browser().open("/readyz")
    assert ready.json()["jobs_given_up"] == 1
    rows = await shop.deps.db.read(lambda connection: connection.execute(select(audit.c.action)).scalars().all())
    assert rows.count("order.refund_by_hand") == 1


async def test_what_people_gave_back_is_noted_and_listed_no_more(shop: Shop) -> None:
    browser, order_id = await both_paid(shop)
    await settled(shop)
    (job,) = await shop.deps.db.read(outbox.given_up)
    close = partial(close_job, shop.deps, job.job_id, why="transferred", is_paid_back=True, actor="cli:otto")
    await close(apply=False)
    assert (await order(shop, order_id)).state.value == "paid"
    closed = await close(apply=True)
    assert closed.refund == Money(378_885, "usd")
    await settled(shop)
    made = await order(shop, order_id)
    assert (made.state.value, made.amount_paid, made.amount_refunded) == ("refunded", 378_885, 378_885)
    await browser.open(f"/orders/{order_id}")
    assert "This order was paid back" in browser.text
    assert "Your payment of 3,788.85 USD was given back to you by our support team." in browser.text
    assert len(await mails(shop, "paid_back")) == 1  # the promise was mailed before
    assert (await check_jobs(shop.deps)).is_well
    assert await shop.deps.db.read(lambda connection: list(differences(connection, shop.clock.wall()))) == []
    rows = await shop.deps.db.read(
        lambda connection: connection.execute(
            select(audit.c.action, audit.c.detail).where(audit.c.actor == "cli:otto").order_by(audit.c.seq)
        ).all()
    )
    assert [tuple(row) for row in rows] == [
        ("order.refunded", "378885 usd"),
        ("job.closed", f"refund_duplicate, order {order_id}: transferred"),
    ]
    with pytest.raises(JobFault, match="was closed before"):
        await close(apply=True)


# --- its page for invoices ---


async def test_without_a_page_for_invoices_only_our_list_is_shown(shop: Shop) -> None:
    browser = await at(shop, "bob", "/invoices")
    assert "Invoices on the payment provider's page" not in browser.text
    own = await subscription_of(shop, "globex")
    await browser.send(Form(action="/invoices/portal", fields={"account": own.account_id}))
    assert browser.status == 404


@pytest.mark.vendors("embedded", "stripe")
async def test_invoices_lead_to_the_vendors_page_for_them_by_a_button(shop: Shop) -> None:
    browser = await at(shop, "bob", "/invoices")
    button = browser.form("Invoices on the payment provider's page")
    await browser.open("/invoices/portal")
    assert browser.status == 405  # it is opened for whoever presses, and by no link
    await browser.send(button)
    assert browser.status == 200
    assert any(browser.url.startswith(origin) for origin in shop.deps.vendor.origins)
    stranger = await at(shop, "cleo", "/invoices")
    await stranger.send(button)
    assert stranger.status == 404
    await vendor_fails(shop, "portal_page")
    await browser.send(button)
    assert (browser.status, problems(browser)) == (503, ["E-VENDOR"])
