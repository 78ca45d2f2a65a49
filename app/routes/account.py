"""The billing account: its managers, its invitations, its contacts."""

from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.core.problems import Problem, Refused
from app.flows import manage_account
from app.flows.deps import Deps
from app.flows.manage_account import Team
from app.flows.own_account import OwnAccount, account_name, find_account, open_account
from app.identity.actor import Person
from app.identity.managers import INVITE_LIFETIME, Contact, Invite, Manager
from app.routes.invoices import other_accounts
from app.routes.signed_in import person_of, sign_in
from app.web.deps import deps_of
from app.web.forms import Reader, one, whole_number
from app.web.render import link, page, see_other
from app.web.session import current_actor

PATH = "/account"
MOST_PAGES = 10_000
_SAID = {
    "invited": "The invitation is on its way.",
    "withdrawn": "The invitation was taken back.",
    "removed": "The manager was removed.",
    "saved": "The contacts are saved.",
    "joined": "You manage this account now.",
}
_NAME = "Enter a full name."
_EMAIL = "Enter an e-mail address like name@example.com."


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagerRow:
    """A manager; the last one cannot be removed."""

    person_id: str
    name: str
    email: str
    is_self: bool
    can_be_removed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class InviteRow:
    """An open invitation; it ends at ``ends_at``."""

    invite_id: str
    email: str
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What the forms said, to be shown again."""

    invite_email: str = ""
    bill_to: Contact | None = None
    sold_to: Contact | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPage:
    """The page; without an account only the way to one."""

    has_account: bool
    account_id: str
    account_name: str
    others: tuple[tuple[str, str], ...]
    currency: str
    managers: tuple[ManagerRow, ...]
    managers_count: int
    newer_path: str
    older_path: str
    invites: tuple[InviteRow, ...]
    invite_email: str
    bill_to: Contact
    sold_to: Contact
    announcement: str
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitePage:
    """An invitation as whoever opens it sees it."""

    account_name: str
    inviter: str
    token: str


async def show(request: Request) -> Response:
    """The account's page."""
    person = current_actor(request).person
    if person is None:
        return sign_in(request)
    own = await find_account(deps_of(request), person, one(request.query_params, "account"))
    if own is None:
        return page(request, "account/account.html", _NONE)
    return await _shown(request, person, own, said=_SAID.get(one(request.query_params, "said"), ""))


async def invite(request: Request) -> Response:
    """Invite a colleague by mail."""
    deps, person, reader, own = await _act(request)
    email = reader.email("email", missing=_EMAIL)
    typed = Typed(invite_email=reader.typed("email"))
    if reader.problems:
        return await _shown(request, person, own, problems=reader.problems, typed=typed)
    try:
        await manage_account.invite(deps, person, own, email)
    except Refused as refused:
        return await _shown(request, person, own, problems=refused.problems, typed=typed)
    return _said(request, own, "invited")


async def withdraw(request: Request) -> Response:
    """Take an invitation back."""
    deps, person, _reader, own = await _act(request)
    await manage_account.withdraw(deps, person, own, request.path_params["invite_id"])
    return _said(request, own, "withdrawn")


async def remove(request: Request) -> Response:
    """Remove a manager, never the last."""
    deps, person, _reader, own = await _act(request)
    manager_id = request.path_params["person_id"]
    try:
        await manage_account.remove(deps, person, own, manager_id)
    except Refused as refused:
        return await _shown(request, person, own, problems=refused.problems)
    return see_other(request, PATH) if manager_id == person.person_id else _said(request, own, "removed")


async def contacts(request: Request) -> Response:
    """Write who gets the invoices and whom the account is sold to."""
    deps, person, reader, own = await _act(request)
    bill_to, sold_to = _contact(reader, "full_name", "bill_to_email"), _contact(reader, "sold_to_name", "sold_to_email")
    if reader.problems:
        typed = Typed(
            bill_to=_typed(reader, "full_name", "bill_to_email"),
            sold_to=_typed(reader, "sold_to_name", "sold_to_email"),
        )
        return await _shown(request, person, own, problems=reader.problems, typed=typed)
    await manage_account.change_contacts(deps, person, own, bill_to=bill_to, sold_to=sold_to)
    return _said(request, own, "saved")


async def invitation(request: Request) -> Response:
    """What an invitation is for; opening it uses nothing up, because mail scanners open links first."""
    token = request.path_params["token"]
    found = await manage_account.read_invitation(deps_of(request), token)
    if current_actor(request).person is None:
        return sign_in(request)
    view = InvitePage(account_name=found.account_name, inviter=found.inviter, token=token)
    return page(request, "account/invite.html", view)


async def accept(request: Request) -> Response:
    """Become a manager."""
    account_id = await manage_account.accept(deps_of(request), person_of(request), request.path_params["token"])
    return see_other(request, link(PATH, account=account_id, said="joined"))


async def _act(request: Request) -> tuple[Deps, Person, Reader, OwnAccount]:
    deps, person, reader = deps_of(request), person_of(request), Reader(await request.form())
    return deps, person, reader, await open_account(deps, person, reader.text("account", most=40))


def _said(request: Request, own: OwnAccount, what: str) -> Response:
    return see_other(request, link(PATH, account=own.account_id, said=what))


def _contact(reader: Reader, name: str, email: str) -> Contact:
    return Contact(full_name=reader.text(name, most=255, missing=_NAME), email=reader.email(email, missing=_EMAIL))


def _typed(reader: Reader, name: str, email: str) -> Contact:
    return Contact(full_name=reader.typed(name), email=reader.typed(email))


async def _shown(
    request: Request,
    person: Person,
    own: OwnAccount,
    *,
    problems: tuple[Problem, ...] = (),
    typed: Typed | None = None,
    said: str = "",
) -> Response:
    number = min(whole_number(one(request.query_params, "page")) or 1, MOST_PAGES)
    team = await manage_account.read_team(deps_of(request), own, number)
    view = _view(person, own, team, problems, typed or Typed(), said, number)
    return page(request, "account/account.html", view, status=problems[0].id.status if problems else 200)


def _view(
    person: Person,
    own: OwnAccount,
    team: Team,
    problems: tuple[Problem, ...],
    typed: Typed,
    said: str,
    number: int,
) -> AccountPage:
    has_more = number * manage_account.PAGE_SIZE < team.count
    return AccountPage(
        has_account=True,
        account_id=own.account_id,
        account_name=account_name(own.account),
        others=other_accounts(own, PATH),
        currency=own.account.currency.upper(),
        managers=tuple(_manager(person, each, team.count) for each in team.managers),
        managers_count=team.count,
        newer_path=link(PATH, account=own.account_id, page=number - 1) if number > 1 else "",
        older_path=link(PATH, account=own.account_id, page=number + 1) if has_more else "",
        invites=tuple(_invite(each) for each in team.invites),
        invite_email=typed.invite_email,
        bill_to=typed.bill_to or team.bill_to,
        sold_to=typed.sold_to or team.sold_to,
        announcement=said,
        problems=problems,
    )


def _manager(person: Person, manager: Manager, count: int) -> ManagerRow:
    return ManagerRow(
        person_id=manager.person_id,
        name=manager.name,
        email=manager.email,
        is_self=manager.person_id == person.person_id,
        can_be_removed=count > 1,
    )


def _invite(found: Invite) -> InviteRow:
    return InviteRow(invite_id=found.invite_id, email=found.email, ends_at=found.made_at + INVITE_LIFETIME)


_NOBODY = Contact(full_name="", email="")
_NONE = AccountPage(
    has_account=False,
    account_id="",
    account_name="",
    others=(),
    currency="",
    managers=(),
    managers_count=0,
    newer_path="",
    older_path="",
    invites=(),
    invite_email="",
    bill_to=_NOBODY,
    sold_to=_NOBODY,
    announcement="",
)

routes = [
    Route(PATH, show, methods=["GET"]),
    Route(f"{PATH}/invites", invite, methods=["POST"]),
    Route(f"{PATH}/invites/{{invite_id}}/withdrawal", withdraw, methods=["POST"]),
    Route(f"{PATH}/managers/{{person_id}}/removal", remove, methods=["POST"]),
    Route(f"{PATH}/contacts", contacts, methods=["POST"]),
    Route("/invites/{token}", invitation, methods=["GET"]),
    Route("/invites/{token}", accept, methods=["POST"]),
]
