"""Whom a mail greets: the company, else the person who is billed; the address only where no name was given."""

from sqlalchemy import Connection

from app.flows.own_account import account_name
from app.identity.accounts import account_by_id
from app.orders.store import Order


def greeted(connection: Connection, order: Order) -> str:
    """Return whom a mail about an order greets.

    An order keeps the company alone; the person's name is the account's, as long as it is still the same address.
    """
    account = account_by_id(connection, order.account_id)
    is_same = account is not None and account.email == order.email
    return order.company or (account_name(account) if account and is_same else order.email)
