"""What the hosted pages show: frozen view models, with every sum and every word made here and none in a template."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import RowMapping

from app import formats
from app.core.money import Money
from app.vendor_adapters.embedded import checkouts, invoices, lines, mirror, wallet
from app.vendor_adapters.embedded.card_form import FIELDS
from app.vendor_adapters.embedded.cards import TEST_CARDS
from app.vendor_adapters.embedded.checkouts import Checkout, Kind
from app.vendor_adapters.embedded.desk import Desk
from app.vendor_adapters.embedded.model import BillLine, TaxRule
from app.vendor_adapters.embedded.portal import Visit
from app.vendor_adapters.types import (
    CheckoutState,
    InvoiceStatus,
    InvoiceSummary,
    LineKind,
    PaymentMethodSummary,
    TaxIdStatus,
    TaxTreatment,
)

SELLER = "Kassa"
_WHAT = {Kind.PURCHASE: "Your order", Kind.CHANGE: "Your change", Kind.RENEWAL: "Your renewal"}
_KEPT = ("cc-exp", "cc-name")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownLine:
    """A line of a bill, or a sum below it."""

    what: str
    detail: str
    amount: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownTotal:
    """A total, for people and for programs."""

    text: str
    minor: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCardForm:
    """A card form: what was typed (never the number nor the code), and what is wrong with it."""

    values: Mapping[str, str]
    errors: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PayPage:
    """The payment page. ``challenge_url`` leads to a check that the bank has begun, empty when there is none."""

    ref: str
    seller: str
    what: str
    lines: tuple[ShownLine, ...]
    sums: tuple[ShownLine, ...]
    total: ShownTotal
    form: ShownCardForm
    back: str
    challenge_url: str
    test_cards: tuple[tuple[str, str], ...]

    @property
    def errors(self) -> Mapping[str, str]:
        return self.form.errors


@dataclass(frozen=True, slots=True, kw_only=True)
class OverPage:
    """A payment page on which nothing can be paid (any more)."""

    title: str
    text: str
    link: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoicePage:
    """An invoice to be read and printed."""

    number: str
    status: str
    issued: str
    seller: str
    bill_to: tuple[str, ...]
    tax_id: str
    lines: tuple[ShownLine, ...]
    sums: tuple[ShownLine, ...]
    total: str
    paid: tuple[ShownLine, ...]
    note: str
    pay_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalPage:
    """A customer's cards and invoices."""

    token: str
    who: str
    back: str
    cards: tuple[tuple[PaymentMethodSummary, str], ...]
    invoices: tuple[tuple[InvoiceSummary, ShownLine], ...]
    form: ShownCardForm
    problem: str
    test_cards: tuple[tuple[str, str], ...]

    @property
    def errors(self) -> Mapping[str, str]:
        return self.form.errors


EMPTY_FORM = ShownCardForm(values=dict.fromkeys(FIELDS, ""), errors={})


def typed(fields: Mapping[str, str], errors: Mapping[str, str]) -> ShownCardForm:
    """Return a form to be mended: what was typed stands there again, but for the number and the code."""
    return ShownCardForm(values={name: fields[name] if name in _KEPT else "" for name in FIELDS}, errors=errors)


def pay_page(desk: Desk, checkout: Checkout, form: ShownCardForm = EMPTY_FORM) -> PayPage:
    """Return the payment page of an open checkout."""
    bill = checkout.bill
    total = Money(bill.total, bill.currency)
    return PayPage(
        ref=checkout.ref,
        seller=SELLER,
        what=_WHAT[checkout.kind],
        lines=_lines(desk, bill.lines, bill.currency),
        sums=_sums(bill.subtotal, bill.discount, bill.tax, bill.tax_rule, bill.currency),
        total=ShownTotal(text=formats.money(total), minor=total.minor, currency=total.currency),
        form=form,
        back=checkout.cancel_to,
        challenge_url=checkouts.url(desk, checkout) if checkout.card else "",
        test_cards=demo_cards(),
    )


def over_page(checkout: Checkout) -> OverPage:
    """Return what a checkout that is not open any more says."""
    match checkout.state:
        case CheckoutState.COMPLETE:
            return OverPage(
                title="This is paid",
                text="The payment went through. There is nothing left to do here.",
                link=checkout.return_to,
                label=f"Continue to {SELLER}",
            )
        case CheckoutState.PROCESSING:
            return OverPage(
                title="Waiting for the bank",
                text="The bank has not answered yet. You will not be charged twice; the store tells you how it ends.",
                link=checkout.return_to,
                label=f"Continue to {SELLER}",
            )
        case _:
            return OverPage(
                title="This payment page has ended",
                text="Nothing was charged. Go back to the store to start the payment again.",
                link=checkout.cancel_to,
                label=f"Back to {SELLER}",
            )


def invoice_page(desk: Desk, ref: str) -> InvoicePage:
    """Return an invoice."""
    row = invoices.get(desk, ref)
    shown = invoices.summary(desk, row)
    rule = TaxRule(
        rate_ppm=row["tax_rate_ppm"],
        treatment=TaxTreatment(row["tax_treatment"]),
        id_status=TaxIdStatus.NONE,
    )
    return InvoicePage(
        number=shown.number,
        status=_status(shown.status),
        issued=formats.date(shown.issued_at),
        seller=SELLER,
        bill_to=tuple(row["bill_to"].split("\n")),
        tax_id=row["tax_id"],
        lines=_lines(desk, lines.load(desk, ref), row["currency"]),
        sums=_sums(row["subtotal"], row["discount"], row["tax"], rule, row["currency"]),
        total=formats.money(shown.total),
        paid=_paid(shown, row),
        note=_tax_note(rule),
        pay_url=shown.pay_url,
    )


def portal_page(desk: Desk, visit: Visit, who: str, form: ShownCardForm = EMPTY_FORM, problem: str = "") -> PortalPage:
    """Return a customer's own page; ``problem`` says why something could not be done."""
    shown = invoices.list_of(desk, visit.customer, "").rows
    return PortalPage(
        token=visit.token,
        who=who,
        back=visit.return_to,
        cards=tuple((card, _card(card)) for card in wallet.listed(desk, visit.customer)),
        invoices=tuple((invoice, _listed(invoice)) for invoice in shown),
        form=form,
        problem=problem,
        test_cards=demo_cards(),
    )


def demo_cards() -> tuple[tuple[str, str], ...]:
    """Return each test card's number and what it does."""
    return tuple((card.spaced, card.meaning) for card in TEST_CARDS)


def _lines(desk: Desk, shown: tuple[BillLine, ...], currency: str) -> tuple[ShownLine, ...]:
    names = mirror.titles(desk)
    return tuple(
        _line(line, names.get(line.offer, line.offer), currency) for line in shown if line.kind is not LineKind.DISCOUNT
    )


def _line(line: BillLine, name: str, currency: str) -> ShownLine:
    what = f"Unused time: {name}" if line.kind is LineKind.CREDIT else name
    detail = f"{formats.number(line.quantity)} × {formats.money(Money(line.unit_price, currency))}"
    if line.starts_at and line.ends_at:
        detail += f", {formats.date(line.starts_at)} to {formats.date(line.ends_at)}"
    return ShownLine(what=what, detail=detail, amount=formats.money(Money(line.amount, currency)))


def _sums(subtotal: int, discount: int, tax: int, rule: TaxRule | None, currency: str) -> tuple[ShownLine, ...]:
    sums = [_sum("Subtotal", subtotal, currency)]
    if discount:
        sums.append(_sum("Discount", -discount, currency))
    sums.append(_sum(_tax_label(rule), tax, currency))
    return tuple(sums)


def _sum(what: str, amount: int, currency: str) -> ShownLine:
    return ShownLine(what=what, detail="", amount=formats.money(Money(amount, currency)))


def _tax_label(rule: TaxRule | None) -> str:
    if rule is None or rule.treatment is TaxTreatment.NOT_COLLECTED:
        return "Tax: not collected"
    if rule.treatment is TaxTreatment.REVERSE_CHARGE:
        return "VAT 0 %, reverse charge"
    return f"Tax {formats.percent(rule.rate_ppm)}"


def _tax_note(rule: TaxRule) -> str:
    if rule.treatment is TaxTreatment.REVERSE_CHARGE:
        return "Reverse charge: the recipient of the service is liable for the VAT."
    return ""


def _status(status: InvoiceStatus) -> str:
    return {InvoiceStatus.PAID: "Paid", InvoiceStatus.OPEN: "Not paid yet"}.get(status, "Not collected")


def _paid(shown: InvoiceSummary, row: RowMapping) -> tuple[ShownLine, ...]:
    currency = shown.total.currency
    sums = [_sum("Paid", shown.amount_paid.minor, currency)]
    if row["amount_refunded"]:
        sums.append(_sum("Refunded", row["amount_refunded"], currency))
    if shown.amount_due.minor:
        sums.append(_sum("Still to pay", shown.amount_due.minor, currency))
    return tuple(sums)


def _card(card: PaymentMethodSummary) -> str:
    return f"{card.brand} ending {card.last4}, valid through {card.expires_month:02d}/{card.expires_year % 100:02d}"


def _listed(invoice: InvoiceSummary) -> ShownLine:
    return ShownLine(
        what=f"{invoice.number}, {formats.date(invoice.issued_at)}",
        detail=_status(invoice.status),
        amount=formats.money(invoice.total),
    )
