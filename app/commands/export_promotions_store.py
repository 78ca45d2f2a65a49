"""What the export tells of campaigns: their counters, what was reserved, and what was redeemed."""

from collections.abc import Iterator

from sqlalchemy import Connection

from app.promotions.reservation import ReservationState
from app.promotions.store import budgets, campaigns, ledger, reservations
from app.promotions.store.ledger import Action

Record = dict[str, object]


def promotion_records(connection: Connection) -> Iterator[Record]:
    """Yield campaigns, budgets, reservations and redemptions, in this order."""
    yield from _campaigns(connection)
    yield from _budgets(connection)
    yield from _reservations(connection)


def _campaigns(connection: Connection) -> Iterator[Record]:
    for published in campaigns.list_all(connection):
        window = published.campaign.window
        yield {
            "type": "campaign",
            "campaign": published.slug,
            "version": published.version,
            "status": published.status.value,
            "starts_at": window.starts.isoformat(),
            "ends_at": window.ends.isoformat(),
            "cap": published.campaign.budget.redemptions,
            "customer_wins": published.campaign.customer_wins,
        }


def _budgets(connection: Connection) -> Iterator[Record]:
    for counter in budgets.counters(connection):
        yield {
            "type": "budget",
            "budget": counter.budget_id,
            "campaign": counter.slug,
            "cap": counter.cap,
            "held": counter.held,
            "used": counter.used,
            "overdrawn": counter.overdrawn,
        }


def _reservations(connection: Connection) -> Iterator[Record]:
    paid_at = {
        entry.reservation_id: entry.at
        for entry in ledger.entries(connection)
        if entry.action in (Action.COMMIT, Action.OVERDRAFT)
    }
    found = reservations.everything(connection)
    for each in found:
        yield {
            "type": "reservation",
            "reservation": each.reservation_id,
            "state": each.state.value,
            "order": each.order_id,
            "account": each.account_id,
            "campaign": each.slug,
            "version": each.version,
            "offer": each.offer_id,
            "code": each.code_id,
            "link": each.link_id,
            "currency": each.currency,
            "amount": each.amount,
            "customer": each.customer,
            "overdraft": each.is_overdraft,
            "made_at": each.made_at.isoformat(),
            "expires_at": each.expires_at.isoformat(),
        }
    for each in found:
        if each.state is ReservationState.COMMITTED:
            yield {
                "type": "redemption",
                "reservation": each.reservation_id,
                "order": each.order_id,
                "account": each.account_id,
                "campaign": each.slug,
                "offer": each.offer_id,
                "code": each.code_id,
                "link": each.link_id,
                "currency": each.currency,
                "amount": each.amount,
                "overdraft": each.is_overdraft,
                "at": paid_at[each.reservation_id].isoformat(),
            }
