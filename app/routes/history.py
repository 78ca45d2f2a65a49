"""The history of an account: one list of all that was bought, and the same as CSV."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app import formats
from app.core.problems import ProblemId, Refused, problem
from app.flows.history import INVOICES, ORDERS, Entry, History, Place, read_history
from app.flows.own_account import OwnAccount, account_name, find_account, open_account
from app.routes.invoices import other_accounts
from app.routes.signed_in import person_of, sign_in
from app.web.deps import deps_of
from app.web.forms import one, whole_number
from app.web.render import link, page
from app.web.session import current_actor
from app.web.spreadsheet import csv_answer, plain

PATH = "/history"
_MOST = 1_000_000
_CSV_PAGE = 500
_CSV_PAGES = 20  # 10,000 rows: more than an account has, and an end for one that has more
_COLUMNS = ("date", "kind", "reference", "order", "what", "who", "amount", "currency", "status", "promo")


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPage:
    """A page of the list; the paths are empty where there is no page. ``kinds`` are (text, path, is_chosen)."""

    has_account: bool
    account_name: str
    others: tuple[tuple[str, str], ...]
    entries: tuple[Entry, ...]
    is_whole: bool
    kinds: tuple[tuple[str, str, bool], ...]
    newest_path: str
    older_path: str
    csv_path: str


async def index(request: Request) -> Response:
    """A page of orders and invoices, newest first."""
    if current_actor(request).person is None:
        return sign_in(request)
    deps, query = deps_of(request), request.query_params
    own = await find_account(deps, person_of(request), one(query, "account"))
    if own is None:
        return page(request, "account/history.html", _NONE)
    kind, place = _kind(request), _place(request)
    found = await read_history(deps, own, place, kind=kind)
    return page(request, "account/history.html", _view(own, found, place, kind))


async def download(request: Request) -> Response:
    """The whole list as CSV; without the vendor there is none, because half a list looks like a whole one."""
    deps, kind = deps_of(request), _kind(request)
    own = await open_account(deps, person_of(request), one(request.query_params, "account"))
    rows: list[tuple[str, ...]] = []
    place: Place | None = Place()
    for _ in range(_CSV_PAGES):
        if place is None:
            break
        found = await read_history(deps, own, place, kind=kind, size=_CSV_PAGE)
        if not found.is_whole:
            raise Refused(problem(ProblemId.E_VENDOR))
        rows += [_csv_row(entry) for entry in found.entries]
        place = found.following
    return csv_answer("history.csv", _COLUMNS, rows)


def _kind(request: Request) -> str:
    kind = one(request.query_params, "kind")
    return kind if kind in (ORDERS, INVOICES) else ""


def _place(request: Request) -> Place:
    query = request.query_params

    def number(name: str) -> int:
        return min(whole_number(one(query, name)) or 0, _MOST)

    return Place(orders=number("orders"), cursor=one(query, "after")[:255], skip=number("skip"))


def _view(own: OwnAccount, found: History, place: Place, kind: str) -> HistoryPage:
    account = own.account_id if own.others else ""
    following = found.following
    older = (
        link(
            PATH,
            account=account,
            kind=kind,
            orders=following.orders or "",
            after=following.cursor,
            skip=following.skip or "",
        )
        if following
        else ""
    )
    return HistoryPage(
        has_account=True,
        account_name=account_name(own.account),
        others=other_accounts(own, PATH),
        entries=found.entries,
        is_whole=found.is_whole,
        kinds=tuple(
            (text, link(PATH, account=account, kind=each), each == kind)
            for text, each in (("All", ""), ("Orders", ORDERS), ("Invoices", INVOICES))
        ),
        newest_path=link(PATH, account=account, kind=kind) if place != Place() else "",
        older_path=older,
        csv_path=link(f"{PATH}.csv", account=own.account_id, kind=kind),
    )


def _csv_row(entry: Entry) -> tuple[str, ...]:
    return (
        entry.at.date().isoformat(),
        entry.kind,
        entry.reference,
        entry.order_id,
        entry.what,
        entry.who,
        plain(entry.amount),
        formats.currency_code(entry.amount),
        entry.status,
        entry.promo,
    )


_NONE = HistoryPage(
    has_account=False,
    account_name="",
    others=(),
    entries=(),
    is_whole=True,
    kinds=(),
    newest_path="",
    older_path="",
    csv_path="",
)

routes = [
    Route(PATH, index, methods=["GET"]),
    Route(f"{PATH}.csv", download, methods=["GET"]),
]
