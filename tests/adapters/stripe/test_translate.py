"""Tables over the whole of Stripe's published enums, and the amounts and pages that translations must not confuse."""

from collections.abc import Iterable, Mapping
from typing import Any

import pytest
import stripe

from app.core.money import Money
from app.vendor_adapters.stripe.translate import checkouts, quotes, states
from app.vendor_adapters.stripe.translate.basics import money, order_of, payment_of, ref_of, whole
from app.vendor_adapters.stripe.translate.cards import BRANDS, summaries
from app.vendor_adapters.stripe.translate.checkouts import direct_state, session_state
from app.vendor_adapters.stripe.translate.offers import offer
from app.vendor_adapters.types import CheckoutState, InvoiceStatus, SalesChannel, SubscriptionStatus, TaxTreatment
from tests.adapters.stripe.shop import CATALOG, TEAM
from tests.stripe_twin.samples import body, made_of, values_of

TEAM_ROW = next(row for row in CATALOG.prices if row.id == TEAM)


@pytest.mark.parametrize(
    ("table", "published"),
    [
        (states.SUBSCRIPTIONS, values_of(stripe.Subscription, "status")),
        (states.INVOICES, values_of(stripe.Invoice, "status")),
        (states.DISPUTES, values_of(stripe.Dispute, "status")),
        (states.TAXES, values_of(stripe.Invoice.TotalTax, "taxability_reason")),
        ({**checkouts.SESSIONS, "complete": "by payment"}, values_of(stripe.checkout.Session, "status")),
        ({**checkouts.PAYMENTS, "unpaid": "not yet"}, values_of(stripe.checkout.Session, "payment_status")),
        (checkouts.INVOICES, values_of(stripe.Invoice, "status")),
        (quotes.VERIFICATIONS, values_of(stripe.TaxId.Verification, "status")),
    ],
    ids=["subscriptions", "invoices", "disputes", "taxes", "sessions", "payments", "direct", "verifications"],
)
def test_a_table_has_every_published_value_and_no_other(table: Mapping[str, object], published: Iterable[str]) -> None:
    assert set(table) == set(published)


def test_what_nobody_knows_yet_is_unknown() -> None:
    assert states.subscription_status("eclipsed") is SubscriptionStatus.UNKNOWN
    assert states.invoice_status("eclipsed") is states.invoice_status(None) is InvoiceStatus.UNKNOWN
    assert session_state(made_of(stripe.checkout.Session, status="eclipsed")) is CheckoutState.UNKNOWN
    assert direct_state(made_of(stripe.Invoice, status="eclipsed"), None) is CheckoutState.UNKNOWN


def test_a_channel_that_nobody_knows_is_not_us() -> None:
    assert states.sales_channel("") is SalesChannel.DIRECT
    assert states.sales_channel("eclipse") is SalesChannel.SALES


@pytest.mark.parametrize("status", ["open", "draft"])
def test_only_a_paid_page_is_complete(status: str) -> None:
    assert direct_state(made_of(stripe.Invoice, status=status), None) is not CheckoutState.COMPLETE


@pytest.mark.parametrize(
    ("status", "paid", "state"),
    [
        ("open", "unpaid", CheckoutState.OPEN),
        ("complete", "paid", CheckoutState.COMPLETE),
        ("complete", "no_payment_required", CheckoutState.COMPLETE),
        ("complete", "unpaid", CheckoutState.PROCESSING),
        ("expired", "unpaid", CheckoutState.EXPIRED),
    ],
)
def test_pages(status: str, paid: str, state: CheckoutState) -> None:
    assert session_state(made_of(stripe.checkout.Session, status=status, payment_status=paid)) is state


@pytest.mark.parametrize(
    ("reasons", "amount", "treatment"),
    [
        (["reverse_charge"], 0, TaxTreatment.REVERSE_CHARGE),
        (["standard_rated", "reverse_charge"], 0, TaxTreatment.REVERSE_CHARGE),
        (["standard_rated"], 0, TaxTreatment.STANDARD),
        (["eclipsed"], 5, TaxTreatment.STANDARD),
        (["eclipsed"], 0, TaxTreatment.NOT_COLLECTED),
        ([], 0, TaxTreatment.NOT_COLLECTED),
        (["not_collecting"], 0, TaxTreatment.NOT_COLLECTED),
    ],
)
def test_why_a_tax_is_what_it_is(reasons: list[str], amount: int, treatment: TaxTreatment) -> None:
    assert states.tax_treatment(reasons, amount) is treatment


@pytest.mark.parametrize("currency", ["usd", "jpy", "kwd"])
def test_amounts_are_counted_as_we_count(currency: str) -> None:
    """In minor units whatever the currency's exponent is: nothing is multiplied or divided."""
    assert money(1_234, currency) == Money(1_234, currency)


def test_whose_order_an_invoice_is() -> None:
    def invoice(reason: str, **own: str) -> stripe.Invoice:
        details = body(stripe.Invoice.Parent.SubscriptionDetails, metadata={"kassa_order": "O-1"}, subscription="sub_1")
        parent = body(stripe.Invoice.Parent, subscription_details=details)
        made: stripe.Invoice = made_of(stripe.Invoice, billing_reason=reason, parent=parent, metadata=own)
        return made

    assert order_of(invoice("subscription_create")) == "O-1"
    assert order_of(invoice("subscription_cycle")) == ""
    assert order_of(invoice("subscription_update", kassa_order="O-2")) == "O-2"


def test_which_payment_counts() -> None:
    def paid(ref: str, *, default: bool) -> dict[str, Any]:
        payment = body(stripe.InvoicePayment.Payment, payment_intent=ref, type="payment_intent")
        return body(stripe.InvoicePayment, payment=payment, is_default=default)

    def invoice(*payments: dict[str, Any]) -> stripe.Invoice:
        rows = {"object": "list", "data": list(payments), "has_more": False, "url": "/v1/invoice_payments"}
        made: stripe.Invoice = made_of(stripe.Invoice, payments=rows)
        return made

    assert payment_of(invoice(paid("pi_1", default=False), paid("pi_2", default=True))) == "pi_2"
    assert payment_of(invoice(paid("pi_1", default=False))) == "pi_1"
    assert payment_of(invoice()) == ""


def test_ids_and_the_things_themselves() -> None:
    customer: stripe.Customer = made_of(stripe.Customer, id="cus_1")
    assert (ref_of(customer), ref_of("cus_2"), ref_of(None)) == ("cus_1", "cus_2", "")
    assert whole(customer, stripe.Customer) is customer
    with pytest.raises(LookupError):
        whole("cus_1", stripe.Customer)


@pytest.mark.parametrize(
    "recurring",
    [
        {"interval": "month", "interval_count": 1, "usage_type": "licensed"},
        {"interval": "year", "interval_count": 2, "usage_type": "licensed"},
        {"interval": "year", "interval_count": 1, "usage_type": "metered"},
    ],
)
def test_what_is_billed_in_another_way_is_no_offer(recurring: dict[str, Any]) -> None:
    hashed = body(stripe.Price.Recurring, **recurring)
    assert offer(made_of(stripe.Price, unit_amount=100, recurring=hashed), TEAM_ROW) is None


@pytest.mark.parametrize("fields", [{"unit_amount": None}, {"unit_amount": 100, "billing_scheme": "tiered"}])
def test_what_has_no_price_per_unit_is_no_offer(fields: dict[str, Any]) -> None:
    assert offer(made_of(stripe.Price, recurring=None, **fields), TEAM_ROW) is None


def test_of_a_card_no_more_than_a_receipt_shows() -> None:
    card = body(stripe.PaymentMethod.Card, brand="eclipse", last4="4242", exp_month=1, exp_year=2030, fingerprint="f")
    bank = made_of(stripe.PaymentMethod, id="pm_bank", card=None)
    (shown,) = summaries([made_of(stripe.PaymentMethod, id="pm_1", card=card), bank], "")
    assert (shown.brand, shown.last4, shown.is_default) == ("Card", "4242", True)
    assert BRANDS["visa"] == "Visa"
