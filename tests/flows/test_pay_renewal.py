"""The next term paid by hand: in the last days, after the end, with something else in it, and every way it is not."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from app.core.clock import FrozenClock
from app.subscriptions.store import Subscription
from app.vendor_adapters.world import Fault
from tests.support.customers import (
    DECLINES,
    at,
    at_vendor,
    crowd,
    go_wrong,
    put_card,
    seats_of,
    subscription_of,
)
from tests.support.journeys import GOOD_CARD, bought, pay, settled
from tests.support.shop import Browser, Form, Shop

pytestmark = [pytest.mark.engines("sqlite"), pytest.mark.vendors("embedded", "stripe")]

RESHAPES = pytest.mark.vendors("embedded")
"""Over a vendor where what is paid before its day can be something else than what runs (``RESHAPED_RENEWAL``)."""
BILLS_WHAT_RUNS = pytest.mark.vendors("stripe")
"""Over one where it cannot."""
FEBRUARY_20, MARCH_1 = datetime(2027, 2, 20, 12, tzinfo=UTC), datetime(2027, 3, 1, tzinfo=UTC)


async def go_to(shop: Shop, instant: datetime) -> None:
    """Move business time on and let everything that fell due happen."""
    shop.clock.advance_business(instant - shop.clock.now())
    await settled(shop)


async def to_payment(shop: Shop, query: str = "") -> Browser:
    """Return bob's browser on the page where globex' next term is paid, in the last days before its day."""
    found = await subscription_of(shop, "globex")
    await go_to(shop, FEBRUARY_20)
    return await at(shop, "bob", f"/subscriptions/{found.subscription_id}/renewal/payment{query}")


async def ended(shop: Shop) -> Subscription:
    """Let globex' plan end with its term, and return it."""
    found = await subscription_of(shop, "globex")
    browser = await at(shop, "bob", f"/subscriptions/{found.subscription_id}/renewal")
    await browser.press("Turn it off", reason="other")
    await go_to(shop, MARCH_1 + timedelta(minutes=1))
    return found


async def plan_at_product(shop: Shop) -> tuple[str, int, datetime | None]:
    """Return what the product gives globex."""
    group = await shop.deps.product.state("globex")
    assert group is not None
    return group.plan, group.seats, group.ends_at


async def test_it_is_offered_in_the_last_fifteen_days_only(shop: Shop) -> None:
    found = await subscription_of(shop, "globex")
    path = f"/subscriptions/{found.subscription_id}"
    await go_to(shop, MARCH_1 - timedelta(days=15, minutes=1))
    browser = await at(shop, "bob", path)
    assert "Renew now" not in browser.text
    await browser.open(f"{path}/renewal/payment")
    assert "It can be paid from 14 February 2027 on." in browser.text
    assert "E-RENEW-EARLY" in browser.text
    assert "Look at the renewal" in browser.text
    assert 'name="seats"' not in browser.text
    await go_to(shop, MARCH_1 - timedelta(days=15))
    await browser.open(path)
    assert re.search(r"data-primary>Renew now<", browser.text)
    await browser.open(browser.link("Renew now"))
    assert 'data-total="378885"' in browser.text


@RESHAPES
async def test_twelve_people_in_ten_seats_renew_twelve_for_4176(shop: Shop) -> None:
    await crowd(shop, "globex", in_use=12)
    browser = await to_payment(shop)
    assert "<dt>Team, 12 × 348.00 USD</dt><dd>4,176.00</dd>" in browser.text
    assert "From 1 March 2028 it renews at 4,176.00 USD a year, 4,546.62 USD with tax." in browser.text
    await browser.press("Pay 4,546.62 USD and renew until 1 March 2028")
    await settled(shop)
    await browser.open(browser.url)
    assert "Team for Globex is renewed until 1 March 2028" in browser.text
    assert [charge["amount"] for charge in await shop.books("charges")] == [454_662]
    assert await seats_of(shop, "globex") == (10, 10)
    (receipt,) = [mail for mail in await shop.world.mails() if mail["kind"] == "receipt"]
    assert "Renewal of Team, hosted, 12 seats, for Globex" in receipt["text"]
    assert "4,546.62 USD" in receipt["text"]
    await go_to(shop, MARCH_1 + timedelta(minutes=1))
    assert await plan_at_product(shop) == ("team", 12, datetime(2028, 3, 1, tzinfo=UTC))
    assert len(await shop.books("charges")) == 1


@RESHAPES
async def test_fewer_seats_than_people_are_refused_with_the_way_out(shop: Shop) -> None:
    await crowd(shop, "globex", in_use=12)
    browser = await to_payment(shop, "?seats=9")
    await browser.press("and renew until", seats="9")
    assert browser.status == 422
    assert "12 people use seats. Remove 3 first, or renew 12." in browser.text
    assert "/groups/globex" in browser.text
    await browser.open(browser.link("Renew 12"))
    await browser.press("Pay 4,546.62 USD and renew until 1 March 2028")
    assert [charge["amount"] for charge in await shop.books("charges")] == [454_662]


NO_NUMBERS = {
    "0": "E-SEATS",
    "-1": "E-SEATS",
    "1.5": "E-SEATS",
    "ten": "E-SEATS",
    "❾": "E-SEATS",
    "9" * 4_000: "E-SEATS",
    "5001": "E-SEATS-MAX",
}


@RESHAPES
async def test_a_number_that_is_none_is_told_and_kept(shop: Shop) -> None:
    browser = await to_payment(shop)
    form = browser.form("and renew until")
    for seats, told in NO_NUMBERS.items():
        await browser.send(form, seats=seats)
        assert browser.status == 422
        assert f'<small class="problem-code">{told}</small>' in browser.text
        assert f'value="{seats}"' in browser.text
    assert await shop.books("charges") == []


@RESHAPES
async def test_another_plan_renews(shop: Shop) -> None:
    browser = await to_payment(shop, "?plan=scale&seats=9")
    assert "<dt>Scale, 9 × 1,188.00 USD</dt><dd>10,692.00</dd>" in browser.text
    await browser.press("and renew until 1 March 2028")
    await go_to(shop, MARCH_1 + timedelta(minutes=1))
    assert await plan_at_product(shop) == ("scale", 9, datetime(2028, 3, 1, tzinfo=UTC))


@RESHAPES
async def test_add_ons_renew_as_many_as_are_wanted(shop: Shop) -> None:
    browser = await at(shop, "bob", "/buy/packs?addon=storage-10&group=globex&packs=3")
    await browser.press("Pay ", terms="yes")
    await settled(shop)
    browser = await to_payment(shop)
    assert "10 GiB extra storage, 3 × 60.00 USD" in browser.text
    card = await at(shop, "bob", browser.url.removesuffix("/renewal/payment"))
    assert "1 March 2027: Team, 10 seats, 30 GiB of storage, 3,660.00 USD" in card.text
    await browser.press("Update the total", **{"packs-storage-10-usd-y-1": "1"})
    assert "10 GiB extra storage, 1 × 60.00 USD" in browser.text
    await browser.press("and renew until")
    await go_to(shop, MARCH_1 + timedelta(minutes=1))
    (pack,) = (await at_vendor(shop, "globex")).packs
    assert pack.quantity == 1


@BILLS_WHAT_RUNS
async def test_only_what_runs_is_offered_where_nothing_else_can_be_paid(shop: Shop) -> None:
    browser = await to_payment(shop, "?plan=scale&seats=12")
    assert "<dt>Team, 10 × 348.00 USD</dt><dd>3,480.00</dd>" in browser.text
    assert "From 1 March 2028 it renews at 3,480.00 USD a year, 3,788.85 USD with tax." in browser.text
    assert "Before 1 March 2027 the term can be paid as it runs now." in browser.text
    assert browser.link("change what renews")
    form = browser.form("and renew until")
    await browser.send(Form(action=form.action, fields={**form.fields, "seats": "9"}))
    assert "E-CHANGED" in browser.text
    assert await shop.books("charges") == []
    await browser.press("Pay 3,788.85 USD and renew until 1 March 2028")
    await go_to(shop, MARCH_1 + timedelta(minutes=1))
    assert await plan_at_product(shop) == ("team", 10, datetime(2028, 3, 1, tzinfo=UTC))
    assert [charge["amount"] for charge in await shop.books("charges")] == [378_885]


@BILLS_WHAT_RUNS
async def test_what_is_booked_is_not_paid_silently_as_it_was(shop: Shop) -> None:
    found = await subscription_of(shop, "globex")
    path = f"/subscriptions/{found.subscription_id}/renewal"
    browser = await at(shop, "bob", path)
    await browser.press("Renew with this number", seats="12")
    await go_to(shop, FEBRUARY_20)
    await browser.open(f"{path}/payment")
    assert "From 1 March 2027 you have booked Team, 12 seats: that is charged on 1 March 2027." in browser.text
    assert "E-RENEW-BOOKED" in browser.text
    assert 'name="seats"' not in browser.text
    await browser.open(browser.link("Look at the renewal"))
    assert "Pay it now" not in browser.text
    await browser.press("Undo: renew what you have now")
    await browser.open(browser.link("Pay it now"))
    await browser.press("Pay 3,788.85 USD and renew until 1 March 2028")
    assert [charge["amount"] for charge in await shop.books("charges")] == [378_885]


@BILLS_WHAT_RUNS
async def test_more_people_than_seats_are_added_first(shop: Shop) -> None:
    await crowd(shop, "globex", in_use=12)
    browser = await to_payment(shop)
    assert "12 people use 10 seats. Before 1 March 2027 the next term can be paid for the seats" in browser.text
    await browser.open(browser.link("Add 2 seats"))
    await browser.press("and add 2 seats")
    await settled(shop)
    browser = await to_payment(shop)
    await browser.press("Pay 4,546.62 USD and renew until 1 March 2028")
    await go_to(shop, MARCH_1 + timedelta(minutes=1))
    assert await plan_at_product(shop) == ("team", 12, datetime(2028, 3, 1, tzinfo=UTC))


@BILLS_WHAT_RUNS
async def test_seats_that_are_added_to_a_paid_term_are_paid_until_its_end(shop: Shop) -> None:
    browser = await to_payment(shop)
    await browser.press("and renew until")
    await settled(shop)
    path = f"/subscriptions/{(await subscription_of(shop, 'globex')).subscription_id}"
    await browser.open(f"{path}/seat-changes?add=1")
    assert "The next term is paid already: what you add now is paid for until 1 March 2028." in browser.text
    assert "1 more seat until 1 March 2028 (9 days, and the next term)" in browser.text
    await browser.press("and add 1 seat")
    await settled(shop)
    net = round(34_800 * 9 / 365) + 34_800  # nine days of this term, and the next one
    assert (await shop.books("charges"))[-1]["amount"] == net + round(net * 8.875 / 100)
    await go_to(shop, MARCH_1 + timedelta(minutes=1))
    assert await plan_at_product(shop) == ("team", 11, datetime(2028, 3, 1, tzinfo=UTC))


async def test_storage_beside_a_term_that_is_paid_waits_for_it_and_minutes_do_not(shop: Shop) -> None:
    browser = await to_payment(shop)
    await browser.press("and renew until")
    await settled(shop)
    await browser.open("/buy/packs?addon=storage-10&group=globex&packs=1")
    assert "Pay " not in browser.text
    assert "E-VENDOR" not in browser.text
    assert "The next term is paid already, until 1 March 2028. It can be changed from 1 March 2027 on." in browser.text
    await browser.open("/buy/packs?addon=compute-1000&group=globex&packs=1")
    await browser.press("and add 1,000 compute minutes")
    await settled(shop)
    assert [charge["amount"] for charge in await shop.books("charges")] == [378_885, 1_089]


@BILLS_WHAT_RUNS
async def test_seats_that_end_with_a_paid_term_say_its_last_day(shop: Shop) -> None:
    browser = await to_payment(shop)
    await browser.press("and renew until")
    await settled(shop)
    path = f"/subscriptions/{(await subscription_of(shop, 'globex')).subscription_id}"
    await browser.open(f"{path}/renewal")
    await browser.press("Turn it off", reason="other")
    await settled(shop)
    await browser.open(f"{path}/seat-changes?add=1")
    assert "1 more seat until 1 March 2028 (9 days, and the next term)" in browser.text
    assert "Nothing renews: the seats end on 1 March 2028." in browser.text


async def test_once_paid_the_next_term_waits_and_cannot_be_changed(shop: Shop) -> None:
    browser = await to_payment(shop)
    payment = browser.url
    await browser.press("and renew until")
    await settled(shop)
    path = f"/subscriptions/{(await subscription_of(shop, 'globex')).subscription_id}"
    await browser.open(path)
    assert "1 March 2027: Team, 10 seats, paid until 1 March 2028" in browser.text
    assert "Renew now" not in browser.text
    for blocked in (payment, f"{path}/plan-changes"):
        await browser.open(blocked)
        assert "The next term is paid already, until 1 March 2028." in browser.text
    await browser.open(f"{path}/renewal")
    assert "Renew with this number" not in browser.text
    await browser.open(f"{path}/seat-changes?add=1")
    assert "The next term is paid" in browser.text
    form = Form(action=f"{path}/renewal/seats", fields={"attempt": "att_1", "base": "10", "seats": "11"})
    assert (await browser.send(form)).status_code == 422
    assert "E-RENEWED" in browser.text


@RESHAPES
async def test_seats_that_are_added_now_end_with_this_term(shop: Shop) -> None:
    browser = await to_payment(shop, "?seats=12")
    await browser.press("and renew until")
    await settled(shop)
    path = f"/subscriptions/{(await subscription_of(shop, 'globex')).subscription_id}"
    await browser.open(path)
    assert "1 March 2027: Team, 12 seats, paid until 1 March 2028" in browser.text
    await browser.open(f"{path}/seat-changes?add=1")
    assert "The next term is paid for 12 seats" in browser.text


async def test_the_same_press_twice_is_one_term(shop: Shop) -> None:
    browser = await to_payment(shop)
    form = browser.form("and renew until")
    await browser.send(form)
    await browser.send(form)
    await settled(shop)
    assert [charge["amount"] for charge in await shop.books("charges")] == [378_885]


async def test_the_second_of_two_managers_is_told(shop: Shop) -> None:
    first, second = await to_payment(shop), await to_payment(shop)
    await first.press("and renew until")
    await second.press("and renew until")
    assert second.status == 422
    assert "E-RENEWED" in second.text
    assert [charge["amount"] for charge in await shop.books("charges")] == [378_885]


async def test_a_refused_card_pays_nothing_and_changes_nothing(shop: Shop) -> None:
    await put_card(shop, "globex", DECLINES)
    browser = await to_payment(shop)
    await browser.press("and renew until")
    assert "E-CARD-DECLINED" in browser.text
    await settled(shop)
    assert (await at_vendor(shop, "globex")).paid_until is None


@pytest.mark.parametrize("fault", [Fault.TIMEOUT_BEFORE, Fault.TIMEOUT_AFTER, Fault.RESET_AFTER])
async def test_no_answer_ends_with_one_charge(shop: Shop, fault: Fault) -> None:
    browser = await to_payment(shop)
    await go_wrong(shop, "apply_change", fault)
    await browser.press("and renew until")
    await settled(shop)
    await settled(shop)
    assert [charge["amount"] for charge in await shop.books("charges")] == [378_885]


async def test_midnight_between_quote_and_press_asks_again(shop: Shop) -> None:
    browser = await to_payment(shop)
    await go_to(shop, FEBRUARY_20 + timedelta(hours=12))
    await browser.press("and renew until")
    assert browser.status == 422
    assert "E-QUOTE" in browser.text
    assert await shop.books("charges") == []


async def test_a_press_after_it_renewed_by_itself_charges_nothing_more(shop: Shop) -> None:
    """The last second of the term, and the first of the next."""
    found = await subscription_of(shop, "globex")
    await go_to(shop, MARCH_1 - timedelta(seconds=1))
    browser = await at(shop, "bob", f"/subscriptions/{found.subscription_id}/renewal/payment")
    await go_to(shop, MARCH_1)
    await browser.press("and renew until")
    assert browser.status == 422
    assert await shop.books("charges") == []
    renewed = [charge for charge in await shop.every("charges") if charge["amount"] == 378_885]
    assert len(renewed) == 2  # what was seeded, and the renewal by itself


async def test_what_the_page_did_not_show_is_not_charged(shop: Shop) -> None:
    browser = await to_payment(shop)
    for field in ("quote", "total"):
        form = browser.form("and renew until")
        await browser.send(Form(action=form.action, fields={**form.fields, field: "1"}))
        assert browser.status == 422
        assert "E-PRICE" in browser.text
    assert await shop.books("charges") == []


async def test_a_quote_of_another_subscription_is_none(shop: Shop) -> None:
    """A price that somebody else was shown, for the same change to the letter, buys nothing here."""
    browser = await to_payment(shop)
    theirs = browser.form("and renew until").fields["quote"]
    await bought(shop, "/buy?plan=team&group=zen&seats=10")
    ann = await at(shop, "ann", "/buy/seats?group=zen&add=3")
    form = ann.form("and add 3 seats")
    await ann.send(Form(action=form.action, fields={**form.fields, "quote": theirs}))
    assert ann.status == 422
    assert "E-PRICE" in ann.text


async def test_what_ended_is_renewed_without_a_gap(shop: Shop) -> None:
    before = await ended(shop)
    assert (await plan_at_product(shop))[0] == "free"
    await go_to(shop, MARCH_1 + timedelta(days=13))
    path = f"/subscriptions/{before.subscription_id}"
    browser = await at(shop, "bob", path)
    assert "This subscription ended on 1 March 2027." in browser.text
    assert "Until 15 March 2027 it can be renewed without a gap." in browser.text
    await browser.open(browser.link("Renew Team"))
    assert "From 1 March 2028 it renews at 3,480.00 USD a year" in browser.text
    await browser.press("Pay 3,788.85 USD and renew until 1 March 2028")
    await settled(shop)
    assert await plan_at_product(shop) == ("team", 10, datetime(2028, 3, 1, tzinfo=UTC))
    now = await subscription_of(shop, "globex")
    assert (now.subscription_id, now.starts_at, now.cancel_at) == (before.subscription_id, MARCH_1, None)


async def test_after_fourteen_days_it_is_bought_anew(shop: Shop) -> None:
    before = await ended(shop)
    await go_to(shop, MARCH_1 + timedelta(days=14))
    browser = await at(shop, "bob", f"/subscriptions/{before.subscription_id}/renewal/payment")
    assert "This subscription ended on 1 March 2027. Buy a new one to go on." in browser.text
    assert 'name="seats"' not in browser.text
    await browser.open(browser.link("Buy Team again"))
    assert urlsplit(browser.url).path.startswith("/checkouts/")


async def test_an_instance_of_ones_own_has_thirty_days(shop: Shop) -> None:
    await bought(shop, "/buy?plan=team&deployment=self_hosted&seats=5")
    browser = await at(shop, "ann", "/subscriptions")
    await browser.open(browser.link("Team, self-hosted"))
    path = urlsplit(browser.url).path
    await browser.open(f"{path}/renewal")
    await browser.press("Turn it off", reason="other")
    end = datetime(2027, 11, 23, tzinfo=UTC)
    await go_to(shop, end + timedelta(days=29))
    await browser.open(f"{path}/renewal/payment")
    await browser.press("and renew until 23 November 2028")
    await settled(shop)
    await browser.open(path)
    assert "23 November 2027 to 23 November 2028" in browser.text


async def test_a_group_that_has_a_newer_plan_is_not_renewed_into_two(shop: Shop) -> None:
    before = await ended(shop)
    page = await at(shop, "bob", f"/subscriptions/{before.subscription_id}/renewal/payment")
    other = await at(shop, "bob", "/buy?plan=team&group=globex&seats=10")
    await other.press("and subscribe", terms="yes")
    await settled(shop)
    await page.press("and renew until")
    assert page.status == 422
    assert "'Globex' already has Team until 1 March 2028." in page.text
    assert page.link("See the plan that it has")
    assert len(await shop.books("charges")) == 1


async def test_what_is_owed_is_paid_by_its_invoice_and_not_beside_it(shop: Shop) -> None:
    found = await subscription_of(shop, "globex")
    await put_card(shop, "globex", DECLINES)
    await go_to(shop, MARCH_1 + timedelta(minutes=1))
    browser = await at(shop, "bob", f"/subscriptions/{found.subscription_id}/renewal/payment")
    assert "E-PASTDUE" in browser.text
    await browser.open(browser.link("Pay the invoice"))
    await pay(browser, GOOD_CARD)
    await settled(shop)
    assert (await plan_at_product(shop))[0] == "team"


async def test_with_renewal_off_the_choice_stays(shop: Shop, clock: FrozenClock) -> None:
    found = await subscription_of(shop, "globex")
    path = f"/subscriptions/{found.subscription_id}"
    browser = await at(shop, "bob", f"{path}/renewal")
    await browser.press("Turn it off", reason="other")
    await go_to(shop, FEBRUARY_20)
    await browser.open(f"{path}/renewal/payment")
    assert "Automatic renewal is off: it ends on 1 March 2028." in browser.text
    await browser.press("and renew until")
    await settled(shop)
    await browser.open(f"{path}/renewal")
    assert "paid until 1 March 2028; it ends then" in browser.text
    await browser.press("Turn automatic renewal on")
    assert (await at_vendor(shop, "globex")).cancel_at is None


async def test_with_the_vendor_away_nothing_is_sold(shop: Shop) -> None:
    browser = await to_payment(shop)
    await go_wrong(shop, "any", Fault.DOWN, times=0)
    await browser.press("and renew until")
    assert browser.status == 503
    assert "E-VENDOR" in browser.text
