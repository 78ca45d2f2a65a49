"""Work that the store gave up: people try it once more, or do it by hand and close it with the reason."""

from dataclasses import dataclass

from sqlalchemy import Connection

from app.core.money import Money
from app.events import audit, outbox
from app.events.outbox import GivenUp
from app.flows.deps import Deps
from app.flows.paid_ahead import PAID_AHEAD
from app.flows.provision import paid_back
from app.flows.settle import REFUND_DUPLICATE
from app.orders import store
from app.orders.states import PAID
from app.orders.store import Order
from app.subscriptions.store import by_ref
from app.vendor_adapters.types import SubscriptionStatus

_LONGEST_REASON = 300
_REFUNDS = frozenset({REFUND_DUPLICATE, PAID_AHEAD})
_STATES = {
    "waiting": "waits to be done: the store has not given it up",
    "held": "is being done just now",
    "done": "is done",
    "closed": "was closed before",
}


class JobFault(Exception):
    """What was asked of a job cannot be done; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """A job that is closed, or would be; ``refund`` is what was noted as given back, None when nothing was."""

    job: GivenUp
    refund: Money | None


async def close_job(deps: Deps, job_id: str, *, why: str, is_paid_back: bool, actor: str, apply: bool) -> Closed:
    """Close a job that was given up: it is listed no more. Raises JobFault.

    Args:
        why: what people did instead, for the audit. is_paid_back: they gave the whole payment of its order back, which
            the order says from then on; for a payment that is to be given back alone. apply: without it, nothing is
            changed.
    """
    reason = " ".join(why.split())
    if not reason:
        raise JobFault("say why it is closed")
    if len(reason) > _LONGEST_REASON:
        raise JobFault(f"the reason may have {_LONGEST_REASON} characters, not {len(reason)}")

    def write(connection: Connection) -> Closed:
        closed = _closable(connection, job_id, is_paid_back=is_paid_back)
        if not outbox.close(connection, job_id, now=deps.clock.wall()):
            raise JobFault(f"{job_id} is not given up any more")
        if is_paid_back and not paid_back(connection, deps, closed.job.order_id, actor=actor):
            raise JobFault(f"order {closed.job.order_id} is not paid any more")
        _note(connection, deps, closed.job, "job.closed", reason, actor)
        return closed

    if apply:
        return await deps.db.write(write)
    return await deps.db.read(lambda connection: _closable(connection, job_id, is_paid_back=is_paid_back))


async def try_job_again(deps: Deps, job_id: str, *, actor: str) -> GivenUp:
    """Let the worker do a job that was given up once more. Raises JobFault."""

    def write(connection: Connection) -> GivenUp:
        job = _given_up(connection, job_id)
        if not outbox.reopen(connection, job_id, now=deps.clock.wall()):
            raise JobFault(f"{job_id} is not given up any more")
        _note(connection, deps, job, "job.retried", job.reason, actor)
        return job

    return await deps.db.write(write)


def _closable(connection: Connection, job_id: str, *, is_paid_back: bool) -> Closed:
    job = _given_up(connection, job_id)
    if not is_paid_back:
        return Closed(job=job, refund=None)
    if job.kind not in _REFUNDS:
        raise JobFault(f"{job_id} is {job.kind}: only a refund can be noted as paid back")
    order = store.get_order(connection, job.order_id)
    if order is None or order.state not in PAID:
        state = order.state.value if order else "unknown"
        raise JobFault(f"order {job.order_id} is {state}: nothing of it is left to be paid back")
    if _still_runs(connection, order):
        raise JobFault(
            f"what order {order.order_id} paid for still runs: end {order.subscription_ref} at {order.vendor}, then "
            "run: kassa reconcile --once"
        )
    return Closed(job=job, refund=Money(order.amount_paid, order.currency))


def _given_up(connection: Connection, job_id: str) -> GivenUp:
    state = outbox.state_of(connection, job_id)
    if state is None:
        raise JobFault(f"there is no job {job_id}")
    found = next((each for each in outbox.given_up(connection) if each.job_id == job_id), None)
    if found is None:
        raise JobFault(f"{job_id} {_STATES.get(state, f'is {state}')}")
    return found


def _still_runs(connection: Connection, order: Order) -> bool:
    subscription = by_ref(connection, order.subscription_ref) if order.subscription_ref else None
    return subscription is not None and subscription.status is not SubscriptionStatus.CANCELLED


def _note(connection: Connection, deps: Deps, job: GivenUp, action: str, reason: str, actor: str) -> None:
    detail = f"{job.kind}, order {job.order_id or 'none'}: {reason}"
    audit.record(connection, actor=actor, action=action, subject=job.job_id, detail=detail, now=deps.clock.wall())
