"""Invoices: the vendor's list, with the way to pay and to the documents, which are the vendor's pages."""

from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from app.core.money import Money
from app.core.problems import Problem, Refused
from app.flows.cards import portal_url
from app.flows.deps import Deps
from app.flows.history import invoice_status, what_for
from app.flows.invoices import read_invoices
from app.flows.own_account import OwnAccount, account_name, find_account, open_account
from app.routes.signed_in import person_of, sign_in
from app.vendor_adapters.capabilities import Capability
from app.vendor_adapters.types import InvoiceSummary, PortalPurpose
from app.web.deps import deps_of
from app.web.forms import Reader, one
from app.web.render import link, page
from app.web.session import current_actor


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceRow:
    """One invoice; the addresses are the vendor's pages and empty where there is none."""

    number: str
    issued_at: datetime
    what: str
    total: Money
    status: str
    document_url: str
    pay_url: str
    amount_due: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoicesPage:
    """A page of the list. ``others`` are (name, path) of further accounts; ``is_known`` whether the vendor answered.

    ``has_portal``: the vendor has a page for invoices, too.
    """

    has_account: bool
    account_id: str
    account_name: str
    others: tuple[tuple[str, str], ...]
    rows: tuple[InvoiceRow, ...]
    is_known: bool
    newest_path: str
    older_path: str
    has_portal: bool
    problems: tuple[Problem, ...] = ()


async def index(request: Request) -> Response:
    """A page of the account's invoices, newest first."""
    if current_actor(request).person is None:
        return sign_in(request)
    deps, query = deps_of(request), request.query_params
    own = await find_account(deps, person_of(request), one(query, "account"))
    view = await _view(deps, own, one(query, "after")[:255]) if own else _NONE
    return page(request, "account/invoices.html", view)


async def portal(request: Request) -> Response:
    """Go to the vendor's page for invoices."""
    deps, reader = deps_of(request), Reader(await request.form())
    own = await open_account(deps, person_of(request), reader.text("account", most=40))
    try:
        return RedirectResponse(await portal_url(deps, own, PortalPurpose.INVOICES), status_code=303)
    except Refused as refused:
        view = await _view(deps, own, "", refused.problems)
        return page(request, "account/invoices.html", view, status=view.problems[0].id.status)


async def _view(deps: Deps, own: OwnAccount, cursor: str, problems: tuple[Problem, ...] = ()) -> InvoicesPage:
    found = await read_invoices(deps, own, cursor)
    account = own.account_id if own.others else ""
    following = found.next_cursor if found else ""
    return InvoicesPage(
        has_account=True,
        account_id=own.account_id,
        account_name=account_name(own.account),
        others=other_accounts(own, "/invoices"),
        rows=tuple(_row(deps, invoice) for invoice in found.rows) if found else (),
        is_known=found is not None,
        newest_path=link("/invoices", account=account) if cursor else "",
        older_path=link("/invoices", account=account, after=following) if following else "",
        has_portal=own.customer is not None and Capability.PORTAL_INVOICES in own.vendor.capabilities,
        problems=problems,
    )


def other_accounts(own: OwnAccount, path: str) -> tuple[tuple[str, str], ...]:
    """Return (name, path) of the same page for the person's other accounts."""
    return tuple((account_name(each), link(path, account=each.account_id)) for each in own.others)


def _row(deps: Deps, invoice: InvoiceSummary) -> InvoiceRow:
    return InvoiceRow(
        number=invoice.number,
        issued_at=invoice.issued_at,
        what=what_for(deps, invoice),
        total=invoice.total,
        status=invoice_status(invoice),
        document_url=invoice.document_url,
        pay_url=invoice.pay_url,
        amount_due=invoice.amount_due,
    )


_NONE = InvoicesPage(
    has_account=False,
    account_id="",
    account_name="",
    others=(),
    rows=(),
    is_known=True,
    newest_path="",
    older_path="",
    has_portal=False,
)

routes = [
    Route("/invoices", index, methods=["GET"]),
    Route("/invoices/portal", portal, methods=["POST"]),
]
