"""Invoices: numbered without gaps, with the lines, the tax and the address as they were."""

from datetime import datetime
from fractions import Fraction

from sqlalchemy import RowMapping, func, insert, select, update

from app.core.ids import new_id
from app.core.money import Money
from app.vendor_adapters.embedded import customers, events, lines
from app.vendor_adapters.embedded.checkouts import page
from app.vendor_adapters.embedded.desk import Desk
from app.vendor_adapters.embedded.model import Bill, BillLine, Subscription
from app.vendor_adapters.embedded.schema import invoices
from app.vendor_adapters.errors import RejectReason
from app.vendor_adapters.types import (
    InvoiceRef,
    InvoiceStatus,
    InvoiceSummary,
    NotificationKind,
    OrderId,
    Page,
    SubscriptionRef,
)

PAGE = 20


def issue(
    desk: Desk,
    *,
    customer: str,
    order: str,
    checkout: str,
    bill: Bill,
    subscription: str | None,
    term_starts_at: datetime | None,
    status: InvoiceStatus,
) -> str:
    """Write an invoice over ``bill`` and return its ref; a paid one is paid in full."""
    ref = new_id("inv")
    buyer = customers.get(desk, customer)
    desk.connection.execute(
        insert(invoices).values(
            serial=_next_serial(desk),
            ref=ref,
            order_id=order,
            customer=customer,
            subscription=subscription,
            checkout=checkout,
            status=status.value,
            issued_at=desk.now,
            term_starts_at=term_starts_at,
            bill_to=customers.bill_to(buyer),
            tax_id=buyer["tax_id_value"],
            currency=bill.currency,
            subtotal=bill.subtotal,
            discount=bill.discount,
            tax=bill.tax,
            total=bill.total,
            tax_rate_ppm=bill.tax_rule.rate_ppm if bill.tax_rule else 0,
            tax_treatment=bill.tax_rule.treatment.value if bill.tax_rule else "not_collected",
            amount_paid=bill.total if status is InvoiceStatus.PAID else 0,
            amount_refunded=0,
        )
    )
    lines.save(desk, ref, bill.lines)
    events.record(desk, NotificationKind.INVOICE, ref, order)
    return ref


def settle(desk: Desk, ref: str, status: InvoiceStatus) -> None:
    """Mark an open invoice as paid in full, or as given up."""
    row = get(desk, ref)
    paid = row["total"] if status is InvoiceStatus.PAID else 0
    desk.connection.execute(update(invoices).where(invoices.c.ref == ref).values(status=status.value, amount_paid=paid))
    events.record(desk, NotificationKind.INVOICE, ref, row["order_id"])


def give_back(desk: Desk, ref: str, amount: int) -> None:
    """Note that ``amount`` of what was paid was refunded."""
    values = {"amount_refunded": invoices.c.amount_refunded + amount}
    desk.connection.execute(update(invoices).where(invoices.c.ref == ref).values(**values))


def get(desk: Desk, ref: str) -> RowMapping:
    """Return an invoice's row, or say that there is none."""
    row = desk.connection.execute(select(invoices).where(invoices.c.ref == ref)).mappings().one_or_none()
    if row is None:
        raise desk.rejected(RejectReason.NOT_FOUND, "invoice")
    return row


def list_of(desk: Desk, customer: str, cursor: str) -> Page[InvoiceSummary]:
    """Return a page of a customer's invoices, newest first; ``cursor`` is the last ref of the page before."""
    customers.get(desk, customer)
    query = select(invoices).where(invoices.c.customer == customer)
    if cursor:
        query = query.where(invoices.c.serial < get(desk, cursor)["serial"])
    found = desk.connection.execute(query.order_by(invoices.c.serial.desc()).limit(PAGE + 1)).mappings().all()
    of_each = lines.load_all(desk, [row["ref"] for row in found[:PAGE]])
    rows = tuple(_summary(desk, row, of_each[row["ref"]]) for row in found[:PAGE])
    return Page(rows, next_cursor=rows[-1].ref if len(found) > PAGE else "")


def summary(desk: Desk, row: RowMapping) -> InvoiceSummary:
    """Return an invoice as the port speaks of it."""
    return _summary(desk, row, lines.load(desk, row["ref"]))


def number(row: RowMapping) -> str:
    """Return the number that people quote."""
    return f"INV-{row['serial']:06d}"


def cash_of_term(desk: Desk, subscription: Subscription) -> int:
    """Return what was collected for the running term and not given back, before tax: no credit exceeds it."""
    query = select(invoices).where(
        invoices.c.subscription == subscription.ref,
        invoices.c.term_starts_at == subscription.term.starts_at,
    )
    return sum(_net_cash(row) for row in desk.connection.execute(query).mappings())


def is_given_up(desk: Desk, subscription: Subscription) -> bool:
    """Return whether the running term was never paid and nobody asks for its money any more."""
    query = select(invoices.c.ref).where(
        invoices.c.subscription == subscription.ref,
        invoices.c.term_starts_at == subscription.term.starts_at,
        invoices.c.status == InvoiceStatus.UNCOLLECTIBLE.value,
    )
    return desk.connection.execute(query).first() is not None


def _summary(desk: Desk, row: RowMapping, bill_lines: tuple[BillLine, ...]) -> InvoiceSummary:
    currency = row["currency"]
    is_open = row["status"] == InvoiceStatus.OPEN.value
    return InvoiceSummary(
        ref=InvoiceRef(row["ref"]),
        number=number(row),
        order=OrderId(row["order_id"]),
        subscription=SubscriptionRef(row["subscription"]) if row["subscription"] else None,
        status=InvoiceStatus(row["status"]),
        issued_at=row["issued_at"],
        lines=tuple(line.shown(currency) for line in bill_lines),
        subtotal=Money(row["subtotal"], currency),
        discount=Money(row["discount"], currency),
        tax=Money(row["tax"], currency),
        total=Money(row["total"], currency),
        amount_due=Money(row["total"] - row["amount_paid"] if is_open else 0, currency),
        amount_paid=Money(row["amount_paid"], currency),
        document_url=f"{desk.settings.origin}/invoices/{row['ref']}",
        pay_url=page(desk, row["checkout"]) if is_open else "",
    )


def _net_cash(row: RowMapping) -> int:
    if not row["total"]:
        return 0
    kept = Fraction(row["amount_paid"] - row["amount_refunded"], row["total"])
    return int(kept * (row["subtotal"] - row["discount"]))


def _next_serial(desk: Desk) -> int:
    # the primary key makes two invoices with one number impossible; SQLite's writers queue up anyway
    latest: int = desk.connection.execute(select(func.coalesce(func.max(invoices.c.serial), 0))).scalar_one()
    return latest + 1
