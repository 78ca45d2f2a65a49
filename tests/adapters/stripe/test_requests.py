"""Parameters, without a network: what is asked for, and what must never be."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import stripe

from app.vendor_adapters.stripe.requests import carts, customers, discounts, subscriptions
from app.vendor_adapters.stripe.requests.carts import Cart, cart_lines
from app.vendor_adapters.stripe.requests.subscriptions import NewItem
from app.vendor_adapters.stripe.translate.subscriptions import Booking
from app.vendor_adapters.types import (
    Address,
    CustomerRef,
    DiscountRef,
    OfferKey,
    OrderId,
    PaymentMethodRef,
    PurchaseItem,
    PurchaseRequest,
    Quote,
)
from tests.adapters.stripe.shop import BERLIN, MINUTES, NEW_YORK, PARIS, TEAM, Shop, profile, terms, usd, vat
from tests.stripe_twin.samples import body, made_of

AT = datetime(2026, 3, 1, tzinfo=UTC)
TAKEN_WHILE_WAITING = {
    "add_invoice_items",
    "billing_cycle_anchor",
    "expand",
    "items",
    "payment_behavior",
    "proration_behavior",
    "proration_date",
    "trial_end",
    "trial_from_plan",
}
"""What Stripe's documentation of pending updates lists as supported."""


def price(ref: str, *, recurring: bool) -> stripe.Price:
    yearly = body(stripe.Price.Recurring, interval="year", interval_count=1, usage_type="licensed")
    made: stripe.Price = made_of(stripe.Price, id=ref, recurring=yearly if recurring else None)
    return made


PRICES = {TEAM: price("price_team", recurring=True), MINUTES: price("price_minutes", recurring=False)}


def request(*items: tuple[OfferKey, int], **fields: Any) -> PurchaseRequest:
    made = PurchaseRequest(
        order=OrderId("O-1"),
        customer=CustomerRef("cus_1"),
        currency="usd",
        items=tuple(PurchaseItem(offer=offer, quantity=quantity) for offer, quantity in items),
        address=NEW_YORK,
        tax_id=None,
        discounts=(),
        subject="group:acme",
    )
    return replace(made, **fields)


def cart(*items: tuple[OfferKey, int], is_taxed: bool = True, **fields: Any) -> Cart:
    asked = request(*items, **fields)
    lines = cart_lines(asked, [PRICES[item.offer] for item in asked.items])
    return Cart(request=asked, lines=lines, is_taxed=is_taxed, mark="k.a")


async def quote(shop: Shop) -> Quote:
    return await shop.adapter.quote_purchase(await shop.cart((TEAM, 10)))


# --- previews ---


@pytest.mark.parametrize("items", [((TEAM, 10),), ((MINUTES, 2),), ((TEAM, 10), (MINUTES, 2))])
def test_a_preview_names_no_customer(items: tuple[tuple[OfferKey, int], ...]) -> None:
    params = carts.purchase_preview(cart(*items))
    assert "customer" not in params
    assert "subscription" not in params
    assert params["customer_details"] == {"address": customers.address_params(NEW_YORK)}


def test_what_renews_and_what_does_not() -> None:
    params = carts.purchase_preview(cart((TEAM, 10), (MINUTES, 2)), coupon="c")
    assert params["subscription_details"]["items"] == [{"price": "price_team", "quantity": 10}]
    assert params["invoice_items"] == [{"price": "price_minutes", "quantity": 2}]
    assert params["discounts"] == [{"coupon": "c"}]
    assert "subscription_details" not in carts.purchase_preview(cart((MINUTES, 2)))
    assert "invoice_items" not in carts.purchase_preview(cart((TEAM, 10)))


@pytest.mark.parametrize(
    ("is_taxed", "address", "asked"), [(True, NEW_YORK, True), (True, None, False), (False, NEW_YORK, False)]
)
def test_when_tax_is_asked_for(is_taxed: bool, address: Address | None, asked: bool) -> None:
    params = carts.purchase_preview(cart((TEAM, 1), is_taxed=is_taxed, address=address))
    assert params["automatic_tax"] == {"enabled": asked}


def test_a_number_goes_with_the_address_unless_it_was_refused() -> None:
    asked = cart((TEAM, 1), address=PARIS, tax_id=vat("FR40303265045"))
    assert carts.purchase_preview(asked)["customer_details"]["tax_ids"] == [
        {"type": "eu_vat", "value": "FR40303265045"}
    ]
    assert "tax_ids" not in carts.purchase_preview(asked, with_tax_id=False)["customer_details"]


# --- purchases ---


async def test_the_page_of_a_subscription(shop: Shop) -> None:
    asked = cart((TEAM, 10), (MINUTES, 2), discounts=(DiscountRef("c"),))
    params = carts.checkout(asked, await quote(shop), return_to="https://r", cancel_to="https://c")
    ours = {"kassa_order": "O-1", "kassa_subject": "group:acme", "kassa_key": "k.a"}
    assert params["mode"] == "subscription"
    assert params["metadata"] == params["subscription_data"]["metadata"] == ours
    assert params["line_items"] == [{"price": "price_team", "quantity": 10}, {"price": "price_minutes", "quantity": 2}]
    assert params["discounts"] == [{"coupon": "c"}]
    assert params["adaptive_pricing"] == {"enabled": False}
    assert params["allowed_payment_method_types"] == ["card"]
    assert not {"payment_method_collection", "invoice_creation", "payment_intent_data"} & params.keys()


async def test_the_page_of_packs(shop: Shop) -> None:
    params = carts.checkout(cart((MINUTES, 2)), await quote(shop), return_to="https://r", cancel_to="https://c")
    assert params["mode"] == "payment"
    assert params["invoice_creation"]["enabled"]
    assert params["invoice_creation"]["invoice_data"]["metadata"] == params["metadata"]
    assert params["payment_intent_data"]["metadata"] == params["metadata"]
    assert "subscription_data" not in params


async def test_no_card_is_asked_for_nothing(shop: Shop) -> None:
    free = replace(await quote(shop), due_now=usd(0))
    params = carts.checkout(cart((TEAM, 1)), free, return_to="https://r", cancel_to="https://c")
    assert params["payment_method_collection"] == "if_required"


def test_a_subscription_by_card_waits_for_its_payment() -> None:
    params = carts.subscription(cart((TEAM, 10), (MINUTES, 2)), PaymentMethodRef("pm_1"))
    assert (params["payment_behavior"], params["default_payment_method"]) == ("default_incomplete", "pm_1")
    assert params["items"] == [{"price": "price_team", "quantity": 10}]
    assert params["add_invoice_items"] == [{"price": "price_minutes", "quantity": 2}]
    assert "add_invoice_items" not in carts.subscription(cart((TEAM, 10)), PaymentMethodRef("pm_1"))


def test_packs_by_card_take_along_nothing_that_lies_about() -> None:
    params = carts.invoice(cart((MINUTES, 2)), PaymentMethodRef("pm_1"))
    assert (params["pending_invoice_items_behavior"], params["auto_advance"]) == ("exclude", False)
    lines = carts.invoice_lines(cart((MINUTES, 2)))["lines"]
    assert lines == [{"pricing": {"price": "price_minutes"}, "quantity": 2}]


def test_long_subjects_are_cut() -> None:
    assert len(cart((TEAM, 1), subject="x" * 600).metadata()["kassa_subject"]) == 500


def test_what_is_empty_is_left_out() -> None:
    asked = replace(cart((TEAM, 1), subject=""), mark="")
    assert asked.metadata() == {"kassa_order": "O-1"}
    assert asked.metadata(is_direct=True) == {"kassa_order": "O-1", "kassa_direct": "yes"}


# --- changes ---


@pytest.mark.parametrize("item", ["si_1", ""])
def test_a_change_asks_only_for_what_may_wait(item: str) -> None:
    params = subscriptions.change(NewItem(item=item, price="price_1", quantity=13), AT)
    assert params.keys() <= TAKEN_WHILE_WAITING
    assert params["payment_behavior"] == "pending_if_incomplete"
    assert params["items"][0].get("id", "") == item


def test_a_change_is_previewed_as_it_is_made() -> None:
    item = NewItem(item="si_1", price="price_1", quantity=13)
    made, previewed = subscriptions.change(item, AT), subscriptions.change_preview("sub_1", item, AT)
    details = previewed["subscription_details"]
    assert details["items"] == made["items"]
    assert details["proration_date"] == made["proration_date"] == int(AT.timestamp())
    assert details["proration_behavior"] == made["proration_behavior"]


def test_a_renewal_is_previewed_without_proration() -> None:
    params = subscriptions.renewal_preview("sub_1", NewItem(item="si_1", price="price_1", quantity=1))
    assert params["subscription_details"]["proration_behavior"] == "none"
    assert "proration_date" not in params["subscription_details"]


@pytest.mark.parametrize("kept", [[], ["di_1"]])
def test_a_booking_is_the_term_as_it_is_and_a_year_as_it_will_be(kept: list[str]) -> None:
    ends = 1_827_000_000
    items = [
        body(
            stripe.SubscriptionItem, id=ref, price=body(stripe.Price, id=price), quantity=count, current_period_end=ends
        )
        for ref, price, count in (("si_1", "price_team", 10), ("si_2", "price_storage", 2))
    ]
    rows = {"object": "list", "data": items, "has_more": False, "url": "/v1/subscription_items"}
    held: stripe.Subscription = made_of(stripe.Subscription, items=rows, discounts=kept)
    renewed = Booking(offer=TEAM, price="price_scale", quantity=7)
    params = subscriptions.booking(held, held["items"].data[0], renewed)
    now, then = params["phases"]
    assert (now["end_date"], then["start_date"]) == (ends, ends)
    assert now["items"] == [{"price": "price_team", "quantity": 10}, {"price": "price_storage", "quantity": 2}]
    assert then["items"] == [{"price": "price_scale", "quantity": 7}, {"price": "price_storage", "quantity": 2}]
    assert params["end_behavior"] == "release"
    assert [phase.get("automatic_tax") for phase in (now, then)] == [{"enabled": held.automatic_tax.enabled}] * 2
    wanted = [{"discount": discount} for discount in kept]
    assert [phase.get("discounts", []) for phase in (now, then)] == [wanted, wanted]


# --- customers and discounts ---


def test_an_address_is_sent_without_its_empty_fields_and_changed_with_them() -> None:
    assert "state" not in customers.address_params(BERLIN)
    assert customers.whole_address(BERLIN).get("state") == ""


def test_a_new_customer_has_no_empty_fields() -> None:
    bare = replace(profile(address=None), full_name="", company="")
    params = customers.new_customer(bare, "k.a", with_tax_id=True)
    assert params.keys() == {"email", "name", "metadata"}


def test_a_profile_without_address_leaves_the_one_that_there_is() -> None:
    assert "address" not in customers.changed_customer(profile(address=None), "k.a")


def test_a_customer_remembers_the_latest_calls() -> None:
    held: stripe.Customer = made_of(stripe.Customer, metadata={"kassa_keys": " ".join(f"{i}.a" for i in range(12))})
    marks = customers.marks_with(held, "new.a")
    assert marks.split()[0] == "1.a"
    assert marks.split()[-1] == "new.a"
    assert len(" ".join(["0123456789abcdef.0123456789abcdef"] * customers.KEYS_KEPT)) <= carts.METADATA_LENGTH


def test_one_coupon_for_one_reservation() -> None:
    wanted = terms("res_1", TEAM, percent_bp=1_999)
    params = discounts.coupon(wanted, ["prod_1"])
    assert (params["id"], params["percent_off"], params["applies_to"]) == (
        "kassa-res_1",
        19.99,
        {"products": ["prod_1"]},
    )
    assert "currency" not in params


def test_every_percentage_comes_back_as_it_went() -> None:
    for basis_points in range(1, 10_001):
        wanted = terms("r", TEAM, percent_bp=basis_points)
        percent = discounts.coupon(wanted, [])["percent_off"]
        assert round(float(str(percent)) * 100) == basis_points
