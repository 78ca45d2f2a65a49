"""The sweep over what groups use: one reading a day for the graph, and mails on what runs out, once a threshold."""

import asyncio
from datetime import timedelta

import structlog
from sqlalchemy import Connection

from app.emails.mails import UsageAlert
from app.entitlements import store as entitlements
from app.entitlements.product import ProductError
from app.events import outbox
from app.flows.deps import Deps
from app.flows.group_names import group_name
from app.flows.post import enqueue_mail
from app.flows.usage.alerts import Told, told
from app.flows.usage.counting_store import due_groups, payer_of
from app.flows.usage.known import buyable, reading_of
from app.flows.wording import usage_path
from app.identity.managers import Manager, managers_of
from app.subscriptions.store import PLAN_OF, Subscription, live_for_group
from app.usage import store
from app.usage.readings import Reading

COUNTED_EVERY = timedelta(hours=6)  # business time; the product itself counts storage every 90 minutes
TRIED_AGAIN_AFTER = timedelta(minutes=15)
MOST_AT_ONCE = 50  # groups of one sweep
MOST_CALLS = 8  # at a time: the product has others to serve

_log = structlog.get_logger()


async def count_usage(deps: Deps) -> int:
    """Read what each group uses whose look is due, keep it, and mail what runs out; return how many were read.

    One group that cannot be read stops no other, and gives way to the others until it is due again.
    """
    now, wall = deps.clock.now(), deps.clock.wall()
    due = await deps.db.read(lambda connection: due_groups(connection, now=now, wall=wall, limit=MOST_AT_ONCE))
    if not due:
        return 0
    turn = asyncio.Semaphore(MOST_CALLS)
    await deps.db.write(lambda connection: store.forget_days(connection, now=now))
    return sum(await asyncio.gather(*(_count(deps, group_id, turn) for group_id in due)))


async def _count(deps: Deps, group_id: str, turn: asyncio.Semaphore) -> bool:
    try:
        async with turn:
            usage = await deps.product.usage(group_id)
            name = await group_name(deps, group_id)
    except ProductError as error:
        _log.warning("usage not read", error=type(error).__name__)
        at = deps.clock.now() + TRIED_AGAIN_AFTER
        await deps.db.write(lambda connection: store.look_again(connection, group_id, at))
        return False

    def write(connection: Connection) -> None:
        plan = live_for_group(connection, group_id, now=deps.clock.now())
        reading = reading_of(usage, group_id, plan.seats if plan else 0)
        store.record(connection, reading)
        wanted = entitlements.get(connection, f"{PLAN_OF}{group_id}")
        if wanted is not None and not wanted.is_granted:
            # what was just bought is not switched on yet: these figures are those of the plan before
            store.look_again(connection, group_id, deps.clock.now() + TRIED_AGAIN_AFTER)
            return
        store.look_again(connection, group_id, deps.clock.now() + COUNTED_EVERY)
        _tell(connection, deps, reading, plan, name)

    await deps.db.write(write)
    return True


def _tell(connection: Connection, deps: Deps, reading: Reading, plan: Subscription | None, name: str) -> None:
    due = [each for each in told(deps, reading, plan, buyable(deps, plan), name) if each.alert.mail_keys]
    term = f"{plan.starts_at:%Y-%m-%d}" if plan else ""
    for manager in _managers(connection, deps, reading.group_id) if due else ():
        for each in due:
            # this threshold's key, then those of the graver ones: whoever was told of one is not told again
            keys = [f"usage_alert:{each.group_id}:{term}:{key}:{manager.person_id}" for key in each.alert.mail_keys]
            if manager.email and not any(_is_known(connection, key) for key in keys):
                _mail(connection, deps, each, manager, keys[0])


def _managers(connection: Connection, deps: Deps, group_id: str) -> tuple[Manager, ...]:
    """Those who may buy and whose address is known here; owners of the group who never bought see it on the pages."""
    account_id = payer_of(connection, group_id, now=deps.clock.now(), wall=deps.clock.wall())
    return managers_of(connection, account_id) if account_id else ()


def _is_known(connection: Connection, key: str) -> bool:
    return outbox.is_known(connection, kind=outbox.MAIL, dedupe_key=key)


def _mail(connection: Connection, deps: Deps, each: Told, manager: Manager, key: str) -> None:
    mail = UsageAlert(
        to=manager.email,
        name=manager.name,
        text=each.text,
        label=each.label,
        buy_url=f"{deps.config.base_url}{each.path}",
        usage_url=f"{deps.config.base_url}{usage_path(each.group_id)}",
    )
    enqueue_mail(connection, deps.sealer, mail, dedupe_key=key, now=deps.clock.wall())
