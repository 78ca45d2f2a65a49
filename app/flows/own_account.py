"""Which billing account a page is about: every look-up goes through who manages it."""

from dataclasses import dataclass

from sqlalchemy import Connection

from app.core.problems import NotYours
from app.flows.deps import Deps
from app.identity.accounts import BillingAccount, accounts_of
from app.identity.actor import Person
from app.vendor_adapters.port import VendorAdapter
from app.vendor_adapters.types import CustomerRef


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAccount:
    """The chosen account among all that the person manages; ``customer`` is None before the vendor has made it."""

    account: BillingAccount
    others: tuple[BillingAccount, ...]
    vendor: VendorAdapter
    customer: CustomerRef | None

    @property
    def account_id(self) -> str:
        """The account's id."""
        return self.account.account_id


async def find_account(deps: Deps, person: Person, account_id: str = "") -> OwnAccount | None:
    """Return the account of that id, without one the oldest; None when the person manages none at all.

    Raises NotYours for an account that does not exist or is somebody else's.
    """

    def read(connection: Connection) -> tuple[BillingAccount, ...]:
        return accounts_of(connection, person.person_id)

    managed = await deps.db.read(read)
    if not managed and not account_id:
        return None
    chosen = next((each for each in managed if account_id in ("", each.account_id)), None)
    if chosen is None:
        raise NotYours(account_id)
    return OwnAccount(
        account=chosen,
        others=tuple(each for each in managed if each.account_id != chosen.account_id),
        vendor=deps.vendors[chosen.vendor],
        customer=chosen.customer_ref,
    )


async def open_account(deps: Deps, person: Person, account_id: str) -> OwnAccount:
    """Return the account of that id for a step that changes something; NotYours otherwise, also without an id."""
    found = await find_account(deps, person, account_id) if account_id else None
    if found is None:
        raise NotYours(account_id)
    return found


def account_name(account: BillingAccount) -> str:
    """Return what people call an account."""
    return account.company or account.full_name or account.email
