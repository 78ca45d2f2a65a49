"""Payment methods: which cards there are and which one renewals are charged to; card numbers are the vendor's."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from app import formats
from app.core.problems import Problem, Refused
from app.flows.cards import Cards, expires_at, expires_soon, make_default, portal_url, read_cards
from app.flows.confirm import new_attempt
from app.flows.deps import Deps
from app.flows.own_account import OwnAccount, account_name, find_account, open_account
from app.routes.invoices import other_accounts
from app.routes.signed_in import person_of, sign_in
from app.vendor_adapters.types import PaymentMethodSummary, PortalPurpose
from app.web.deps import deps_of
from app.web.forms import Reader, one
from app.web.render import link, page, see_other
from app.web.session import current_actor

PATH = "/payment-methods"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRow:
    """One card: never more than what is printed on a receipt."""

    ref: str
    name: str
    expires: str
    is_default: bool
    warning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CardsPage:
    """An account's cards; ``attempt_id`` lets a repeated press be the same one."""

    has_account: bool
    account_id: str
    account_name: str
    others: tuple[tuple[str, str], ...]
    cards: tuple[CardRow, ...]
    is_known: bool
    has_portal: bool
    asks_us: bool
    attempt_id: str
    announcement: str
    problems: tuple[Problem, ...] = ()


async def index(request: Request) -> Response:
    """The cards of an account."""
    if current_actor(request).person is None:
        return sign_in(request)
    deps, query = deps_of(request), request.query_params
    own = await find_account(deps, person_of(request), one(query, "account"))
    return await _shown(request, own, saved=one(query, "saved") == "yes")


async def prefer(request: Request) -> Response:
    """Make a card the default."""
    deps, reader = deps_of(request), Reader(await request.form())
    own = await open_account(deps, person_of(request), reader.text("account", most=40))
    attempt_id = reader.text("attempt", most=40) or new_attempt()
    try:
        await make_default(own, reader.text("card", most=255), attempt_id=attempt_id)
    except Refused as refused:
        return await _shown(request, own, problems=refused.problems)
    return see_other(request, link(PATH, account=own.account_id, saved="yes"))


async def portal(request: Request) -> Response:
    """Go to the vendor's page where cards are added and removed."""
    deps, reader = deps_of(request), Reader(await request.form())
    own = await open_account(deps, person_of(request), reader.text("account", most=40))
    try:
        return RedirectResponse(await portal_url(deps, own, PortalPurpose.PAYMENT_METHODS), status_code=303)
    except Refused as refused:
        return await _shown(request, own, problems=refused.problems)


async def _shown(
    request: Request, own: OwnAccount | None, *, problems: tuple[Problem, ...] = (), saved: bool = False
) -> Response:
    view = _view(deps_of(request), own, await read_cards(own), problems, saved=saved) if own else _NONE
    return page(request, "account/payment_methods.html", view, status=problems[0].id.status if problems else 200)


def _view(deps: Deps, own: OwnAccount, found: Cards, problems: tuple[Problem, ...], *, saved: bool) -> CardsPage:
    return CardsPage(
        has_account=True,
        account_id=own.account_id,
        account_name=account_name(own.account),
        others=other_accounts(own, PATH),
        cards=tuple(_row(deps, card) for card in found.cards),
        is_known=found.is_known,
        has_portal=found.has_portal,
        asks_us=found.asks_us,
        attempt_id=new_attempt(),
        announcement="Saved: renewals are charged to this card from now on." if saved else "",
        problems=problems,
    )


def _row(deps: Deps, card: PaymentMethodSummary) -> CardRow:
    return CardRow(
        ref=card.ref,
        name=f"{card.brand.title()} ending {card.last4}",
        expires=f"{card.expires_month:02d}/{card.expires_year % 100:02d}",
        is_default=card.is_default,
        warning=_warning(deps, card),
    )


def _warning(deps: Deps, card: PaymentMethodSummary) -> str:
    now = deps.clock.now()
    if not expires_soon(card, now, days=deps.catalog.rules.payment.card_expiry_notice_days):
        return ""
    name, at = f"{card.brand.title()} ending {card.last4}", expires_at(card)
    said = "has expired" if at <= now else f"can be charged until {formats.date(at)} only"
    return f"{name} {said}. Add another card, so that nothing stops."


_NONE = CardsPage(
    has_account=False,
    account_id="",
    account_name="",
    others=(),
    cards=(),
    is_known=True,
    has_portal=False,
    asks_us=False,
    attempt_id="",
    announcement="",
)

routes = [
    Route(PATH, index, methods=["GET"]),
    Route(f"{PATH}/default", prefer, methods=["POST"]),
    Route(f"{PATH}/portal", portal, methods=["POST"]),
]
