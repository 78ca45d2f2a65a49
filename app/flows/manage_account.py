"""Who manages a billing account, and who its contacts are: the store's own, because no vendor has such roles."""

from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import Connection

from app.core.ids import new_id
from app.core.problems import NotYours, ProblemId, Refused, problem
from app.emails.mails import ManagerInvite
from app.events import audit
from app.flows import purchase
from app.flows.deps import Deps
from app.flows.own_account import OwnAccount, account_name
from app.flows.post import enqueue_mail
from app.identity import accounts, limits, managers
from app.identity.accounts import account_by_id
from app.identity.actor import Person
from app.identity.limits import Limit
from app.identity.managers import INVITE_LIFETIME, MOST_PENDING, Contact, Invite, Manager, TooManyInvites
from app.vendor_adapters.errors import VendorError

_INVITES = Limit(30, timedelta(days=1))  # of one account, taken back ones included: each is a mail to somebody
PAGE_SIZE = 20
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """Who manages an account and who is asked to; the contacts that invoices and letters go to.

    ``managers`` are a page of the ``count`` that there are.
    """

    managers: tuple[Manager, ...]
    count: int
    invites: tuple[Invite, ...]
    bill_to: Contact
    sold_to: Contact


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """What an invitation would do, for whoever opens it."""

    account_name: str
    inviter: str


async def read_team(deps: Deps, own: OwnAccount, page: int = 1) -> Team:
    """Return who manages the account, a page (from 1) at a time; one read of the store."""

    def read(connection: Connection) -> Team:
        (eldest,) = managers.managers_of(connection, own.account_id, limit=1)
        first = Contact(full_name=eldest.name, email=eldest.email)
        offset = (page - 1) * PAGE_SIZE
        return Team(
            managers=managers.managers_of(connection, own.account_id, limit=PAGE_SIZE, offset=offset),
            count=managers.count_managers(connection, own.account_id),
            invites=managers.pending_invites(connection, own.account_id, deps.clock.wall()),
            bill_to=Contact(full_name=own.account.full_name, email=own.account.email),
            sold_to=managers.sold_to(connection, own.account_id) or first,
        )

    return await deps.db.read(read)


async def invite(deps: Deps, person: Person, own: OwnAccount, email: str) -> None:
    """Mail an invitation that works for seven days. Raises Refused when too many are open or were sent."""

    def write(connection: Connection) -> None:
        now = deps.clock.wall()
        wait = limits.take(connection, {f"invites:{own.account_id}": _INVITES}, now)
        if wait is not None:
            raise Refused(problem(ProblemId.E_RATE, "email", minutes=str(-(-wait // _MINUTE))))
        invite_id, token = managers.new_invite(
            connection, own.account_id, email=email, invited_by=person.person_id, now=now
        )
        _record(connection, deps, person, "manager.invited", own.account_id, invite_id)
        mail = ManagerInvite(
            to=email,
            account=account_name(own.account),
            inviter=person.name or person.username,
            days=INVITE_LIFETIME.days,
            url=f"{deps.config.base_url}/invites/{token}",
        )
        enqueue_mail(connection, deps.sealer, mail, dedupe_key=f"invite:{invite_id}", now=now)

    try:
        await deps.db.write(write)
    except TooManyInvites:
        text = f"{MOST_PENDING} invitations are open, which is the most. Take one back first."
        raise Refused(problem(ProblemId.E_INPUT, "email", text=text)) from None


async def withdraw(deps: Deps, person: Person, own: OwnAccount, invite_id: str) -> None:
    """Take an invitation back; NotYours for one that is not this account's or is open no more."""

    def write(connection: Connection) -> bool:
        done = managers.withdraw_invite(connection, own.account_id, invite_id, deps.clock.wall())
        if done:
            _record(connection, deps, person, "manager.invite_withdrawn", own.account_id, invite_id)
        return done

    if not await deps.db.write(write):
        raise NotYours(invite_id)


async def remove(deps: Deps, person: Person, own: OwnAccount, manager_id: str) -> None:
    """Take a manager off the account. NotYours for somebody who is none; Refused for the last one."""
    account_id = own.account_id
    managed = await deps.db.read(lambda connection: accounts.account_for(connection, account_id, manager_id))
    if managed is None:
        raise NotYours(manager_id)

    def write(connection: Connection) -> bool:
        done = managers.remove_manager(connection, own.account_id, manager_id)
        if done:
            _record(connection, deps, person, "manager.removed", own.account_id, manager_id)
        return done

    if not await deps.db.write(write):
        text = "An account needs a manager. Invite somebody else first; when they have accepted, you can be removed."
        raise Refused(problem(ProblemId.E_INPUT, text=text))


async def read_invitation(deps: Deps, token: str) -> Invitation:
    """Return what an invitation would do, without using it; NotYours when it does not work."""

    def read(connection: Connection) -> Invitation | None:
        found = managers.find_invite(connection, token, deps.clock.wall())
        account = account_by_id(connection, found.account_id) if found else None
        if found is None or account is None:
            return None
        names = {each.person_id: each.name for each in managers.managers_of(connection, found.account_id)}
        return Invitation(account_name=account_name(account), inviter=names.get(found.invited_by, "A manager"))

    invitation = await deps.db.read(read)
    if invitation is None:
        raise NotYours(token)
    return invitation


async def accept(deps: Deps, person: Person, token: str) -> str:
    """Make the person a manager and return the account's id; NotYours when the invitation does not work."""

    def write(connection: Connection) -> str:
        taken = managers.accept_invite(connection, token, person.person_id, deps.clock.wall())
        if taken is None:
            return ""
        _record(connection, deps, person, "manager.accepted", taken.account_id, taken.invite_id)
        return taken.account_id

    account_id = await deps.db.write(write)
    if not account_id:
        raise NotYours(token)
    return account_id


async def change_contacts(deps: Deps, person: Person, own: OwnAccount, *, bill_to: Contact, sold_to: Contact) -> None:
    """Write who gets the invoices, at the vendor first, and whom the account is sold to.

    Raises Refused(E_VENDOR), with nothing changed here, while the vendor does not answer.
    """
    details = replace(purchase.details_of(own.account), full_name=bill_to.full_name, email=bill_to.email)
    if own.customer is not None and own.vendor is deps.vendor and not purchase.same_details(own.account, details):
        try:
            # each press is a call of its own: contacts that come back after a change are written once more
            await purchase.ensure_customer(deps, own.account, details, new_id("att"))
        except VendorError as error:
            raise Refused(problem(ProblemId.E_VENDOR)) from error

    def write(connection: Connection) -> None:
        accounts.update_details(connection, own.account_id, details)
        managers.set_sold_to(connection, own.account_id, sold_to)
        _record(connection, deps, person, "account.contacts", own.account_id, "")

    await deps.db.write(write)


def _record(connection: Connection, deps: Deps, person: Person, action: str, account_id: str, detail: str) -> None:
    audit.record(
        connection,
        actor=person.person_id,
        action=action,
        subject=f"account:{account_id}",
        detail=detail,
        now=deps.clock.wall(),
    )
