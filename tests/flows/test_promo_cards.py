"""One card is one buyer, whoever's account it pays for: known before where it is on file, else once it has paid."""

import pytest
from sqlalchemy import Connection, select

from app.db.schema.identity import people
from app.demo.seed import SeedPerson
from app.identity import email_proofs
from app.identity.people import person_of
from tests.support.campaigns import LAUNCH, actions, alarms, publish_text, states, uses
from tests.support.journeys import (
    ACME,
    GOOD_CARD,
    OWN_SERVER,
    at_checkout,
    bought,
    pay,
    press,
    problems,
    settled,
    to_payment,
    total,
)
from tests.support.shop import Browser, Shop
from tests.support.witness import more_people, vendor_calls, vendor_fails

pytestmark = [pytest.mark.engines("sqlite"), pytest.mark.vendors("embedded", "stripe")]
ONCE_EACH = LAUNCH.replace("per_identity = 5", "per_identity = 1")
CODE = "&promo=LAUNCH20"
OTHER_CARD = "5555 5555 5555 4444"
LIST_PRICE = 378_885
USED = "This code has already been used."


async def both_at_payment(shop: Shop) -> tuple[Browser, Browser]:
    """Return two people who have the campaign reserved, each on a payment page of their own."""
    ann, dan = await at_checkout(shop, ACME + CODE), await at_checkout(shop, OWN_SERVER + CODE, "dan")
    for browser in (ann, dan):
        await to_payment(browser)
    return ann, dan


async def test_a_card_on_file_that_had_it_is_told_before_anything_is_paid(shop: Shop) -> None:
    """Ann pays on the vendor's page; bob has the same card on file for his own account."""
    await publish_text(shop, ONCE_EACH)
    await bought(shop, ACME + CODE, card=GOOD_CARD)
    assert await states(shop) == ["committed"]
    bob = await at_checkout(shop, OWN_SERVER + CODE, "bob")
    assert "Visa ending 4242" in bob.text
    assert USED in bob.text
    assert total(bob) == LIST_PRICE
    await bob.press("Apply", code="launch20")
    assert problems(bob) == ["E-PROMO-USED"]
    assert await states(shop) == ["committed"]


async def test_a_card_that_pays_meanwhile_leaves_the_other_at_list_price(shop: Shop) -> None:
    await publish_text(shop, ONCE_EACH)
    bob = await at_checkout(shop, OWN_SERVER + CODE, "bob")
    assert total(bob) < LIST_PRICE
    await bought(shop, ACME + CODE, card=GOOD_CARD)
    charged = len(await shop.books("charges"))
    await press(bob)
    assert problems(bob) == ["E-PRICE"]
    assert USED in bob.text
    assert (total(bob), len(await shop.books("charges"))) == (LIST_PRICE, charged)
    await press(bob)
    await settled(shop)
    assert (await uses(shop, "launch"), await alarms(shop)) == ((0, 1, 0), [])


async def test_a_stored_card_is_counted_when_it_is_claimed(shop: Shop) -> None:
    await publish_text(shop, ONCE_EACH)
    bob = await at_checkout(shop, OWN_SERVER + CODE, "bob")
    await press(bob)
    await settled(shop)
    assert await uses(shop, "launch") == (0, 1, 0)
    dan = await at_checkout(shop, OWN_SERVER + CODE, "dan")
    await to_payment(dan)
    await pay(dan, GOOD_CARD)
    await settled(shop)
    assert (await uses(shop, "launch"), await alarms(shop)) == ((0, 1, 1), ["alarm.overdraft"])


async def test_found_on_the_payment_page_the_price_shown_is_honoured_with_an_alarm(shop: Shop) -> None:
    await publish_text(shop, ONCE_EACH)
    ann, dan = await both_at_payment(shop)
    await pay(ann, GOOD_CARD)
    await pay(dan, GOOD_CARD)
    await settled(shop)
    paid = [row["amount"] for row in await shop.books("charges")]
    assert paid == [303_108, 303_108]
    assert (await uses(shop, "launch"), await alarms(shop)) == ((0, 1, 1), ["alarm.overdraft"])
    assert "overdraft card_used" in await actions(shop)


async def test_customer_wins_honours_it_quietly(shop: Shop) -> None:
    await publish_text(shop, ONCE_EACH.replace('"strict"', "{ customer_wins = 1 }", 1))
    ann, dan = await both_at_payment(shop)
    await pay(ann, GOOD_CARD)
    await pay(dan, GOOD_CARD)
    await settled(shop)
    assert (await uses(shop, "launch"), await alarms(shop)) == ((0, 1, 1), [])


async def test_two_cards_are_two_buyers(shop: Shop) -> None:
    await publish_text(shop, ONCE_EACH)
    ann, dan = await both_at_payment(shop)
    await pay(ann, GOOD_CARD)
    await pay(dan, OTHER_CARD)
    await settled(shop)
    assert (await uses(shop, "launch"), await alarms(shop)) == ((0, 2, 0), [])


async def test_while_the_vendor_does_not_tell_the_cards_the_rest_counts(shop: Shop) -> None:
    await publish_text(shop, ONCE_EACH)
    await bought(shop, ACME + CODE, card=GOOD_CARD)
    await vendor_fails(shop, "payment_methods", times=0)
    bob = await at_checkout(shop, OWN_SERVER + CODE, "bob")
    assert (problems(bob), total(bob) < LIST_PRICE) == ([], True)


async def test_the_cards_are_asked_for_once_and_only_where_they_matter(shop: Shop) -> None:
    await publish_text(shop, LAUNCH.replace(", per_identity = 5", ""))
    bob = await at_checkout(shop, OWN_SERVER + CODE, "bob")
    with vendor_calls() as calls:
        await press(bob)
    assert "payment_methods" not in calls
    await settled(shop)
    await publish_text(shop, ONCE_EACH)
    ann = await bought(shop, card=OTHER_CARD)
    with vendor_calls() as calls:
        await ann.open(OWN_SERVER + CODE)
        await press(ann)
    assert calls.count("payment_methods") == 2  # the page's, which shows them too, and the button's


@pytest.mark.vendors("embedded")  # nothing of it is the vendor's
async def test_a_mailbox_that_our_mail_confirmed_is_one_buyer_too(shop: Shop) -> None:
    """Two people whom the issuer did not verify, of one mailbox: each confirmed the address by our own mail."""
    await publish_text(shop, ONCE_EACH)
    for who, address in (("una", "una@new.example"), ("una2", "Una+again@new.example")):
        await more_people(shop, SeedPerson(username=who, email=address, email_verified=False))
        await shop.known(who)
        await confirm(shop, address)
    await bought(shop, OWN_SERVER + CODE, "una", card=GOOD_CARD)
    again = await at_checkout(shop, OWN_SERVER + CODE, "una2")
    assert USED in again.text
    assert total(again) == 348_000  # before tax: no address is known yet


async def confirm(shop: Shop, address: str) -> None:
    """Let who has the address have followed our link."""

    def write(connection: Connection) -> None:
        found = connection.execute(select(people).where(people.c.email == address)).mappings().one()
        someone, now = person_of(found), shop.clock.wall()
        token = email_proofs.new_proof(connection, someone, next_path="/", now=now)
        assert email_proofs.take_proof(connection, someone, token, now=now) == "/"

    await shop.deps.db.write(write)
